"""The Wire sends exactly what a request says, with the kit's own headers, and nothing that would be another request."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from judge_tools import AGES, RawServer, always, answer, read_request
from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.wire import Wire
from onezone_spec import __version__

Talk = Callable[[socket.socket, int], None]
BIG = Request("POST", "/api/v3/x", body=b"x" * (8 << 20))
POST = Request("POST", "/api/v3/x", headers=(("Content-Type", "application/json"),), body=b'{"a":1}')


def ask(talk: Talk, request: Request) -> Exchange:
    """One request to a server of its own."""
    with RawServer(talk) as raw:
        return Wire(raw.origin, AGES).send(request)


def test_cookies_are_not_kept_and_nothing_is_added() -> None:
    """A cookie is not sent back, and beside its own headers a request has the kit's two and those that frame it."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, _: int) -> None:
        while data := read_request(connection):
            seen.append(data)
            connection.sendall(answer(200, b"", "Set-Cookie: a=b"))

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES)
        wire.send(POST)
        wire.send(POST)
    lines = seen[1].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    assert {name: value for name, _, value in (line.partition(": ") for line in lines)} == {
        "Host": raw.origin.removeprefix("http://"),
        "User-Agent": f"onezone-contract-kit/{__version__}",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Content-Length": "7",
    }


def test_chunked_request_is_sent_in_chunks() -> None:
    """A request in chunks carries no length, and all of its bytes."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, _: int) -> None:
        seen.append(read_request(connection))
        connection.sendall(answer(204))

    assert ask(talk, Request("POST", "/x", body=b"abcdef", chunked=True)).status == 204
    assert b"content-length" not in seen[0].lower()
    assert seen[0].endswith(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")


def test_header_values_of_any_script_go_out() -> None:
    """A header value beyond ASCII is sent as UTF-8, and one that HTTP cannot carry is a failure in words."""
    assert ask(always(answer(200), close=True), Request("GET", "/x", headers=(("X-Auth-Token", "żółw"),))).status == 200
    exchange = ask(always(answer(200), close=True), Request("GET", "/x", headers=(("X-Auth-Token", "a\r\nb: c"),)))
    assert exchange.response is None
    assert exchange.failure


def test_what_http_forbids_goes_out_as_it_is() -> None:
    """Two Authorization headers, an odd method and a second Content-Length are sent as the request has them."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, _: int) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(answer(400))

    headers = (("Authorization", "Basic YTpi"), ("Authorization", "Bearer c"), ("Content-Length", "x"))
    assert ask(talk, Request("SPAM", "/x", headers=headers, body=b"{}")).status == 400
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"SPAM /x HTTP/1.1\r\n")
    for line in (b"Authorization: Basic YTpi", b"Authorization: Bearer c", b"Content-Length: x", b"Content-Length: 2"):
        assert line in head.split(b"\r\n")
    assert body == b"{}"


@pytest.mark.parametrize(
    "request_",
    [
        Request("G\rT", "/x"),
        Request("GET", "/a b"),
        Request("GET", "/\u00fc"),
        Request("GET", "/x", headers=(("a\r\nb", "c"),)),
        Request("GET", "/x", headers=(("a:b", "c"),)),
        Request("GET", "/x", headers=(("", "c"),)),
        Request("GET", "/x", headers=(("a", "\ud800"),)),
    ],
)
def test_what_would_be_another_request_is_not_sent(request_: Request) -> None:
    """What no client could send as one request is a failure in words."""
    exchange = ask(always(answer(200), close=True), request_)
    assert (exchange.failure or "").startswith("the request failed: ")


def test_own_headers_of_a_request_are_sent_alone() -> None:
    """A request that names a User-Agent or a coding has that one only."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, _: int) -> None:
        seen.append(read_request(connection).lower())
        connection.sendall(answer(200))

    ask(talk, Request("GET", "/x", headers=(("user-agent", "curl"), ("ACCEPT-ENCODING", "br"))))
    assert seen[0].count(b"user-agent:") == seen[0].count(b"accept-encoding:") == 1
    assert b"onezone-contract-kit" not in seen[0]


def test_early_refusal_of_a_large_body_is_seen() -> None:
    """A server that answers 413 and closes while the body is still coming has answered 413."""

    def talk(connection: socket.socket, _: int) -> None:
        connection.recv(1000)
        connection.sendall(answer(413, b"too large", "Connection: close"))
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.3)

    statuses = {(exchange.status, exchange.failure) for exchange in (ask(talk, BIG) for _ in range(3))}
    assert statuses <= {(413, None), (None, "the connection was closed without an answer")}
    assert (413, None) in statuses


@pytest.mark.slow
@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
def test_refusal_of_a_large_body_that_is_never_read_is_seen(interim: bytes) -> None:
    """A server that answers and neither reads on nor closes has answered: the rest is not sent (RFC 9112, 9.5)."""

    def talk(connection: socket.socket, _: int) -> None:
        connection.recv(1000)
        connection.sendall(interim + answer(413, b"too large"))
        time.sleep(AGES)

    exchange = ask(talk, BIG)
    assert (exchange.status, exchange.failure) == (413, None)


def test_interim_answer_does_not_end_a_large_body() -> None:
    """What comes before the answer says nothing of the body: all of it is sent."""

    def talk(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.2)
        read = read_request(connection)
        connection.sendall(answer(200, str(len(read.partition(b"\r\n\r\n")[2])).encode()))

    response = ask(talk, BIG).response
    assert response
    assert response.body == str(len(BIG.body or b"")).encode()
