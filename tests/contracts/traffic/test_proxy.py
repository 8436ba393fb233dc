"""The proxy: bytes pass unchanged, whatever becomes of those who read along."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from onezone_contracts.arguments import trust
from onezone_contracts.commands.cli import main
from onezone_contracts.traffic.har import HarWriter
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
def proxied(
    origin: str, har: Path | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[Proxy, list[Recorded]]]:
    """A proxy that serves; what it recorded is there once this ends."""
    recorded: list[Recorded] = []
    ended = threading.Event()
    with Proxy(origin, "127.0.0.1", 0, har, tls) as proxy:
        thread = threading.Thread(target=proxy.serve, args=(ended.is_set,))
        thread.start()
        try:
            yield proxy, recorded
        finally:
            ended.set()
            thread.join(PATIENCE)
            recorded.extend(proxy.recorded())


def ask(proxy: Proxy, request: bytes, *, ends: bool = False) -> bytes:
    """All that comes until the other side ends; `ends` says that no more is asked."""
    port = int(proxy.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
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
    tap.read_sent(REQUEST + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.read_received(ANSWER + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    assert [(exchange.method, exchange.status, exchange.response_body) for exchange in recorded] == [
        ("POST", 204, b""),
        ("GET", 200, b"[]"),
    ]


def test_a_body_where_none_may_be_is_recorded() -> None:
    """Bytes after a 204 that nobody asked for."""
    recorded: list[Recorded] = []
    tap = Tap("http://x", recorded.append)
    tap.read_sent(REQUEST)
    tap.read_received(ANSWER + b"stray")
    assert recorded[0].response_body == b"stray"


BIG = 9 * 1024 * 1024
"""More than what is kept of a body."""


def test_a_body_that_is_too_big_passes_and_counts_as_not_recorded() -> None:
    """In both directions, and the exchange after it is recorded whole."""
    body = b"x" * BIG
    recorded: list[Recorded] = []
    tap = Tap("http://x", recorded.append)
    head = f"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {BIG}\r\n\r\n".encode()
    came = f"HTTP/1.1 200 OK\r\nContent-Length: {BIG}\r\n\r\n".encode()
    for data, read_along in ((head + body, tap.read_sent), (came + body, tap.read_received)):
        for at in range(0, len(data), 65536):
            read_along(data[at : at + 65536])
    tap.read_sent(REQUEST)
    tap.read_received(ANSWER)
    assert [(exchange.status, exchange.request_body, exchange.response_body) for exchange in recorded] == [
        (200, None, None),
        (204, b"{}", b""),
    ]
    with server(came + body) as (origin, _), proxied(origin) as (proxy, passed):
        assert ask(proxy, REQUEST) == came + body
    assert (passed[0].status, passed[0].response_body) == (200, None)


def test_interim_answers_pass_and_are_no_answer() -> None:
    """100 Continue and 103 Early Hints come before the one that counts."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with server(interim + ANSWER) as (origin, _), proxied(origin) as (proxy, recorded):
        assert ask(proxy, REQUEST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n", 1)) == interim + ANSWER
    assert [(exchange.status, exchange.request_body) for exchange in recorded] == [(204, b"{}")]


def test_a_client_that_goes_away_harms_nobody_else() -> None:
    """What it asked for has no answer in the recording; the next client is served."""
    with server(ANSWER) as (origin, _), proxied(origin) as (proxy, recorded):
        port = int(proxy.url.rpartition(":")[2])
        for request in (b"", REQUEST[:30], REQUEST):
            gone = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            gone.sendall(request)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.close()  # with a reset
        assert ask(proxy, REQUEST) == ANSWER
    assert recorded[-1].status == 204


def test_a_server_that_is_not_there_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    """With a line that says why."""
    with server(b"") as (origin, _):
        pass
    with proxied(origin) as (proxy, recorded):
        assert ask(proxy, REQUEST[:30]) == b""
    assert not recorded
    assert "the connection was refused" in caplog.text


def test_a_har_that_cannot_be_written_any_longer_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: the traffic passes, and is judged."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(HarWriter, "write", full)
    with server(ANSWER) as (origin, _), proxied(origin, tmp_path / "out.har") as (proxy, recorded):
        assert ask(proxy, REQUEST) == ANSWER
    assert [exchange.status for exchange in recorded] == [204]


# --- TLS to the server -------------------------------------------------------------------------------------------


@contextmanager
def secure(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A server with that certificate, which keeps connections and answers each request; its origin."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    https = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    https.socket = context.wrap_socket(https.socket, server_side=True)
    thread = threading.Thread(target=https.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{https.server_address[1]}"
    finally:
        https.shutdown()
        thread.join(PATIENCE)
        https.server_close()


@pytest.mark.slow
def test_whom_a_proxy_trusts_can_be_said(
    certificate: Callable[..., tuple[Path, Path]], caplog: pytest.LogCaptureFixture
) -> None:
    """An authority of one's own, or nobody asked; else the client is turned away, with a line that says why."""
    pair = certificate("127.0.0.1")
    get = b"GET /api/v3/user HTTP/1.1\r\nHost: x\r\n\r\n"
    with secure(pair) as origin:
        for tls in (trust(pair[0], insecure=False), trust(None, insecure=True)):
            with proxied(origin, tls=tls) as (proxy, recorded):
                answer = ask(proxy, get, ends=True)
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"[]")
            assert [(exchange.status, exchange.url) for exchange in recorded] == [(200, f"{origin}/api/v3/user")]
        with proxied(origin) as (proxy, _):
            assert ask(proxy, get[:30]) == b""
    assert "its certificate was not accepted" in caplog.text
    assert "--cacert FILE" in caplog.text


def test_whom_to_trust_is_a_question_of_a_proxy(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Recordings reach nobody; an authority without a certificate is none."""
    assert main("traffic", ["a.har", "--insecure"]) == 2
    assert "give --proxy URL with them" in capsys.readouterr().err
    (tmp_path / "empty.pem").write_text("")
    assert main("traffic", ["--proxy", "https://x.test", "--port", "0", "--cacert", str(tmp_path / "empty.pem")]) == 2
    assert "there is no certificate in this file" in capsys.readouterr().err
