"""Cases: requests as data, described before any target is known."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from onezone_contracts.exchange import Auth, basic
from onezone_contracts.target.file import TestUser

JSON_TYPE = (("Content-Type", "application/json"),)
HOME = "home"
MISSING = "missing"
OTHER = "other"
UNRELATED = "unrelated"
"""Something of the kind that is there, and belongs elsewhere."""
ITSELF = "itself"
"""What the effect is within, in the place of what it is about."""
DIRECT = "direct"
"""Something that belongs there directly, also where that need not be."""
INDIRECT = "indirect"
"""Something that belongs there through a group alone."""
BARE = "bare"
"""Something that was created with nothing but what it must have."""
FOREIGN = "foreign"
"""Something that was created by a user who plays no other part."""
BEFORE = "before."
"""Something that was there before the kit, with its number."""
GROUP = "group"
SHORTENED = "home without its last character"
LENGTHENED = "home with two more characters"
BLANK_AFTER = "home with a blank after it"
LONG_ID = 16
WIDE = 0xFEE0
"""From a printable ASCII character to its full-width form, which compatibility normalisation takes back."""
WRITER = "writer"
"""Stands for the first persona that was seen to be allowed."""
NOBODY = "nobody"
BODILESS = frozenset({"HEAD", "OPTIONS"})
"""Methods whose requests have no body here."""
LOCKABLE = "lockable"
"""Stands for a user for wrong passwords, who does nothing else."""

_CASELESS = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}")
"""Ids whose case does not count: UUIDs and ULIDs."""

Headers = tuple[tuple[str, str], ...]
Change = Callable[[dict[str, Any]], Any]
Credentialed = Callable[[TestUser, Mapping[str, TestUser]], Auth]
"""Credentials made out of somebody's own; the others are there by name."""


def wide(text: str) -> str:
    """`text` with each printable ASCII character in its full-width form; NFKC makes it `text` again."""
    widened = "".join(chr(ord(character) + WIDE) if "!" <= character <= "~" else character for character in text)
    return widened if unicodedata.normalize("NFKC", widened) == text else f"{text}\uff41"


def same_id(home: str, near: str) -> bool:
    """Whether an id may be read as another spelling of the same one, which a group then has.

    That is a UUID (RFC 9562, 4) or a ULID in other case, and a number with blanks around it or in other digits.
    """
    if home.isascii() and home.isdecimal():
        bare = near.strip()
        return bare.isdecimal() and int(bare) == int(home)
    return _CASELESS.fullmatch(home) is not None and near.upper() == home.upper()


