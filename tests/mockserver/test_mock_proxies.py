"""Locations as clients see the mock: behind a proxy that is trusted, or at a URL that its user gives."""

from __future__ import annotations

import pytest
from mock_client import Client
from onezone_mockserver import create_app
from onezone_mockserver.cli import main

CASES = [
    ({}, "http://mock.test:8080"),
    ({"x-forwarded-proto": "https"}, "https://mock.test:8080"),
    ({"x-forwarded-proto": "https, http"}, "https://mock.test:8080"),
    ({"x-forwarded-proto": "wss"}, "https://mock.test:8080"),
    ({"x-forwarded-proto": "gopher"}, "http://mock.test:8080"),
    ({"x-forwarded-host": "api.example.org"}, "http://api.example.org"),
    (
        {"x-forwarded-host": "api.example.org:8443, inner:80", "x-forwarded-proto": "https"},
        "https://api.example.org:8443",
    ),
    ({"x-forwarded-host": "bad host/"}, "http://mock.test:8080"),
    ({"x-forwarded-host": "a.example", "x-forwarded-port": "8443"}, "http://a.example:8443"),
    ({"x-forwarded-host": "a.example", "x-forwarded-port": "443", "x-forwarded-proto": "https"}, "https://a.example"),
    ({"x-forwarded-host": "a.example:81", "x-forwarded-port": "8443"}, "http://a.example:81"),
    ({"x-forwarded-host": "[2001:db8::1]", "x-forwarded-port": "81"}, "http://[2001:db8::1]:81"),
    ({"x-forwarded-prefix": "/onezone"}, "http://mock.test:8080/onezone"),
    ({"x-forwarded-prefix": "/outer/, /inner"}, "http://mock.test:8080/outer/inner"),
    ({"x-forwarded-prefix": "//evil.example"}, "http://mock.test:8080"),
    ({"x-forwarded-prefix": "onezone?x"}, "http://mock.test:8080"),
    ({"forwarded": "proto=https;host=a.example"}, "https://a.example"),
    ({"forwarded": 'for=192.0.2.1; Host="a.example:8443" ;PROTO=https, host=b.example'}, "https://a.example:8443"),
    ({"forwarded": 'for="_x\\",y";host="[2001:db8::1]:81"'}, "http://[2001:db8::1]:81"),
    ({"forwarded": "proto=https", "x-forwarded-host": "a.example", "x-forwarded-proto": "http"}, "https://a.example"),
    ({"forwarded": "for=192.0.2.1, proto=https;host=inner.example"}, "http://mock.test:8080"),
    ({"forwarded": 'host="a.example'}, "http://mock.test:8080"),
    ({"forwarded": 'host="evil.example/x"'}, "http://mock.test:8080"),
]
UNTRUSTED = {"forwarded": "proto=https;host=a.example", "x-forwarded-proto": "https", "x-forwarded-host": "a.example"}


@pytest.fixture(scope="module")
def behind_proxy() -> Client:
    return Client(create_app(trust_proxy=True))


def start_of(client: Client, headers: dict[str, str], base: str = "/api/v3") -> str:
    """What the Location of a new service has before the base path."""
    reply = client.create(as_="adam", headers=headers, base=base)
    assert reply.status == 204
    start, _, rest = reply.headers["location"].partition("/api/onezone/v3/groups/")
    assert rest
    return start


@pytest.mark.parametrize(("headers", "start"), CASES)
def test_a_trusted_proxy_says_where_the_mock_is(behind_proxy: Client, headers: dict[str, str], start: str) -> None:
    """Scheme, host, port and prefix; what is none of these is passed over."""
    assert start_of(behind_proxy, headers) == start


def test_headers_that_come_twice_are_one_list(behind_proxy: Client) -> None:
    """RFC 9110, 5.3: the first is that of the outermost proxy."""
    twice = [("x-forwarded-host", "a.example"), ("x-forwarded-host", "b.example")]
    assert start_of(behind_proxy, twice) == "http://a.example"  # type: ignore[arg-type]


def test_nobody_else_is_believed(client: Client) -> None:
    """Without --trust-proxy."""
    assert start_of(client, UNTRUSTED) == "http://mock.test:8080"


def test_a_world_stays_in_the_path(behind_proxy: Client) -> None:
    """Behind what the proxy took away."""
    headers = {"x-forwarded-prefix": "/onezone", "x-forwarded-host": "a.example"}
    assert start_of(behind_proxy, headers, "/_world/a/api/v3") == "http://a.example/onezone/_world/a"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "start"),
    [("https://mock.example.org", ""), ("https://mock.example.org:8443/", ""), ("http://localhost:5173/api/zone/", "")],
)
def test_a_public_url_is_where_locations_begin(url: str, start: str) -> None:
    """Whatever the request and its proxies say."""
    client = Client(create_app(public_url=url, trust_proxy=True))
    assert start_of(client, UNTRUSTED) == url.rstrip("/") + start
    assert start_of(client, {}, "/_world/a/api/v3") == f"{url.rstrip('/')}/_world/a"


def test_a_server_of_web_sockets_is_no_scheme_of_a_location(behind_proxy: Client) -> None:
    """`wss` came into one from a proxy that calls the connection so."""
    assert start_of(behind_proxy, {"forwarded": "proto=wss;host=a.example"}) == "https://a.example"


@pytest.mark.parametrize("url", ["", "mock", "ftp://a.example", "http://a b", "http://", "http://a/?x", "http://u@a/"])
def test_what_is_no_url_is_told(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert main("mock", ["--public-url", url]) == 2
    assert capsys.readouterr().err.count("\n") == 1
