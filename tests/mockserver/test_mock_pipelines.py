"""Several requests on one connection: answers in their order, also where the last of them is broken or cut off."""

from __future__ import annotations

import re
import select
import signal
import socket
import struct
import subprocess
import time
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from mock_client import mock_process
from socket_client import (
    BODY,
    COMMON,
    LONG,
    PATH,
    chunks,
    connected,
    head,
    journal,
    length,
    post,
    services,
    statuses,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socket_client import Address

GARBAGE = b"\x00nonsense\r\n\r\n"
HEALTH = head("Host: a", method="GET", path="/_mock/health")
WAITS = "Prefer: wait=0.3"


def create(*more: str) -> bytes:
    return head(*COMMON, *more, length(BODY)) + BODY


def read_all(connection: socket.socket) -> bytes:
    """What comes until the mock closes the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def all_statuses(connection: socket.socket) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", read_all(connection))]


@contextmanager
def running(*options: str) -> Iterator[Address]:

    with mock_process(*options) as (_, origin):
        parts = urlsplit(origin)
        yield parts.hostname or "", parts.port or 0


# --- what is not HTTP ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_owed_comes_before_the_refusal(address: Address) -> None:
    """RFC 9112, 9.3.2: two good requests, then garbage: their answers, then the refusal, then the end."""
    with connected(address) as connection:
        connection.sendall(create(WAITS) + create() + GARBAGE)
        assert all_statuses(connection) == [204, 204, 400]


@pytest.mark.slow
def test_garbage_that_comes_later_waits_for_what_is_owed(address: Address) -> None:
    """And so does more of it; the client may have closed its side meanwhile."""
    with connected(address) as connection:
        connection.sendall(create(WAITS))
        for _ in range(2):
            assert not select.select([connection], [], [], 0.05)[0]
            connection.sendall(GARBAGE)
        connection.shutdown(socket.SHUT_WR)
        assert all_statuses(connection) == [204, 400]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"GETX / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"\r\nFOO / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"nonsense\r\n\r\n", 501),
        (GARBAGE, 400),
        (b"\r\n" + GARBAGE, 400),
        (bytes.fromhex("16030100a5010000a10303"), 400),
    ],
    ids=["unknown", "longer", "unknown after a blank line", "one word", "NUL", "NUL after a blank line", "TLS"],
)
@pytest.mark.parametrize("cut", [0, 1, 4, None])
@pytest.mark.parametrize("before", [b"", HEALTH + create()], ids=["alone", "behind"])
def test_packets_do_not_decide_what_is_no_request(
    address: Address, message: bytes, status: int, cut: int | None, before: bytes
) -> None:
    """Behind other requests or alone, whole or cut: a method that nobody knows is 501, and what names none is 400."""
    answers = b""
    with connected(address) as connection, suppress(ConnectionError):  # it may end before the last part is there
        for part in (before + message,) if cut is None else (before, message[:cut], message[cut:]):
            connection.sendall(part)
            time.sleep(0.005)
        while more := connection.recv(65536):
            answers += more
    assert int(re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answers)[-1]) == status


@pytest.mark.slow
@pytest.mark.parametrize("path", [PATH, "/_mock/reset", "/_mock/faults"])
def test_a_body_that_is_not_http_is_refused_once(address: Address, path: str) -> None:
    """The request has one answer, after those that came before it."""
    with connected(address) as connection:
        connection.sendall(
            create(WAITS) + head(*COMMON, "Transfer-Encoding: chunked", path=path) + b"2\r\n{}\r\nzz\r\n"
        )
        assert all_statuses(connection) == [204, 400]


def test_garbage_after_an_answer_ends_the_connection(address: Address) -> None:
    """Who was answered before the whole body was there is not answered again."""
    with connected(address) as connection:
        connection.sendall(head(*COMMON, "Transfer-Encoding: chunked", path="/nowhere") + b"2\r\n{}\r\n")
        assert statuses(connection, 1) == [404]
        connection.sendall(b"zz\r\n")
        assert all_statuses(connection) == []


@pytest.mark.slow
def test_what_is_not_http_is_written_down_as_far_as_it_is_known() -> None:
    """Method and path where they came, without the query; nothing with --no-journal."""
    broken = b"PUT /_mock/faults?secret HTTP/1.1\r\nHost: a\r\nOrigin: http://page\r\nX: y\r\nBad Name: x\r\n\r\n"
    half = head(*COMMON, "Transfer-Encoding: chunked") + b"zz\r\n"
    with running() as address:
        unknown = b"FOO /a?b HTTP/1.1\r\n\r\n"
        body = head(*COMMON, length(unknown + GARBAGE)) + unknown
        for text in (broken, GARBAGE, half, unknown, body + GARBAGE + GARBAGE):
            with connected(address) as connection:
                connection.sendall(text)
                assert b"\r\naccess-control-allow-origin: *\r\n" in read_all(connection)
        rows = [(row["method"], row["path"], row["status"], row["stage"]) for row in journal(address)]
        assert rows == [
            ("PUT", "/_mock/faults", 400, "protocol"),
            ("", "", 400, "protocol"),
            ("POST", PATH, 400, "protocol"),
            ("FOO", "/a", 501, "protocol"),
            ("POST", PATH, 400, "body"),
            ("", "", 400, "protocol"),
        ]
        post(address, "/_mock/reset")
        with connected(address) as connection:
            connection.sendall(create())
            assert statuses(connection, 1) == [204]
            connection.sendall(unknown)
            assert all_statuses(connection) == [501]
        with connected(address) as connection:
            connection.sendall(create() + unknown)
            assert all_statuses(connection) == [204, 501]
        assert [(row["method"], row["path"]) for row in journal(address)] == [("POST", PATH), ("FOO", "/a")] * 2
    with running("--no-journal", "--cors-origin", "http://page") as address:
        with connected(address) as connection:
            connection.sendall(broken)
            assert b"\r\naccess-control-allow-origin: http://page\r\n" in read_all(connection)
        with connected(address) as connection:
            connection.sendall(GARBAGE)
            assert b"access-control-allow-origin" not in read_all(connection)
        assert journal(address) == []


def test_options_of_the_whole_server(address: Address) -> None:
    """The asterisk form (RFC 9112, 3.2.4)."""
    with connected(address) as connection:
        connection.sendall(head("Host: a", method="OPTIONS", path="*") + HEALTH)
        assert statuses(connection, 2) == [204, 200]


@pytest.mark.parametrize(
    ("target", "status"),
    [("http://mock.test/_mock/health", 200), ("http://mock.test", 404), ("http://mock.test?a=b", 404), ("*", 404)],
)
def test_a_target_in_absolute_form(address: Address, target: str, status: int) -> None:
    """An empty path is `/` (RFC 9112, 3.2.2), and the connection goes on."""
    with connected(address) as connection:
        connection.sendall(head("Host: mock.test", method="GET", path=target))
        assert statuses(connection, 1) == [status]
        connection.sendall(HEALTH)
        assert statuses(connection, 1) == [200]


def test_connect_is_refused(address: Address) -> None:
    """The mock is no proxy, and says so; what was asked before is answered."""
    with connected(address) as connection:
        connection.sendall(HEALTH + head("Host: a:443", method="CONNECT", path="a:443") + b"\x16\x03\x01")
        answer = read_all(connection)
    assert re.findall(rb"HTTP/1.1 ([0-9]+) ", answer) == [b"200", b"501"]
    assert b"\r\nx-mock-reason: protocol: this server is no proxy" in answer


# --- the end of a connection -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("cut", [b"", b"POST ", head(*COMMON, length(BODY)), create()[:-1]])
def test_a_half_closed_client_gets_what_is_owed(address: Address, cut: bytes) -> None:
    """Though its last request is incomplete, and never will be complete."""
    with connected(address) as connection:
        connection.sendall(create(WAITS) + create() + cut)
        connection.shutdown(socket.SHUT_WR)
        assert all_statuses(connection) == [204, 204]


@pytest.mark.slow
def test_a_client_that_is_gone_is_no_failure() -> None:
    """It left while several of its requests were waiting for their turn: the mock has nothing to say of it."""
    with mock_process() as (process, origin):
        host, _, port = origin.removeprefix("http://").partition(":")
        address = host, int(port)
        with connected(address) as connection:
            connection.sendall(create("Prefer: wait=1") + create() + HEALTH)
            until(lambda: len(journal(address)) == 2)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        until(lambda: not any(row["pending"] for row in journal(address)))
        rows = [(row["status"], row["reason"]) for row in journal(address)]
        assert rows == [(204, ""), (None, "the connection ended before its turn")]
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("offer", [(), ("Connection: Upgrade", "Upgrade: h2c")])
def test_trailers_are_no_headers(address: Address, offer: tuple[str, ...]) -> None:
    """What comes behind a chunked body does not sign anybody in (RFC 9110, 6.5.1)."""
    plain = [line for line in COMMON if "Authorization" not in line]
    body = chunks(BODY).removesuffix(b"\r\n") + COMMON[1].encode() + b"\r\nPrefer: code=503\r\n\r\n"
    with connected(address) as connection:
        connection.sendall(head(*plain, *offer, "Transfer-Encoding: chunked") + body)
        assert statuses(connection, 1) == [401]
        connection.sendall(head(*COMMON, *offer, "Transfer-Encoding: chunked") + body)
        assert statuses(connection, 1) == [204]


@pytest.mark.slow
def test_half_a_body_at_the_end_of_the_server_is_not_answered(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Not in a shape that the edition does not have, at any rate."""
    process, address = own
    with connected(address) as connection, connected(address) as control:
        connection.sendall(create()[:-1])
        control.sendall(head("Host: localhost", length(b"{}"), method="PUT", path="/_mock/faults") + b"{")
        until(lambda: journal(address))
        process.send_signal(signal.SIGTERM)
        for each in (connection, control):
            with suppress(ConnectionResetError):
                assert each.recv(65536) == b""
    assert process.wait(LONG) == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/_mock/nowhere", 404),
        ("DELETE", "/_mock/world", 405),
        ("POST", "/api/v3/nowhere", 404),
        ("OPTIONS", PATH, 204),
        ("GET", PATH, 200),
    ],
)
def test_who_sends_more_than_is_read_gets_the_answer(address: Address, method: str, path: str, status: int) -> None:
    """The connection ends only when the client has sent it all: an end before would take the answer along."""
    body = b" " * 8_000_000
    with connected(address) as connection:
        connection.sendall(head(*COMMON, "Connection: close", length(body), method=method, path=path) + body)
        assert all_statuses(connection) == [status]


