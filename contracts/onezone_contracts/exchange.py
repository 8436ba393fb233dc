"""A request and its answer, and how to show both without secrets."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
SHOWN_BYTES = 2000
PAGE_BYTES = 20000
"""In so many bytes of a page its title is looked for."""
FIRST_WORDS = 70
"""How many characters of a body are named in a sentence."""
LONGEST_INTEGER = 4000
_SECRET_KEYS = re.compile(r'("(?:password|token)"\s*:\s*)"(?:[^"\\]|\\.)*"')
_BASIC = re.compile(r"(?i)\bbasic +([^ ,]+)")
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_TAG = re.compile(r"(?is)<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>")
_SECRET_HEADERS = frozenset({"authorization", "x-auth-token", "cookie", "set-cookie", "macaroon"})


@dataclass(frozen=True, slots=True)
class Auth:
    """How a request authenticates: headers, and as whom."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    who: str = "nobody"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes over the wire. `path` is absolute and percent-encoded; `label` says what it is for."""

    method: str
    path: str
    auth: Auth = Auth()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    chunked: bool = False
    label: str = ""

    @property
    def all_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of the request with those of its credentials."""
        return (*self.headers, *self.auth.headers)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are as received; `trailing` has bytes that came where no body is allowed."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    trailing: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The value of the first header of that name in any case, None if there is none."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> list[str]:
        """Every value of the header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self) -> Any:
        """The body as JSON. Raises ValueError if it is none, RecursionError where it is nested too deep to tell."""
        return json.loads(self.body.decode("utf-8"), parse_int=_integer)

    def json_of_any_kind(self) -> Any:
        """The body as JSON that may begin with a byte order mark, for answers that are only read. Raises as `json`."""
        return json.loads(self.body.decode("utf-8-sig"), parse_int=_integer)

    @property
    def media_type(self) -> str:
        """The media type without parameters, "" where there is none."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def looks_like_json(self) -> bool:
        """Whether the body begins as JSON of an object or a list does, or is labelled as JSON and begins no page."""
        first = self.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        return first in {b"{", b"["} or (self.media_type.endswith("json") and first != b"<")

    @property
    def title(self) -> str:
        """The title of a page, else all of its text; "" of JSON, which is no page."""
        text = "" if self.looks_like_json else self.body[:PAGE_BYTES].decode("utf-8", "replace")
        match = _TITLE.search(text)
        return " ".join(html.unescape(match[1] if match else _TAG.sub(" ", text)).split())

    @property
    def redirect(self) -> bool:
        """Whether it sends its reader elsewhere."""
        return 300 <= self.status < 400  # noqa: PLR2004

    @property
    def success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def refusal(self) -> bool:
        """Whether the status is 4xx."""
        return 400 <= self.status < 500  # noqa: PLR2004


def _integer(digits: str) -> int | float:
    """An integer; beyond the digits that Python converts, the nearest float."""
    return int(digits) if len(digits) < LONGEST_INTEGER else float(digits)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; without one, `failure` says in words what happened instead."""

    request: Request
    base: str
    response: Response | None = None
    failure: str | None = None
    timed_out: bool = False
    seconds: float = 0.0

    @property
    def status(self) -> int | None:
        """The status of the answer, None if none came."""
        return self.response.status if self.response else None

    @property
    def succeeded(self) -> bool:
        """Whether a 2xx came."""
        return self.response is not None and self.response.success

    @property
    def not_offered(self) -> bool:
        """Whether the target says that there is no such thing to read (404, 405, 501), or not for this user."""
        return self.status in {401, 403, 404, 405, 410, 501}

    def summary(self, redactor: Redactor) -> str:
        """A summary for people: the status, the media type, and the title or first words of a page, without secrets."""
        if self.response is None:
            return redactor.text(self.answer())
        response = self.response
        if response.redirect and response.header("Location"):
            where = (response.header("Location") or "").partition("?")[0]
            return f"{self.status} to {redactor.text(where)}"
        words = redactor.text(response.title or response.body.decode("utf-8", "replace"))
        if not response.body:
            return str(self.status)
        label = redactor.text(response.header("Content-Type") or "without a media type")
        words = " ".join(words.split())
        return f"{self.status} {label}: {words[:FIRST_WORDS]}{'…' if len(words) > FIRST_WORDS else ''}"

    def answer(self) -> str:
        """What came, in a few words."""
        if self.response is None:
            return self.failure or "no answer"
        return str(self.response.status)


