"""Where clients see the mock: as its user says (`--public-url`), or as a trusted proxy says (`--trust-proxy`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from onezone_mockserver.location import HOST
from onezone_mockserver.paths import root_of
from onezone_mockserver.worlds import PREFIX, WORLD

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Scope

Outside = Callable[["Scope"], bytes | None]
"""What stands before the paths of the mock in a URI for the sender of a request; None if nobody says so."""

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""The scheme of a Location by what a proxy, or a server of web sockets, calls the connection."""
NAMES = frozenset({b"forwarded", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix"})
PORTS = {"http": "80", "https": "443"}
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.IGNORECASE)
_PAIR = re.compile(r"""[\s,;]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*(?=([;,]|$))""")
_PREFIX = re.compile(r"(?:/(?:[\w.~!$&'()*+;=:@-]|%[0-9A-Fa-f]{2})+)+", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}")


def is_public_url(url: str) -> bool:
    """Whether a text can stand before the paths of the mock: scheme, host and perhaps a path."""
    match = _URL.fullmatch(url)
    host = url.partition("://")[2].partition("/")[0]
    return match is not None and url.isascii() and HOST.fullmatch(host.encode()) is not None


def always(url: str) -> Outside:
    """The mock is at that URL, whatever a request says."""
    start = url.rstrip("/").encode()

    def outside(scope: Scope) -> bytes:
        return start + f"{PREFIX}{scope[WORLD]}".encode() if WORLD in scope else start

    return outside


def forwarded(scope: Scope) -> bytes | None:
    """Where the first of the proxies was asked: by `Forwarded` (RFC 7239), and what that does not say by X-Forwarded-*.

    Of a list the first entry counts, which is the proxy's that the client asked; prefixes add up, as each proxy took
    its own away. What is no scheme, host, port or path is passed over.
    """
    headers = _values(scope)
    if headers.keys().isdisjoint(NAMES):
        return None
    said = first_element(headers.get(b"forwarded", ""))
    named = SCHEMES.get(said.get("proto", "").lower()) or SCHEMES.get(_first(headers, b"x-forwarded-proto").lower())
    scheme = named or SCHEMES.get(scope.get("scheme", "http"), "http")
    hosts = (said.get("host", ""), _first(headers, b"x-forwarded-host"), headers.get(b"host", ""))
    host = next((host for host in hosts if HOST.fullmatch(host.encode("latin-1"))), None)
    if host is None:
        return None
    port = _first(headers, b"x-forwarded-port")
    if _PORT.fullmatch(port) and port != PORTS[scheme] and not re.search(r":[0-9]+$", host):
        host = f"{host}:{port}"
    prefixes = (prefix.strip().rstrip("/") for prefix in headers.get(b"x-forwarded-prefix", "").split(","))
    path = "".join(prefix for prefix in prefixes if _PREFIX.fullmatch(prefix))
    return f"{scheme}://{host}{path}".encode("latin-1") + root_of(scope)


def first_element(header: str) -> dict[str, str]:
    """The parameters of the first element of a `Forwarded` header (RFC 7239, 4); none where it is not one."""
    parameters: dict[str, str] = {}
    at = 0
    while match := _PAIR.match(header, at):
        name, quoted, plain, end = match.groups()
        parameters.setdefault(name.lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        if end != ";":
            return parameters
        at = match.end()
    return {}


def _values(scope: Scope) -> dict[bytes, str]:
    """The headers that are looked at, repeated ones joined (RFC 9110, 5.3)."""
    headers: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in NAMES or name == b"host":
            text = value.decode("latin-1").strip()
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _first(headers: dict[bytes, str], name: bytes) -> str:
    return headers.get(name, "").partition(",")[0].strip()
