"""A connection as uvicorn serves it by httptools, with what a real client trips over mended in this one place.

- The body of a request that offers an upgrade (`curl --http2`, the JDK's HttpClient) is lost: httptools lets its parser
  skip the body of such a request, and takes what follows for the next one (httptools#124, uvicorn#2722). A server may
  ignore the offer, and the body belongs to the request (RFC 9110, 7.8).
- A client that has closed its own side of the connection gets the answers that it is owed (RFC 9112, 9.6), and one that
  is gone altogether gets none: every request that was not answered is told so, not the newest alone.
- What is not HTTP becomes a request that the application refuses: in its turn (RFC 9112, 9.3.2), and as any other.
- A target that is longer than 64 KiB less one byte is told so (RFC 9110, 15.5.15), and no more than that is kept of it.
- A target in absolute form may have an empty path (RFC 9112, 3.2.2); trailers are no headers (RFC 9110, 6.5.1).
"""

from __future__ import annotations

import re
import sys
import time
from collections import deque
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from onezone_mockserver.exchange import BROKEN, RUN, TRANSPORT, WAITING, Exchange, NotHttpError
from onezone_mockserver.journaling import begin, end
from onezone_mockserver.transport import Gathering, Turn
from onezone_mockserver.worlds import WorldNameError, below_prefix, world_name

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from onezone_mockserver.state import MockState, WorldRun

FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""The header fields that say how long a body is (RFC 9112, 6)."""
MAX_TARGET = 2**16 - 1
"""So long a request target may be: httptools takes no longer one apart."""
STAGE = "waiting"
"""The stage of a request that waits for the answers to those before it on its connection."""
_START = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: ([!-~]+) HTTP/)?")
_CONTROL = re.compile(rb"(/_world/[^/]*)?/_mock(?![^/?])")
CALLBACKS = (
    "on_message_begin",
    "on_url",
    "on_header",
    "on_headers_complete",
    "on_body",
    "on_message_complete",
)


class Parser:
    """httptools' parser of a connection, which reads the body of a request that offers an upgrade, too.

    After the head of such a request another parser takes over. It is told of the length alone, so it sees no offer.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.unknown = (b"", b"")
        """Method and target of a request whose method nobody knows, where it is sure that they are that."""
        self.no_request = False
        """Whether what came begins as no request does; not said where an earlier packet has what is before it."""
        self._go_on_with(connection)

    def _go_on_with(self, callbacks: Any) -> None:
        """Parse by a fresh parser from now on."""
        self.parser = parser = _fresh(callbacks)
        self.get_method, self.get_http_version = parser.get_method, parser.get_http_version
        self.should_keep_alive, self.should_upgrade = parser.should_keep_alive, parser.should_upgrade

    def feed_data(self, data: bytes) -> None:
        """Parse what came. Raises httptools.HttpParserError."""
        connection = self.connection
        scope, cycle = connection.scope, connection.cycle
        idle = scope is None or (cycle is not None and cycle.scope is scope and not cycle.more_body)
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserInvalidMethodError:
                if idle:
                    start = _START.match(_last_message(data))
                    self.no_request = start is None
                    self.unknown = (start[1], start[2]) if start and start[2] else self.unknown
                raise
            except httptools.HttpParserUpgrade as offer:
                if connection.framing:
                    connection.cycle.more_body = True  # httptools said that the request was over
                    self._take_body()
                    idle = False
                data = data[offer.args[0] :]
            else:
                return

    def _take_body(self) -> None:
        head = b"".join(b"%b: %b\r\n" % field for field in self.connection.framing)
        awake: list[bool] = []
        callbacks = {name: _later(getattr(self.connection, name), awake) for name in CALLBACKS}
        self._go_on_with(SimpleNamespace(**callbacks))
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + head + b"\r\n")
        awake.append(True)


def _fresh(callbacks: Any) -> Any:
    parser = httptools.HttpRequestParser(callbacks)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
    return parser


def _last_message(data: bytes) -> bytes:
    """The last message of data that begin with one. The parser that failed does not say where, so go byte by byte."""
    at, begins = 0, [0]
    parser = _fresh(SimpleNamespace(on_message_begin=lambda: begins.append(at)))
    with suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        for at in range(len(data)):
            parser.feed_data(data[at : at + 1])
    return data[begins[-1] :]


def _later(callback: Any, awake: list[bool]) -> Any:
    """A callback that does nothing before it is woken up."""

    def call(*data: bytes) -> None:
        if awake:
            callback(*data)

    return call


class Ended:
    """The parser of a connection on which nothing more is understood; `method` is that of the broken request."""

    def __init__(self, method: bytes) -> None:
        self.method = method

    def feed_data(self, data: bytes) -> None:
        """Forget what comes."""

    def get_method(self) -> bytes:
        """The method, empty where it is not known."""
        return self.method

    def get_http_version(self) -> str:
        """The version of the answer."""
        return "1.1"

    def should_keep_alive(self) -> bool:
        """The connection ends with the answer."""
        return False

    def should_upgrade(self) -> bool:
        """Nothing is offered."""
        return False


