"""What real clients do on a connection: offers of an upgrade, half-closed sockets, waits, and the end of the server."""

from __future__ import annotations

import json
import select
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from mock_client import HOME, basic
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
    from pathlib import Path

    from socket_client import Address

UPGRADES = {
    "h2c": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    "websocket": ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    "TLS": ("Connection: keep-alive, upgrade", "Upgrade: TLS/1.0"),
}


# --- offers of an upgrade (RFC 9110, 7.8; uvicorn#2722, httptools#124) ---------------------------------------------


@pytest.mark.parametrize("offer", UPGRADES)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 40])
def test_the_body_of_a_request_that_offers_an_upgrade_is_read(
    address: Address,
    offer: str,
    chunked: bool,  # noqa: FBT001
    cut: int,
) -> None:
    """Whole or in pieces, in one segment with its head or in another; the connection goes on after it."""
    body = chunks(BODY[:10], BODY[10:]) if chunked else BODY
    framing = "Transfer-Encoding: chunked" if chunked else length(BODY)
    first = head(*COMMON, *UPGRADES[offer], framing)
    with connected(address) as connection:
        connection.sendall(first + body[:cut])
        if cut == 0:
            assert not select.select([connection], [], [], 0.05)[0], "answered before the body was there"
        connection.sendall(body[cut:])
        assert statuses(connection, 1) == [204]
        connection.sendall(head(*COMMON, length(BODY)) + BODY)
        assert statuses(connection, 1) == [204]


def test_offers_in_a_row_and_pipelined(address: Address) -> None:
    """Four requests in one segment, each with an offer, then a plain one: five answers, in order."""
    offering = head(*COMMON, *UPGRADES["h2c"], length(BODY)) + BODY
    bodiless = head(*COMMON, *UPGRADES["websocket"], method="GET", path="/api/v3/nothing")
    empty = head(*COMMON, *UPGRADES["h2c"], length(b""))
    with connected(address) as connection:
        connection.sendall(offering + bodiless + empty + offering + head(*COMMON, length(BODY)) + BODY)
        assert statuses(connection, 5) == [204, 404, 400, 204, 204]


def test_a_body_that_looks_like_a_request_is_a_body(address: Address) -> None:
    """It is refused as what it is, and not carried out."""
    body = head(*COMMON, method="DELETE", path=f"/api/v3/groups/{HOME}")
    with connected(address) as connection:
        connection.sendall(head(*COMMON, *UPGRADES["h2c"], length(body)) + body)
        assert statuses(connection, 1) == [400]
        connection.sendall(head(*COMMON, method="GET", path=f"/api/v3/groups/{HOME}"))
        assert statuses(connection, 1) == [200]


