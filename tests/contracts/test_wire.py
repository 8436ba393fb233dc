"""The Wire tells what a server did in words, whatever it did, and raises for none."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable

import pytest
from judge_tools import AGES, RawServer, always, answer, closed_port, dripping, read_request, silent
from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.network import Network
from onezone_contracts.patience import Patience
from onezone_contracts.signals import stoppable
from onezone_contracts.wire import MAX_BODY, Wire

Talk = Callable[[socket.socket, int], None]
GET = Request("GET", "/api/v3/x")
POST = Request("POST", "/api/v3/x", headers=(("Content-Type", "application/json"),), body=b'{"a":1}')


def ask(talk: Talk, request: Request = GET, timeout: float = AGES) -> Exchange:
    """One request to a server of its own."""
    with RawServer(talk) as raw:
        return Wire(raw.origin, timeout).send(request)


def answer_then_close(data: bytes) -> Talk:
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
    assert ask(answer_then_close(data)).response is None


@pytest.mark.parametrize("case", NO_ANSWER)
def test_what_is_no_answer_is_told_in_words(case: str) -> None:
    """A server that closes, answers garbage or stops half-way is a failure in one line, without an answer."""
    data, words = NO_ANSWER[case]
    exchange = ask(answer_then_close(data))
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
    exchange = ask(answer_then_close(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"))
    assert exchange.response
    assert (exchange.status, exchange.response.body, exchange.response.trailing) == (204, b"", b"hello")


def test_announced_body_of_a_204_may_stay_away() -> None:
    """A 204 that announces a body and sends none is an answer, without waiting for the whole time-out."""

    def talk(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
        connection.recv(1)

    exchange = ask(talk)
    assert (exchange.status, exchange.response and exchange.response.trailing) == (204, b"")
    assert exchange.seconds < AGES / 2


def test_chunked_body_of_a_204_is_seen() -> None:
    """A 204 with a chunked body keeps what came as stray bytes."""
    exchange = ask(
        answer_then_close(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
    )
    assert exchange.response
    assert b"hi" in exchange.response.trailing


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
    assert (first.status, first.response.trailing) == (204, b"stray")
    assert (second.status, second.response.body) == (200, b"fine")


def test_body_of_an_answer_to_head_is_seen() -> None:
    """What follows an answer to HEAD is kept beside it, and does not reach the next answer."""

    def talk(connection: socket.socket, number: int) -> None:
        while read_request(connection):
            connection.sendall(answer(200, b"hello") if number == 1 else answer(200, b"fine"))

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES)
        first, second = wire.send(Request("HEAD", "/x")).response, wire.send(GET).response
    assert first
    assert (first.body, first.trailing) == (b"", b"hello")
    assert second
    assert second.body == b"fine"


def test_length_of_an_answer_to_head_announces_nothing() -> None:
    """The answer to HEAD has the length that GET would give, and the connection is kept."""
    with RawServer(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) as raw:
        wire = Wire(raw.origin, AGES)
        answers = [wire.send(Request("HEAD", "/x")).response for _ in range(2)]
        assert raw.connections == 1
    assert [answer and (answer.status, answer.trailing) for answer in answers] == [(200, b"")] * 2


def test_bytes_after_a_whole_body_do_not_reach_the_next_answer() -> None:
    """What follows a body of the announced length is left, with the connection."""
    with RawServer(always(answer(200, b"fine") + b"more")) as raw:
        wire = Wire(raw.origin, AGES)
        answers = [wire.send(GET).response for _ in range(2)]
        assert raw.connections == 2
    assert [answer and answer.body for answer in answers] == [b"fine"] * 2


def test_another_protocol_is_told_at_once() -> None:
    """Who greets in another protocol and keeps the connection is no HTTP server, without any time-out."""

    def talk(connection: socket.socket, _: int) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
        read_request(connection)
        connection.recv(1)

    exchange = ask(talk)
    assert "no HTTP answer" in (exchange.failure or "")


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(("head", "drop"), DRIPPING.values(), ids=list(DRIPPING))
def test_dripping_answer_times_out(head: bytes, drop: bytes) -> None:
    """An answer that comes bit by bit and never ends takes no longer than the time-out."""
    assert ask(dripping(head, drop), timeout=0.4).timed_out


INTERIM = {
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "processing": b"HTTP/1.1 102 Processing\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
    "unknown": b"HTTP/1.1 199 Whatever\r\nX: y\r\n\r\n",
    "several": b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3,
}


@pytest.mark.parametrize("case", INTERIM)
def test_interim_answers_are_skipped(case: str) -> None:
    """What is interim (RFC 9110, 15.2) is not the answer, and its headers are none of the answer's."""
    with RawServer(always(INTERIM[case] + answer(201, b"", "Location: /a"))) as raw:
        wire = Wire(raw.origin, AGES)
        exchanges = [wire.send(POST), wire.send(GET)]
        assert raw.connections == 1
    for exchange in exchanges:
        assert exchange.response
        assert (exchange.status, exchange.response.header("Link"), exchange.response.header("Location")) == (
            201,
            None,
            "/a",
        )


