"""What HTTP asks of the mock: methods, Location, CORS, content negotiation, media types, preferences."""

from __future__ import annotations

import base64
import time
from urllib.parse import urlsplit

import orjson
import pytest
from mock_client import GOOD, HOME, MISSING, SERVICE, Client, basic
from onezone_mockserver import create_app
from onezone_mockserver.scenario import Scenario
from onezone_mockserver.stages.accept import accepts

BASES = ("/api/v3", "/api/v3/onezone", "/api/onezone/v3")
COLLECTION = f"/api/v3/groups/{HOME}/handle_services"
SUCCESS = {"classic": 204, "current": 204, "deployed": 201}
LOCATION_BASE = {"classic": "/api/v3", "current": "/api/onezone/v3", "deployed": "/api/v3/onezone"}


def path_of(reply: object) -> str:
    return urlsplit(reply.headers["location"]).path  # type: ignore[attr-defined]


@pytest.mark.parametrize("base", BASES)
def test_a_location_can_be_fetched_as_it_stands(each: Client, base: str) -> None:
    """Under every base path a service is created, and its Location shows it with what was sent."""
    edition = each.app.contract.edition
    reply = each.create(base=base, as_="adam")
    assert reply.status == SUCCESS[edition]
    assert reply.headers["location"].startswith(
        f"http://mock.test:8080{LOCATION_BASE[edition]}/groups/{HOME}/handle_services/"
    )
    shown = each("GET", path_of(reply), as_="adam").json
    assert {key: shown[key] for key in GOOD} == GOOD
    assert shown["handleServiceId"] == path_of(reply).rpartition("/")[2]
    assert shown["creator"] == {"type": "user", "id": "adam"}
    assert abs(shown["creationTime"] - time.time()) < 60


def test_a_success_has_no_body_and_no_content_type(each: Client) -> None:
    """A 204 has no Content-Length either (RFC 9110, 8.6), a 201 without a body says 0, and what it would be."""
    reply = each.create(as_="adam")
    assert reply.body == b""
    assert ("content-type" in reply.headers) is (reply.status == 201)
    assert reply.headers.get("content-length") == (None if reply.status == 204 else "0")


ODD = ["a b", "a/b", "ż", "100%", "?q", "#f", "..", "\x00", "\r\nX: y", "'\"<>", "a;v=1", "+", "%41"]


@pytest.mark.slow
@pytest.mark.parametrize("identity", ODD)
def test_any_id_can_be_asked_for_and_comes_back_encoded(identity: str) -> None:
    """Ids are opaque: one that needs percent-encoding works in the path and in the Location."""
    from urllib.parse import quote

    user = {"username": "adam", "password": "adam-password", "zone_privileges": "all"}
    client = Client(create_app(scenario=Scenario(orjson.dumps({"users": [user], "groups": [{"id": identity}]}), ())))
    encoded = quote(identity, safe="")
    reply = client.create(group=encoded, as_="adam")
    assert reply.status == 204
    assert path_of(reply).split("/")[5] == encoded
    assert client("GET", path_of(reply), as_="adam").status == 200


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:1", "http://localhost:1"),
        ("[::1]:80", "http://[::1]:80"),
        ("a'b", "http://mock.test:8080"),
        ("", "http://mock.test:8080"),
        ("x" * 1000, "http://mock.test:8080"),
    ],
)
def test_a_host_that_is_none_does_not_get_into_the_location(client: Client, host: str, origin: str) -> None:
    """The Location is built from the Host header only where that is a usual host and a port."""
    location = client.create(as_="adam", headers={"host": host}).headers["location"]
    assert location.startswith(f"{origin}/api/")


@pytest.mark.parametrize("host", ["evil.test/x?", "a@b", "a\tb", "a b", "a:1:2", "é.test"])
def test_a_host_that_is_none_is_refused(client: Client, host: str) -> None:
    """RFC 9112, 3.2; nothing was made."""
    before = client.snapshot()
    reply = client.create(as_="adam", headers={"host": host})
    assert (reply.status, reply.error) == (400, "malformedData")
    assert client.snapshot() == before


def test_options_of_the_whole_server(each: Client) -> None:
    """RFC 9110, 9.3.7: every method that there is."""
    reply = each("OPTIONS", "*")
    assert (reply.status, reply.body) == (204, b"")
    assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(reply.headers["allow"].split(", "))
    assert each("GET", "*").status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", COLLECTION, "GET, HEAD, OPTIONS, POST"),
        ("BREW", f"{COLLECTION}/{SERVICE}", "DELETE, GET, HEAD, OPTIONS"),
        ("POST", f"/api/v3/handle_services/{SERVICE}/public", "GET, HEAD, OPTIONS"),
    ],
)
def test_405_names_every_method_of_the_path(each: Client, method: str, path: str, allow: str) -> None:
    """Allow is complete (RFC 9110, 10.2.1)."""
    reply = each(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allow)


