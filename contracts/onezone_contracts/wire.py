"""Requests over plain connections: exact bytes out, exact bytes in, no redirect, no cookie, no proxy."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading
import time
from collections import deque
from functools import cached_property
from statistics import median
from urllib.parse import SplitResult, urlsplit

import h11
from onezone_spec import __version__

from onezone_contracts.coding import decoded
from onezone_contracts.exchange import Exchange, Request, Response
from onezone_contracts.failures import CutOffError, NoHttpError, words
from onezone_contracts.network import Network, Stop
from onezone_contracts.patience import Patience, unlimited

MAX_BODY = 4 * 1024 * 1024
MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
NO_CHUNKS = b"0\r\n\r\n"
"""The end of a chunked body without any chunk."""
STALE = 2
"""How often a kept connection may end just when it is used."""
UNDER_WAY = 5.0
"""Seconds that an interrupt waits for the answer to the request that is under way."""
LOOK = 0.25
"""Seconds between two looks at whether the run is to end, while an answer is waited for."""
FIRST = 25.0
"""Seconds that a target is waited for in all until it answers for the first time, whatever a request may take."""
LATE_BODY = 0.2
"""Seconds that a body may stay away which is announced where there must be none."""
UNREAD = 1.0
"""Seconds that a target which has begun to answer may take to read more of the body."""
OWN_HEADERS = (("User-Agent", f"onezone-contract-kit/{__version__}"), ("Accept-Encoding", "identity"))
"""What every request carries, unless it says otherwise itself."""
_CHUNK = 65536
_BODILESS = frozenset({204, 304})
_STALE = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
_FINAL = re.compile(rb"HTTP/1\.[01] [2-9]")
"""The beginning of an answer that is not interim."""
_ODD_METHOD = re.compile(r"[\x00-\x1f]")
_ODD_PATH = re.compile(r"[\x00-\x20\x7f]")
_ODD_NAME = re.compile(r"^[:\s]|[:\r\n]|^$")
_ODD_VALUE = re.compile(r"\n(?![ \t])|\r(?![ \t\n])")


class Wire:
    """Sends requests to one origin, over one kept-alive connection a thread, and waits where the target asks for it.

    Args:
        origin: scheme, host and port, such as `http://127.0.0.1:8080`.
        timeout: seconds that an answer may take.
        patience: how it waits; one of its own if there is none.
        network: what every request carries, how fast they are sent, and whether they are.
    """

    def __init__(
        self,
        origin: str,
        timeout: float = 10.0,
        patience: Patience | None = None,
        network: Network | None = None,
    ) -> None:
        self.origin = origin
        self.timeout = timeout
        self.patience = patience or Patience()
        self.network = network or Network()
        self.sent = 0
        self._cleaning = False
        self._answered = False
        self._paces: deque[float] = deque(maxlen=15)
        self._unanswered = 0.0
        self._stale = 0
        self._parts = urlsplit(origin)
        self._tls = (self.network.tls or ssl.create_default_context()) if self._parts.scheme == "https" else None
        self._port = self._parts.port or (443 if self._tls else 80)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @cached_property
    def _host(self) -> str:
        return _host(self._parts)

    def send(self, request: Request, timeout: float | None = None) -> Exchange:
        """Send one request; the exchange tells the answer, or in words why there is none.

        Raises KeyboardInterrupt if the run is to end, and what `patience.check_time` does where the target lets the
        kit wait.
        """
        dressed, limit = self.network.with_common_headers(request), timeout or self.timeout
        return self.patience.ask(lambda: self._once(dressed, limit))

    def finish(self) -> None:
        """From here on requests clean up: an interrupt ends them only when it is the second, and time no more."""
        self._cleaning = True
        self.patience.check_time = unlimited

    def _once(self, request: Request, limit: float) -> Exchange:
        self.network.stop.check(cleaning=self._cleaning)
        self.network.rate.wait()
        if not self._answered:
            limit = min(limit, FIRST - self._unanswered)
            if limit <= 0:
                failure = f"it has answered nothing within {FIRST:g} s"
                return Exchange(request, self.origin, None, failure, timed_out=True)
        with self._lock:
            self.sent += 1
        started = time.perf_counter()
        try:
            response = self._send(request, limit)
        except TimeoutError:
            self.close()
            seconds = time.perf_counter() - started
            self._unanswered += seconds
            failure = f"no answer within {limit:.3g} s"
            return Exchange(request, self.origin, None, failure, timed_out=True, seconds=seconds)
        except (OSError, NoHttpError, CutOffError, ValueError) as error:
            self.close()
            return Exchange(request, self.origin, None, words(error), seconds=time.perf_counter() - started)
        except KeyboardInterrupt:
            self.close()
            raise
        self._answered = True
        seconds = time.perf_counter() - started
        self._paces.append(seconds)
        return Exchange(request, self.origin, response, seconds=seconds)

    @property
    def pace(self) -> float:
        """How many seconds an answer took of late, in the median."""
        return median(tuple(self._paces)) if self._paces else 0.0

    def _send(self, request: Request, limit: float) -> Response:
        data = encoded(request, self._host)
        sock = self._open_socket()
        if sock is not None:
            try:
                return self._exchange(sock, request, data, limit)
            except _STALE:
                # The server may just have ended an idle connection: a new one is asked. One that does so again and
                # again is asked on a new connection each time, where a close is an answer that did not come.
                self.close()
                self._stale += 1
        return self._exchange(self._connect(limit), request, data, limit)

    def _exchange(self, sock: socket.socket, request: Request, data: bytes, limit: float) -> Response:
        answer = _Answer(sock, request.method, time.monotonic() + limit, self.network.stop)
        broken: OSError | None = None
        sock.settimeout(limit)
        whole = True
        try:
            whole = _write(sock, data, limit)
        except (BrokenPipeError, ConnectionResetError) as error:
            broken = error  # it may have answered and closed before it read all of the body
        try:
            head = answer.head()
        except (OSError, NoHttpError, CutOffError):
            if broken:
                raise broken from None
            raise
        body = answer.body()
        trailing = answer.trailing(head) if head.status_code in _BODILESS or request.method == "HEAD" else b""
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
        if trailing or broken or not whole or request.chunked or not answer.reusable:
            self.close()
        return Response(head.status_code, headers, decoded(headers, body, MAX_BODY) if body else b"", trailing)

    def _open_socket(self) -> socket.socket | None:
        sock: socket.socket | None = getattr(self._local, "sock", None)
        if sock is None or self._stale >= STALE:
            self.close()
            return None
        if select.select([sock], [], [], 0)[0]:
            self.close()  # closed by the server, or bytes that nobody asked for
            return None
        return sock

    def _connect(self, limit: float) -> socket.socket:
        host = self._parts.hostname or ""
        sock = socket.create_connection((host, self._port), limit)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            sock = self._tls.wrap_socket(sock, server_hostname=host)
        self._local.sock = sock
        with self._lock:
            self._open.add(sock)
        return sock

    def close(self) -> None:
        """Close this thread's connection; the next request opens a new one."""
        sock: socket.socket | None = getattr(self._local, "sock", None)
        if sock is not None:
            self._local.sock = None
            with self._lock:
                self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.close()

    def close_all(self) -> None:
        """Close the connections of all threads, none of which may be in use."""
        self.close()
        with self._lock:
            left, self._open = self._open, set()
        for sock in left:
            with contextlib.suppress(OSError):
                sock.close()


