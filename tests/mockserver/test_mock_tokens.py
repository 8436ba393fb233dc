"""Tokens: made by the API, they let their user in until they are revoked, deleted, or at an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_client import Client
from onezone_mockserver import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_client import Reply

NAMED, TEMPORARY = "/user/tokens/named", "/user/tokens/temporary"
NOW = 1_600_000_000
WEEK = 7 * 24 * 3600
WHO = "alice"


@pytest.fixture(params=["current", "deployed"])
def server(request: pytest.FixtureRequest, edition_client: Callable[[str], Client]) -> Client:
    """An edition that has named tokens, its clock at NOW."""
    client = edition_client(request.param)
    client("PUT", "/_mock/clock", {"now": NOW})
    return client


def base(client: Client) -> str:
    path: str = client.app.contract.base_paths[0]
    return path


def call(client: Client, method: str, path: str, body: Any = None, **who: Any) -> Reply:
    return client(method, base(client) + path, body, **who)


def with_token(token: str) -> dict[str, Any]:
    return {"headers": {"x-auth-token": token}, "as_": None}


def make(client: Client, name: str = "Notebook", as_: str = WHO, **keys: Any) -> Any:
    reply = call(client, "POST", NAMED, {"name": name, **keys}, as_=as_)
    assert reply.status == 201, reply.body
    return reply.json


def until(moment: int) -> list[dict[str, Any]]:
    return [{"type": "time", "validUntil": moment}]


def error_id(reply: Reply) -> str:
    error_id: str = reply.json["error"]["details"]["authError"]["id"]
    return error_id


def test_a_named_token_lets_its_user_in_at_once(server: Client) -> None:
    """A named token lets its user in at once."""
    token = make(server)
    shown = call(server, "GET", "/user", **with_token(token["token"]))
    assert shown.status == 200
    assert shown.json["username"] == WHO


@pytest.mark.parametrize("header", ["X-Auth-Token: {}", "Authorization: Bearer {}", "Macaroon: {}"])
def test_a_token_comes_in_every_header_of_the_edition(edition_client: Callable[[str], Client], header: str) -> None:
    """A token comes in every header of the edition."""
    server = edition_client("deployed")
    name, _, value = header.partition(": ")
    reply = call(server, "GET", "/user", headers={name.lower(): value.format(make(server)["token"])}, as_=None)
    assert reply.status == 200


def test_the_location_leads_to_the_token(server: Client) -> None:
    """The location leads to the token."""
    reply = call(server, "POST", NAMED, {"name": "Notebook", "customMetadata": {"job": 7}}, as_=WHO)
    path = reply.headers["location"].partition("://")[2].partition("/")[2]
    shown = server("GET", f"/{path}", as_=WHO).json
    assert shown["id"] == reply.json["tokenId"]
    assert shown["token"] == reply.json["token"]
    assert shown["metadata"] == {"creationTime": NOW, "custom": {"job": 7}}
    assert (shown["name"], shown["revoked"], shown["caveats"]) == ("Notebook", False, [])
    assert shown["type"] == {"accessToken": {}}


def test_tokens_are_listed_to_their_user_alone(server: Client) -> None:
    """Tokens are listed to their user alone."""
    token = make(server)
    assert call(server, "GET", NAMED, as_=WHO).json == {"tokens": [token["tokenId"]]}
    assert call(server, "GET", NAMED, as_="zoe").json == {"tokens": []}


def test_a_token_is_found_by_its_name(server: Client) -> None:
    """A token is found by its name."""
    token = make(server)
    assert call(server, "GET", f"{NAMED}/name/Notebook", as_=WHO).json["id"] == token["tokenId"]
    assert call(server, "GET", f"{NAMED}/name/Other", as_=WHO).status == 404
    assert call(server, "GET", f"{NAMED}/name/Notebook", as_="zoe").status == 404
    assert call(server, "GET", f"{NAMED}/name/Notebook", as_=None).status == 401


def test_two_tokens_of_a_user_have_different_names(server: Client) -> None:
    """Two tokens of a user have different names."""
    make(server)
    reply = call(server, "POST", NAMED, {"name": "Notebook"}, as_=WHO)
    assert (reply.status, reply.error) == (400, "badValueIdentifierOccupied")
    make(server, as_="zoe")


def test_a_revoked_token_is_refused_until_it_counts_again(server: Client) -> None:
    """A revoked token is refused until it counts again."""
    token = make(server)
    path = f"/tokens/named/{token['tokenId']}"
    assert call(server, "PATCH", path, {"revoked": True}, as_=WHO).status == 204
    assert call(server, "GET", f"{path}/status", as_=WHO).json == {"revoked": True}
    refused = call(server, "GET", "/user", **with_token(token["token"]))
    assert (refused.status, error_id(refused)) == (401, "tokenRevoked")
    call(server, "PATCH", path, {"revoked": False}, as_=WHO)
    assert call(server, "GET", "/user", **with_token(token["token"])).status == 200


def test_a_deleted_token_is_refused(server: Client) -> None:
    """A deleted token is refused."""
    token = make(server)
    assert call(server, "DELETE", f"/tokens/named/{token['tokenId']}", as_=WHO).status == 204
    refused = call(server, "GET", "/user", **with_token(token["token"]))
    assert (refused.status, error_id(refused)) == (401, "tokenInvalid")


def test_all_named_tokens_go_at_once(server: Client) -> None:
    """All named tokens go at once."""
    first, second, other = make(server), make(server, "Second"), make(server, as_="zoe")
    assert call(server, "DELETE", NAMED, as_=WHO).status == 204
    assert [call(server, "GET", "/user", **with_token(token["token"])).status for token in (first, second, other)] == [
        401,
        401,
        200,
    ]


def test_the_tokens_of_a_user_go_with_it(server: Client) -> None:
    """The tokens of a user go with it."""
    token = make(server)
    assert call(server, "DELETE", "/user", **with_token(token["token"])).status == 204
    assert call(server, "GET", "/user", **with_token(token["token"])).status == 401
    assert call(server, "GET", "/tokens/named", as_="adam").json == {"tokens": []}


def test_a_token_of_somebody_else_is_forbidden(server: Client) -> None:
    """A token of somebody else is forbidden."""
    path = f"/tokens/named/{make(server)['tokenId']}"
    assert [call(server, method, path, as_="zoe").status for method in ("GET", "DELETE")] == [403, 403]
    assert call(server, "GET", path, as_="adam").status == 200


def test_a_token_ends_by_the_mocks_clock(server: Client) -> None:
    """A token ends by the mock's clock."""
    token = make(server, caveats=until(NOW + 10))
    assert call(server, "GET", "/user", **with_token(token["token"])).status == 200
    assert server("PUT", "/_mock/clock", {"forward": 10}).json == {"now": NOW + 10, "standing": True}
    refused = call(server, "GET", "/user", **with_token(token["token"]))
    assert (refused.status, error_id(refused)) == (401, "tokenCaveatUnverified")


