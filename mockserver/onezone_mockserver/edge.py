"""The outermost middleware: makes the exchange, answers CORS, and lets the control plane answer what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.assembled import Assembled
from onezone_mockserver.exchange import BROKEN, KEY, RUN, App, Exchange, Receive, Scope, Send
from onezone_mockserver.overriding import Chooser
from onezone_mockserver.worlds import HEADER, WORLD, WorldNameError, world_name

if TYPE_CHECKING:
    from onezone_mockserver.cors import Cors
    from onezone_mockserver.state import MockState

CONTROL_PREFIX = b"/_mock"


class Edge:
    """Every request comes in and every answer goes out through here."""

    def __init__(self, app: App, *, state: MockState, cors: Cors, control: App | None) -> None:
        self.app = app
        self.state = state
        self.cors = cors
        self.control = control
        self.inner: Assembled[App] = Assembled(state, self.assemble)
        self.chooser = Chooser(state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request, or the lifespan protocol; a web socket is closed."""
        if scope["type"] != "http":
            await _other_protocol(scope, receive, send)
            return
        exchange = scope[KEY] = Exchange(scope, receive, send, scope.get(RUN) or self.state.run)
        exchange.common = self.cors.headers(exchange)
        asks = exchange.method == "OPTIONS" and exchange.wrong_head() is None
        preflight = self.cors.preflight(exchange) if asks else None
        if WORLD in scope or HEADER in exchange.headers or b"cookie" in exchange.headers:
            self._enter_world(exchange)
        try:
            if BROKEN in scope:
                await self.app(scope, receive, exchange.send)
            elif exchange.path.startswith(CONTROL_PREFIX) and self._is_control(exchange.path):
                await self.control(scope, receive, exchange.send)  # type: ignore[misc]  # there is one
            elif preflight:
                await preflight.send(exchange.send)
            else:
                reply = self.chooser.choose(exchange) if exchange.run.overrides else exchange.send
                await self.inner.of(exchange)(scope, receive, reply)
        finally:
            del scope[KEY]  # the exchange knows the scope: without a circle, memory is free at once

    def _enter_world(self, exchange: Exchange) -> None:
        """Have the exchange belong to the world that its request names; what is no name is refused as broken."""
        try:
            name = world_name(exchange.scope, exchange.headers)
        except WorldNameError as error:
            exchange.scope.setdefault(BROKEN, (400, str(error)))
            return
        if name != exchange.run.name:  # a request that had to wait for its turn has its world already
            exchange.enter(self.state.run_of(name))

    def _is_control(self, path: bytes) -> bool:
        return self.control is not None and path[len(CONTROL_PREFIX) :][:1] in {b"", b"/"}

    def assemble(self, faults: Any) -> App:
        """The application inside, with what the faults put around all of it."""
        if not faults:
            return self.app
        from onezone_mockserver.faults.install import outside

        return outside(self.app, self.state, faults)


async def _other_protocol(scope: Scope, receive: Receive, send: Send) -> None:
    """Say yes to a server's lifespan events, and close a web socket."""
    while scope["type"] == "lifespan":
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
