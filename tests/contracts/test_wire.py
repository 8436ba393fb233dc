"""The Wire tells what a server did in words, whatever it did, and raises for none."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable

import pytest
from judge_tools import AGES, RawServer, always, answer, closed_port, dripping, read_request, silent
from onezone_contracts.exchange import Exchange, Request, Response
from onezone_contracts.wire import MAX_BODY, Wire, pause_after

Talk = Callable[[socket.socket, int], None]
GET = Request("GET", "/api/v3/x")
POST = Request("POST", "/api/v3/x", headers=(("Content-Type", "application/json"),), body=b'{"a":1}')


def ask(talk: Talk, request: Request = GET, timeout: float = AGES) -> Exchange:
    """One request to a server of its own."""
    with RawServer(talk) as raw:
        return Wire(raw.origin, timeout).send(request)


def then(data: bytes) -> Talk:
    """Answer the first request with some bytes and close."""
    return always(data, close=True)


NO_ANSWER = {
    "closes at once": (b"", "the connection was closed without an answer"),
    "garbage": (b"\x00\x01\x02 what is this\r\n\r\n", "no HTTP answer"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", "no HTTP answer"),
    "half a status line": (b"HTTP/1.1", "no HTTP answer"),
    "status of two digits": (b"HTTP/1.1 20 OK\r\n\r\n", "no HTTP answer"),
    "body shorter than announced": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "announced length"),
    "chunk cut short": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "announced length"),
    "chunk size that is none": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", "length"),
    "endless header line": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n", "no HTTP answer"),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "no HTTP answer"),
}


HALVES = (b"HTTP/1.1 204 No Cont", b"HTTP/1.1 204 No Content\r\nLocat", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")


@pytest.mark.parametrize("data", HALVES)
def test_answer_that_ends_in_its_headers_is_none(data: bytes) -> None:
    """An answer that is cut off before its headers end is no answer."""
    assert ask(then(data)).response is None


@pytest.mark.parametrize("case", NO_ANSWER)
def test_what_is_no_answer_is_told_in_words(case: str) -> None:
    """A server that closes, answers garbage or stops half-way is a failure in one line, without an answer."""
    data, words = NO_ANSWER[case]
    exchange = ask(then(data))
    assert exchange.response is None
    assert not exchange.timed_out
    assert words in (exchange.failure or "")
    assert "\n" not in (exchange.failure or "")


def test_refused_connection_is_told() -> None:
    """A port on which nobody listens is a refused connection."""
    exchange = Wire(f"http://127.0.0.1:{closed_port()}").send(GET)
    assert exchange.failure == exchange.answer() == "the connection was refused"


def test_unknown_host_is_told() -> None:
    """A host that does not exist is told as such."""
    exchange = Wire("http://no-such-host.invalid").send(GET)
    assert exchange.response is None
    assert exchange.failure == "the host name is not known"


def test_tls_to_a_plain_server_is_told() -> None:
    """A server without TLS behind an https URL is told as such."""
    with RawServer(lambda connection, _: connection.sendall(answer(400, b"plain HTTP only"))) as raw:
        exchange = Wire(raw.origin.replace("http:", "https:"), AGES).send(GET)
    assert (exchange.failure or "").startswith("TLS failed")


def test_announced_body_of_a_204_is_seen() -> None:
    """A 204 that announces a body and sends it keeps the body as stray bytes."""
    exchange = ask(then(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"))
    assert exchange.response
    assert (exchange.status, exchange.response.body, exchange.response.stray) == (204, b"", b"hello")


def test_announced_body_of_a_204_may_stay_away() -> None:
    """A 204 that announces a body and sends none is an answer, without waiting for the whole time-out."""

    def talk(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
        connection.recv(1)

    exchange = ask(talk)
    assert (exchange.status, exchange.response and exchange.response.stray) == (204, b"")
    assert exchange.seconds < AGES / 2


def test_chunked_body_of_a_204_is_seen() -> None:
    """A 204 with a chunked body keeps what came as stray bytes."""
    exchange = ask(then(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"))
    assert exchange.response
    assert b"hi" in exchange.response.stray


def test_stray_bytes_after_a_204_do_not_reach_the_next_answer() -> None:
    """Bytes that nobody announced are kept beside the 204, and the next request goes over a new connection."""

    def talk(connection: socket.socket, number: int) -> None:
        while read_request(connection):
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\nstray" if number == 1 else answer(200, b"fine"))

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES)
        first, second = wire.send(GET), wire.send(GET)
    assert first.response
    assert second.response
    assert (first.status, first.response.stray) == (204, b"stray")
    assert (second.status, second.response.body) == (200, b"fine")


def test_silence_times_out() -> None:
    """A server that never answers is a time-out, told with its length."""
    exchange = ask(silent, timeout=0.3)
    assert (exchange.timed_out, exchange.failure) == (True, "no answer within 0.3 s")


DRIPPING = {
    "body with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
    "body in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "status line": (b"HTTP/1.1 200 ", b"K"),
    "header": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize(("head", "drop"), DRIPPING.values(), ids=list(DRIPPING))
def test_dripping_answer_times_out(head: bytes, drop: bytes) -> None:
    """An answer that comes bit by bit and never ends takes no longer than the time-out."""
    assert ask(dripping(head, drop), timeout=0.4).timed_out


def test_interim_answer_is_skipped() -> None:
    """A 100 Continue before the answer is not the answer."""
    exchange = ask(then(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(201, b"", "Location: /a")), POST)
    assert exchange.status == 201


def test_early_refusal_of_a_large_body_is_seen() -> None:
    """A server that answers 413 and closes while the body is still coming has answered 413."""

    def talk(connection: socket.socket, _: int) -> None:
        connection.recv(1000)
        connection.sendall(answer(413, b"too large", "Connection: close"))
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.3)

    big = Request("POST", "/api/v3/x", body=b"x" * (8 << 20))
    statuses = {(one.status, one.failure) for one in (ask(talk, big) for _ in range(3))}
    assert statuses <= {(413, None), (None, "the connection was closed without an answer")}
    assert (413, None) in statuses


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"])
def test_body_may_end_with_the_connection(head: bytes) -> None:
    """A body without a length ends where the server closes, and the next request opens a new connection."""
    with RawServer(then(head + b"\r\nhello")) as raw:
        wire = Wire(raw.origin, AGES)
        answers = [wire.send(GET).response for _ in range(2)]
        assert raw.connections == 2
    assert [one and one.body for one in answers] == [b"hello", b"hello"]


def test_connection_is_kept() -> None:
    """Requests go over one connection while the server keeps it."""
    with RawServer(always(answer(200, b"{}"))) as raw:
        wire = Wire(raw.origin, AGES)
        assert [wire.send(POST).status for _ in range(5)] == [200] * 5
        assert (raw.connections, wire.sent) == (1, 5)


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_idle_connection_closed_by_the_server_is_replaced(pause: float) -> None:
    """A server that ends a kept connection between requests is asked again, silently."""
    with RawServer(then(answer(200, b"{}"))) as raw:
        wire = Wire(raw.origin, AGES)
        for _ in range(3):
            assert wire.send(POST).status == 200
            time.sleep(pause)
        assert raw.connections == 3


def test_interrupt_waits_for_the_request_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C has its effect when the answer is there, so what the target makes can be found; the next request works."""
    monkeypatch.setattr("onezone_contracts.wire.UNDER_WAY", AGES)
    made: list[bytes] = []

    def talk(connection: socket.socket, number: int) -> None:
        while data := read_request(connection):
            if number == 1:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.3)
            made.append(data)
            connection.sendall(answer(201))

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES)
        with pytest.raises(KeyboardInterrupt):
            wire.send(POST)
        assert len(made) == 1
        assert wire.send(POST).status == 201


