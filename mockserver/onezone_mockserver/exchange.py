"""What the parts of one request share: the exchange, the answer, and the exception by which a stage refuses."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from msgspec import Struct, field

from onezone_mockserver.journal import NOTHING, Row, packed
from onezone_mockserver.paths import path_of

if TYPE_CHECKING:
    from onezone_spec import Operation

    from onezone_mockserver.faults.fault import Fault
    from onezone_mockserver.overrides import Override
    from onezone_mockserver.state import WorldRun
    from onezone_mockserver.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

KEY = "onezone_exchange"
"""Where the exchange stands in the ASGI scope."""
BROKEN = "onezone_broken"
"""Where the scope of a request that is not HTTP has the status and the reason."""
RUN = "onezone_run"
"""Where the scope has the run of the world that the request came into, if the connection knows it."""
TRANSPORT = "onezone_transport"
"""Where the scope has the connection's transport, if it is one that we know."""
WAITING = "onezone_waiting"
"""Where the scope of a request that waited for its turn has the exchange that the journal shows of it until then."""
OUTSIDE = "onezone_outside"
"""Where the scope has what stands before the mock's paths in a URI for the client, if anybody says so."""
_HOST = re.compile(
    rb"(?:(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
    rb"|\[[0-9A-Fa-f:.]+\]|\[[Vv][0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+\])(?::[0-9]*)?"
)
"""A Host header (RFC 3986, 3.2.2), which is empty where the target has no host."""
LONG_HOST = 300
"""Longer ones are not remembered."""
_is_host = lru_cache(maxsize=256)(_HOST.fullmatch)
LINGER_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 5.0