def test_a_temporary_token_ends_within_a_week(server: Client) -> None:
    """A temporary token ends within a week."""
    bad = call(server, "POST", TEMPORARY, {"caveats": []}, as_=WHO)
    assert (bad.status, bad.error) == (400, "tokenTimeCaveatRequired")
    assert bad.json["error"]["details"] == {"maxTtl": WEEK}
    assert call(server, "POST", TEMPORARY, {"caveats": until(NOW + WEEK + 1)}, as_=WHO).status == 400
    reply = call(server, "POST", TEMPORARY, {"caveats": until(NOW + WEEK)}, as_=WHO)
    assert reply.status == 201
    assert call(server, "GET", "/user", **with_token(reply.json["token"])).status == 200
    assert call(server, "GET", NAMED, as_=WHO).json == {"tokens": []}


def test_temporary_tokens_are_revoked_together(server: Client) -> None:
    """Temporary tokens are revoked together."""
    named, other = make(server), call(server, "POST", TEMPORARY, {"caveats": until(NOW + 9)}, as_="zoe").json
    reply = call(server, "POST", TEMPORARY, {"caveats": until(NOW + 9)}, as_=WHO).json
    before = call(server, "GET", TEMPORARY, as_=WHO).json["generation"]
    assert call(server, "DELETE", TEMPORARY, as_=WHO).status == 204
    assert call(server, "GET", TEMPORARY, as_=WHO).json == {"generation": before + 1}
    assert error_id(call(server, "GET", "/user", **with_token(reply["token"]))) == "tokenRevoked"
    assert [call(server, "GET", "/user", **with_token(token["token"])).status for token in (named, other)] == [200, 200]
    again = call(server, "POST", TEMPORARY, {"caveats": until(NOW + 9)}, as_=WHO).json
    assert call(server, "GET", "/user", **with_token(again["token"])).status == 200


