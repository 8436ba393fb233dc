"""The `Prefer` header (RFC 7240), and the middleware for `wait=SECONDS`: answers that come late on purpose."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY, Refusal
from onezone_mockserver.stages.body import read

if TYPE_CHECKING:
    from onezone_mockserver.exchange import App, Exchange, Receive, Scope, Send

LONGEST_WAIT = 30.0
_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PREFERENCE = re.compile(r'\s*([^\s=;,"]+)\s*(?:=\s*(?:"([^"]*)"|([^";\s]*)))?')
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@lru_cache(maxsize=256)
def preferences(header: bytes) -> dict[str, str]:
    """The preferences of a `Prefer` header by lower-case name; the first of two equal names counts (RFC 7240, 2)."""
    found: dict[str, str] = {}
    for item in _ITEM.findall(header.decode("latin-1")):
        match = _PREFERENCE.match(item)
        if match:
            found.setdefault(match[1].lower(), match[2] or match[3] or "")
    return found


class Delay:
    """Lets every answer wait for `latency` seconds, and for as long as the client prefers.

    The body is read first: a client that leaves meanwhile does not undo what its request does, as on a real server.
    """

    def __init__(self, app: App, *, latency: float) -> None:
        self.app = app
        self.latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait where there is something to wait for, then pass the exchange on. Raises ClientGoneError."""
        exchange: Exchange = scope[KEY]
        exchange.receive = receive
        if self.latency or b"prefer" in exchange.headers:
            await self._wait(exchange)
        await self.app(scope, receive, send)

    async def _wait(self, exchange: Exchange) -> None:
        wanted = preferences(exchange.headers.get(b"prefer", b"")).get("wait")
        preferred = 0.0
        if wanted is not None and _SECONDS.fullmatch(wanted):
            preferred = min(float(wanted), LONGEST_WAIT)
            exchange.applied += (f"wait={wanted if float(wanted) == preferred else int(preferred)}",)
        if not self.latency + preferred:
            return
        if exchange.has_body:
            await _read_ahead(exchange)
        await exchange.run.wait(self.latency + preferred)


async def _read_ahead(exchange: Exchange) -> None:
    """Read the body, but leave it to the body's own stage to refuse it."""
    try:
        await read(exchange)
    except Refusal as refusal:
        exchange.too_large = refusal
