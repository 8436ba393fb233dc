"""What belongs to one user from when it is made: tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onezone_spec import Operation

from onezone_contracts.api import new_id
from onezone_contracts.reading import answer_of
from onezone_contracts.state.expected import CALLER, TOKEN, USER, Ref
from onezone_contracts.state.probe import Probe
from onezone_contracts.state.tokens import text_of
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.exchange import Exchange
    from onezone_contracts.target.administrator import Account

LISTED = frozenset({"list", "clear"})


def own(
    account: Account,
    owner: Ref,
    *,
    unnamed: bool = False,
    whole: bool = False,
    more: Mapping[str, Any] | None = None,
) -> Ref:
    """A new token of somebody's: made by the administrator where that can be, else by its owner. Raises SetupError.

    Args:
        account: the administrator's.
        owner: a user that the account made.
        unnamed: whether the token is to be known by its text alone.
        whole: whether it is to have a value under each key, also where it is revoked then.
        more: keys of the body that makes it.
    """
    contract = account.contract
    for_others = None if unnamed else contract.find("create", TOKEN, USER)
    operation = for_others or (None if unnamed else contract.find("create", TOKEN, CALLER))
    operation = operation or contract.find("create", TOKEN, CALLER, by=TOKEN)
    if operation is None:
        raise SetupError(f"edition {contract.edition} has no operation that makes a token")
    roles, auth = ({USER: owner}, None) if for_others else ({}, account.users[owner][-1].auth)
    value = account.samples.body(operation, None if whole else ["name"]) if operation.body else None
    value = {**(value or {}), **more} if more else value
    exchange = account.do(operation, roles, value, auth)
    identity, text = text_of(exchange)
    if text is None:
        raise SetupError(f"{operation.method} {operation.path} showed no token")
    named = identity or new_id(exchange)
    return account.keep_token(operation, owner, text, named, {"revoked": False, **(value or {})})


def furnish(account: Account, operation: Operation, owner: Ref) -> list[Probe]:
    """Give somebody what an operation about their tokens has to show or to end; gives what is to stay as it is."""
    verb, unnamed = operation.effect.verb, operation.effect.by == TOKEN
    others = []
    if verb in LISTED:
        own(account, owner, unnamed=unnamed)
        own(account, owner, unnamed=unnamed)
    if verb == "expire":
        issue(account, owner)
        others.append(own(account, owner))
        read_generation(account, owner)
    if verb in LISTED | {"expire"}:
        others.append(own(account, account.person().ref))
    return [Probe("counts", ref) for ref in others]


def read_generation(account: Account, owner: Ref) -> Exchange | None:
    """Read the generation of somebody's temporary tokens, and remember it; None if that cannot be read."""
    exchange = account.read("generation", TOKEN, USER, {USER: owner})
    number = generation_of(exchange) if exchange else None
    if exchange is None or number is None:
        return None
    account.tokens.generations[owner] = number
    return exchange


def generation_of(exchange: Exchange) -> int | None:
    """The generation that an answer has, None if there is none."""
    answer = answer_of(exchange)
    number = answer.get("generation") if isinstance(answer, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def issue(account: Account, owner: Ref) -> None:
    """A new temporary token of somebody's. Raises SetupError."""
    operation = account.contract.find("issue", TOKEN, CALLER)
    if operation is None:
        raise SetupError(f"edition {account.contract.edition} has no operation that makes a temporary token")
    exchange = account.do(operation, {}, account.samples.body(operation), account.users[owner][-1].auth)
    _, text = text_of(exchange)
    if text is None:
        raise SetupError(f"{operation.method} {operation.path} showed no token")
    account.redactor.learn(text)
    account.tokens.issued(owner, text)
