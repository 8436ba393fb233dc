"""Hostile input on a real socket: a documented answer, never a 5xx or a dropped connection, and nothing echoed."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_client import GOOD, HOME, Client, basic
from onezone_mockserver import create_app

PATH = f"/api/v3/groups/{HOME}/handle_services"
ADAM = f"Authorization: {basic('adam', 'adam-password')}"
JSON = "Content-Type: application/json"
SECRET = "s3cret-marker"


def exchange(address: tuple[str, int], *parts: bytes, then_close: bool = False) -> bytes:
    """Everything that the server answers to these bytes."""
    with socket.create_connection(address, timeout=10) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break  # answered before everything was sent
        if then_close:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def request(body: bytes, *headers: str, method: str = "POST", path: str = PATH) -> bytes:
    own = ["Host: mock.test", "Connection: close", f"Content-Length: {len(body)}"]
    lines = [f"{method} {path} HTTP/1.1", *own, *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), "the connection was dropped"
    return int(answer[9:12])


def service(properties: str) -> bytes:
    return f'{{"name":"ab","proxyEndpoint":"x","password":"{SECRET}","serviceProperties":{properties}}}'.encode()


BODIES = {
    "truncated": (service("{")[:-1], 400),
    "trailing garbage": (service('{"a":1}') + b"x", 400),
    "two values": (b"{}{}", 400),
    "only white space": (b"  \r\n", 400),
    "NaN": (service('{"a":NaN}'), 400),
    "Infinity": (service('{"a":-Infinity}'), 400),
    "1e400": (service('{"a":1e400}'), 400),
    "an integer of 5000 digits": (service('{"a":' + "9" * 5000 + "}"), 400),
    "an integer of 30 digits": (service('{"a":' + "9" * 30 + "}"), 204),
    "a name that is a huge number": (b'{"name":' + b"9" * 300 + b"}", 400),
    "nested 10000 deep": (service('{"a":' + "[" * 10000 + "]" * 10000 + "}"), 400),
    "nested 10000 deep, never closed": (b"[" * 10000, 400),
    "objects nested 1000 deep": (service('{"a":' * 1000 + "1" + "}" * 1000), 400),
    "nested 300 deep": (service('{"a":' + "[" * 300 + "]" * 300 + "}"), 400),
    "nested 150 deep": (service('{"a":' + "[" * 150 + "]" * 150 + "}"), 204),
    "NUL in a name": (b'{"name":"a\\u0000b","proxyEndpoint":"x","serviceProperties":{"a":1}}', 400),
    "a raw NUL": (b'{"name":"a\x00b"}', 400),
    "NUL in properties": (service('{"a":"\\u0000"}'), 204),
    "lone surrogate": (service('{"a":"\\ud800"}'), 400),
    "raw surrogate": (service('{"a":"') [:-1] + b'\xed\xa0\x80"}}', 400),
    "invalid UTF-8": (b'{"name":"\xff\xfe"}', 400),
    "overlong UTF-8": (b'{"name":"\xc0\xaf"}', 400),
    "UTF-16": ('{"name":"ab"}'.encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "latin-1": ('{"name":"é"}'.encode("latin-1"), 400),
    "duplicate keys": (b'{"name":5,"name":"ab","proxyEndpoint":"x","serviceProperties":{"a":1}}', 204),
    "100000 unknown keys": (b"{" + b",".join(b'"k%d":0' % i for i in range(80000)) + b"}", 400),
    "exactly 1 MiB": (b" " * (1048576 - len(service('{"a":1}'))) + service('{"a":1}'), 204),
    "a byte over 1 MiB": (b" " * (1048577 - len(service('{"a":1}'))) + service('{"a":1}'), 413),
    "5 MiB": (b"x" * 5242880, 413),
    "comments": (b"{/* */}", 400),
    "single quotes": (b"{'name':'ab'}", 400),
    "form data": (b"name=ab", 400),
    "empty key": (b'{"":1}', 400),
    "prototype": (b'{"__proto__":{"name":"ab"},"__class__":1}', 400),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_gets_a_documented_answer(address: tuple[str, int], name: str) -> None:
    """On a real connection; what is refused is refused with JSON that does not repeat the input."""
    body, status = BODIES[name]
    answer = exchange(address, request(body, ADAM, JSON))
    assert status_of(answer) == status
    assert SECRET.encode() not in answer
    if status >= 400:
        assert "error" in json.loads(answer.partition(b"\r\n\r\n")[2])


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def chunked_request(body: bytes, *headers: str) -> bytes:
    lines = [f"POST {PATH} HTTP/1.1", "Host: mock.test", "Connection: close", "Transfer-Encoding: chunked", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_chunked_body_is_a_body(address: tuple[str, int]) -> None:
    """Cut anywhere, also inside a character (RFC 9112, 7.1)."""
    good = json.dumps({**GOOD, "name": "zażółć"}, ensure_ascii=False).encode()
    pieces = [good[at : at + 1] for at in range(len(good))]
    assert status_of(exchange(address, chunked_request(chunked(*pieces), ADAM, JSON))) == 204
    assert status_of(exchange(address, chunked_request(chunked(good), ADAM))) == 415
    assert status_of(exchange(address, chunked_request(chunked(), ADAM, JSON))) == 400


def test_a_chunked_body_over_the_limit_is_stopped(address: tuple[str, int]) -> None:
    """It is counted while it comes; no length announced it."""
    parts = [b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 40
    assert status_of(exchange(address, chunked_request(b"", ADAM, JSON), *parts, b"0\r\n\r\n")) == 413


@pytest.mark.parametrize("body", [b"x" * 20_000_000, b"{}"])
@pytest.mark.parametrize("headers", [[], ["Content-Type: text/plain"], ["X-Auth-Token: wrong"]])
def test_an_answer_before_the_body_was_read_reaches_the_client(
    address: tuple[str, int], headers: list[str], body: bytes
) -> None:
    """A connection that is closed on unread data would be reset, and the answer lost."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request(body, *headers))
        assert status_of(b"".join(iter(lambda: connection.recv(65536), b""))) in {401, 415}


