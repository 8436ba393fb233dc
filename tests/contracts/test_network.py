"""How a target is reached: headers of every request, a rate, and certificates."""

from __future__ import annotations

import socket
import ssl
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from judge_tools import AGES, Clock, CommandResult, RawServer, always, answer, read_request
from onezone_contracts.arguments import network_of
from onezone_contracts.curl import curl
from onezone_contracts.exchange import Redactor, Request
from onezone_contracts.network import Network, Rate
from onezone_contracts.target.file import SetupError
from onezone_contracts.wire import Wire

Command = Callable[..., CommandResult]
GET = Request("GET", "/x")


def network(*headers: str, **more: Any) -> Network:
    return network_of(Namespace(**{"header": headers, "cacert": None, "insecure": False, "rate": None} | more))


def request_and_curl(how: Network, request: Request) -> tuple[bytes, str]:
    """The request as it came, and its curl line."""
    got: list[bytes] = []

    def talk(connection: socket.socket, _: int) -> None:
        got.append(read_request(connection))
        connection.sendall(answer(204))

    redactor = Redactor()
    how.mask_values(redactor)
    with RawServer(talk) as raw:
        exchange = Wire(raw.origin, AGES, network=how).send(request)
        return got[0], curl(exchange, redactor).replace(raw.origin, "")


def test_headers_go_with_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comes as it was given, with variables filled in; the curl line names the variable, not its value."""
    monkeypatch.setenv("GATEWAY_KEY", "s3cret-key")
    data, line = request_and_curl(network("X-Gateway: a b", "X-Key:pre-${GATEWAY_KEY}"), GET)
    assert b"\r\nX-Gateway: a b\r\n" in data
    assert b"\r\nX-Key: pre-s3cret-key\r\n" in data
    assert line == """curl -i --path-as-is -H 'X-Gateway: a b' -H 'X-Key: pre-'"$GATEWAY_KEY" /x"""


def test_a_requests_own_header_wins() -> None:
    """What a request says itself is not said twice: a second Accept would make another request of it."""
    data, _ = request_and_curl(
        network("Accept: text/html", "User-Agent: mine"), Request("GET", "/x", headers=(("Accept", "a/b"),))
    )
    assert data.lower().count(b"\r\naccept:") == 1
    assert data.lower().count(b"\r\nuser-agent: mine\r\n") == data.lower().count(b"\r\nuser-agent:") == 1


def test_a_header_from_a_variable_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is masked wherever it turns up; one that stands on the command line is shown."""
    monkeypatch.setenv("GATEWAY_KEY", "s3cret-key")
    how = network("X-Gateway: open", "X-Key: ${GATEWAY_KEY}")
    redactor = Redactor()
    how.mask_values(redactor)
    assert redactor.text("open s3cret-key") == "open ***"
    assert "s3cret-key" not in repr((how, how.with_common_headers(GET)))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("X-Key", "write NAME:VALUE"),
        (":x", "write NAME:VALUE"),
        ("X Key:x", "write NAME:VALUE"),
        ("X-Key:a\nb", "characters that no header may have"),
        ("X-Key:${NOT_SET_ANYWHERE}", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("Authorization:x", "the kit sets this header itself"),
        ("content-type:x", "the kit sets this header itself"),
    ],
)
def test_a_bad_header_is_one_line(command: Command, header: str, words: str) -> None:
    """What is no header, or would change what is judged, is bad usage."""
    result = command("verify", "--header", header)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert words in result.err


def test_rate_spaces_requests() -> None:
    """Requests start a moment apart from each other, and one that comes late does not wait."""
    clock, slept = Clock(), list[float]()
    rate = Rate(4, clock, slept.append)
    for _ in range(3):
        rate.wait()
    clock.now = 10
    rate.wait()
    assert slept == pytest.approx([0.25, 0.5])


def test_rate_counts_every_thread() -> None:
    """Whoever sends waits for the requests of the others."""
    slept: list[float] = []
    rate = Rate(2, Clock(), slept.append)
    threads = [threading.Thread(target=rate.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == pytest.approx([0.5, 1, 1.5, 2])


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "many"])
def test_a_rate_is_more_than_nothing(command: Command, value: str) -> None:
    """What is not a number of requests a second is bad usage."""
    result = command("verify", f"--rate={value}")
    assert (result.code, result.out) == (2, "")
    assert "not a number of requests a second" in result.err


# --- TLS ------------------------------------------------------------------------------------------------------


@contextmanager
def secure(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A server with that certificate, which answers 204; its origin."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def talk(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            always(answer(204))(wrapped, number)

    with RawServer(talk) as raw:
        yield raw.origin.replace("http:", "https:")


def test_whom_to_trust_can_be_said(certificate: Callable[..., tuple[Path, Path]]) -> None:
    """A certificate of an authority of one's own is accepted with --cacert, any with --insecure."""
    pair = certificate("127.0.0.1")
    with secure(pair) as origin:
        assert Wire(origin, AGES, network=network(cacert=pair[0])).send(GET).status == 204
        assert Wire(origin, AGES, network=network(insecure=True)).send(GET).status == 204
        failure = Wire(origin, AGES).send(GET).failure
    assert failure
    assert "its certificate was not accepted: self" in failure
    assert "--cacert FILE" in failure


def test_openssl_says_why(certificate: Callable[..., tuple[Path, Path]]) -> None:
    """A wrong name and a certificate that is over are told apart."""
    for pair, words in (
        (certificate("elsewhere.example"), "IP address mismatch"),
        (certificate("127.0.0.1", -1), "certificate has expired"),
    ):
        with secure(pair) as origin:
            assert words in str(Wire(origin, AGES, network=network(cacert=pair[0])).send(GET).failure)


def test_a_port_without_tls_is_told() -> None:
    """Where plain HTTP is spoken, the scheme is the likely mistake."""

    def talk(connection: socket.socket, _: int) -> None:
        connection.recv(1)
        connection.sendall(answer(400))

    with RawServer(talk) as raw:
        failure = Wire(raw.origin.replace("http:", "https:"), AGES).send(GET).failure
    assert failure
    assert "is it http:// instead of https://?" in failure


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"cacert": "/no/such/file"}, "No such file"),
        ({"cacert": __file__}, "there is no certificate in this file"),
        ({"cacert": __file__, "insecure": True}, "contradict"),
    ],
)
def test_a_bad_authority_is_bad_usage(more: dict[str, Any], words: str) -> None:
    """A file that is not there or has no certificate is told before anything is sent."""
    with pytest.raises(SetupError, match=words):
        network(**more)
