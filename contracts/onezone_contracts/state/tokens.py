"""What the kit knows of tokens: their texts, whose they are, and which should let their user in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onezone_spec import Operation

from onezone_contracts.state.expected import CALLER, TOKEN, USER, Ref

if TYPE_CHECKING:
    from onezone_contracts.exchange import Exchange

TEXT, ID = "token", "tokenId"
"""The keys of an answer that have a token as it is sent, and its id."""
BLOCKED = "blocked"
"""The key of a user who may not come in."""
ACCESS = "accessToken"
CUSTOM, METADATA = "customMetadata", "metadata"


@dataclass(slots=True)
class TokenBook:
    """The tokens that the kit made.

    `unnamed` are known by their text alone: the operations of older releases show no more of them. `temporary` has for
    each user the temporary tokens, with whether they should count; `generations` the last number that was read.
    """

    texts: dict[Ref, str] = field(default_factory=dict)
    owners: dict[Ref, Ref] = field(default_factory=dict)
    unnamed: set[Ref] = field(default_factory=set)
    temporary: dict[Ref, dict[str, bool]] = field(default_factory=dict)
    generations: dict[Ref, int] = field(default_factory=dict)

    def keep(self, ref: Ref, text: str, owner: Ref, *, named: bool) -> None:
        """A new token of somebody's."""
        self.texts[ref], self.owners[ref] = text, owner
        if not named:
            self.unnamed.add(ref)

    def issued(self, owner: Ref, text: str, *, lets_in: bool = True) -> None:
        """A new temporary token of somebody's, and whether it should count."""
        self.temporary.setdefault(owner, {})[text] = lets_in

    def outdated(self, owner: Ref) -> None:
        """No temporary token of somebody's counts any more."""
        self.temporary[owner] = dict.fromkeys(self.temporary.get(owner, ()), False)


def by_text(operation: Operation) -> bool:
    """Whether an operation goes by tokens' texts, and not by their ids."""
    return operation.effect.by == TEXT or any(parameter.key == TEXT for parameter in operation.parameters)


def owner_of(operation: Operation, roles: Mapping[str, Ref], caller: Ref | None) -> Ref | None:
    """Whose tokens the operation is about; None where it names a token, or all of them."""
    within = operation.effect.within
    return caller if within == CALLER else roles.get(within or "") if within == USER else None


def text_of(exchange: Exchange) -> tuple[str | None, str | None]:
    """The id and the text of the token that an answer shows, as far as it does."""
    try:
        shown = exchange.response.json() if exchange.response else None
    except (ValueError, RecursionError):
        return None, None
    values = [shown.get(key) for key in (ID, TEXT)] if isinstance(shown, dict) else [None, None]
    identity, text = (value if isinstance(value, str) and value else None for value in values)
    return identity, text


def as_sent(kind: str, shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """The details of an entity, with what was sent under another key under that."""
    metadata = shown.get(METADATA)
    if kind != TOKEN or not isinstance(metadata, dict):
        return shown
    return {**shown, CUSTOM: metadata.get("custom")}


def is_for_access(details: Mapping[str, Any]) -> bool:
    """Whether a token with these details is of the type that lets somebody in, which is the usual one."""
    return ACCESS in details.get("type", {ACCESS: {}})


def counts(details: Mapping[str, Any], owner: Mapping[str, Any] | None) -> bool:
    """Whether a token with these details lets a user with those in."""
    if owner is None or owner.get(BLOCKED) is True or details.get("revoked") is True:
        return False
    if not is_for_access(details):
        return False
    return all(map(_met, details.get("caveats") or ()))


def _met(caveat: Mapping[str, Any]) -> bool:
    """Whether a caveat lets a user look at themselves now; of a type that the kit does not send, it is taken to."""
    if caveat["type"] == "time":
        return bool(caveat["validUntil"] > time.time())
    return caveat["type"] != "api" or any(entry.split("/")[1] in {"all", "get"} for entry in caveat["whitelist"])
