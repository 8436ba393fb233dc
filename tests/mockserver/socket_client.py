"""Talks to a running mock over a socket, byte by byte, and looks at what the mock says of it."""

from __future__ import annotations

import json
import re
import socket
import time
import urllib.request
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from mock_client import GOOD, HOME, basic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Address = tuple[str, int]
PATH = f"/api/v3/groups/{HOME}/handle_services"
BODY = json.dumps(GOOD).encode()
LONG = 60.0
"""Seconds after which a test gives up; nothing takes so long."""
COMMON = ("Host: localhost", f"Authorization: {basic('adam', 'adam-password')}", "Content-Type: application/json")


def head(*lines: str, method: str = "POST", path: str = PATH) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines]).encode() + b"\r\n\r\n"


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@contextmanager
def connected(address: Address) -> Iterator[socket.socket]:
    with closing(socket.create_connection(address, timeout=LONG)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def statuses(connection: socket.socket, count: int) -> list[int]:
    """The statuses of the next answers, none of which has a body that looks like one."""
    text = b""
    while len(re.findall(rb"HTTP/1\.1 [0-9]{3} ", text)) < count or not text.endswith((b"\r\n\r\n", b"}")):
        part = connection.recv(65536)
        if not part:
            break
        text += part
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", text)]


def journal(address: Address, query: str = "") -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"http://{address[0]}:{address[1]}/_mock/journal{query}") as answer:
        exchanges: list[dict[str, Any]] = json.load(answer)["exchanges"]
        return exchanges


def post(address: Address, path: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"http://{address[0]}:{address[1]}{path}", b"", method="POST"))


def until(true: Callable[[], Any]) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def services(address: Address) -> list[str]:
    request = urllib.request.Request(
        f"http://{address[0]}:{address[1]}{PATH}", headers={"Authorization": COMMON[1][15:]}
    )
    with urllib.request.urlopen(request) as answer:
        ids: list[str] = json.load(answer)["handle_services"]
        return ids
