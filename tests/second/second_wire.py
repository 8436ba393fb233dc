"""HTTP/1.1 by the standard library alone: framing in, framing out, and nothing about handle services."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any, NamedTuple

MAX_BODY = 1 << 20
MAX_DRAIN = 64 << 20


@dataclass
class Request:
    """One request as it came: the target's path undecoded, header names in lower case, the body without its framing."""

    method: str
    path: str
    headers: dict[str, list[str]]
    body: bytes = b""
    too_large: bool = False

    def header(self, name: str) -> str | None:
        """The header's only or first value."""
        values = self.headers.get(name)
        return values[0] if values else None


@dataclass
class Response:
    """One answer; `action` is "drop" or "hang" where a broken server sends none."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    chunked: bool = False
    close: bool = False
    http10: bool = False
    action: str = ""

    def header(self, name: str) -> str | None:
        """The value of a header, by any case of its name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def drop_header(self, name: str) -> "Response":
        """Take a header away."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        return self

    def set_header(self, name: str, value: str) -> "Response":
        """Set a header, replacing what it was."""
        self.drop_header(name).headers.append((name, value))
        return self

    def set_json(self, value: Any, media: str = "application/json") -> "Response":
        """Replace the body by a JSON value."""
        self.body = json.dumps(value).encode()
        return self.set_header("Content-Type", media)


@dataclass
class Serving:
    """How a server treats connections."""

    limit: int = MAX_BODY
    drain: bool = True  # whether a body that is too large is read to its end before it is refused
    interim: bytes = b""  # what comes before each answer
    threads: bool = True
    backlog: int = 256
    idle: float = 20  # seconds
    answers: int = 0  # how many a connection gets before it is closed without a word; 0: any number


class FramingError(Exception):
    """The bytes on the wire are not a request whose end is known."""


def phrase(status: int) -> str:
    """The reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def encode(response: Response, *, head_only: bool, close: bool) -> bytes:
    """The bytes of an answer."""
    version = "HTTP/1.0" if response.http10 else "HTTP/1.1"
    lines = [f"{version} {response.status} {phrase(response.status)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    body = response.body
    if response.chunked and not response.http10:
        lines.append("Transfer-Encoding: chunked")
        middle = max(1, len(body) // 2)
        pieces = [piece for piece in (body[:middle], body[middle:]) if piece]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif response.header("Content-Length") is None and (body or response.status not in {204, 304}):
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if head_only else head + body


class Handler(BaseHTTPRequestHandler):
    """Reads requests off one connection, in turn, and hands each to the server's `answer`."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True
    server: "Server"

    def setup(self) -> None:
        """Prepare to read, no longer than the server waits."""
        self.timeout = self.server.serving.idle  # type: ignore[assignment]
        self.answered = 0
        super().setup()

    def __getattr__(self, name: str) -> Any:
        """Every method is served: the application says which of them it knows."""
        if name.startswith("do_"):
            return self._exchange
        raise AttributeError(name)

    def _exchange(self) -> None:
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value.strip())
        request = Request(self.command, self.path, headers)
        try:
            self._read_body(request)
        except (FramingError, OSError):
            self.close_connection = True
            self._deliver(self.server.garbled(400))
            return
        if request.too_large:
            self.close_connection = True
        self._deliver(self.server.answer(request))

    def _read_body(self, request: Request) -> None:
        coding = (request.header("transfer-encoding") or "").lower()
        lengths = {part.strip() for value in request.headers.get("content-length", []) for part in value.split(",")}
        if coding:
            if coding != "chunked" or lengths:
                raise FramingError
            pieces = self._chunks()
        elif lengths:
            length = lengths.pop()
            if lengths or not (length.isascii() and length.isdigit()) or len(length) > 15:
                raise FramingError
            request.too_large = int(length) > self.server.serving.limit
            if request.too_large and not self.server.serving.drain:
                return
            pieces = self._pieces(int(length))
        else:
            return
        body = bytearray()
        total = 0
        for piece in pieces:
            total += len(piece)
            if total <= self.server.serving.limit:
                body += piece
            elif total > MAX_DRAIN:
                break
        request.too_large = total > self.server.serving.limit
        request.body = bytes(body)

    def _pieces(self, length: int) -> Any:
        while length > 0:
            piece = self.rfile.read(min(length, 1 << 16))
            if not piece:
                raise FramingError
            length -= len(piece)
            yield piece

    def _chunks(self) -> Any:
        while True:
            size = self.rfile.readline(1000).split(b";")[0].strip()
            if not size or len(size) > 12 or any(c not in b"0123456789abcdefABCDEF" for c in size):
                raise FramingError
            length = int(size, 16)
            if not length:
                break
            yield from self._pieces(length)
            if self.rfile.readline(3).strip():
                raise FramingError
        while self.rfile.readline(65537).strip():
            pass

    def _deliver(self, response: Response) -> None:
        if response.action == "hang":
            self.server.stopping.wait(60)
        if response.action:
            self.close_connection = True
            return
        if response.close or response.http10:
            self.close_connection = True
        response.headers.append(("Date", self.date_time_string()))
        head_only = self.command == "HEAD"
        data = encode(response, head_only=head_only, close=self.close_connection and not response.http10)
        with contextlib.suppress(OSError):
            self.wfile.write(self.server.serving.interim + data)
        self.answered += 1
        if self.answered == self.server.serving.answers:
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what `http.server` itself could not read, in the application's own form."""
        del message, explain
        self.close_connection = True
        self._deliver(self.server.garbled(code if code < 500 else 400))

    def log_message(self, *_args: Any) -> None:
        """Keep quiet."""

    def handle(self) -> None:
        """Serve the connection until it ends, however it ends."""
        with contextlib.suppress(OSError, ValueError):
            super().handle()


class Hooks(NamedTuple):
    """What a server asks of its application."""

    answer: Callable[[Request], Response]
    garbled: Callable[[int], Response]
    serving: Serving = Serving()


class Server(ThreadingHTTPServer):
    """A loopback server that can be stopped at once, open connections included."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, hooks: Hooks) -> None:
        self.answer = hooks.answer
        self.garbled = hooks.garbled
        self.serving = hooks.serving
        self.request_queue_size = self.serving.backlog
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it is open."""
        self._open.add(request)
        if self.serving.threads:
            super().process_request(request, client_address)
        else:
            HTTPServer.process_request(self, request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a client that went away."""

    def stop(self) -> None:
        """Stop listening and end every connection."""
        self.stopping.set()
        self._end()
        self.shutdown()
        self.server_close()
        self._end()

    def _end(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