def test_interim_answer_that_comes_alone_is_no_answer() -> None:
    """A server that says 103 and closes has not answered."""
    exchange = ask(answer_then_close(INTERIM["early hints"]))
    assert exchange.failure == "the connection was closed without an answer"


def test_switch_of_protocols_that_nobody_asked_for_is_no_answer() -> None:
    """101 is no interim answer like others: what follows is not HTTP."""
    exchange = ask(answer_then_close(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\x00\x00"))
    assert "no HTTP answer" in (exchange.failure or "")


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"])
def test_body_may_end_with_the_connection(head: bytes) -> None:
    """A body without a length ends where the server closes, and the next request opens a new connection."""
    with RawServer(answer_then_close(head + b"\r\nhello")) as raw:
        wire = Wire(raw.origin, AGES)
        answers = [wire.send(GET).response for _ in range(2)]
        assert raw.connections == 2
    assert [answer and answer.body for answer in answers] == [b"hello", b"hello"]


def test_connection_is_kept() -> None:
    """Requests go over one connection while the server keeps it."""
    with RawServer(always(answer(200, b"{}"))) as raw:
        wire = Wire(raw.origin, AGES)
        assert [wire.send(POST).status for _ in range(5)] == [200] * 5
        assert (raw.connections, wire.sent) == (1, 5)


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_idle_connection_closed_by_the_server_is_replaced(pause: float) -> None:
    """A server that ends a kept connection between requests is asked again, silently."""
    with RawServer(answer_then_close(answer(200, b"{}"))) as raw:
        wire = Wire(raw.origin, AGES)
        for _ in range(3):
            assert wire.send(POST).status == 200
            time.sleep(pause)
        assert raw.connections == 3


@pytest.mark.slow
def test_interrupt_waits_for_the_request_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C lets the answer come, so that what the target makes is known; the next request is not sent any more."""
    monkeypatch.setattr("onezone_contracts.wire.UNDER_WAY", AGES)
    network, sockets = Network(), list[bytes]()

    def talk(connection: socket.socket, _: int) -> None:
        while data := read_request(connection):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.3)
            sockets.append(data)
            connection.sendall(answer(201))

    with RawServer(talk) as raw, stoppable(network.stop):
        wire = Wire(raw.origin, AGES, network=network)
        assert wire.send(POST).status == 201
        with pytest.raises(KeyboardInterrupt):
            wire.send(POST)
        assert len(sockets) == 1


def test_what_cleans_up_is_sent_after_an_interrupt_and_not_after_two() -> None:
    """What the kit made is removed after Ctrl-C; a second one ends that, too."""
    network = Network()
    with RawServer(always(answer(204))) as raw:
        wire = Wire(raw.origin, AGES, network=network)
        network.stop.requests = 1
        with pytest.raises(KeyboardInterrupt):
            wire.send(POST)
        wire.finish()
        assert wire.send(POST).status == 204
        network.stop.requests = 2
        with pytest.raises(KeyboardInterrupt):
            wire.send(POST)


def test_a_hang_is_not_waited_for_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that does not come is waited for a moment only, once the run is to end."""
    monkeypatch.setattr("onezone_contracts.wire.UNDER_WAY", 0.0)
    network = Network()

    def talk(connection: socket.socket, _: int) -> None:
        read_request(connection)
        network.stop.requests = 1
        connection.recv(1)

    with RawServer(talk) as raw:
        assert Wire(raw.origin, AGES, network=network).send(POST).timed_out


@pytest.mark.slow
def test_who_never_answers_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a target answers for the first time, all requests together wait for so long, whatever one may take."""
    monkeypatch.setattr("onezone_contracts.wire.FIRST", 0.3)
    with RawServer(silent) as raw:
        wire = Wire(raw.origin, AGES)
        assert wire.send(POST).failure == "no answer within 0.3 s"
        assert wire.send(POST).failure == "it has answered nothing within 0.3 s"
        assert (wire.sent, raw.connections) == (1, 1)


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


def test_a_target_that_asks_for_patience_is_asked_again() -> None:
    """Whoever sends, the Wire waits as long as it is told, and each try counts as a request."""
    slept: list[float] = []

    def talk(connection: socket.socket, _: int) -> None:
        for data in (answer(429, b"", "Retry-After: 1"), answer(503), answer(200)):
            if read_request(connection):
                connection.sendall(data)

    with RawServer(talk) as raw:
        wire = Wire(raw.origin, AGES, Patience(sleep=slept.append))
        assert wire.send(GET).status == 200
    assert (slept, wire.sent) == ([1.0, 0.2], 3)
