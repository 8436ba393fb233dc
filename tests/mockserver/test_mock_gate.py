"""The control plane's safety: no page of others reads or changes anything, and beyond loopback it takes a token."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from mock_client import Client, basic, mock_process
from onezone_mockserver import create_app
from socket_client import connected, statuses

if TYPE_CHECKING:
    from socket_client import Address

EVIL = "https://evil.example"
CALLS = (("GET", "/_mock/world"), ("GET", "/_mock/"), ("POST", "/_mock/reset"), ("GET", "/_world/a/_mock/journal"))


@pytest.fixture(scope="module")
def named_origins() -> Client:
    """A mock whose origins have names."""
    return Client(create_app(cors_origins=["http://app.test:3000", "null"]))


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("origin", [EVIL, "null", "http://mock.test:9", "http://mock.test", ""])
def test_no_page_of_another_origin_is_answered(client: Client, method: str, path: str, origin: str) -> None:
    """403, which no page may read, whether or not its request is a simple one; nothing is changed."""
    client.create(as_="adam")
    before = client.snapshot()
    reply = client(method, path, b"x", headers={"origin": origin, "content-type": "text/plain"})
    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers
    assert "--cors-origin" in reply.json["error"]
    assert client.snapshot() == before


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "mock.test.evil.example", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_other_name_is_answered(client: Client, host: str, method: str, path: str) -> None:
    """A name that was made to resolve to loopback: the page's Origin is that of the request then, and does not help."""
    before = client.snapshot()
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        reply = client(method, path, headers=headers)
        assert reply.status == 403
        assert "--public-url" in reply.json["error"]
    assert client.snapshot() == before


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "app.localhost:8080", "127.0.0.1:1", "[::1]:8080", "192.0.2.7"]
)
def test_loopback_and_addresses_are_its_own(client: Client, host: str) -> None:
    """Nobody can have a name resolve to something else there; the page of the mock itself may do everything."""
    assert client("GET", "/_mock/world", headers={"host": host}).status == 200
    reply = client("POST", "/_mock/reset", headers={"host": host, "origin": f"http://{host}"})
    assert reply.status == 204


def test_what_a_page_embeds_is_refused(client: Client) -> None:
    """An image or a script has no Origin; a link that somebody follows is answered."""
    embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client("GET", "/_mock/world", headers=embedded).status == 403
    assert client("GET", "/_mock/", headers={**embedded, "sec-fetch-mode": "navigate"}).status == 200
    answer = client("GET", "/_mock/world")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_everybody_may_see_that_it_runs_and_read_the_contract(client: Client) -> None:
    """A health check comes from anywhere, and tools fetch the document by whatever name."""
    for path in ("/_mock/health", "/_mock/health/", "/_mock/openapi.yaml"):
        reply = client("GET", path, headers={"host": "mock.internal", "origin": EVIL})
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "*")


@pytest.mark.slow
def test_a_named_origin_may_use_it(named_origins: Client) -> None:
    """With its preflights and credentials; `null`, which any page can have, is not enough."""
    origin = {"origin": "http://app.test:3000"}
    asked = {**origin, "access-control-request-method": "PUT", "access-control-request-headers": "content-type"}
    for reply in (
        named_origins("OPTIONS", "/_mock/world", headers=asked),
        named_origins("POST", "/_mock/reset", headers=origin),
    ):
        assert reply.status == 204
        assert reply.headers["access-control-allow-origin"] == "http://app.test:3000"
        assert reply.headers["access-control-allow-credentials"] == "true"
    assert named_origins("GET", "/_mock/world", headers={"origin": "null"}).status == 403
    assert named_origins("OPTIONS", "/_mock/world", headers={**asked, "origin": EVIL}).status == 403


