"""The outermost part: makes the exchange, answers CORS, and lets the control plane answer what is its own.

Every other exchange is a row of the journal, from the moment that its request is there until it is over, however it
ends; whoever follows is told.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from onezone_mockserver.assembled import Assembled
from onezone_mockserver.exchange import BROKEN, KEY, OUTSIDE, RUN, App, Exchange, Receive, Scope, Send
from onezone_mockserver.journaling import begin, end
from onezone_mockserver.overriding import Chooser
from onezone_mockserver.worlds import HEADER, PREFIX, WORLD, WorldNameError, below_prefix, world_name

if TYPE_CHECKING:
    from onezone_mockserver.cors import Cors
    from onezone_mockserver.exchange import Answer
    from onezone_mockserver.proxies import Outside
    from onezone_mockserver.state import MockState

CONTROL_PREFIX, WORLD_PREFIX = b"/_mock", PREFIX.encode()


class Edge:
    """Every request comes in and every answer goes out through here. `outside` says what a client sees of the mock."""

    def __init__(self, app: App, *, state: MockState, cors: Cors, control: App | None) -> None:
        self.app = app
        self.state = state
        self.cors = cors
        self.control = control
        self.outside: Outside | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Begin as with a contract that nothing is known of."""
        self.inner: Assembled[App] = Assembled(self.state, self.assemble)
        self.chooser = Chooser(self.state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request, or the lifespan protocol; a web socket is closed."""
        if scope["type"] != "http":
            await _other_protocol(scope, receive, send)
            return
        started = perf_counter()
        exchange = Exchange(scope, receive, send, scope.get(RUN) or self.state.run)
        if exchange.path.startswith(WORLD_PREFIX):
            scope = below_prefix(scope)
            exchange = Exchange(scope, receive, send, exchange.run)
        scope[KEY] = exchange
        try:
            if self.outside is not None:
                scope[OUTSIDE] = self.outside(scope)
            exchange.faults = self.state.faults
            exchange.common = self.cors.headers(exchange)
            if WORLD in scope or HEADER in exchange.headers or b"cookie" in exchange.headers:
                self._enter_world(exchange)
            if exchange.path.startswith(CONTROL_PREFIX) and self._is_control(exchange):
                await self.control(scope, receive, exchange.send)  # type: ignore[misc]  # there is one
            elif exchange.method == "OPTIONS" and (preflight := self._preflight(exchange)):
                await preflight.send(exchange.send)
            else:
                if self.state.journalling:
                    begin(self.state, exchange)
                reply = self.chooser.choose(exchange) if exchange.run.overrides else exchange.send
                app = self.app if BROKEN in scope else self.inner.of(exchange)
                await app(scope, receive, reply)
        finally:
            if exchange.number:
                end(self.state, exchange, perf_counter() - started)
            exchange.release()

    def _enter_world(self, exchange: Exchange) -> None:
        """Have the exchange belong to the world that its request names; what is no name is refused as broken."""
        try:
            name = world_name(exchange.scope, exchange.headers)
        except WorldNameError as error:
            exchange.scope.setdefault(BROKEN, (400, str(error)))
            return
        if name != exchange.run.name:  # a request that had to wait for its turn has its world already
            exchange.enter(self.state.run_of(name))

    def _is_control(self, exchange: Exchange) -> bool:
        own = self.control is not None and exchange.path[len(CONTROL_PREFIX) :][:1] in {b"", b"/"}
        return own and BROKEN not in exchange.scope

    def _preflight(self, exchange: Exchange) -> Answer | None:
        """The answer if it is a preflight, and HTTP."""
        whole = BROKEN not in exchange.scope and exchange.wrong_head() is None
        return self.cors.preflight(exchange) if whole else None

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
