"""Requests over plain connections: exact bytes out, exact bytes in, no redirect, no cookie, no proxy."""

from __future__ import annotations

import contextlib
import http.client
import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from onezone_contracts.exchange import Exchange, Request, Response

MAX_BODY = 4 * 1024 * 1024
NO_CHUNKS = b"0\r\n\r\n"
"""The end of a chunked body without any chunk."""
STALE = 2
"""How often a kept connection may end just when it is used."""
UNDER_WAY = 5.0
"""Seconds that an interrupt waits for the answer to the request that is under way."""
_CHUNK = 65536
_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
TOO_MANY = 429
LONGEST_PAUSES = {TOO_MANY: 30, 503: 2}
"""How many seconds, at most, a target may ask for, by status; one that asks for more is taken at its first answer."""
SLOWDOWNS = 5
"""How often a request is sent again to a target that asks for patience."""


class _Timed(io.RawIOBase):
    """What comes from a socket, until a deadline (by time.monotonic); with none, only what is there already."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self.deadline: float | None = None
        self.ended = False
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Fill the buffer. Raises TimeoutError when the deadline is over."""
        left = 0.0
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
        self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        self.ended = count == 0
        return count

    def close(self) -> None:
        """Close the socket's reader."""
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer that also keeps what comes where HTTP allows no body (204, 304): `declared` bytes, or stray ones."""

    declared = 0
    timed: _Timed

    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.timed = _Timed(self.fp.detach(), sock)
        self.timed.deadline = deadline
        self.fp = io.BufferedReader(self.timed)

    def begin(self) -> None:
        """Read status and headers; remember how long a forbidden body says it is.

        Raises IncompleteRead where the connection ends before the headers do.
        """
        super().begin()
        if self.timed.ended:
            raise http.client.IncompleteRead(b"")
        if self.status in {204, 304}:
            with contextlib.suppress(ValueError):
                self.declared = int(self.headers.get("Content-Length") or 0)
            if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
                self.declared = _CHUNK

    def stray(self) -> bytes:
        """The bytes that follow an answer without a body; waits for them only where the headers announce some."""
        self.timed.deadline = time.monotonic() + 0.2 if self.declared else None
        try:
            found = bytes(self.fp.read1(_CHUNK) or b"")
        except (OSError, ValueError):
            return b""
        return b"" if found == NO_CHUNKS else found


class Wire:
    """Sends requests to one origin, over one kept-alive connection a thread.

    Args:
        origin: scheme, host and port, such as `http://127.0.0.1:8080`.
        timeout: seconds that an answer may take.
    """

    def __init__(self, origin: str, timeout: float = 10.0) -> None:
        parts = urlsplit(origin)
        self.origin = origin
        self.timeout = timeout
        self.sent = 0
        self._stale = 0
        self._host = parts.hostname or ""
        self._port = parts.port
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()

    def send(self, request: Request, timeout: float | None = None) -> Exchange:
        """Send one request; the exchange tells the answer, or in words why there is none. Never raises."""
        with self._lock:
            self.sent += 1
        started = time.perf_counter()
        limit = timeout or self.timeout
        try:
            response = self._send(request, limit)
        except TimeoutError:
            self.close()
            failure = f"no answer within {limit:g} s"
            return Exchange(request, self.origin, None, failure, timed_out=True, seconds=time.perf_counter() - started)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return Exchange(request, self.origin, None, _words(error), seconds=time.perf_counter() - started)
        except KeyboardInterrupt:
            self.close()
            raise
        return Exchange(request, self.origin, response, seconds=time.perf_counter() - started)

    def patiently(self, request: Request, before_pause: Callable[[], None] = lambda: None) -> Exchange:
        """Send a request; where the target asks for patience (429, 503 with Retry-After), wait and try again.

        `before_pause` may raise, where there is no time left to wait.
        """
        exchange = self.send(request)
        for _ in range(SLOWDOWNS):
            pause = pause_after(exchange)
            if pause is None:
                break
            before_pause()
            time.sleep(pause)
            exchange = self.send(request)
        return exchange

    def _send(self, request: Request, limit: float) -> Response:
        connection = self._kept()
        if connection is not None:
            try:
                return self._exchange(connection, request, limit)
            except _STALE:
                # The server may just have ended an idle connection: a new one is asked. One that does so again and
                # again is asked on a new connection each time, where a close is an answer that did not come.
                self.close()
                self._stale += 1
        return self._exchange(self._connect(limit), request, limit)

    def _exchange(self, connection: http.client.HTTPConnection, request: Request, limit: float) -> Response:
        sock: socket.socket = connection.sock
        sock.settimeout(limit)
        deadline = time.monotonic() + limit
        connection.response_class = partial(_Answer, deadline=deadline)  # type: ignore[assignment]
        try:
            answer, broken = _ask(connection, request)
        except KeyboardInterrupt:
            # Whoever is interrupted cleans up, and would not find what the target makes only afterwards.
            select.select([sock], [], [], UNDER_WAY)
            raise
        stray = b""
        if answer.status in {204, 304}:
            stray = answer.stray()
            body = b""
        else:
            body = _read(answer, deadline)
        headers = tuple(answer.getheaders())
        answer.close()
        if stray or broken or answer.will_close or request.chunked or len(body) >= MAX_BODY:
            self.close()
        return Response(answer.status, headers, body, stray)

    def _kept(self) -> http.client.HTTPConnection | None:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None or connection.sock is None or self._stale >= STALE:
            self.close()
            return None
        if select.select([connection.sock], [], [], 0)[0]:
            self.close()  # closed by the server, or bytes that nobody asked for
            return None
        return connection

    def _connect(self, limit: float) -> http.client.HTTPConnection:
        if self._tls:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=limit, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=limit)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._local.connection = connection
        with self._lock:
            self._open.add(connection)
        return connection

    def close(self) -> None:
        """Close this thread's connection; the next request opens a new one."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            self._local.connection = None
            with self._lock:
                self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def close_all(self) -> None:
        """Close the connections of all threads, none of which may be in use."""
        self.close()
        with self._lock:
            left, self._open = self._open, set()
        for connection in left:
            with contextlib.suppress(OSError):
                connection.close()


