"""A request and its answer on a connection of the mock's own server."""

from __future__ import annotations

import asyncio
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Header
    from onezone_mockserver.protocol import Protocol


class _OfConnection:
    """What every request of a connection shares, looked up there; a request may get its own instead."""

    def __init__(self, name: str) -> None:
        self.find = attrgetter(name)

    def __get__(self, cycle: Any, _: Any = None) -> Any:
        return self.find(cycle.protocol)


class Cycle(RequestResponseCycle):
    """A request and its answer. What uvicorn gives each one of its own is shared here, or looked up when needed."""

    disconnected: Any = _OfConnection("gone")
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    access_log = False
    more_body = True
    body: Any = b""
    taken = False
    waiting_for_100_continue = False
    app: Any = None
    transport: Any = _OfConnection("transport")
    flow: Any = _OfConnection("flow")
    logger: Any = _OfConnection("logger")
    default_headers: Any = _OfConnection("server_state.default_headers")
    on_response: Any = _OfConnection("on_response_complete")

    def __init__(self, protocol: Protocol, scope: dict[str, Any], *, keep_alive: bool) -> None:
        self.scope: Any = scope
        self.protocol = protocol
        self.keep_alive = keep_alive

    @cached_property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]  # uvicorn has it as an attribute
        """Tells that more of the body came, or that the client has gone."""
        event = asyncio.Event()
        if self.body or not self.more_body:
            event.set()
        return event

    async def receive(self) -> Any:
        """The body, in one piece where it is there."""
        body = self.whole(self.receive)
        if body is None:
            message = await super().receive()
            self.taken = self.taken or not self.more_body
            return message
        if "message_event" in self.__dict__:
            self.message_event.clear()
        return {"type": "http.request", "body": body, "more_body": False}

    def whole(self, receive: Any) -> bytes | None:
        """The body where it is there and `receive` would give just that; it counts as taken then."""
        if self.more_body or self.taken or self.waiting_for_100_continue or self.protocol.gone:
            return None
        if receive != self.receive:
            return None
        self.taken = True
        body: bytes = self.body
        self.body = b""
        return body

    def open(self) -> bool:
        """Whether a whole answer may be written now, and the connection goes on after it."""
        return self.keep_alive and not (
            self.response_started
            or self.protocol.gone
            or self.protocol.flow.write_paused
            or self.scope["method"] == "HEAD"
        )

    def write(self, status: int, headers: list[Header], body: bytes) -> None:
        """Write a whole answer. Raises RuntimeError for headers that would break it up, as uvicorn does."""
        parts = [STATUS_LINE[status], self.protocol.usual_lines()]
        for name, value in headers:
            if value.find(b"\n") >= 0 or value.find(b"\r") >= 0 or value.find(b"\0") >= 0:
                raise RuntimeError("Invalid HTTP header value.")
            parts += name, b": ", value, b"\r\n"
        parts += b"\r\n", body
        self.response_started = self.response_complete = True
        self.protocol.transport.write(b"".join(parts))
        self.protocol.on_response_complete()