# --- in the journal --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_waits_for_its_turn_is_a_pending_row(own: tuple[subprocess.Popen[str], Address]) -> None:
    """It stands in the journal of its world as soon as it is there."""
    _, address = own
    other = head(*COMMON, "X-Mock-World: other", method="GET")
    with connected(address) as connection:
        connection.sendall(create("Prefer: wait=30") + create() + other)
        until(lambda: len(journal(address)) == 2 and journal(address, "?world=other"))
        second = journal(address)[1]
        assert (second["number"], second["stage"], second["pending"], second["path"]) == (2, "waiting", True, PATH)
        post(address, "/_mock/reset")
        assert statuses(connection, 3) == [204, 204, 200]


@pytest.mark.slow
def test_what_waited_is_one_row_at_the_end(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Neither its waiting nor its turn adds another, and it keeps its number."""
    _, address = own
    with connected(address) as connection:
        connection.sendall(create(WAITS) + create() + create())
        until(lambda: len(journal(address)) == 3)
        assert statuses(connection, 3) == [204, 204, 204]
    until(lambda: not any(row["pending"] for row in journal(address)))
    rows = [(row["number"], row["status"], row["user"]) for row in journal(address)]
    assert rows == [(1, 204, "adam"), (2, 204, "adam"), (3, 204, "adam")]


# --- resets ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_stood_behind_a_waiting_request_never_shows_after_a_reset(
    own: tuple[subprocess.Popen[str], Address],
) -> None:
    """It was asked before the reset, too: it is answered at once, and leaves no trace."""
    _, address = own
    with connected(address) as connection:
        connection.sendall(create("Prefer: wait=30") + create("Prefer: wait=30") + create())
        until(lambda: journal(address))
        post(address, "/_mock/reset")
        assert statuses(connection, 3) == [204, 204, 204]
    assert journal(address) == []
    assert len(services(address)) == 1


@pytest.mark.slow
def test_what_stands_behind_a_reset_comes_after_it(own: tuple[subprocess.Popen[str], Address]) -> None:
    """On one connection, the order counts."""
    _, address = own
    with connected(address) as connection:
        connection.sendall(create() + head("Host: localhost", length(b""), path="/_mock/reset") + create())
        assert statuses(connection, 3) == [204, 204, 204]
    assert [row["method"] for row in journal(address)] == ["POST"]
    assert len(services(address)) == 2


@pytest.mark.slow
def test_a_world_counts_from_when_it_is_there_as_a_whole(own: tuple[subprocess.Popen[str], Address]) -> None:
    """One whose first byte came before a reset, and whose last came after it, is newer than the reset."""
    _, address = own
    origin = f"http://{address[0]}:{address[1]}"
    with connected(address) as connection:
        connection.sendall(create())
        assert statuses(connection, 1) == [204]
        with urllib.request.urlopen(f"{origin}/_mock/world") as answer:
            world = answer.read()
        connection.sendall(head("Host: localhost", length(world), method="PUT", path="/_mock/world") + world[:-1])
        post(address, "/_mock/reset")
        assert len(services(address)) == 1
        connection.sendall(world[-1:])
        assert statuses(connection, 1) == [204]
    assert len(services(address)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["state-two", "state-renames", "state-refused-400"])
def test_a_fault_is_at_work_in_the_world_that_its_request_came_into(fault: str) -> None:
    """So it leaves the world after a reset alone, too."""
    with running("--fault", fault) as address:
        origin = f"http://{address[0]}:{address[1]}"
        with urllib.request.urlopen(f"{origin}/_mock/world") as answer:
            before = answer.read()
        bad = b"[]"
        with connected(address) as connection, connected(address) as refused:
            connection.sendall(create("Prefer: wait=30"))
            refused.sendall(head(*COMMON, "Prefer: wait=30", length(bad)) + bad)
            until(lambda: len(journal(address)) == 2)
            post(address, "/_mock/reset")
            assert statuses(connection, 1) == [204]
            assert statuses(refused, 1) == [400]
        with urllib.request.urlopen(f"{origin}/_mock/world") as answer:
            assert answer.read() == before
