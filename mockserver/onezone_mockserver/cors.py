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
    b"Location, X-Mock-Reason, WWW-Authenticate, Allow, Preference-Applied",
)
VARY: Header = (b"vary", b"Origin")
PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-max-age", b"600"),
)
USUAL = b"Authorization, Content-Type, X-Auth-Token, Prefer, Accept"
"""The request headers that are allowed where the preflight does not name any."""
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?: *, *[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


class Cors:
    """The origins whose pages may read the answers; `*` is every origin. Credentials are never cookies."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.origins = frozenset(origin.encode() for origin in origins)
        self._any: tuple[Header, ...] = ((b"access-control-allow-origin", b"*"),) if b"*" in self.origins else ()

    def headers(self, exchange: Exchange) -> tuple[Header, ...]:
        """The headers for any answer to `exchange`; what is exposed matters only to a page of another origin."""
        origin = exchange.headers.get(b"origin")
        if self._any:
            return self._any if origin is None else (*self._any, EXPOSED)
        if origin in self.origins:
            return (b"access-control-allow-origin", origin), EXPOSED, VARY
        return (VARY,)

    def preflight(self, exchange: Exchange) -> Answer | None:
        """The answer if `exchange` is a preflight, None if it is an OPTIONS request in its own right."""
        asked = exchange.headers
        if b"origin" not in asked or b"access-control-request-method" not in asked:
            return None
        private = (b"access-control-allow-private-network", b"true")
        extra = [private] if b"access-control-request-private-network" in asked else []
        wanted = asked.get(b"access-control-request-headers", b"")
        names = wanted if _NAMES.fullmatch(wanted) else USUAL
        return Answer(204, [*PREFLIGHT, (b"access-control-allow-headers", names), *extra])