@dataclass(slots=True)
class Redactor:
    """Takes secrets out of text: those it was told of, in every spelling that requests use, and JSON passwords.

    `variables` are what curl lines read secrets from, and `owners` says whose secret each of them has.
    """

    secrets: set[str] = field(default_factory=set, repr=False)
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    owners: dict[str, str] = field(default_factory=dict)

    def name(self, variable: str, secret: str, owner: str) -> None:
        """Have curl lines read a secret from a variable."""
        self.variables.setdefault(variable, secret)
        self.owners.setdefault(variable, owner)

    def unnamed(self, secret: str) -> str:
        """A variable for a secret that nobody named."""
        variable = f"SECRET_{1 + sum(name.startswith('SECRET_') for name in self.variables)}"
        self.name(variable, secret, "somebody in this run")
        return variable

    def learn(self, *values: str) -> None:
        """Remember secrets, except those too short to tell from ordinary text."""
        for value in values:
            if len(value) > 3:  # noqa: PLR2004
                self.secrets |= set(_spellings(value))

    def learn_basic(self, values: Iterable[str]) -> None:
        """Remember Basic credentials in values of Authorization: they tell the password that they were made of."""
        self.learn(*(credentials for value in values for credentials in _BASIC.findall(value)))

    def text(self, text: str) -> str:
        """`text` with every secret masked."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return _SECRET_KEYS.sub(rf'\1"{MASK}"', text)

    def raw(self, data: bytes) -> bytes:
        """`data` with every secret masked."""
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def header(self, name: str, value: str) -> str:
        """A header's value, masked where it authenticates."""
        return MASK if name.lower() in _SECRET_HEADERS else self.text(value)


def _spellings(value: str) -> Iterator[str]:
    """A secret as answers may repeat it: as it is, in JSON, HTML and URLs, and as bytes that were read as Latin-1."""
    yield value
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield from (html.escape(value, quote=False), escaped := html.escape(value))
    yield escaped.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield from (quote(value, errors="replace"), quote(value, safe="", errors="replace"))
    yield quote_plus(value, errors="replace")
    yield value.encode("utf-8", "replace").decode("latin-1")


def basic(username: str, password: str) -> str:
    """The value of an Authorization header for HTTP Basic in UTF-8 (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def body_text(body: bytes | None, redactor: Redactor) -> str:
    """A body as text for people: decoded, redacted, and cut where it is long."""
    text = redactor.text((body or b"").decode("utf-8", "backslashreplace"))
    if len(text) > SHOWN_BYTES:
        return f"{text[:SHOWN_BYTES]}… ({len(body or b'')} bytes in all)"
    return text


def request_report(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """The request for a report: method, URL, headers, body; no secrets."""
    request = exchange.request
    return {
        "label": request.label,
        "method": request.method,
        "url": redactor.text(exchange.base + request.path),
        "as": request.auth.who,
        "headers": _headers(request.all_headers, redactor),
        "body": None if request.body is None else body_text(request.body, redactor),
    }


def response_report(exchange: Exchange, redactor: Redactor) -> dict[str, Any] | None:
    """The answer for a report, None if none came."""
    response = exchange.response
    if response is None:
        return {"failure": redactor.text(exchange.failure)} if exchange.failure else None
    return {
        "status": response.status,
        "headers": _headers(response.headers, redactor),
        "body": body_text(response.body or response.trailing, redactor),
    }


def _headers(headers: Iterable[tuple[str, str]], redactor: Redactor) -> list[list[str]]:
    return [[name, redactor.header(name, value)] for name, value in headers]