def _ask(connection: http.client.HTTPConnection, request: Request) -> tuple[Any, OSError | None]:
    """Send the request; the answer that begins, and the error if the target closed before all was sent."""
    broken: OSError | None = None
    try:
        _put(connection, request)
    except (BrokenPipeError, ConnectionResetError) as error:
        broken = error  # it may have answered and closed before it read all of the body
    try:
        return connection.getresponse(), broken
    except (OSError, http.client.HTTPException):
        if broken:
            raise broken from None
        raise


def _put(connection: http.client.HTTPConnection, request: Request) -> None:
    connection.putrequest(request.method, request.path, skip_accept_encoding=True)
    for name, value in request.all_headers:
        connection.putheader(name, value.encode("utf-8"))
    if request.chunked:
        connection.putheader("Transfer-Encoding", "chunked")
        half = len(request.body or b"") // 2
        pieces = [piece for piece in ((request.body or b"")[:half], (request.body or b"")[half:]) if piece]
        connection.endheaders(iter(pieces), encode_chunked=True)
        return
    if request.body is not None:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)


def _read(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < MAX_BODY and (part := answer.read1(_CHUNK)):
        parts.append(part)
        size += len(part)
        if time.monotonic() > deadline:
            raise TimeoutError
    if answer.length and size < MAX_BODY:
        raise http.client.IncompleteRead(b"".join(parts), answer.length)
    return b"".join(parts)


def _words(error: Exception) -> str:
    """What went wrong on the wire, in words for a user."""
    match error:
        case ConnectionRefusedError():
            return "the connection was refused"
        case http.client.RemoteDisconnected() | ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "the connection was closed without an answer"
        case http.client.IncompleteRead():
            return "the answer ended before its announced length"
        case http.client.HTTPException():
            return f"what came is no HTTP answer ({type(error).__name__})"
        case socket.gaierror():
            return "the host name is not known"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}; a private certificate can be trusted with SSL_CERT_FILE"
        case _:
            return f"the request failed: {error}"


def pause_after(exchange: Exchange) -> int | None:
    """The seconds that the target asks to be left alone before it is asked again, None where it does not.

    Source: RFC 6585, 4 (429) and RFC 9110, 15.6.4 (503), each with a Retry-After in seconds.
    """
    answer = exchange.response
    longest = LONGEST_PAUSES.get(answer.status) if answer else None
    after = answer.header("Retry-After") if answer else None
    if longest is None or after is None or not after.isdecimal() or int(after) > longest:
        return None
    return int(after)
