"""PATCH /_mock/world: entities are added in the words of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_client import HOME, Client, basic

if TYPE_CHECKING:
    from collections.abc import Callable

YVE = {"username": "yve", "password": "secret", "zone_privileges": ["oz_handle_services_create"]}
SECOND = {"id": "g2", "name": "Second", "users": {"yve": "all", "adam": []}, "children": {HOME: []}}

INVITATION = {"token": "MDAx", "invites": "user", "group": HOME}


def add(client: Client, what: Any, **headers: str) -> Any:
    return client("PATCH", "/_mock/world", what, headers={"host": "127.0.0.1", **headers})


def test_what_is_added_works_at_once(each: Client) -> None:
    """Beside what was there, with what happened meanwhile and with the journal."""
    assert each.create(as_="adam").status < 300
    before = each("GET", "/_mock/world").json
    service = {"id": "s2", "name": "x", "groups": {"g2": "all"}}
    assert add(each, {"users": [YVE], "groups": [SECOND], "handle_services": [service]}).status == 204
    after = each("GET", "/_mock/world").json
    for name, entries in before.items():
        assert [one for one in entries if one not in after[name]] == []
    yve = {"authorization": basic("yve", "secret")}
    assert each.create(group="g2", headers=yve).status < 300
    assert each("GET", "/_mock/journal").json["total"] == 2


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
