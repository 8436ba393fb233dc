"""Who sent a recorded request, by its credentials, and which of its headers and parameters are secrets."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from onezone_spec import Contract

from onezone_contracts.exchange import Auth, Redactor, basic
from onezone_contracts.traffic.recording import Headers, Recorded

AUTHORIZATION = "authorization"
LONGEST_NAME = 60
AUTHENTICATED = frozenset({*range(200, 300), 401})
"""Answers before which the mock looked who calls: without a user, nobody."""
_MASKED = re.compile(r"\*{3}|\u2022{3}|(?i:redacted|filtered|masked|removed)")
"""What tools write in the place of credentials: they are then the same for everybody."""
_SECRET_HEADERS = frozenset({AUTHORIZATION, "cookie", "set-cookie", "proxy-authorization"})
_SECRET_WORDS = ("token", "secret", "password", "passwd", "api-key", "apikey", "api_key", "macaroon", "credential")
_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "secure", "httponly"})


class Kind(Enum):
    """How a request says who sends it."""

    NOBODY = auto()
    SOMEBODY = auto()
    UNCLEAR = auto()
    """By cookies, or by several credentials at once: who it is depends on the server."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: a key that is the same for the same credentials, and a name that tells no secret."""

    kind: Kind
    key: str = field(default="", repr=False)
    name: str = "nobody"

    @property
    def identified(self) -> bool:
        """Whether it is known to be the same one whenever the key is the same."""
        return self.kind is Kind.SOMEBODY


NOBODY = Caller(Kind.NOBODY)
UNCLEAR = Caller(Kind.UNCLEAR, name="somebody")


def credential_headers(contract: Contract) -> frozenset[str]:
    """The headers by which a contract knows a caller, in lower case: those of its security schemes."""
    schemes = contract.document.get("components", {}).get("securitySchemes", {}).values()
    keys = {
        scheme["name"].lower() for scheme in schemes if scheme.get("type") == "apiKey" and scheme.get("in") == "header"
    }
    return frozenset({AUTHORIZATION, *keys})


class Callers:
    """Tells callers apart; gives those with tokens a number."""

    def __init__(self, credentials: frozenset[str]) -> None:
        """`credentials` are the headers by which the target knows a caller, in lower case."""
        self.credentials = credentials
        self._by_key: dict[str, Caller] = {}
        self.shows_credentials = False
        """Whether any request came with an Authorization, which browsers leave out of recordings to be shared."""

    def caller_of(self, recorded: Recorded) -> Caller:
        """Who sent it."""
        if recorded.by_mock:
            self.shows_credentials = True
            if recorded.user:
                return self._identified(mock_key(recorded.user), recorded.user)
            if not recorded.heads:
                return NOBODY if recorded.status in AUTHENTICATED else UNCLEAR
        sent = [(name.lower(), value) for name, value in recorded.request_headers]
        credentials = [(name, value) for name, value in sent if name in self.credentials]
        self.shows_credentials |= any(name == "authorization" for name, _ in credentials)
        if not credentials:
            return UNCLEAR if any(name in {"cookie", "proxy-authorization"} for name, _ in sent) else NOBODY
        name, value = credentials[0]
        if len(credentials) > 1 or not value.strip() or masked(value):
            return UNCLEAR
        pair = user_and_password(value) if name == "authorization" else None
        return self._identified(f"{name} {value}", pair[0][:LONGEST_NAME] or None if pair else None)

    def _identified(self, key: str, name: str | None) -> Caller:
        if key not in self._by_key:
            number = 1 + sum(caller.name.startswith("token-") for caller in self._by_key.values())
            self._by_key[key] = Caller(Kind.SOMEBODY, key, name or f"token-{number}")
        return self._by_key[key]


def mock_key(username: str) -> str:
    """The key of a caller whom the mock knew."""
    return f"user {username}"


def basic_key(username: str, password: str) -> str:
    """The key of a caller with HTTP Basic, as clients spell it."""
    return f"authorization {basic(username, password)}"


def masked(text: str) -> bool:
    """Whether a tool wrote it in the place of a secret."""
    return _MASKED.search(text) is not None


def user_and_password(value: str) -> tuple[str, str] | None:
    """User name and password of HTTP Basic, None if there are none. Padding may be left out."""
    scheme, _, packed = value.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    packed = packed.strip()
    try:
        text = base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "surrogateescape")
    except (ValueError, binascii.Error):
        return None
    name, colon, password = text.partition(":")
    return (name, password) if colon else None


# --- secrets ----------------------------------------------------------------------------------------------------


def secret_header(name: str, credentials: frozenset[str] = frozenset()) -> bool:
    """Whether a header's value is a secret, by its name."""
    low = name.lower()
    return low in _SECRET_HEADERS or low in credentials or any(word in low for word in (*_SECRET_WORDS, "session"))


def split(headers: Headers, who: str, credentials: frozenset[str]) -> tuple[Headers, Auth]:
    """The headers that say nothing secret, and the others as the credentials of the request."""
    open_ones = tuple(header for header in headers if not secret_header(header[0], credentials))
    return open_ones, Auth(tuple(header for header in headers if secret_header(header[0], credentials)), who)


def learn(redactor: Redactor, recorded: Recorded, credentials: frozenset[str]) -> None:
    """Have the redactor know every secret of an exchange."""
    redactor.learn(*_secrets(recorded, credentials))


def _secrets(recorded: Recorded, credentials: frozenset[str]) -> Iterator[str]:
    for name, value in (*recorded.request_headers, *recorded.response_headers):
        if secret_header(name, credentials):
            yield value
            yield from _parts(name.lower(), value)
    for name, value in parse_qsl(urlsplit(recorded.url).query):
        if any(word in name.lower() for word in (*_SECRET_WORDS, "auth", "code", "signature")):
            yield value
    for body in (recorded.request_body, recorded.response_body):
        yield from _in_body(body)


def _parts(name: str, value: str) -> Iterator[str]:
    """What a header's value is made of that is a secret by itself."""
    if name in {"cookie", "set-cookie"}:
        pairs = (part.strip().partition("=") for part in value.split(";"))
        yield from (text for key, _, text in pairs if key.lower() not in _ATTRIBUTES)
        return
    yield value.strip().rpartition(" ")[2]
    if pair := user_and_password(value):
        yield pair[1]


def _in_body(body: bytes | None) -> Iterator[str]:
    low = (body or b"").lower()
    if not body or not any(word.encode() in low for word in (*_SECRET_WORDS, "apikey")):
        return
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        form = parse_qsl(body.decode("utf-8", "replace")) if b"=" in body else []
        yield from (text for key, text in form if any(word in key.lower() for word in _SECRET_WORDS))
        return
    yield from _strings_below_secrets(value)


def _strings_below_secrets(value: Any) -> Iterator[str]:
    """The strings below keys that name secrets."""
    waiting: list[tuple[Any, bool]] = [(value, False)]
    while waiting:
        node, hidden = waiting.pop()
        if isinstance(node, dict):
            waiting += [(child, hidden or _names_a_secret(key)) for key, child in node.items()]
        elif isinstance(node, list):
            waiting += [(child, hidden) for child in node]
        elif hidden and isinstance(node, str):
            yield node


def _names_a_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET_WORDS)