def test_options_says_what_a_path_answers(client: Client) -> None:
    """OPTIONS needs no credentials and has no body."""
    reply = client("OPTIONS", COLLECTION)
    assert (reply.status, reply.headers["allow"], reply.body) == (204, "GET, HEAD, OPTIONS, POST", b"")


@pytest.mark.parametrize(("user", "status"), [("adam", 200), (None, 401), ("otto", 403)])
def test_head_answers_as_get_without_the_body(client: Client, user: str | None, status: int) -> None:
    """Status and headers of HEAD are those of GET (RFC 9110, 9.3.2)."""
    head, get = client("HEAD", COLLECTION, as_=user), client("GET", COLLECTION, as_=user)
    assert head.status == get.status == status
    assert head.pairs == get.pairs
    assert head.body == b""


@pytest.mark.parametrize(
    "path", ["/", "/api/v3", "/api/v3/", "/api/v3/planets", "/api/v3/groups//handle_services", "/api/v4/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_path_is_404_in_the_editions_shape(each: Client, method: str, path: str) -> None:
    """Whatever the method, but in `deployed` (test_mock_upstream.py); an empty segment is no id."""
    reply = each(method, path)
    if each.app.contract.unknown_path_allows:
        assert (reply.status, reply.body) == (405 if method == "POST" else 404, b"")
    else:
        assert reply.status == 404
        assert reply.headers["content-type"] == "application/json"
        assert reply.error


def test_a_trailing_slash_counts_for_nothing(client: Client) -> None:
    """There is no redirect to the path without it."""
    assert client("GET", f"{COLLECTION}/", as_="adam").status == 200
    assert client("GET", f"{COLLECTION}//", as_="adam").status == 404


def test_a_percent_sign_without_digits_is_a_bad_request(client: Client) -> None:
    """Bad percent-encoding is told before anything else."""
    assert client("GET", "/api/v3/groups/%zz/handle_services").status == 400


def test_encoded_letters_of_the_path_are_the_letters(client: Client) -> None:
    """Percent-encoding unreserved characters changes nothing (RFC 3986, 6.2.2.2)."""
    assert client("GET", f"/api/v3/%67roups/{HOME}/handle_services?x=1", as_="adam").status == 200


@pytest.mark.parametrize("path", [COLLECTION, "/nowhere", "/_mock/health"])
def test_every_answer_can_be_read_across_origins(client: Client, path: str) -> None:
    """The CORS headers are on successes and errors, and expose Location, and when to try again."""
    headers = client("GET", path, headers={"origin": "http://page.test"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert {"Location", "Retry-After"} <= set(headers["access-control-expose-headers"].split(", "))


def test_a_preflight_allows_what_the_operation_needs(client: Client) -> None:
    """Without credentials; methods and headers of the operation are allowed."""
    asked = {"origin": "http://page.test", "access-control-request-method": "POST"}
    reply = client("OPTIONS", COLLECTION, headers=asked)
    assert reply.status == 204
    assert "POST" in reply.headers["access-control-allow-methods"]
    for name in ("Authorization", "Content-Type", "X-Auth-Token", "Prefer"):
        assert name in reply.headers["access-control-allow-headers"]


@pytest.mark.slow
def test_only_chosen_origins_may_read() -> None:
    """With --cors-origin the origin is echoed to its own pages and to nobody else's."""
    client = Client(create_app(cors_origins=("http://a.test", "http://b.test")))
    mine = client("GET", COLLECTION, headers={"origin": "http://b.test"}).headers
    other = client("GET", COLLECTION, headers={"origin": "http://c.test"}).headers
    assert mine["access-control-allow-origin"] == "http://b.test"
    assert mine["vary"] == other["vary"] == "Origin"
    assert "access-control-allow-origin" not in other


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/*", True),
        ("text/html, */*;q=0.1", True),
        ("text/html", False),
        ("application/json;q=0", False),
        ("application/json;q=0, */*", False),
        ("*/*;q=0", False),
        ("application/json; charset=utf-8", True),
        ("text/html, *; q=.2, */*; q=.2", True),
        ("garbage;;;=,", None),
        (",", None),
    ],
)
def test_accept_is_read_as_rfc_9110_says(header: str, accepted: object) -> None:
    """The most specific range decides, a weight of 0 excludes, and what is no range does not count."""
    assert accepts(header.encode(), ("application/json",)) is accepted


@pytest.mark.parametrize(
    ("content_type", "statuses"),
    [
        ("application/json", (204, 204, 201)),
        ("Application/JSON", (204, 204, 201)),
        ("application/json; charset=utf-8", (204, 204, 415)),
        ('application/json ;charset="UTF-8"', (204, 204, 415)),
        ("application/json; charset=iso-8859-1", (415, 415, 415)),
        ("text/json", (415, 415, 415)),
        ("application/jsonx", (415, 415, 415)),
        ("application/x-www-form-urlencoded", (415, 415, 415)),
        ("", (415, 415, 415)),
        (";", (415, 415, 415)),
    ],
)
def test_only_json_is_taken_for_a_body(each: Client, content_type: str, statuses: tuple[int, ...]) -> None:
    """The media type counts in any case of letters; parameters where the edition takes them."""
    status = dict(zip(("classic", "current", "deployed"), statuses, strict=True))[each.app.contract.edition]
    assert each.create(as_="adam", headers={"content-type": content_type}).status == status


def test_without_a_body_any_media_type_goes(client: Client) -> None:
    """There is nothing that could be of the wrong type; the empty body counts as an empty object."""
    assert client.create(b"", as_="adam", headers={"content-type": "text/plain"}).error == "missingRequiredValue"


def test_a_content_coding_is_refused(client: Client) -> None:
    """A compressed body is not unpacked."""
    assert client.create(as_="adam", headers={"content-encoding": "gzip"}).status == 415
    assert client.create(as_="adam", headers={"content-encoding": "identity"}).status == 204


CREDENTIALS = [
    ({"x-auth-token": "demo-token-adam"}, 204, None),
    ({"authorization": "Bearer demo-token-adam"}, 204, None),
    ({"x-auth-token": "demo-token-adam", "authorization": "Basic broken"}, 204, None),
    ({"x-auth-token": ""}, 401, "badToken"),
    ({"x-auth-token": "a b"}, 401, "badToken"),
    ({"x-auth-token": "unknown"}, 401, "tokenInvalid"),
    ({"authorization": "Bearer "}, 401, "badToken"),
    ({"authorization": "Basic"}, 401, "badBasicCredentials"),
    ({"authorization": "Basic !!!"}, 401, "badBasicCredentials"),
    ({"authorization": basic("adam", "adam-password") + "!"}, 401, "badBasicCredentials"),
    ({"authorization": basic("adam", "adam-password") + "=="}, 401, "badBasicCredentials"),
    ({"authorization": "Basic " + "YWRhbQ=="}, 401, "badBasicCredentials"),
    ({"authorization": "Basic /////w=="}, 401, "badBasicCredentials"),
    ({"authorization": basic("adam", "x" * 100000)}, 401, "badBasicCredentials"),
    ({"authorization": basic("adam", "\x00")}, 401, "badBasicCredentials"),
    ({"authorization": "Digest username=adam"}, 401, None),
    ({"authorization": "basic YTpi"}, 401, None),
    ({"authorization": ""}, 401, None),
    ([("authorization", basic("adam", "adam-password")), ("authorization", "Digest x")], 401, "badBasicCredentials"),
]


@pytest.mark.parametrize(("headers", "status", "error"), CREDENTIALS)
def test_credentials_are_right_or_refused(client: Client, headers: dict, status: int, error: str | None) -> None:
    """The token comes first; what is present and wrong is 401 with the reason inside."""
    reply = client.create(headers=headers)
    assert reply.status == status
    details = reply.json["error"].get("details") if status == 401 else None
    assert (details["authError"]["id"] if details else None) == error
    if status == 401:
        assert [value.split()[0] for name, value in reply.pairs if name == "www-authenticate"] == ["Basic", "Bearer"]


@pytest.mark.slow
def test_names_and_passwords_are_utf_8_and_the_first_colon_splits() -> None:
    """RFC 7617, 2.1."""
    user = {"username": "zażółć", "password": "a:ł:b", "zone_privileges": "all"}
    client = Client(create_app(scenario=Scenario(orjson.dumps({"users": [user], "groups": [{"id": HOME}]}), ())))
    assert client.create(headers={"authorization": basic("zażółć", "a:ł:b")}).status == 204
    wrong = [basic("zażółć", other) for other in ("a", "b", "ł:b", "a:l:b", "a::b", "a:ł:b:", "a:l\u0301:b")]
    wrong.append("Basic " + base64.b64encode("zażółć:a:ł:b".encode("iso-8859-2")).decode())
    assert [client.create(headers={"authorization": header}).status for header in wrong] == [401] * len(wrong)


def test_a_reason_stands_on_every_refusal(client: Client) -> None:
    """One ASCII line that says which check refused and why."""
    assert client.create(as_="vera").reason == "route member: lacks group group_create_handle_service"
    assert client.create(as_="adam", group=MISSING).reason == "effect: there is no such group"
    assert client.create({}, as_="adam").reason == "validation: name: missingRequiredValue"
