"""The outermost stage: makes the exchange, answers CORS, and hands the control plane what is the control plane's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY, App, Exchange, Receive, Scope, Send

if TYPE_CHECKING:
    from onezone_mockserver.cors import Cors

CONTROL_PREFIX = b"/_mock"


class Edge:
    """Every request comes in and every answer goes out through here."""

    def __init__(self, app: App, *, cors: Cors, control: App | None, latency: float) -> None:
        self.app = app
        self.cors = cors
        self.control = control
        self.latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request, or the lifespan protocol; a web socket is closed."""
        if scope["type"] != "http":
            await _other_protocol(scope, receive, send)
            return
        exchange = scope[KEY] = Exchange(scope, send)
        exchange.common = self.cors.headers(exchange)
        preflight = self.cors.preflight(exchange) if exchange.method == "OPTIONS" else None
        try:
            if preflight:
                await preflight.send(exchange.send)
            elif exchange.path.startswith(CONTROL_PREFIX) and self._is_control(exchange.path):
                await self.control(scope, receive, exchange.send)  # type: ignore[misc]  # there is one
            else:
                if self.latency:
                    await asyncio.sleep(self.latency)
                await self.app(scope, receive, exchange.send)
        finally:
            del scope[KEY]  # the exchange knows the scope: without a circle, memory is free at once

    def _is_control(self, path: bytes) -> bool:
        return self.control is not None and path[len(CONTROL_PREFIX) :][:1] in {b"", b"/"}


async def _other_protocol(scope: Scope, receive: Receive, send: Send) -> None:
    """Say yes to a server's lifespan events, and close a web socket."""
    while scope["type"] == "lifespan":
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
    await send({"type": "websocket.close"})
