"""The proxy: bytes pass unchanged, whatever becomes of those who read along."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from onezone_contracts.traffic.proxy import Proxy
from onezone_contracts.traffic.recording import Recorded, read
from onezone_contracts.traffic.tap import Tap

REQUEST = b"POST /api/v3/groups/g/handle_services HTTP/1.1\r\nhost: x\r\nContent-Length: 2\r\n\r\n{}"
ANSWER = b"HTTP/1.1 204 Odd Words\r\nLOCATION:   /a\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n"
PATIENCE = 60


@contextmanager
def server(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Answers every connection with these bytes once a request is there; gives its origin, and what came."""
    came: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                came.append(connection.recv(65536))
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(PATIENCE)


@contextmanager
def proxied(origin: str, har: Path | None = None) -> Iterator[tuple[Proxy, list[Recorded]]]:
    """A proxy that serves; what it recorded is there once this ends."""
    recorded: list[Recorded] = []
    ended = threading.Event()
    with Proxy(origin, "127.0.0.1", 0, har) as proxy:
        thread = threading.Thread(target=proxy.serve, args=(ended.is_set,))
        thread.start()
        try:
            yield proxy, recorded
        finally:
            ended.set()
            thread.join(PATIENCE)
            recorded.extend(proxy.recorded())


def ask(proxy: Proxy, request: bytes) -> bytes:
    port = int(proxy.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer


def test_bytes_pass_unchanged_and_are_recorded(tmp_path: Path) -> None:
    """Case, blanks and reasons included; the HAR has the same exchange."""
    har = tmp_path / "out.har"
    with server(ANSWER) as (origin, came), proxied(origin, har) as (proxy, recorded):
        assert ask(proxy, REQUEST) == ANSWER
    assert came == [REQUEST]
    (exchange,) = recorded
    assert (exchange.method, exchange.status, exchange.request_body) == ("POST", 204, b"{}")
    assert exchange.url == f"{origin}/api/v3/groups/g/handle_services"
    assert ("X-Twice", "1") in exchange.response_headers
    (again,) = read(har)
    assert (again.url, again.status, again.response_headers) == (exchange.url, 204, exchange.response_headers)
    assert har.stat().st_mode & 0o077 == 0
    assert json.loads(har.read_text())["log"]["version"] == "1.2"


def test_what_is_no_http_passes_too() -> None:
    """It is not recorded, and that is all."""
    with server(b"no HTTP\r\n") as (origin, came), proxied(origin) as (proxy, recorded):
        assert ask(proxy, b"nor this\r\n\r\n") == b"no HTTP\r\n"
    assert came == [b"nor this\r\n\r\n"]
    assert not recorded


def test_an_error_of_those_who_read_along_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The traffic passes."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Proxy, "_keep", fail)
    with server(ANSWER) as (origin, _), proxied(origin) as (proxy, recorded):
        assert ask(proxy, REQUEST) == ANSWER
    assert not recorded


def test_exchanges_of_one_connection_are_told_apart() -> None:
    """Two requests at once, two answers at once."""
    recorded: list[Recorded] = []
    tap = Tap("http://x", recorded.append)
    tap.sent(REQUEST + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.came(ANSWER + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    assert [(one.method, one.status, one.response_body) for one in recorded] == [
        ("POST", 204, b""),
        ("GET", 200, b"[]"),
    ]


def test_a_body_where_none_may_be_is_recorded() -> None:
    """Bytes after a 204 that nobody asked for."""
    recorded: list[Recorded] = []
    tap = Tap("http://x", recorded.append)
    tap.sent(REQUEST)
    tap.came(ANSWER + b"stray")
    assert recorded[0].response_body == b"stray"