# --- what goes out --------------------------------------------------------------------------------------------


def encoded(request: Request, host: str) -> bytes:
    """The bytes of a request. Raises ValueError if they would not be one request.

    They are written here, not by h11: some requests are ones that HTTP forbids.
    """
    if _ODD_METHOD.search(request.method) or _ODD_PATH.search(request.path):
        raise ValueError("the method or the path has characters that cannot be sent")
    own = request.all_headers
    names = {name.lower() for name, _ in own}
    headers = [("Host", host), *(pair for pair in OWN_HEADERS if pair[0].lower() not in names), *own]
    if request.chunked:
        headers.append(("Transfer-Encoding", "chunked"))
    elif request.body is not None:
        headers.append(("Content-Length", str(len(request.body))))
    for name, value in own:
        if _ODD_NAME.search(name) or _ODD_VALUE.search(value):
            raise ValueError("a header has characters that cannot be sent")
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    start = f"{request.method} {request.path or '/'} HTTP/1.1\r\n".encode("ascii")
    body = request.body or b""
    return b"".join((start, lines.encode(), b"\r\n", _in_chunks(body) if request.chunked else body))


def _write(sock: socket.socket, data: bytes, limit: float) -> bool:
    """Send the bytes; whether all of them: a target that has answered, or reads no further, wants no more.

    Source: RFC 9112, 9.5. Raises TimeoutError, and what the socket does.
    """
    if len(data) <= _CHUNK or isinstance(sock, ssl.SSLSocket):
        sock.sendall(data)
        return True
    left, deadline = memoryview(data), time.monotonic() + limit
    while left:
        readable, writable, _ = select.select([sock], [sock], [], max(0.0, deadline - time.monotonic()))
        if readable and _FINAL.match(sock.recv(len("HTTP/1.1 4"), socket.MSG_PEEK)):
            return False
        if readable and not writable:
            writable = select.select([], [sock], [], UNREAD)[1]
            if not writable:
                return False
        if not writable:
            raise TimeoutError
        left = left[sock.send(left[:_CHUNK]) :]
    return True