class Refusal(Exception):
    """The request is refused: an error id of the contract, its details, and the reason for people.

    The answer of one that is `empty` has no body.

    Raise a fresh one each time: an instance that is raised again keeps growing its traceback.
    """

    def __init__(
        self,
        error: str,
        reason: str,
        headers: tuple[Header, ...] = (),
        details: dict[str, Any] | None = None,
        *,
        empty: bool = False,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.reason = reason
        self.headers = headers
        self.details = details or {}
        self.empty = empty


class NotHttpError(Refusal):
    """What came is not HTTP, or nothing that an origin server does."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__("malformedData", reason)
        self.status = status


class ForcedAnswer(Refusal):
    """Somebody asked for this answer: a status, with a body of its own (its media type before it) or the edition's."""

    def __init__(
        self,
        status: int,
        reason: str,
        headers: tuple[Header, ...] = (),
        body: tuple[bytes, bytes] | None = None,
    ) -> None:
        super().__init__("", reason, headers)
        self.status = status
        self.body = body


class ClientGoneError(Exception):
    """The client closed the connection before its request was read. Nobody waits for an answer."""


class DroppedError(ConnectionResetError):
    """An override ends the connection, where there is none: in process, this is what the client sees."""


class Answer(Struct):
    """A whole response. `headers` is this answer's own list: the edge appends to it."""

    status: int
    headers: list[Header] = []
    body: bytes = b""

    async def send(self, send: Send) -> None:
        """Send the answer as two ASGI messages."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def json_answer(status: int, body: bytes, media_type: bytes = b"application/json") -> Answer:
    """The answer with a JSON body (already serialised)."""
    length = str(len(body)).encode()
    return Answer(status, [(b"content-type", media_type), (b"content-length", length)], body)


@lru_cache(maxsize=256)
def one_line(text: str) -> bytes:
    """`text` as the value of a header: ASCII, without line breaks, not longer than 500 characters."""
    return " ".join(text.split()).encode("ascii", "replace")[:500]


async def _disconnected() -> Message:
    """What is received of an exchange that is over."""
    return {"type": "http.disconnect"}


class Exchange(Row):
    """One request on its way through the mock, and what the stages found out about it.

    `run` is the world that it came into. `path` is what the mock routes: the raw path below the root path. `receive` is
    as the middlewares before the pipeline left it, `read_on` the server's own. `headers` has each header once, repeated
    ones joined as RFC 9110, 5.3 says, and Cookie as RFC 9113, 8.2.3; `repeated` has their names. `caveats` limit the
    token that names the `user`. `unread` says that the body, or a part of it, was not read yet. `override` is what
    somebody wants done with this request, and `faults` are those of the server, or those that it has for itself.
    """

    scope: Scope
    receive: Receive
    server_send: Send
    run: WorldRun
    world: World = None  # type: ignore[assignment]  # that of the run, from the start
    headers: Mapping[bytes, bytes] = NOTHING
    repeated: frozenset[bytes] = frozenset()
    read_on: Receive = _disconnected
    transport: Any = None
    common: tuple[Header, ...] = ()
    siblings: tuple[Operation, ...] = ()
    caveats: tuple[Any, ...] = ()
    unread: bool = True
    too_large: Refusal | None = None
    value: Any = None
    data: dict[str, bytes] = field(default_factory=dict)
    override: Override | None = None
    faults: tuple[Fault, ...] = ()
    hoped: int | None = None
    applied: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        scope = self.scope
        self.world = self.run.world
        self.headers = dict(scope["headers"])
        if len(self.headers) != len(scope["headers"]):
            self.join_headers()
        self.read_on = self.receive
        self.method = intern(scope["method"])  # all rows of the journal have the same few
        self.path = path_of(scope)
        self.query_string = scope.get("query_string", b"")
        self.scheme = scope.get("scheme", "http")
        self.version = scope.get("http_version", "1.1")
        self.transport = scope.get(TRANSPORT)

    def __repr__(self) -> str:
        return f"<Exchange {self.method} {self.path.decode('ascii', 'backslashreplace')}>"

    def enter(self, run: WorldRun) -> None:
        """Belong to another world than the one that was served when the request came."""
        self.run, self.world = run, run.world

    def follow(self, scope: Scope) -> None:
        """Take over what middlewares made of the request: another scope, other headers, other path parameters."""
        self.scope = scope
        self.join_headers()
        params = scope["path_params"]
        self.params = {name: params.get(name, value) for name, value in self.params.items()}

    def join_headers(self) -> None:
        """Read the headers out of the scope, some of which may come more than once."""
        pairs: list[Header] = self.scope["headers"]
        seen: dict[bytes, list[bytes]] = {}
        for name, value in pairs:
            seen.setdefault(name, []).append(value)
        self.headers = {name: (b"; " if name == b"cookie" else b", ").join(values) for name, values in seen.items()}
        self.repeated = frozenset(name for name, values in seen.items() if len(values) > 1)

    @property
    def query(self) -> dict[str, list[str]]:
        """The values of the query by name. Bytes that are not UTF-8 become surrogates, as in the path."""
        text = self.scope.get("query_string", b"").decode("utf-8", "surrogateescape")
        return parse_qs(text, keep_blank_values=True, errors="surrogateescape")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, a value without the quotes that it may stand in (RFC 6265, 4.2.1)."""
        pairs = (pair.partition("=") for pair in self.headers.get(b"cookie", b"").decode("latin-1").split(";"))
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs}

    @property
    def has_body(self) -> bool:
        """Whether the request announces a body (RFC 9112, 6.3)."""
        length = self.headers.get(b"content-length", b"0")
        return b"transfer-encoding" in self.headers or length.strip(b"0 ") != b""

    @property
    def closing(self) -> bool:
        """Whether the connection ends with this exchange (RFC 9112, 9.6)."""
        return b"close" in self.headers.get(b"connection", b"").lower() or self.scope.get("http_version") == "1.0"

    def check_http(self) -> None:
        """What came so far is HTTP. Raises NotHttpError."""
        if BROKEN in self.scope:
            raise NotHttpError(*self.scope[BROKEN])

    def wrong_head(self) -> Refusal | None:
        """Why a server must refuse this request by its head alone; None where it must not."""
        host = self.headers.get(b"host")
        if host is None:
            if self.scope.get("http_version") == "1.1":
                return Refusal("malformedData", "protocol: a request of HTTP/1.1 has one Host header (RFC 9112, 3.2)")
        elif b"host" in self.repeated or not (_is_host if len(host) < LONG_HOST else _HOST.fullmatch)(host):
            return Refusal("malformedData", "protocol: there is one Host header, with a host (RFC 9112, 3.2)")
        if b"transfer-encoding" in self.headers and self.headers[b"transfer-encoding"].strip().lower() != b"chunked":
            return NotHttpError(501, "protocol: chunked is the one transfer coding that is known (RFC 9112, 6.1)")
        return None

    def send(self, message: Message) -> Awaitable[None]:
        """Pass an answer's message on: with the headers that every answer has, and without a body for HEAD.

        A connection that ends with the answer ends when the client has sent all that it announced.
        """
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[Header] = [*message.get("headers", ()), *self.common]  # others' middlewares may keep theirs
            message["headers"] = headers
            if self.reasons or self.applied or self.hoped is not None:
                self._explain(headers)
            if self.number:
                self.answered = packed(headers)
            if self.transport is not None and self.method != "HEAD":
                self.transport.holding = True
        else:
            if self.method == "HEAD":
                message["body"] = b""
            if self.number and (body := message.get("body")):
                self.answer(body)
            if self.unread and self.has_body and self.closing and not message.get("more_body"):
                return self._send_last(message)
        return self.server_send(message)

    def end(self, seconds: float) -> None:
        """It is over, after so many seconds."""
        self.seconds = seconds
        if self.decision is not None:
            self.epoch = self.world.epoch
        self.measure()

    def release(self) -> None:
        """Let go of all but the row. No journal may keep a world, a connection or a parsed body.

        The scope knows the exchange, as the traceback of a refusal may; the garbage collector finds no such cycle.
        """
        del self.scope, self.read_on, self.server_send, self.run, self.world, self.headers, self.transport
        del self.value, self.data, self.too_large
        self.receive = _disconnected

    async def _send_last(self, message: Message) -> None:
        await self.server_send({**message, "more_body": True})
        await drain(self.read_on)
        await self.server_send({**message, "body": b""})

    def _explain(self, headers: list[Header]) -> None:
        if self.hoped == self.status and self.hoped is not None:
            self.applied = (f"code={self.hoped}", *self.applied)
        elif self.hoped is not None:
            self.reasons += (f"Prefer: code={self.hoped} not applied: a success has to be earned",)
        if self.reasons:
            headers.append((b"x-mock-reason", one_line("; ".join(self.reasons))))
        if self.applied:
            headers.append((b"preference-applied", one_line(", ".join(self.applied))))


async def drain(receive: Receive) -> None:
    """Take the rest of a body and forget it: closing a connection on unread data would take the answer along.

    Gives up on a client that sends more than LINGER_BYTES or for longer than LINGER_SECONDS.
    """
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while size < LINGER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


Check = Callable[[Exchange], Awaitable[None] | None]
"""Lets an exchange pass by returning, or by what is awaited then; refuses it by raising Refusal."""