class Connection(HttpToolsProtocol):
    """uvicorn's protocol of one connection; `state` is the mock's, `turn` is that of all its connections.

    `owed` are the requests without an answer, in order.

    A request belongs to the world that is served when its head is there, also where it has to wait for its turn.
    """

    state: MockState
    turn: Turn
    scope: Any
    transport: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parser: Any = Parser(self)
        self.owed: deque[RequestResponseCycle] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's is
        """The connection is there."""
        super().connection_made(Gathering(transport, self.turn, self.tasks))  # type: ignore[arg-type]  # it has all that one has

    @property
    def framing(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the request that say how long its body is; none where it has none."""
        return [(name, value) for name, value in self.scope["headers"] if name in FRAMING and value.strip(b"0 ")]

    def on_url(self, url: bytes) -> None:
        """A piece of the target; of one that is too long no more than tells so is kept."""
        if len(self.url) <= MAX_TARGET:
            self.url += url

    def on_headers_complete(self) -> None:
        """The head of a request. Raises NotHttpError for CONNECT, as the mock is no proxy, and for a long target."""
        if self.parser.get_method() == b"CONNECT":
            raise NotHttpError(501, "protocol: this server is no proxy")
        if len(self.url) > MAX_TARGET:
            raise NotHttpError(414, f"protocol: a request target has {MAX_TARGET} bytes at most (RFC 9110, 15.5.15)")
        if not self.url.startswith(b"/"):
            target: Any = httptools.parse_url(self.url)
            if target.path is None:
                self.url = b"/?" + target.query if target.query else b"/"
        self._begin()

    def _begin(self) -> None:
        self.scope[RUN] = self.state.run
        self.scope[TRANSPORT] = self.transport
        super().on_headers_complete()
        if self.owed:  # it waits for its turn; of any other the edge asks at once for which world it is
            self._wait(self.cycle)
        self.headers = []  # for the fields of a trailer, which is left out
        self.owed.append(self.cycle)

    def on_response_complete(self) -> None:
        """The end of an answer, which is that to the first request that is owed one.

        One to the control plane may have been a reset: what stands behind it on the connection comes after it.
        """
        answered = self.owed.popleft()
        if self.owed and _CONTROL.match(answered.scope["raw_path"]):
            for cycle in self.owed:
                self._wait(cycle)
        super().on_response_complete()

    def _wait(self, cycle: RequestResponseCycle) -> None:
        """Have a request wait for its turn in the world that it names; it is a pending row there, behind the others."""
        scope: Any = cycle.scope
        scope[RUN] = self._run_now(scope)
        own = scope["method"] == "OPTIONS" or _CONTROL.match(scope["raw_path"])  # no row, or none of the API's
        if self.state.journalling and not own:
            self.loop.call_soon(self._write_down, cycle)  # those before it on the connection come first

    def _write_down(self, cycle: RequestResponseCycle) -> None:
        scope: Any = cycle.scope
        before: Exchange | None = scope.get(WAITING)
        if cycle.disconnected or cycle not in self.owed or (before is not None and _is_in(before, scope[RUN])):
            return
        if before is not None:
            scope.pop(WAITING).release()  # its journal goes with the world that is gone
        waiting = Exchange(below_prefix(scope), cycle.receive, cycle.send, scope[RUN])  # type: ignore[arg-type]  # uvicorn's types of messages
        waiting.stage = STAGE
        begin(self.state, waiting)
        scope[WAITING] = waiting

    def _run_now(self, scope: Any) -> WorldRun:
        """The world that a request names, as it is now; the common one where it names none, or nothing that is one."""
        try:
            return self.state.run_of(world_name(below_prefix(scope), dict(scope["headers"])))
        except WorldNameError:
            return self.state.run

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio reads what it gives; uvicorn's gives None
        """Keep the connection for answers that are still owed. A request that is cut off is owed none."""
        whole = [cycle for cycle in self.owed if not cycle.more_body]
        if not whole or self.scheme == "https":
            return None
        whole[-1].keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody write to a connection that is gone."""
        for cycle in self.owed:
            cycle.disconnected = True
            cycle.message_event.set()
            self._give_up(cycle)
        super().connection_lost(exc)

    def _give_up(self, cycle: RequestResponseCycle) -> None:
        """End the row of a request whose turn does not come any more."""
        scope: Any = cycle.scope
        waiting: Exchange | None = scope.get(WAITING)
        if waiting is not None and waiting.pending:
            waiting.reasons = ("the connection ended before its turn",)
            end(self.state, waiting, time.time() - waiting.time)
            waiting.release()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Have what is not HTTP refused: by the request whose body it is in, or as a request in its own right."""
        method, target = (self.parser.get_method(), self.url) if self.url else self.parser.unknown
        why = _why(sys.exception(), no_request=self.parser.no_request)
        self.parser = Ended(method)
        if self.cycle is not None and self.cycle.scope is self.scope:
            self.cycle.keep_alive = False
            if self.cycle.response_complete:
                self.transport.close()
        else:
            self.url = b"/"
            self._begin()
            self.scope.update({"path": "", "raw_path": target})
        self.scope[BROKEN] = why
        self.on_message_complete()


def _is_in(waiting: Exchange, run: WorldRun) -> bool:
    """Whether a row stands in the journal of a world, or has gone to the one that took its place."""
    return not waiting.pending or waiting.run.journal is run.journal


def _why(error: BaseException | None, *, no_request: bool) -> tuple[int, str]:
    """The status and the reason for what is not HTTP (RFC 9112, 2.2), or what nobody does here (RFC 9110, 9.1)."""
    if isinstance(error, httptools.HttpParserInvalidMethodError) and not no_request:
        return 501, "protocol: no such method"
    if error is not None and isinstance(error.__context__, NotHttpError):
        return error.__context__.status, error.__context__.reason
    return 400, "protocol: this is not HTTP"


def connection_class(state: MockState) -> type[Connection]:
    """The class of a mock's connections, as `uvicorn.Config(http=…)` takes it."""
    return type("MockConnection", (Connection,), {"state": state, "turn": Turn()})
