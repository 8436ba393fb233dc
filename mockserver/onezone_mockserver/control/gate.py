"""Who may use the control plane: no page but its own and those of named origins, and nobody without its token.

A page of any origin can have a browser send requests to loopback, and a name of its own that resolves to loopback makes
them look like those of the same origin (DNS rebinding). So Origin (RFC 6454, 7) and Host (RFC 9110, 7.2) are looked at:
such a page is not able to give either of them a value that is the mock's own.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from onezone_mockserver.exchange import OUTSIDE, Answer, Header, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onezone_mockserver.cors import Cors
    from onezone_mockserver.exchange import Exchange

PUBLIC = frozenset({b"/health", b"/openapi.yaml", b"/openapi.json"})
"""What everybody may read: whether the mock is up, and the contract."""
PROTECTION: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""That no other page shows an answer, or runs it as a script."""
CHALLENGES: tuple[Header, ...] = (
    (b"www-authenticate", b'Bearer realm="control plane"'),
    (b"www-authenticate", b'Basic realm="control plane"'),
)
LOCAL = "localhost"


class Gate:
    """Lets requests to the control plane in. `token` may be set when it is known where the mock listens.

    `hosts` are the names that the mock is known by, beside loopback's and addresses.
    """

    def __init__(self, cors: Cors, token: str | None = None, hosts: Iterable[str] = ()) -> None:
        self.cors = cors
        self.token = token
        self.hosts = frozenset(host.lower().strip("[]") for host in hosts)

    def headers(self, exchange: Exchange) -> tuple[Header, ...]:
        """What every answer of the control plane has: pages of named origins may read it, and no others."""
        return (*PROTECTION, *self.cors.for_named(exchange.headers.get(b"origin")))

    def refusal(self, exchange: Exchange, *, preflight: bool) -> Answer | None:
        """Why a request is refused; None if it may come in. A preflight cannot have the token."""
        host, origin = exchange.headers.get(b"host", b""), exchange.headers.get(b"origin")
        if (
            self.token is not None
            and not preflight
            and not _authorized(exchange.headers.get(b"authorization", b""), self.token)
        ):
            return _denied(
                401, "the control plane asks for its token: Authorization: Bearer TOKEN (--control-token)", CHALLENGES
            )
        if self.token is None and not self._is_own_host(exchange, host):
            return _denied(
                403,
                f"the control plane does not answer as {_printable(host)}: name it by --public-url,"
                " or use --control-token",
            )
        if origin is not None and not self._is_own_origin(exchange, origin, host):
            return _denied(403, f"no page of {_printable(origin)} may use the control plane: name it by --cors-origin")
        if origin is None and _embedded(exchange):
            return _denied(403, "no page of another site may use the control plane")
        return None

    def _is_own_host(self, exchange: Exchange, host: bytes) -> bool:
        name = _host_name(host)
        server = exchange.scope.get("server") or ("", None)
        return not host or _is_local(name) or name in self.hosts or name == server[0].lower()

    def _is_own_origin(self, exchange: Exchange, origin: bytes, host: bytes) -> bool:
        """Whether it is a named one, or the mock's: by the Host that is asked, or as clients see the mock."""
        if self.cors.names(origin):
            return origin != b"null"  # any page can have that one
        outside: bytes | None = exchange.scope.get(OUTSIDE)
        same = origin.lower().partition(b"://")[2] == host.lower() != b""
        return same or (outside is not None and (outside.lower() + b"/").startswith(origin.lower() + b"/"))


def host_of(url: str) -> str:
    """The name of the host in a URL, "" where there is none."""
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=256)
def _host_name(host: bytes) -> str:
    """The name in a Host header, in lower case, without port and brackets."""
    text = host.decode("latin-1").lower()
    return text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]


@lru_cache(maxsize=256)
def _is_local(name: str) -> bool:
    """Whether a name is loopback's (RFC 6761, 6.3), or an address: neither can be had by another's page."""
    if name == LOCAL or name.endswith(f".{LOCAL}"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _embedded(exchange: Exchange) -> bool:
    """Whether a page of another site asks without saying so in Origin: for an image, a script, a frame."""
    site, mode = exchange.headers.get(b"sec-fetch-site"), exchange.headers.get(b"sec-fetch-mode")
    return site == b"cross-site" and mode != b"navigate"


def _authorized(authorization: bytes, token: str) -> bool:
    """Whether credentials are the token: as Bearer (RFC 6750), or as a browser's login box sends it, the password."""
    scheme, _, given = authorization.partition(b" ")
    given = given.strip(b" ")
    if scheme.lower() == b"basic":
        try:
            given = base64.b64decode(given, validate=True).partition(b":")[2]
        except binascii.Error:
            return False
    elif scheme.lower() != b"bearer":
        return False
    return hmac.compare_digest(given, token.encode())


def _printable(value: bytes) -> str:
    return value[:200].decode("ascii", "backslashreplace")


def _denied(status: int, message: str, headers: tuple[Header, ...] = ()) -> Answer:
    answer = json_answer(status, orjson.dumps({"error": message}))
    answer.headers += headers
    return answer