def _in_chunks(body: bytes) -> bytes:
    half = len(body) // 2
    pieces = [piece for piece in (body[:half], body[half:]) if piece]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + NO_CHUNKS


def _host(parts: SplitResult) -> str:
    """The Host header's value. Raises ValueError if the host has no name that can be sent."""
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode()
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return name if parts.port in {None, usual} else f"{name}:{parts.port}"


# --- what comes in --------------------------------------------------------------------------------------------

_REQUESTS = {
    method: h11.Request(method=method, target="/", headers=[("Host", "the.target")]) for method in ("GET", "HEAD")
}
"""What h11 is told was sent: to read an answer, it only has to know whether that was a HEAD."""
_ALL_SENT = h11.EndOfMessage()


class _Answer:
    """Reads one answer from a socket until a deadline (by time.monotonic): first its head, then its body."""

    def __init__(self, sock: socket.socket, method: str, deadline: float, stop: Stop) -> None:
        self._sock = sock
        self._deadline = deadline
        self._stop = stop
        self._stop_requests = stop.requests
        self._began = False
        self._in_body = False
        self._whole = False
        self._parser = h11.Connection(h11.CLIENT, MAX_HEAD)
        self._parser.send(_REQUESTS["HEAD" if method == "HEAD" else "GET"])
        self._parser.send(_ALL_SENT)

    def head(self) -> h11.Response:
        """The head of the answer; what is interim (1xx) is skipped.

        Raises ConnectionResetError if the target closes before one begins, NoHttpError for anything else.
        """
        try:
            while not isinstance(event := self._next(), h11.Response):
                pass
        except h11.RemoteProtocolError as error:
            if self._parser.trailing_data == (b"", True):
                raise ConnectionResetError from None
            raise NoHttpError(str(error).partition(":")[0]) from None
        if len(event.headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in event.headers) > MAX_HEAD:
            raise NoHttpError("its head is beyond all reason")
        self._in_body = True
        return event

    def body(self) -> bytes:
        """The body, of one that is longer than MAX_BODY only the beginning. Raises CutOffError."""
        parts: list[bytes] = []
        size = 0
        try:
            while isinstance(event := self._next(), h11.Data):
                parts.append(event.data)
                size += len(event.data)
                if size >= MAX_BODY:
                    return b"".join(parts)
        except h11.RemoteProtocolError:
            raise CutOffError from None
        self._whole = True
        return b"".join(parts)

    def trailing(self, head: h11.Response) -> bytes:
        """The bytes that follow an answer without a body; waits for them only where a 204 or 304 announces some."""
        trailing = self._parser.trailing_data[0]
        if not trailing:
            self._sock.settimeout(LATE_BODY if head.status_code in _BODILESS and _announced(head) else 0)
            with contextlib.suppress(OSError):
                trailing = self._sock.recv(_CHUNK)
        return b"" if trailing == NO_CHUNKS else trailing

    @property
    def reusable(self) -> bool:
        """Whether the connection may be used for the next request."""
        states = self._parser.states
        left = self._parser.trailing_data[0]
        return self._whole and states[h11.CLIENT] is states[h11.SERVER] is h11.DONE and left in {b"", NO_CHUNKS}

    def _next(self) -> h11.Event | type[h11.PAUSED]:
        while (event := self._parser.next_event()) is h11.NEED_DATA:
            self._parser.receive_data(self._received())
        return event  # type: ignore[return-value]

    def _received(self) -> bytes:
        try:
            data = self._waited()
        except ConnectionResetError:
            if self._began:
                raise CutOffError from None
            raise
        if not self._began and data[:5] != b"HTTP/"[: len(data)]:
            raise NoHttpError("it does not begin with HTTP/")
        self._began = True
        return data if self._in_body else _without_nul(data)

    def _waited(self) -> bytes:
        """What comes next. Once the run is to end it is waited for a little only: what it makes is to be removed."""
        while (left := self._deadline - time.monotonic()) > 0:
            self._sock.settimeout(min(left, LOOK))
            with contextlib.suppress(TimeoutError):
                return self._sock.recv(_CHUNK)
            if self._stop.requests > self._stop_requests:
                self._stop_requests = self._stop.requests
                self._deadline = min(self._deadline, time.monotonic() + UNDER_WAY)
        raise TimeoutError


def _without_nul(data: bytes) -> bytes:
    """What came before the body, with a space for each NUL (RFC 9110, 5.5): it is judged, not refused."""
    head, end, body = data.partition(b"\r\n\r\n")
    return head.replace(b"\0", b" ") + end + body if b"\0" in head else data


def _announced(head: h11.Response) -> bool:
    """Whether the headers say that a body follows."""
    headers = dict(head.headers)
    return b"transfer-encoding" in headers or int(headers.get(b"content-length", 0)) > 0
