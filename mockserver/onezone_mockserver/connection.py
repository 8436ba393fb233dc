"""A connection as uvicorn serves it by httptools, with what a real client trips over mended in this one place.

- The body of a request that offers an upgrade (`curl --http2`, the JDK's HttpClient) is lost: httptools lets its parser
  skip the body of such a request, and takes what follows for the next one (httptools#124, uvicorn#2722). A server may
  ignore the offer, and the body belongs to the request (RFC 9110, 7.8).
- A client that has closed its own side of the connection gets its answer all the same (RFC 9112, 9.6).
- What is not HTTP is answered in the edition's shape, and stands in the journal.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from onezone_mockserver.exchange import Refusal

if TYPE_CHECKING:
    from onezone_mockserver.errors import Renderer
    from onezone_mockserver.state import MockState

FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""The header fields that say how long a body is (RFC 9112, 6)."""
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
        self._go_on_with(connection)

    def _go_on_with(self, callbacks: Any) -> None:
        """Parse by a fresh parser from now on."""
        self.parser = parser = httptools.HttpRequestParser(callbacks)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.get_method, self.get_http_version = parser.get_method, parser.get_http_version
        self.should_keep_alive, self.should_upgrade = parser.should_keep_alive, parser.should_upgrade

    def feed_data(self, data: bytes) -> None:
        """Parse what came. Raises httptools.HttpParserError."""
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if self.connection.framing:
                    self._take_body()
                data = data[offer.args[0] :]
            else:
                return

    def _take_body(self) -> None:
        head = b"".join(b"%b: %b\r\n" % field for field in self.connection.framing)
        awake: list[bool] = []
        known = {name: _later(getattr(self.connection, name), awake) for name in CALLBACKS}
        self._go_on_with(SimpleNamespace(**known))
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + head + b"\r\n")
        awake.append(True)


def _later(callback: Any, awake: list[bool]) -> Any:
    """A callback that does nothing before it is woken up."""

    def call(*data: bytes) -> None:
        if awake:
            callback(*data)

    return call


class Connection(HttpToolsProtocol):
    """uvicorn's protocol of one connection. `state` and `renderer` are the mock's."""

    state: MockState
    renderer: Renderer

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parser: Any = Parser(self)

    @property
    def framing(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the request that say how long its body is; none where it has none."""
        return [(name, value) for name, value in self.headers if name in FRAMING and value.strip(b"0 ")]

    def on_message_complete(self) -> None:
        """The end of a request; where it offers an upgrade, httptools says so before the body was there."""
        if not (self.parser.should_upgrade() and self.framing):
            super().on_message_complete()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio reads what it gives; uvicorn's gives None
        """Keep the connection for an answer that is still owed."""
        cycle = self.cycle
        owed = cycle is not None and not (cycle.response_complete or cycle.more_body)
        if not owed or self.scheme == "https":
            return None
        cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is not HTTP (RFC 9112, 2.2), or has a method that nobody knows (RFC 9110, 9.1)."""
        unknown = isinstance(sys.exception(), httptools.HttpParserInvalidMethodError)
        reason = "protocol: no such method" if unknown else "protocol: this is not HTTP"
        refused = self.renderer.render(Refusal("malformedData", reason), None)
        status = b"501 Not Implemented" if unknown else b"400 Bad Request"
        row = self.state.journal.begin("", b"")
        row.status, row.stage, row.reasons, row.seconds = int(status[:3]), "protocol", [reason], 0.0
        fields = [
            *self.server_state.default_headers,
            *refused.headers,
            (b"access-control-allow-origin", b"*"),
            (b"x-mock-reason", reason.encode()),
            (b"connection", b"close"),
        ]
        head = b"HTTP/1.1 " + status + b"\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"
        self.transport.write(head + refused.body)
        self.transport.close()


def connection_class(state: MockState, renderer: Renderer) -> type[Connection]:
    """The class of a mock's connections, as `uvicorn.Config(http=…)` takes it."""
    return type("MockConnection", (Connection,), {"state": state, "renderer": renderer})