def test_fresh_connection_is_not_retried() -> None:
    """A server that closes a new connection without an answer is asked once, not twice."""
    with RawServer(lambda connection, _: read_request(connection) and None) as raw:
        exchange = Wire(raw.origin, AGES).send(POST)
        assert raw.connections == 1
    assert exchange.failure == "the connection was closed without an answer"


def test_chunked_answer_is_read() -> None:
    """An answer in chunks, with an extension and trailers, is put together."""
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
    exchange = ask(always(data))
    assert exchange.response
    assert exchange.response.body == b"abcde"


def test_huge_body_is_cut() -> None:
    """Of a body beyond all reason only the beginning is read, and the connection is not used again."""

    def talk(connection: socket.socket, _: int) -> None:
        while read_request(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for _number in range(80):
                connection.sendall(b"x" * (1 << 20))

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES)
        exchange = wire.send(GET)
        wire.send(GET)
        assert raw.connections == 2
    assert exchange.response
    assert MAX_BODY <= len(exchange.response.body) < 2 * MAX_BODY


def test_redirect_is_not_followed() -> None:
    """A redirect is an answer like any other."""
    with RawServer(always(answer(302, b"", "Location: /elsewhere"))) as raw:
        exchange = Wire(raw.origin, AGES).send(POST)
        assert raw.connections == 1
    assert exchange.response
    assert (exchange.status, exchange.response.header("location")) == (302, "/elsewhere")


def test_cookies_are_not_kept_and_nothing_is_added() -> None:
    """A cookie is not sent back, and no header goes out that the request does not name but those that frame it."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, _: int) -> None:
        while data := read_request(connection):
            seen.append(data)
            connection.sendall(answer(200, b"", "Set-Cookie: a=b"))

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES)
        wire.send(POST)
        wire.send(POST)
    names = {line.partition(b":")[0].lower() for line in seen[1].partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
    assert names == {b"host", b"content-type", b"content-length"}


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
    assert ask(then(answer(200)), Request("GET", "/x", headers=(("X-Auth-Token", "żółw"),))).status == 200
    exchange = ask(then(answer(200)), Request("GET", "/x", headers=(("X-Auth-Token", "a\r\nb: c"),)))
    assert exchange.response is None
    assert exchange.failure


@pytest.mark.parametrize(
    ("status", "after", "pause"),
    [
        (429, "0", 0),
        (429, "30", 30),
        (429, "31", None),
        (429, "soon", None),
        (429, None, None),
        (503, "2", 2),
        (503, "3", None),
        (500, "1", None),
        (204, "1", None),
    ],
)
def test_patience_is_asked_for_by_status_and_seconds(status: int, after: str | None, pause: int | None) -> None:
    """429 and 503 with a Retry-After that is not too long; nothing else makes the kit wait."""
    headers = () if after is None else (("Retry-After", after),)
    exchange = Exchange(Request("GET", "/"), "http://x", Response(status, headers, b""))
    assert pause_after(exchange) == pause
