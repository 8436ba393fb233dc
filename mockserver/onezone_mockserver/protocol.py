"""HTTP on a connection: uvicorn's protocol, with the least work for a request that is there as a whole.

Uvicorn makes a task, an event and a timer for every request, and writes head and body of an answer apart. Here a
request that came whole is answered at once, in one write; whatever waits for something becomes a task then, and what
is not usual (a body in pieces, an answer in pieces, a connection that closes) goes uvicorn's own way. Clients send the
same head again and again: one that came twice before, byte for byte, is not parsed another time.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from functools import partial
from types import coroutine
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from onezone_mockserver.cycle import Cycle
from onezone_mockserver.errors import Renderer
from onezone_mockserver.exchange import DIRECT, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.app import Mock

FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
UNUSUAL = FORWARDED | {b"expect", b"transfer-encoding"}
CONTINUE = b"100-continue"
BLANK = b"\r\n\r\n"
LONG_HEAD, KNOWN_HEADS = 2000, 1024


class Head(NamedTuple):
    """A request's head that was parsed before: what it means, and how long the body after it is."""

    scope: dict[str, Any]
    length: int


class Protocol(HttpToolsProtocol):
    """One connection. `app` is the mock; behind a trusted proxy its headers say what the client's scheme is."""

    unstarted: Cycle | None = None
    unusual = gone = False
    between = True
    idle = True
    idle_since = 0.0
    mock: Mock
    malformed: bytes
    heads: dict[bytes, Head]
    once: set[int]
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
        """End the watch over the connection's idleness; every request of a pipeline learns that nobody waits."""
        self.gone = True
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless its head is known; what is not there as a whole begins to be served all the same."""
        before = self.cycle
        if self.between and (before is None or (before.response_complete and before.keep_alive)):
            head, blank, body = data.partition(BLANK)
            known = self.heads.get(head)
            if known is not None and blank and known.length == len(body):
                self.idle = False
                self._serve(known, body)
            else:
                self.length = -1
                self._parse(data)
                if blank and not self._is_new(head):
                    self._learn(head, len(body))
        else:
            self._parse(data)

    def _serve(self, head: Head, body: bytes) -> None:
        """Serve a request that is there as a whole, and whose head was parsed before."""
        scope = {**self.shared, **head.scope}
        self.cycle = cycle = scope[DIRECT] = Cycle(self, scope, keep_alive=True)
        cycle.body, cycle.more_body = body, False
        self._start_at_once(cycle, self.mock.app)

    def _learn(self, head: bytes, length: int) -> None:
        """Remember the head of a request that was just parsed, where nothing about it is unusual."""
        cycle: Any = self.cycle
        whole = self.between and self.length == length and cycle is not None and cycle.keep_alive
        usual = not (self.unusual or self.parser.should_upgrade()) and len(head) <= LONG_HEAD
        if not (whole and usual and cycle.scope["http_version"] == "1.1"):
            return
        if len(self.heads) >= KNOWN_HEADS:
            self.heads.clear()
        scope = {name: cycle.scope[name] for name in ("method", "path", "raw_path", "query_string", "headers")}
        self.heads[head] = Head(scope, length)

    def _is_new(self, head: bytes) -> bool:
        """Whether a head came for the first time: many carry an id of the request, and never come again."""
        mark = hash(head)
        if mark in self.once:
            self.once.discard(mark)
            return False
        if len(self.once) >= KNOWN_HEADS:
            self.once.clear()
        self.once.add(mark)
        return True

    def _parse(self, data: bytes) -> None:
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
        self.between = self.unusual = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field."""
        self.headers.append((name.lower(), value))

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
        before, alive = self.cycle, version != "1.0" and parser.should_keep_alive()
        self.cycle = cycle = scope[DIRECT] = Cycle(self, scope, keep_alive=alive)
        cycle.app = self.mock.app
        if not UNUSUAL.isdisjoint(dict(self.headers)):
            self._heed(cycle)
        if before is None or before.response_complete:
            self.unstarted = cycle
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, cycle.app))

    def _heed(self, cycle: Cycle) -> None:
        """What unusual headers ask for."""
        self.unusual = True
        cycle.waiting_for_100_continue = any(
            one == b"expect" and value.lower() == CONTINUE for one, value in self.headers
        )
        if any(one in FORWARDED for one, _ in self.headers):
            cycle.app = self.app

    def _target(self) -> tuple[bytes, bytes]:
        """Path and query of the request's target."""
        url = self.url
        if url[:1] == b"/" and url.find(b"#") < 0:
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
        self.between, self.length = True, len(cycle.body)
        if cycle.response_complete:
            return
        cycle.more_body = False
        if "message_event" in cycle.__dict__:
            cycle.message_event.set()
        if self.unstarted is not None and self.unstarted is cycle and cycle.keep_alive:
            self.unstarted = None
            self._start_at_once(cycle, cycle.app)

    def _start_at_once(self, cycle: Cycle, app: Any) -> None:
        """Run the application up to where it waits; what happens then is uvicorn's, with its words for an error."""
        running = app(cycle.scope, cycle.receive, cycle.send)
        try:
            waited = running.send(None)
        except StopIteration:
            if not cycle.response_complete:
                self._start_asgi_task(cycle, _nothing)
        except BaseException as error:  # noqa: BLE001  (it is raised again where uvicorn sees it)
            self._start_asgi_task(cycle, partial(_raised, error))
        else:
            self._start_asgi_task(cycle, partial(_resumed, running, waited))

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


async def _nothing(*_: Any) -> None:
    """The rest of an application that returned."""


async def _raised(error: BaseException, *_: Any) -> None:
    """The rest of an application that failed."""
    raise error


@coroutine
def _resumed(running: Coroutine[Any, Any, None], waited: Any, *_: Any) -> Generator[Any, Any, None]:
    """The rest of an application that waits."""
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
    own = {"mock": app, "malformed": head + refused.body, "heads": {}, "once": set()}
    return type("MockProtocol", (Protocol,), own)