RAW = (
    ("POST /_mock/reset HTTP/1.1", "Host: evil.example"),
    ("POST /%5Fmock/reset HTTP/1.1", "Host: evil.example"),
    ("POST /_world/a/%5Fmock/reset HTTP/1.1", "Host: localhost", "Origin: http://evil.example"),
    ("POST /_mock/reset/ HTTP/1.1", "Host: localhost", "Origin: http://localhost", "Origin: http://evil.example"),
    ("POST /_mock/reset HTTP/1.1", "Host: localhost:1", "Origin: http://localhost:2", "X-Forwarded-Host: localhost:2"),
    ("GET /_mock/world HTTP/1.1", "Host: evil.example", "Origin: http://evil.example"),
    ("GET http://evil.example/_mock/world HTTP/1.1", "Host: evil.example"),
    ("GET /_mock/world?x=/_mock/health HTTP/1.1", "Host: evil.example"),
    ("GET /_mock/health/../world HTTP/1.1", "Host: evil.example"),
)


@pytest.mark.parametrize("lines", RAW, ids=lambda lines: lines[0])
def test_no_spelling_gets_around_it(address: Address, lines: tuple[str, ...]) -> None:
    """As a server reads it from the socket."""
    with connected(address) as connection:
        connection.sendall("\r\n".join([*lines, "Content-Length: 0", "", ""]).encode())
        assert statuses(connection, 1) == [403]


@pytest.mark.slow
def test_the_token_is_asked_for() -> None:
    """As a bearer token, or as the password of a browser's login box; then any name of the mock is right."""
    client = Client(create_app(control_token="s3cret"))
    for value in (None, "Bearer wrong", "Bearer", "Basic s3cret", "Basic ###", "Digest s3cret", basic("s3cret", "x")):
        reply = client("GET", "/_mock/world", headers={} if value is None else {"authorization": value})
        assert reply.status == 401, value
        assert [field.split()[0] for name, field in reply.pairs if name == "www-authenticate"] == ["Bearer", "Basic"]
        assert "s3cret" not in reply.body.decode()
    for value in ("Bearer s3cret", "bearer s3cret", basic("anybody", "s3cret")):
        right = {"authorization": value, "host": "mock.internal:80"}
        assert client("GET", "/_mock/world", headers=right).status == 200
        assert client("GET", "/_mock/world", headers={**right, "origin": EVIL}).status == 403
    assert client("GET", "/_mock/health").status == 200
    assert client.create(as_="adam").status == 204


@pytest.mark.slow
def test_a_public_url_is_its_own_name() -> None:
    """Also where the proxy asks by another."""
    client = Client(create_app(public_url="https://mock.example.org/onezone"))
    origin = {"origin": "https://mock.example.org"}
    assert client("POST", "/_mock/reset", headers={"host": "mock.example.org", **origin}).status == 204
    assert client("POST", "/_mock/reset", headers=origin).status == 204
    assert client("POST", "/_mock/reset", headers={"origin": "https://mock.example"}).status == 403


@pytest.mark.slow
def test_beyond_loopback_a_token_is_drawn() -> None:
    """It is printed, on standard error where only the address is on standard output; health needs none."""
    with mock_process("--host", "0.0.0.0") as (process, origin):
        assert process.stderr is not None
        token = process.stderr.readline().strip().removeprefix("control token: ")
        where = urlsplit(origin)
        address = where.hostname or "", where.port or 0
        assert _status(address, "GET", "/_mock/health") == 200
        assert _status(address, "POST", "/_mock/reset") == 401
        assert _status(address, "POST", "/_mock/reset", {"Authorization": f"Bearer {token}"}) == 204


@pytest.mark.slow
def test_beyond_loopback_a_token_may_be_given_or_the_plane_switched_off() -> None:
    """Then nothing is drawn."""
    with mock_process("--host", "0.0.0.0", "--control-token", "given") as (_, origin):
        address = urlsplit(origin).hostname or "", urlsplit(origin).port or 0
        assert _status(address, "POST", "/_mock/reset", {"Authorization": "Bearer given"}) == 204
    with mock_process("--host", "0.0.0.0", "--no-control") as (_, origin):
        address = urlsplit(origin).hostname or "", urlsplit(origin).port or 0
        assert _status(address, "GET", "/_mock/health") == 404


def _status(address: Address, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection(*address)
    try:
        connection.request(method, path, headers=headers or {})
        return connection.getresponse().status
    finally:
        connection.close()
