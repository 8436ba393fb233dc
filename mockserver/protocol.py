"""HTTP on a connection: uvicorn's protocol, with the least work for a request that is there as a whole.

Uvicorn makes a task, an event and a timer for every request, and writes head and body of an answer apart. Here a
request that came whole is answered at once, in one write; whatever waits for something becomes a task then, and what
is not usual (a body in pieces, an answer in pieces, a connection that closes) goes uvicorn's own way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from functools import cached_property
from types import coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from mockserver.errors import Renderer
from mockserver.exchange import DIRECT, Refusal

if TYPE_CHECKING:
    from mockserver.app import Mock
    from mockserver.exchange import Header

FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
CONTINUE = b"100-continue"


class Cycle(RequestResponseCycle):
    """A request and its answer. What uvicorn gives each one of its own is shared here, or made when it is needed."""

    disconnected = False
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    access_log = False
    more_body = True
    body: Any = b""
    taken = False
    app: Any = None

    def __init__(self, protocol: Protocol, scope: dict[str, Any], *, keep_alive: bool) -> None:
        self.scope: Any = scope
        self.transport = protocol.transport
        self.flow = protocol.flow
        self.logger = protocol.logger
        self.protocol = protocol
        self.default_headers = protocol.server_state.default_headers
        self.on_response: Any = protocol.on_response_complete
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = protocol.expect_100_continue

    @cached_property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]  # uvicorn has it as an attribute
        """Tells that more of the body came, or that the client has gone."""
        event = asyncio.Event()
        if self.body or not self.more_body:
            event.set()
        return event

    async def receive(self) -> Any:
        """The body, in one piece where it is there."""
        if self.more_body or self.taken or self.waiting_for_100_continue or self.disconnected:
            message = await super().receive()
            self.taken = self.taken or not self.more_body
            return message
        self.taken = True
        if "message_event" in self.__dict__:
            self.message_event.clear()
        body, self.body = self.body, b""
        return {"type": "http.request", "body": body, "more_body": False}

    def open(self) -> bool:
        """Whether a whole answer may be written now, and the connection goes on after it."""
        return self.keep_alive and not (
            self.response_started or self.disconnected or self.flow.write_paused or self.scope["method"] == "HEAD"
        )

    def write(self, status: int, headers: list[Header], body: bytes) -> None:
        """Write a whole answer. Raises RuntimeError for headers that would break it up, as uvicorn does."""
        text = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        lines = len(headers)
        if not text.count(b"\r") == text.count(b"\n") == lines or b"\0" in text:
            raise RuntimeError("Invalid HTTP header value.")
        self.response_started = self.response_complete = True
        self.transport.write(b"%b%b%b\r\n%b" % (STATUS_LINE[status], self.protocol.usual_lines(), text, body))
        self.on_response()


class Protocol(HttpToolsProtocol):
    """One connection. `app` is the mock; behind a trusted proxy its headers say what the client's scheme is."""

    unstarted: Cycle | None = None
    forwarded = False
    idle = True
    idle_since = 0.0
    mock: Mock
    malformed: bytes
    usual: tuple[Any, bytes] = (None, b"")

    def connection_made(self, transport: Any) -> None:
        """Remember what every request of the connection shares."""
        super().connection_made(transport)
        self.shared: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
        }

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch over the connection's idleness, too."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def data_received(self, data: bytes) -> None:
        """Parse what came; a request that is not there as a whole yet begins to be served all the same."""
        super().data_received(data)
        if self.unstarted is not None:
            cycle, self.unstarted = self.unstarted, None
            self._start_asgi_task(cycle, cycle.app)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is not HTTP with the edition's own error (RFC 9112, 2.2)."""
        self.unstarted = None
        self.transport.write(self.malformed)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Forget the request before."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = self.forwarded = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field."""
        name = name.lower()
        if name == b"expect":
            self.expect_100_continue = value.lower() == CONTINUE
        elif name in FORWARDED:
            self.forwarded = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Make the request's scope; it is served as soon as it is known whether its body is there, too."""
        parser, scope = self.parser, self.shared.copy()
        raw, query = self._target()
        path = raw.decode("ascii")
        version = parser.get_http_version()
        if version != "1.1":
            scope["http_version"] = version
        scope["method"] = parser.get_method().decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = raw
        scope["query_string"] = query
        scope["headers"] = self.headers
        scope["extensions"] = {}
        before, alive = self.cycle, version != "1.0" and parser.should_keep_alive()
        self.cycle = cycle = scope[DIRECT] = Cycle(self, scope, keep_alive=alive)
        cycle.app = self.app if self.forwarded else self.mock.app
        if before is None or before.response_complete:
            self.unstarted = cycle
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, cycle.app))

    def _target(self) -> tuple[bytes, bytes]:
        """Path and query of the request's target."""
        url = self.url
        if url[:1] == b"/" and b"#" not in url:
            path, _, query = url.partition(b"?")
            return path, query
        parsed = httptools.parse_url(url)
        return parsed.path, parsed.query or b""

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        cycle: Any = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if "message_event" in cycle.__dict__:
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Serve a request that is there as a whole, up to where it waits for something."""
        cycle: Any = self.cycle
        if cycle.response_complete:
            return
        cycle.more_body = False
        if "message_event" in cycle.__dict__:
            cycle.message_event.set()
        if self.unstarted is not None and self.unstarted is cycle and cycle.keep_alive:
            self.unstarted = None
            self._start_at_once(cycle)

    def _start_at_once(self, cycle: Cycle) -> None:
        running = cycle.run_asgi(cycle.app)
        try:
            waited = running.send(None)
        except StopIteration:
            return
        task = self.loop.create_task(_resumed(running, waited))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def usual_lines(self) -> bytes:
        """The lines that every answer has; uvicorn makes new ones every second."""
        headers = self.server_state.default_headers
        if self.usual[0] is not headers:
            type(self).usual = headers, b"".join(b"%b: %b\r\n" % pair for pair in headers)
        return self.usual[1]

    # The time that a connection may be idle: one timer for each, not for each request

    def _unset_keepalive_if_required(self) -> None:
        self.idle = False

    def on_response_complete(self) -> None:
        """Go on with the next request of a pipeline, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self.idle, self.idle_since = True, self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch(self.timeout_keep_alive)

    def _watch(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle for long enough, or look again later."""
        self.timeout_keep_alive_task = None
        left = self.idle_since + self.timeout_keep_alive - self.loop.time()
        if self.transport.is_closing() or not self.idle:
            return
        if left > 0:
            self._watch(left)
        else:
            self.transport.close()


@coroutine
def _resumed(running: Coroutine[Any, Any, None], waited: Any) -> Generator[Any, Any, None]:
    """Carry on with a coroutine that waits, in a task."""
    try:
        while True:
            try:
                got = yield waited
            except BaseException as error:  # noqa: BLE001  (a cancellation is the coroutine's to see)
                waited = running.throw(error)
            else:
                waited = running.send(got)
    except StopIteration:
        return


def protocol(app: Mock) -> type[Protocol]:
    """The protocol for a mock."""
    refused = Renderer(app.contract).render(Refusal("malformedData", "not HTTP"), None)
    fields = [*refused.headers, (b"access-control-allow-origin", b"*"), (b"connection", b"close")]
    head = b"HTTP/1.1 400 Bad Request\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"
    own = {"mock": app, "malformed": head + refused.body}
    return type("MockProtocol", (Protocol,), own)