def test_an_offer_with_a_broken_body_is_refused(address: Address) -> None:
    """Chunks that are none are not HTTP."""
    with connected(address) as connection:
        connection.sendall(head(*COMMON, *UPGRADES["h2c"], "Transfer-Encoding: chunked") + b"zz\r\n")
        assert statuses(connection, 1)[-1] == 400


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_with_http2_creates(address: Address) -> None:
    """`curl --http2 -d …` offers h2c."""
    host, port = address
    command = ["curl", "-s", "-i", "--http2", "-u", "adam:adam-password", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        [*command, "-d", BODY, f"http://{host}:{port}{PATH}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("HTTP/1.1 204 ")


JDK = """
import java.net.URI;
import java.net.http.*;
public class Create {
  public static void main(String[] a) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(a[0]))
      .header("Authorization", a[1]).header("Content-Type", "application/json")
      .POST(HttpRequest.BodyPublishers.ofString(a[2])).build();
    HttpClient client = HttpClient.newHttpClient();
    for (int i = 0; i < 2; i++) {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(answer.statusCode() + " " + answer.headers().firstValue("location").isPresent());
    }
  }
}
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("javac"), reason="there is no JDK")
def test_the_http_client_of_the_jdk_creates(address: Address, tmp_path: Path) -> None:
    """With its defaults, which offer h2c on every request."""
    (tmp_path / "Create.java").write_text(JDK)
    url = f"http://{address[0]}:{address[1]}{PATH}"
    command = ["java", str(tmp_path / "Create.java"), url, basic("adam", "adam-password"), BODY.decode()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["204", "true", "204", "true"]


# --- what HTTP forbids ----------------------------------------------------------------------------------------


TWO_HOSTS = ("Host: a", "Host: b")
NO_HOSTS = [TWO_HOSTS, ("Host: a", "Host: a"), ("Host: a b/c",), ("Host: u@h",), ("Host: a:b",), ("Host: [::1",)]


@pytest.mark.parametrize("hosts", [(), *NO_HOSTS])
@pytest.mark.parametrize("path", [PATH, "/_mock/health", "/_mock/nowhere", "/nowhere"])
def test_a_request_names_one_host(address: Address, hosts: tuple[str, ...], path: str) -> None:
    """RFC 9112, 3.2: 400 without a Host, with two, and with one that is none; HTTP/1.0 needs none."""
    with connected(address) as connection:
        connection.sendall(head(*hosts, *COMMON[1:], method="GET", path=path))
        assert statuses(connection, 1) == [400]
    with connected(address) as connection:
        connection.sendall(head(*hosts, method="GET", path="/_mock/health").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert statuses(connection, 1) == [400 if hosts else 200]


def test_a_preflight_names_one_host_too(address: Address) -> None:
    """It is answered by the same rule."""
    asks = ("Origin: http://page", "Access-Control-Request-Method: POST")
    for hosts, status in ((TWO_HOSTS, 400), (TWO_HOSTS[:1], 204)):
        with connected(address) as connection:
            connection.sendall(head(*hosts, *asks, method="OPTIONS"))
            assert statuses(connection, 1) == [status]


@pytest.mark.parametrize("host", ["", "a:", "[::1]:80", "[v1.a:b]", "a_b.test:1", "%C3%A9.test", "a,b"])
def test_a_host_may_be_any_that_a_uri_may_have(address: Address, host: str) -> None:
    """RFC 3986, 3.2.2; it is empty where the target has no host."""
    with connected(address) as connection:
        connection.sendall(head(f"Host: {host}", method="GET", path="/_mock/health"))
        assert statuses(connection, 1) == [200]


@pytest.mark.parametrize("coding", [("gzip, chunked",), ("gzip", "chunked"), ("Chunked",), ("chunked ",)])
@pytest.mark.parametrize("path", [PATH, "/_mock/world"])
def test_a_transfer_coding_that_nobody_knows_is_told(address: Address, coding: tuple[str, ...], path: str) -> None:
    """RFC 9112, 6.1: 501 for all but chunked."""
    lines = [f"Transfer-Encoding: {value}" for value in coding]
    method = "POST" if path == PATH else "GET"
    with connected(address) as connection:
        connection.sendall(head(*COMMON, *lines, method=method, path=path) + chunks(BODY))
        good = coding[0].strip().lower() == "chunked"
        assert statuses(connection, 1) == [501 if not good else 204 if path == PATH else 200]


@pytest.mark.parametrize("size", [2**16, 2**16 + 1, 300_000])
def test_a_target_that_is_too_long_is_told(address: Address, size: int) -> None:
    """RFC 9110, 15.5.15: 414; one that is as long as it may be is looked for."""
    with connected(address) as connection:
        connection.sendall(head("Host: a", method="GET", path="/" + "a" * (size - 1)))
        assert statuses(connection, 1) == [414]
    with connected(address) as connection:
        connection.sendall(head("Host: a", method="GET", path="/" + "a" * (2**16 - 2)))
        assert statuses(connection, 1) == [404]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"nonsense\r\n\r\n", 501),
        (b"\x00nonsense\r\n\r\n", 400),
        (bytes.fromhex("16030100a5010000a10303"), 400),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400),
    ],
)
def test_what_is_not_http_is_refused_and_written_down(
    own: tuple[subprocess.Popen[str], Address], text: bytes, status: int
) -> None:
    """In the edition's shape, with a reason, a date, and a row in the journal."""
    _, address = own
    with connected(address) as connection:
        connection.sendall(text)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    fields, _, body = answer.partition(b"\r\n\r\n")
    assert int(answer.split()[1]) == status
    assert json.loads(body)["error"]["id"] == "malformedData"
    assert b"\r\ndate: " in fields
    assert b"\r\nx-mock-reason: protocol: " in fields
    row = journal(address)[0]
    assert (row["status"], row["stage"], row["pending"]) == (status, "protocol", False)
    assert row["reason"].startswith("protocol: ")


def test_a_half_closed_client_gets_its_answer(address: Address) -> None:
    """It has said all that it had to say, and still listens (RFC 9112, 9.6)."""
    with connected(address) as connection:
        connection.sendall(head(*COMMON, "Prefer: wait=0.2", length(BODY)) + BODY)
        connection.shutdown(socket.SHUT_WR)
        assert statuses(connection, 1) == [204]
        assert connection.recv(1) == b""


# --- waits, resets and the end --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_request_is_in_the_journal_while_it_waits(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Marked as pending; a client that leaves meanwhile does not undo what its request does."""
    _, address = own
    with connected(address) as connection:
        connection.sendall(head(*COMMON, "Prefer: wait=1", length(BODY)) + BODY)
        until(lambda: journal(address))
        row = journal(address)[0]
        assert (row["pending"], row["status"], row["path"], row["method"]) == (True, None, PATH, "POST")
    until(lambda: not journal(address)[0]["pending"])
    row = journal(address)[0]
    assert (row["status"], row["operation"], row["user"]) == (204, "create_group_handle_service", "adam")
    assert len(services(address)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("how", ["reset", "world"])
def test_what_was_asked_before_a_reset_never_shows_after_it(
    own: tuple[subprocess.Popen[str], Address], how: str
) -> None:
    """The wait ends at once, the client gets its answer, and neither the world nor the journal has a trace of it."""
    _, address = own
    origin = f"http://{address[0]}:{address[1]}"
    with connected(address) as connection:
        connection.sendall(head(*COMMON, "Prefer: wait=30", length(BODY)) + BODY)
        until(lambda: journal(address))
        if how == "reset":
            post(address, "/_mock/reset")
        else:
            with urllib.request.urlopen(f"{origin}/_mock/world") as answer:
                world = answer.read()
            urllib.request.urlopen(urllib.request.Request(f"{origin}/_mock/world", world, method="PUT"))
        assert statuses(connection, 1) == [204]
    assert len(services(address)) == 1
    if how == "reset":
        assert [row["method"] for row in journal(address)] == ["GET"]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_end_of_the_server_ends_waits(own: tuple[subprocess.Popen[str], Address], how: signal.Signals) -> None:
    """The client gets its answer, and the process is gone with exit code 0."""
    process, address = own
    with connected(address) as connection:
        connection.sendall(head(*COMMON, "Prefer: wait=30", length(BODY)) + BODY)
        until(lambda: journal(address))
        process.send_signal(how)
        assert statuses(connection, 1) == [204]
    assert process.wait(LONG) == 0


@pytest.mark.slow
def test_the_end_of_the_server_does_not_wait_for_half_a_body(own: tuple[subprocess.Popen[str], Address]) -> None:
    """A body under way has five seconds; who has gone, or never goes on, does not keep the process."""
    process, address = own
    with connected(address) as half, connected(address) as idle:
        half.sendall(head(*COMMON, length(BODY)) + BODY[:5])
        idle.sendall(b"POST ")
        until(lambda: journal(address))
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


@pytest.mark.slow
def test_two_interrupts_end_it_though_a_client_does_not_read(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Its connection is cut off."""
    process, address = own
    with closing(socket.socket()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(address)
        deaf.sendall(head("Host: a", method="GET", path="/_mock/openapi.yaml") * 100)
        until(lambda: select.select([deaf], [], [], 0)[0])
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 0


@pytest.mark.slow
def test_a_body_under_way_is_still_answered(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Within those seconds."""
    process, address = own
    with connected(address) as connection:
        connection.sendall(head(*COMMON, length(BODY)) + BODY[:5])
        until(lambda: journal(address))
        process.send_signal(signal.SIGTERM)
        connection.sendall(BODY[5:])
        assert statuses(connection, 1) == [204]
    assert process.wait(LONG) == 0