@pytest.mark.parametrize(
    ("caveat", "status"),
    [
        ({"type": "service", "whitelist": ["opw-1", "ozw-onezone"]}, 200),
        ({"type": "service", "whitelist": ["ozw-*"]}, 200),
        ({"type": "service", "whitelist": ["opw-*"]}, 401),
        ({"type": "api", "whitelist": ["ozw/get/*.*.*:*"]}, 200),
        ({"type": "api", "whitelist": ["all/create/*.*.*:*", "ozw/all/*.*.*:*"]}, 200),
        ({"type": "api", "whitelist": ["ozw/create/*.*.*:*"]}, 401),
        ({"type": "api", "whitelist": ["opw/all/*.*.*:*"]}, 401),
    ],
)
def test_caveats_decide_where_a_token_counts(server: Client, caveat: Any, status: int) -> None:
    """Caveats decide where a token counts."""
    token = make(server, caveats=[caveat])
    reply = call(server, "GET", "/user", **with_token(token["token"]))
    assert reply.status == status
    if status == 401:
        assert reply.json["error"]["details"]["authError"]["details"] == {"caveat": caveat}


@pytest.mark.parametrize(
    "caveat", [{"type": "ip", "whitelist": ["127.0.0.1"]}, {"type": "time"}, {"type": "api", "whitelist": ["x"]}]
)
def test_caveats_that_are_not_known_are_refused(server: Client, caveat: Any) -> None:
    """Caveats that are not known are refused."""
    reply = call(server, "POST", NAMED, {"name": "Notebook", "caveats": [*until(NOW), caveat]}, as_=WHO)
    assert (reply.status, reply.error) == (400, "badValueCaveat")
    assert reply.json["error"]["details"] == {"caveat": caveat}


def test_an_identity_token_lets_nobody_in(server: Client) -> None:
    """An identity token lets nobody in."""
    token = make(server, type={"identityToken": {}})
    refused = call(server, "GET", "/user", **with_token(token["token"]))
    assert (refused.status, error_id(refused)) == (401, "notAnAccessToken")


def test_a_token_of_a_blocked_user_is_refused(server: Client) -> None:
    """A token of a blocked user is refused."""
    token = make(server)
    who = call(server, "GET", "/user", as_=WHO).json["userId"]
    call(server, "PATCH", f"/users/{who}/access_block", {"blocked": True}, as_="adam")
    assert error_id(call(server, "GET", "/user", **with_token(token["token"]))) == "userBlocked"


def test_whoever_manages_tokens_makes_them_for_others(server: Client) -> None:
    """Whoever manages tokens makes them for others."""
    who = call(server, "GET", "/user", as_=WHO).json["userId"]
    path = f"/users/{who}/tokens/named"
    reply = call(server, "POST", path, {"name": "Notebook"}, as_="adam")
    assert reply.status == 201
    assert call(server, "GET", "/user", **with_token(reply.json["token"])).json["userId"] == who
    assert call(server, "GET", f"{path}/name/Notebook", as_="adam").json["id"] == reply.json["tokenId"]
    assert call(server, "GET", path, as_="zoe").status == 403
    assert call(server, "POST", "/users/nobody/tokens/named", {"name": "Notebook"}, as_="adam").status == 404


