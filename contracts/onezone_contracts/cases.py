"""Cases: requests that are described before anybody knows whom they will be sent to."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onezone_contracts.exchange import Auth, basic
from onezone_contracts.target import Identity, Target

JSON_TYPE = (("Content-Type", "application/json"),)
HOME = "home"
MISSING = "missing"
OTHER = "other"
SHORTENED = "home without its last character"
LENGTHENED = "home with two more characters"
BLANK_AFTER = "home with a blank after it"
LONG_ID = 16
WRITER = "writer"
"""Stands for the first persona that was seen to be allowed."""
NOBODY = "nobody"

Change = Callable[[dict[str, Any]], Any]
Credentialed = Callable[[Identity, Target], Auth]


@dataclass(frozen=True, slots=True)
class Case:
    """One request: who sends what to which group.

    `change` turns a fresh valid body into the value to send; `raw` turns it into bytes instead. `auth` makes
    credentials out of the persona's, where they are not simply the persona's own.
    """

    name: str
    label: str
    who: str = WRITER
    group: str = HOME
    method: str = "POST"
    change: Change | None = None
    raw: Callable[[dict[str, Any]], bytes] | None = None
    headers: tuple[tuple[str, str], ...] = JSON_TYPE
    auth: Credentialed | None = None
    chunked: bool = False
    loose: bool = False
    """Whether the data may come back trimmed or normalised: what was sent is nothing that must be accepted."""
    error: str | None = None
    """The error id that released servers name."""
    key: str | None = None
    """The key that the error's details name."""


def encode(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def without(key: str) -> Change:
    """The body without `key`."""
    return lambda body: {name: value for name, value in body.items() if name != key}


def with_value(key: str, value: Any) -> Change:
    """The body with `value` at `key`."""
    return lambda body: {**body, key: value}


def constant(value: Any) -> Change:
    """`value` instead of the body."""
    return lambda _: value


def group_id(target: Target, case: Case, home: str) -> str:
    """The id of the case's group; anything but the words above is an id itself.

    A short id made shorter or longer could be another group's, so only a long one is.
    """
    long = len(home) >= LONG_ID
    words = {
        HOME: home,
        MISSING: target.missing,
        OTHER: target.other or "",
        SHORTENED: home[:-1] if long else target.missing,
        LENGTHENED: f"{home}zz" if long else target.missing,
        BLANK_AFTER: f"{home} ",
    }
    return words.get(case.group, case.group)


def wrong_password(make: Callable[[str], str], words: str) -> Credentialed:
    """The persona's user name with a password made out of the right one."""

    def auth(identity: Identity, _: Target) -> Auth:
        name, password = identity.credentials.username or "", identity.credentials.password or ""
        return Auth(
            (("Authorization", basic(name, make(password))),), f'-u "{name}:***"', f"{identity.persona.name}, {words}"
        )

    return auth


def password_of_another(identity: Identity, target: Target) -> Auth:
    """The persona's user name with another persona's password, or another word where all have the same."""
    own = identity.credentials.password
    others = (one.credentials.password for one in target.personas.values())
    other = next((word for word in others if word and word != own), "no-such-password-7d2")
    name = identity.credentials.username or ""
    return Auth((("Authorization", basic(name, other)),), f'-u "{name}:***"', f"{name} with another's password")


def wrong_token(make: Callable[[str], str], words: str, *, bearer: bool = False) -> Credentialed:
    """A token made out of the persona's own, or out of nothing where it has none."""

    def auth(identity: Identity, _: Target) -> Auth:
        value = make(identity.credentials.token or "")
        header = ("Authorization", f"Bearer {value}") if bearer else ("X-Auth-Token", value)
        name, text = header
        return Auth((header,), f'-H "{name}: {"Bearer " if bearer else ""}***"' if text else f'-H "{name};"', words)

    return auth


def unknown_user() -> Credentialed:
    """A user that nobody is."""
    return lambda *_: Auth(
        (("Authorization", basic("nobody-9f2c1d", "no-such-password")),),
        "-u nobody-9f2c1d:no-such-password",
        "an unknown user",
    )


def raw_authorization(value: str) -> Credentialed:
    """An Authorization header as it stands; it carries no secret."""
    curl = f"-H 'Authorization: {value}'" if value else "-H 'Authorization;'"
    return lambda *_: Auth((("Authorization", value),), curl, "wrong credentials")


def b64(text: str) -> str:
    """`text` in base64."""
    return base64.b64encode(text.encode()).decode()
