"""Cross-origin requests (the Fetch standard, CORS protocol): in a browser, Location is this contract's only output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import Answer, Header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onezone_mockserver.exchange import Exchange

EXPOSED: Header = (
    b"access-control-expose-headers",
    b"Location, X-Mock-Reason, WWW-Authenticate, Allow, Retry-After, Preference-Applied",
)
VARY: Header = (b"vary", b"Origin")
CREDENTIALS: Header = (b"access-control-allow-credentials", b"true")
PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-max-age", b"600"),
)
USUAL = b"Authorization, Content-Type, X-Auth-Token, Prefer, Accept, X-Mock-World"
"""The request headers that are allowed whether or not the preflight names them."""
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?: *, *[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


class Cors:
    """The origins whose pages may read the answers; `*` is every origin. Those with a name may send credentials."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.origins = frozenset(origin.encode() for origin in origins)
        anybody = ((b"access-control-allow-origin", b"*"),) if b"*" in self.origins else ()
        vary = (VARY,) if self.origins != {b"*"} else ()
        self._same: tuple[Header, ...] = (*anybody, *vary)
        self._other: tuple[Header, ...] = (*anybody, EXPOSED, *vary) if anybody else vary

    def headers(self, exchange: Exchange) -> tuple[Header, ...]:
        """The headers for any answer to `exchange`; what is exposed matters only to a page of another origin."""
        origin = exchange.headers.get(b"origin")
        if origin is None:
            return self._same
        return self.for_named(origin) if self.names(origin) else self._other

    def names(self, origin: bytes | None) -> bool:
        """Whether an origin is one of those with a name."""
        return origin in self.origins and origin != b"*"

    def for_named(self, origin: bytes | None) -> tuple[Header, ...]:
        """The headers for the pages of an origin with a name, and for no others."""
        if origin is None or not self.names(origin):
            return (VARY,)
        return (b"access-control-allow-origin", origin), CREDENTIALS, EXPOSED, VARY

    def preflight(self, exchange: Exchange) -> Answer | None:
        """The answer if `exchange` is a preflight, None if it is an OPTIONS request in its own right."""
        asked = exchange.headers
        if b"origin" not in asked or b"access-control-request-method" not in asked:
            return None
        private = (b"access-control-allow-private-network", b"true")
        extra = [private] if b"access-control-request-private-network" in asked else []
        names = asked.get(b"access-control-request-headers", b"")
        return Answer(204, [*PREFLIGHT, (b"access-control-allow-headers", _with_usual(names)), *extra])


def _with_usual(names: bytes) -> bytes:
    """The names that a preflight asks for, if they are names, and the usual ones."""
    if not _NAMES.fullmatch(names):
        return USUAL
    usual = {name.strip().lower() for name in USUAL.split(b",")}
    more = [name.strip() for name in names.split(b",") if name.strip().lower() not in usual]
    return b", ".join([USUAL, *more])