def test_the_scope_of_a_token_is_inferred(edition_client: Callable[[str], Client]) -> None:
    """The scope of a token is inferred."""
    server = edition_client("deployed")
    server("PUT", "/_mock/clock", {"now": NOW})
    token = make(server, caveats=[*until(NOW + 9), {"type": "service", "whitelist": ["opw-1"]}])
    path = "/tokens/infer_access_token_scope"
    reply = call(server, "POST", path, {"token": token["token"]}, as_=None)
    assert reply.status == 200
    assert reply.json["validUntil"] == NOW + 9
    assert call(server, "POST", path, {"token": "nobodys"}, as_=None).error == "badValueToken"
    server("PUT", "/_mock/clock", {"forward": 9})
    assert call(server, "POST", path, {"token": token["token"]}, as_=None).status == 401


def test_client_tokens_go_by_the_token_itself(each: Client) -> None:
    """Client tokens go by the token itself."""
    reply = call(each, "POST", "/user/client_tokens", {}, as_=WHO)
    assert reply.status == 200
    token = reply.json["token"]
    assert call(each, "GET", "/user/client_tokens", as_=WHO).json == {"tokens": [token]}
    assert call(each, "GET", "/user", **with_token(token)).status == 200
    assert call(each, "DELETE", f"/user/client_tokens/{token}", as_="zoe").status == 404
    assert call(each, "DELETE", f"/user/client_tokens/{token}", as_=WHO).status == 204
    assert call(each, "GET", "/user", **with_token(token)).status == 401


def test_named_tokens_came_after_the_older_document(edition_client: Callable[[str], Client]) -> None:
    """Named tokens came after the older document."""
    assert call(edition_client("classic"), "GET", NAMED, as_=WHO).status == 501


def test_the_world_is_given_out_and_in_with_its_tokens(server: Client) -> None:
    """The world is given out and in with its tokens."""
    named = make(server, caveats=until(NOW + 99), customMetadata={"job": 7})
    call(server, "DELETE", TEMPORARY, as_=WHO)
    temporary = call(server, "POST", TEMPORARY, {"caveats": until(NOW + 9)}, as_=WHO).json
    world = server("GET", "/_mock/world").json
    server("POST", "/_mock/reset")
    assert call(server, "GET", "/user", **with_token(named["token"])).status == 401
    assert server("PUT", "/_mock/world", world).status == 204
    server("PUT", "/_mock/clock", {"now": NOW})
    assert server("GET", "/_mock/world").json == world
    assert [call(server, "GET", "/user", **with_token(token["token"])).status for token in (named, temporary)] == [
        200,
        200,
    ]
    assert call(server, "GET", TEMPORARY, as_=WHO).json == {"generation": 2}


@pytest.mark.slow
def test_a_seed_makes_everything_the_same_again() -> None:
    """A seed makes everything the same again."""
    replies = []
    for _ in range(2):
        server = Client(create_app("deployed", seed=7))
        caveats = until(server("GET", "/_mock/clock").json["now"] + 9)
        tokens = [make(server), call(server, "POST", TEMPORARY, {"caveats": caveats}, as_=WHO).json]
        server("POST", "/_mock/reset")
        replies.append((tokens, make(server), server("GET", "/_mock/world").body))
    assert replies[0] == replies[1]
    assert replies[0][0][0] == replies[0][1]


@pytest.mark.parametrize(
    "body", [{}, {"now": "x"}, {"now": True}, {"now": 1, "forward": 2}, {"now": -1}, [], {"then": 1}]
)
def test_the_clock_is_set_to_whole_seconds(client: Client, body: Any) -> None:
    """The clock is set to whole seconds."""
    assert client("PUT", "/_mock/clock", body).status == 400
    assert client("GET", "/_mock/clock").json["standing"] is False


def test_the_clock_goes_on_when_it_is_put_back(client: Client) -> None:
    """The clock goes on when it is put back."""
    client("PUT", "/_mock/clock", {"now": NOW})
    assert client("DELETE", "/_mock/clock").json["standing"] is False
