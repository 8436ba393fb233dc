"""PATCH /_mock/world: entities are added in the words of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_client import HOME, SERVICE, Client, basic
from onezone_spec import load

if TYPE_CHECKING:
    from collections.abc import Callable

YVE = {"username": "yve", "password": "secret", "zone_privileges": ["oz_handle_services_create"]}
SECOND = {"id": "g2", "name": "Second", "users": {"yve": "all", "adam": []}, "children": {HOME: []}}

INVITATION = {"token": "MDAx", "invites": "user", "group": HOME}


def add(client: Client, what: Any, **headers: str) -> Any:
    return client("PATCH", "/_mock/world", what, headers={"host": "127.0.0.1", **headers})


@pytest.mark.slow
def test_what_is_added_works_at_once(each: Client) -> None:
    """Beside what was there, with what happened meanwhile and with the journal."""
    assert each.create(as_="adam").status < 300
    before = each("GET", "/_mock/world").json
    service = {"id": "s2", "name": "x", "groups": {"g2": "all"}}
    assert add(each, {"users": [YVE], "groups": [SECOND], "handle_services": [service]}).status == 204
    after = each("GET", "/_mock/world").json
    for name, entries in before.items():
        assert [entry for entry in entries if entry not in after[name]] == []
    yve = {"authorization": basic("yve", "secret")}
    assert each.create(group="g2", headers=yve).status < 300
    assert each("GET", "/_mock/journal").json["total"] == 2


@pytest.mark.slow
def test_it_is_added_to_one_world(client: Client) -> None:
    """The one that the request names."""
    assert add(client, {"users": [YVE]}, **{"x-mock-world": "one"}).status == 204
    assert "yve" not in client("GET", "/_mock/world").body.decode()


def test_a_world_that_is_added_to_is_the_one_in_which_requests_run(client: Client) -> None:
    """Provider states that were set up stay, and can be torn down."""
    state = {"action": "setup", "state": "a group"}
    group = client("POST", "/_mock/states", state).json["group"]
    assert add(client, {"users": [YVE]}).status == 204
    assert client("POST", "/_mock/states", {**state, "action": "teardown"}).status == 200
    assert group not in client("GET", "/_mock/world").body.decode()


MISTAKES: list[tuple[Callable[[], Any] | Any, str]] = [
    ({"users": [YVE, {"username": "adam"}]}, "users[1]"),
    ({"users": [YVE, {"username": "yan", "tokens": ["demo-token-adam"]}]}, "users[1].tokens: a token is used twice"),
    ({"invitations": [INVITATION, INVITATION]}, "invitations[1].token: a token is used twice"),
    ({"invitations": [INVITATION | {"token": "demo-token-adam"}]}, "invitations[0].token: a token is used twice"),
    ({"users": [YVE], "groups": [{"id": HOME}]}, f"groups[0].id: used twice: {HOME}"),
    ({"users": [YVE], "groups": [{"id": "g2", "users": {"yan": "all"}}]}, "groups[0].users.yan: there is no such user"),
    ({"users": [YVE], "groups": [{"id": "g2", "users": {"yve": ["fly"]}}]}, "there is no privilege fly"),
    ({"users": [{"usernam": "yve"}]}, "users[0].usernam: unknown key"),
    ({}, "an empty object is no world"),
    (b"{", "the body is not JSON"),
]


@pytest.mark.parametrize(("what", "message"), MISTAKES)
def test_a_mistake_is_told_and_nothing_is_added(client: Client, what: Any, message: str) -> None:
    """Also what stands before it."""
    before = client.snapshot()
    reply = add(client, what)
    assert reply.status == 400
    assert message in reply.json["error"]
    assert client.snapshot() == before


def test_yaml_will_do(client: Client) -> None:
    """Where the Content-Type says so, as for PUT."""
    text = b"users:\n  - username: yve\n    password: secret\n"
    assert add(client, text, **{"content-type": "application/yaml"}).status == 204
    assert client.create(headers={"authorization": basic("yve", "secret")}).status == 403


SHARES = {"shares": [{"id": "s1", "name": "n"}]}
NAMES = {"handleServiceId": SERVICE, "resourceId": "s1"}


def test_a_share_shows_the_handle_that_is_added(edition_client: Callable[[str], Client]) -> None:
    """And what is not told of either is as making it would have it."""
    deployed = edition_client("deployed")
    assert add(deployed, {**SHARES, "handles": [{"id": "h1", **NAMES}]}).status == 204
    world = deployed("GET", "/_mock/world").json
    share = next(entry["details"] for entry in world["shares"] if entry["id"] == "s1")
    handle = world["handles"][0]["details"]
    assert share["handleId"] == "h1"
    contract = load("deployed")
    for operation, details in (("get_share_public", share), ("get_handle", handle)):
        schema = contract.resolve(contract.operations[operation].success.schema or {})
        absent = {key for key, value in schema["properties"].items() if "x-onezone-absent" in value}
        assert set(schema["required"]) <= {*details, *absent}
    assert deployed("PUT", "/_mock/world", world, headers={"host": "127.0.0.1"}).status == 204


WRONG_NAMES = [
    ([{"id": "h1"}], "handles[0].handleServiceId: missing"),
    ([{"id": "h1", **NAMES, "resourceId": "none"}], "handles[0].resourceId: there is no share none"),
    ([{"id": "h1", **NAMES, "handleServiceId": "none"}], "handles[0].handleServiceId: there is no handle_service none"),
    (
        [{"id": "h1", "handleServiceId": SERVICE, "details": {"resourceId": [1]}}],
        "handles[0].details.resourceId: must be a string: quote it",
    ),
    ([{"id": "h1", **NAMES}, {"id": "h2", **NAMES}], "handles[1].resourceId: the share is named by h1 already"),
]


@pytest.mark.parametrize(("handles", "message"), WRONG_NAMES)
def test_a_handle_names_what_is_there_and_is_alone(
    edition_client: Callable[[str], Client], handles: Any, message: str
) -> None:
    """Otherwise the place is told, and nothing is added."""
    deployed = edition_client("deployed")
    before = deployed.snapshot()
    reply = add(deployed, {**SHARES, "handles": handles})
    assert reply.status == 400
    assert reply.json["error"] == message
    assert deployed.snapshot() == before


WRONG_HANDLES = [
    ({"handleId": "none"}, "shares[0].handleId: there is no handle none"),
    ({"details": {"handleId": "none"}}, "shares[0].details.handleId: there is no handle none"),
    ({"handleId": 17}, "shares[0].handleId: must be a string: quote it"),
    ({"handleId": "h1"}, "shares[0].handleId: the handle h1 names another share"),
]


@pytest.mark.parametrize(("shown", "message"), WRONG_HANDLES)
def test_a_share_shows_a_handle_that_names_it(
    edition_client: Callable[[str], Client], shown: Any, message: str
) -> None:
    """Otherwise the place is told, and nothing is added."""
    deployed = edition_client("deployed")
    assert add(deployed, {**SHARES, "handles": [{"id": "h1", **NAMES}]}).status == 204
    before = deployed.snapshot()
    reply = add(deployed, {"shares": [{"id": "s2", **shown}]})
    assert (reply.status, reply.json.get("error")) == (400, message)
    assert deployed.snapshot() == before


@pytest.mark.parametrize("handle", ["h2", None])
def test_a_share_may_show_its_handle(edition_client: Callable[[str], Client], handle: str | None) -> None:
    """The handle that comes with it, or none."""
    share = {"id": "s1", "name": "n", "handleId": handle}
    handles = [{"id": "h2", **NAMES}]
    assert add(edition_client("deployed"), {"shares": [share], "handles": handles}).status == 204


@pytest.mark.slow
def test_a_world_in_which_a_named_service_is_gone_goes_on(edition_client: Callable[[str], Client]) -> None:
    """Where a service with handles may be deleted, the world can be added to and put back afterwards."""
    current = edition_client("current")
    assert add(current, {**SHARES, "handles": [{"id": "h1", **NAMES}]}).status == 204
    assert current("DELETE", f"/api/v3/onezone/handle_services/{SERVICE}", as_="alice").status == 204
    assert add(current, {"users": [YVE]}).status == 204