NEAR_HOME: dict[str, Callable[[str], str]] = {
    "home in other case": str.swapcase,
    "home with a blank before it": lambda home: f" {home}",
    "home with a tab after it": lambda home: f"{home}\t",
    "home with a line break after it": lambda home: f"{home}\n",
    "home with a dot after it": lambda home: f"{home}.",
    "home with a semicolon after it": lambda home: f"{home};x=y",
    "home and a way back": lambda home: f"{home}/..;/{home}",
    "home with a NUL after it": lambda home: f"{home}\0",
    "home with NUL and more after it": lambda home: f"{home}\0.json",
    "home with a suffix": lambda home: f"{home}.json",
    "home with a query in it": lambda home: f"{home}?x",
    "home with a fragment in it": lambda home: f"{home}#x",
    "home in a list": lambda home: f"{home},{home}x",
    "home in quotes": lambda home: f'"{home}"',
    "home in full-width characters": wide,
    "home with a soft hyphen": lambda home: f"{home[:1]}\u00ad{home[1:]}",
    "home with a zero-width blank after it": lambda home: f"{home}\u200b",
    "home with a byte that is no UTF-8 after it": lambda home: f"{home}\udcff",
    "home encoded twice": lambda home: "".join(f"%{byte:02X}" for byte in home.encode()),
    "home with %20 after it": lambda home: f"{home}%20",
    "home with + after it": lambda home: f"{home}+",
    "home's end as SQL's %": lambda home: f"{home[:-1]}%",
    "home's start as SQL's %": lambda home: f"%{home[1:]}",
    "home's last character as SQL's _": lambda home: f"{home[:-1]}_",
    "home as SQL's _": lambda home: "_" * len(home),
    "home's last character as a dot": lambda home: f"{home[:-1]}.",
    "home as a pattern": lambda home: f"{home[:1]}.*",
    "home's last character as *": lambda home: f"{home[:-1]}*",
    "home's last character as ?": lambda home: f"{home[:-1]}?",
    "home between anchors": lambda home: f"^{home}$",
    "home or another": lambda home: f"{home}|x",
    "home with SQL after it": lambda home: f"{home}' OR '1'='1",
    "home cut in half": lambda home: home[: len(home) // 2] if len(home) >= LONG_ID else f"{home}x",
}
"""Ids that a careless comparison, pattern, decoder or collation takes for the home group's, by words for them."""
AS_NUMBER: dict[str, Callable[[str], str]] = {
    "home with a nought before it": lambda home: f"0{home}",
    "home as a fraction": lambda home: f"{home}.0",
    "home with an exponent": lambda home: f"{home}e0",
    "home with a sign": lambda home: f"+{home}",
    "home with an underscore in it": lambda home: f"{home[:1]}_{home[1:]}",
}
"""The home group's id as another spelling of the same number, where it is one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request: who sends what, and which entities play the roles of the path.

    `roles` has a word, or an id, for each role that the fixture's own entity does not play. `change` turns a fresh
    valid body into the value to send; `raw` turns it into bytes instead. `auth` makes credentials out of the
    persona's, where they are not simply the persona's own.
    """

    name: str
    label: str
    who: str = WRITER
    roles: Mapping[str, str] = field(default_factory=dict)
    method: str | None = None
    """Another than the operation's."""
    change: Change | None = None
    raw: Callable[[dict[str, Any]], bytes] | None = None
    headers: Headers = JSON_TYPE
    auth: Credentialed | None = None
    chunked: bool = False
    tail: str = ""
    """What follows the path as it stands: a query, a slash."""
    edge: bool = False
    """Whether what is odd about it belongs to HTTP or to a framework: these may answer in a form of their own."""
    loose: bool = False
    """Whether the data may come back trimmed or normalised: what was sent is nothing that must be accepted."""
    error: str | None = None
    """The error id that released servers name."""
    key: str | None = None
    """The key that the error's details name."""
    keys: tuple[str, ...] | None = None
    """The keys of the valid body; None: those that it must have."""
    open: bool = False
    """Whether what comes of it is left open: it is looked at, and held against no other requirement."""
    apart: bool = False
    """Whether it is sent to a fixture of its own."""
    follows: Case | None = None
    """A case that is sent before, whose user and entities this one takes."""

    @property
    def group(self) -> str:
        """The word for the group of the path."""
        return self.roles.get(GROUP, HOME)

    @property
    def valid(self) -> bool:
        """Whether the request is as documented, whoever sends it."""
        wrong = self.roles or self.method or self.change or self.raw or self.auth or self.follows or self.tail
        return not wrong and not self.chunked and self.headers == JSON_TYPE


def access_case(name: str, keys: tuple[str, ...] = ()) -> Case:
    """A valid request of a persona, with these keys in its body."""
    words = f" with {', '.join(keys)}" if keys else ""
    label = f"a valid request of the persona {name}{words}"
    return Case(".".join(["access", name, *keys]), label, who=name, keys=keys or None)


def encode(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def without(key: str) -> Change:
    """The body without `key`."""
    return lambda body: {name: value for name, value in body.items() if name != key}


def with_value(key: str, value: Any) -> Change:
    """The body with `value` at `key`."""
    return lambda body: {**body, key: value}


def with_values(values: Mapping[str, Any]) -> Change:
    """The body with these values at their keys."""
    return lambda body: {**body, **values}


def constant(value: Any) -> Change:
    """`value` instead of the body."""
    return lambda _: value


def wrong_password(make: Callable[[str], str], words: str) -> Credentialed:
    """The persona's user name with a password made out of the right one."""

    def auth(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
        name, password = identity.credentials.username or "", identity.credentials.password or ""
        return Auth((("Authorization", basic(name, make(password))),), f"{identity.name}, {words}")

    return auth


def password_of_another(identity: TestUser, people: Mapping[str, TestUser]) -> Auth:
    """The persona's user name with another persona's password, or another word where all have the same."""
    own = identity.credentials.password
    others = (user.credentials.password for user in people.values())
    other = next((word for word in others if word and word != own), "no-such-password-7d2")
    name = identity.credentials.username or ""
    return Auth((("Authorization", basic(name, other)),), f"{name} with another's password")


def wrong_token(make: Callable[[str], str], words: str, *, bearer: bool = False) -> Credentialed:
    """A token made out of the persona's own, or out of nothing where it has none."""

    def auth(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
        own = identity.credentials
        value = make(own.token or "")
        return Auth((("Authorization", f"Bearer {value}") if bearer else own.carrier(value),), words)

    return auth


def unknown_user() -> Credentialed:
    """A user that nobody is."""
    return lambda *_: Auth((("Authorization", basic("nobody-9f2c1d", "no-such-password")),), "an unknown user")


def raw_authorization(value: str) -> Credentialed:
    """An Authorization header as it stands; it carries no secret."""
    return lambda *_: Auth((("Authorization", value),), "wrong credentials")


def b64(text: str) -> str:
    """`text` in base64."""
    return base64.b64encode(text.encode()).decode()
