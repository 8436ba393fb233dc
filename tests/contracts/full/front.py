"""A server in front of another one: it passes requests on, answers some itself, or holds them back."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from judge_tools import AGES

Rewrite = Callable[[str, str], int | None]
"""From method and path to the status that is answered instead, None if the mock answers."""


class Quiet(ThreadingHTTPServer):
    """A server that says nothing about clients that went away."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def received(handler: BaseHTTPRequestHandler) -> bytes:
    """The body of a request, of a length that it says or in chunks."""
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    pieces = []
    while size := int(handler.rfile.readline(), 16):
        pieces.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(pieces)


@contextmanager
def front(origin: str, instead: Rewrite, lag: float = 0.0) -> Iterator[str]:
    """A server that passes on to another one, but for what it answers itself; gives its origin.

    What it reads may be as old as `lag` says, in seconds: an answer to GET is given again for so long.
    """
    behind = urlsplit(origin)
    kept: dict[tuple[str, str], tuple[float, tuple[int, dict[str, str], bytes]]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self) -> None:
            body = received(self)
            status = instead(self.command, self.path)
            if status is not None:
                self.reply(status, {}, b"")
                return
            key = (self.path, self.headers.get("Authorization") or "")
            if self.command == "GET" and key in kept and time.monotonic() < kept[key][0]:
                self.reply(*kept[key][1])
                return
            there = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=AGES)
            del self.headers["Transfer-Encoding"]
            there.request(self.command, self.path, body or None, dict(self.headers.items()))
            came = there.getresponse()
            answer = (came.status, dict(came.getheaders()), came.read())
            kept[key] = (time.monotonic() + lag if self.command == "GET" else 0.0, answer)
            self.reply(*answer)
            there.close()

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Gate:
    """Passes requests on until so many groups were asked for; then it holds every request until it is opened.

    So a run is surely halfway, with a request under way, for as long as a test likes.
    """

    def __init__(self, groups: int) -> None:
        self.left = groups
        self.reached = threading.Event()
        self._opened = threading.Event()
        self._status: int | None = None

    def __call__(self, method: str, path: str) -> int | None:
        """What `front` asks of a request: the status to answer it with, None to pass it on."""
        self.left -= method == "POST" and path.endswith("/groups")
        if self.left >= 0:
            return None
        self.reached.set()
        self._opened.wait(AGES)
        return self._status

    def open(self, status: int | None = None) -> None:
        """Pass on what was held and what comes, or answer it with a status."""
        self._status = status
        self._opened.set()