def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing(address: tuple[str, int]) -> None:
    """And the server goes on."""
    whole = request(json.dumps(GOOD).encode(), ADAM, JSON)
    exchange(address, whole[:-10], then_close=True)
    assert status_of(exchange(address, whole)) == 204


def test_compressed_bodies_are_refused(address: tuple[str, int]) -> None:
    """With and without saying so."""
    body = gzip.compress(json.dumps(GOOD).encode())
    assert status_of(exchange(address, request(body, ADAM, JSON, "Content-Encoding: gzip"))) == 415
    assert status_of(exchange(address, request(body, ADAM, JSON))) == 400


HEADERS = {
    "Content-Type in capitals": (["Content-Type: APPLICATION/JSON"], 204),
    "no Content-Type": ([], 415),
    "Content-Type of 50 kB": (["Content-Type: " + "x" * 50000], 415),
    "bogus charset": ([JSON + "; charset=rot13"], 415),
    "two Content-Types": ([JSON, "Content-Type: text/plain"], 415),
    "Accept of 50 kB": ([JSON, "Accept: " + "a/b," * 12000], 406),
    "odd Accept": ([JSON, "Accept: ;q=;;,\xff/\xfe"], 400),
    "Accept that is no weight": ([JSON, "Accept: application/json;q=banana"], 204),
    "Prefer of commas": ([JSON, "Prefer: " + "," * 30000], 204),
    "Prefer of quotes": ([JSON, 'Prefer: "' * 10], 204),
    "Prefer with an absurd wait": ([JSON, "Prefer: wait=-1, code=1e9"], 400),
    "token of 50 kB": ([JSON, "X-Auth-Token: " + "x" * 50000], 401),
    "token that is not ASCII": ([JSON, "X-Auth-Token: \xff\xfe\x80"], 401),
    "two Authorizations": ([JSON, ADAM], 401),
    "5000 headers": ([JSON, *(f"X-{i}: {i}" for i in range(5000))], 204),
    "odd Origin": ([JSON, "Origin: \xff<script>"], 204),
    "Upgrade": ([JSON, "Upgrade: websocket", "Sec-WebSocket-Key: x"], 204),
    "Expect": ([JSON, "Expect: 100-continue"], 204),
    "Content-Encoding that is none": ([JSON, "Content-Encoding: \xff"], 415),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_hostile_headers_get_a_documented_answer(address: tuple[str, int], name: str) -> None:
    """Whatever a header holds, it is read, ignored or refused, and never echoed."""
    headers, status = HEADERS[name]
    answer = exchange(address, request(json.dumps(GOOD).encode(), ADAM, *headers))
    if answer.startswith(b"HTTP/1.1 100"):
        answer = answer.partition(b"\r\n\r\n")[2]
    assert status_of(answer) == status
    assert b"<script" not in answer
    assert len(answer) < 2000


PATHS = {
    "an encoded slash": ("a%2Fb", 404),
    "an encoded percent sign": ("%252F", 404),
    "NUL": ("%00", 404),
    "a line break": ("a%0D%0AX-Injected:%20y", 404),
    "no UTF-8": ("%FF%FE", 404),
    "a surrogate": ("%ED%A0%80", 404),
    "60 kB": ("x" * 60000, 404),
    "bad encoding": ("%zz", 400),
    "half an encoding": ("%2", 400),
    "a dot segment": ("..", 404),
    "a semicolon": ("a;b=c", 404),
    "Unicode": ("%C5%BC", 404),
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_hostile_id_gets_a_documented_answer(address: tuple[str, int], name: str, method: str) -> None:
    """It is looked for as it stands, and not found."""
    identity, status = PATHS[name]
    body = json.dumps(GOOD).encode() if method == "POST" else b""
    path = f"/api/v3/groups/{identity}/handle_services"
    answer = exchange(address, request(body, ADAM, JSON, method=method, path=path))
    assert status_of(answer) == status
    assert b"X-Injected" not in answer


def test_pipelined_requests_are_answered_in_turn(address: tuple[str, int]) -> None:
    """Three requests in one go get three answers."""
    request_bytes = request(b"", ADAM, method="GET").replace(b"Connection: close\r\n", b"")
    last = request(b"", ADAM, method="GET")
    assert exchange(address, request_bytes + request_bytes + last).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.slow
def test_http_1_0_without_a_host_gets_a_location_of_the_server(address: tuple[str, int]) -> None:
    """There is no Host to build it from."""
    body = json.dumps(GOOD).encode()
    head = f"POST {PATH} HTTP/1.0\r\n{ADAM}\r\n{JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = exchange(address, head.encode() + body)
    assert f"location: http://127.0.0.1:{address[1]}/api/".encode() in answer


@pytest.mark.slow
@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_accepted_or_refused(client: Client, body: bytes) -> None:
    """A body of any bytes is a bad request."""
    before = client.snapshot()
    assert client.create(body, as_="adam").status == 400
    assert client.snapshot() == before


KNOWN = ["authorization", "accept", "content-type", "prefer", "host", "origin", "x-auth-token", "content-encoding"]
names = st.sampled_from(KNOWN)
ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
octets = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)


@pytest.mark.slow
@given(st.lists(st.tuples(names, octets), max_size=6), ids)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_headers_and_any_id_get_an_answer(client: Client, headers: list[tuple[str, str]], identity: str) -> None:
    """Never a 5xx; the headers of the answer are ASCII (the client of these tests insists)."""
    headers = [(name, value) for name, value in headers if "wait" not in value.lower()]
    assert client.create(group=identity.replace("/", "%2F"), headers=headers).status < 500


@pytest.mark.slow
@pytest.mark.parametrize("name", ["prefer", "accept", "content-type", "authorization"])
def test_long_headers_are_forgotten(name: str) -> None:
    """The mock keeps what it read out of short ones only."""
    client = Client(create_app(journal=False))

    def send(number: int) -> None:
        value = f"a/{number};b={'c' * 50_000}"
        client.create(as_=None, headers={name: basic("adam", value) if name == "authorization" else value})

    send(0)
    tracemalloc.start()
    for number in range(1, 31):
        send(number)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 500_000
