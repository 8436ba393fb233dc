"""The control plane: health, snapshots, journal, reset, the document, and provider states."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mock_client import GOOD, HOME, MISSING, Client, basic
from onezone_mockserver import create_app
from onezone_spec import bundled_text

ALL = {"group_privileges", "zone_privileges", "handle_service_privileges"}


def states(client: Client, **request: Any) -> Any:
    reply = client("POST", "/_mock/states", request)
    assert reply.status == 200, reply.body
    return reply.json


def test_health_says_what_runs(each: Client) -> None:
    """Edition, version of the kit, uptime."""
    health = each("GET", "/_mock/health").json
    assert (health["status"], health["edition"]) == ("ok", each.app.contract.edition)
    assert health["uptime_s"] >= 0
    assert health["version"]


def test_the_document_is_the_bundled_one(each: Client) -> None:
    """Byte by byte, with the media type of YAML (RFC 9512)."""
    reply = each("GET", "/_mock/openapi.yaml")
    assert reply.body.decode() == bundled_text(each.app.contract.edition)
    assert reply.headers["content-type"] == "application/yaml"


@pytest.mark.slow
def test_the_control_plane_can_be_switched_off() -> None:
    """Then its paths are unknown like any other."""
    client = Client(create_app(control=False))
    assert client("GET", "/_mock/health").status == 404
    assert client("POST", "/_mock/reset").error == "notFound"


@pytest.mark.parametrize("path", ["/api/v3/_mock/health", "/_mockery", "/api/v3/onezone/_mock/"])
def test_the_control_plane_is_under_its_own_prefix_only(client: Client, path: str) -> None:
    """Never under a documented base path."""
    assert client("GET", path).error == "notFound"


def test_the_index_lists_the_paths(client: Client) -> None:
    """With and without the slash; unknown paths and methods are told."""
    assert "/_mock/states" in client("GET", "/_mock/").json["control"]
    assert client("GET", "/_mock").status == 200
    assert client("GET", "/_mock/nothing").status == 404
    reply = client("DELETE", "/_mock/world")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PATCH, PUT")
    assert client("OPTIONS", "/_mock/world").status == 204
    assert client("HEAD", "/_mock/world").body == b""


def test_reset_brings_the_first_world_back(client: Client) -> None:
    """Services made since are gone, and so is the journal."""
    before = client.snapshot()
    client.create(as_="adam")
    assert client.snapshot() != before
    assert client("POST", "/_mock/reset").status == 204
    assert client.snapshot() == before
    assert client("GET", "/_mock/journal").json == {"total": 0, "exchanges": []}


def test_a_snapshot_can_be_put_back(client: Client) -> None:
    """Exactly: numbers keep their digits."""
    body = b'{"name":"ab","proxyEndpoint":"x","serviceProperties":{"n":123456789012345678901234567890,"e":1.50e3}}'
    assert client.create(body, as_="adam").status == 204
    taken = client("GET", "/_mock/world").body
    client("POST", "/_mock/reset")
    assert client("PUT", "/_mock/world", taken).status == 204
    assert client("GET", "/_mock/world").body == taken
    assert b"123456789012345678901234567890" in taken
    assert client.create(as_="alice").status == 204


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"users":[{"id":5}]}', b'{"groups":[{"id":"g","users":{"nobody":[]}}]}']
)
def test_a_bad_snapshot_changes_nothing(client: Client, body: bytes) -> None:
    """400 with the place of the mistake, and the world as it was."""
    before = client.snapshot()
    reply = client("PUT", "/_mock/world", body)
    assert reply.status == 400
    assert reply.json["error"]
    assert client.snapshot() == before


def test_a_key_that_stands_twice_is_no_snapshot(client: Client) -> None:
    """It is refused as in a scenario file."""
    reply = client("PUT", "/_mock/world", b'{"users":[{"id":"a","id":"b"}]}')
    assert (reply.status, reply.json["error"]) == (400, "users[0].id: this key stands here twice")


def test_an_empty_object_is_no_world(client: Client) -> None:
    """It is refused with what to send instead; a world without anybody has a key that says so."""
    reply = client("PUT", "/_mock/world", {})
    assert reply.status == 400
    assert "send users, groups, handle_services" in reply.json["error"]
    assert client("PUT", "/_mock/world", {"users": []}).status == 204
    assert client.app.world.ids("group") == set()


def test_a_scenario_is_a_world(client: Client) -> None:
    """What a scenario file holds is taken as a world; its personas are of no account."""
    assert client("PUT", "/_mock/world", {"users": [{"username": "eve"}], "personas": [{"name": "x"}]}).status == 204
    assert set(client.app.world.ids("user")) == {"eve"}


def test_the_journal_says_what_was_decided_and_holds_no_secrets(client: Client) -> None:
    """The newest entry is the last; credentials are not in it."""
    client.create(as_="vera")
    client.create({**GOOD, "serviceProperties": {"password": "s3cret-body"}}, as_="adam")
    client.create(headers={"x-auth-token": "s3cret-token"})
    client("GET", "/nowhere?token=s3cret-query", headers={"authorization": basic("x", "s3cret-basic")})
    reply = client("GET", "/_mock/journal")
    first, second, third, fourth = reply.json["exchanges"]
    assert (first["status"], first["stage"], first["user"]) == (403, "authorization", "vera")
    assert first["reason"] == "route member: lacks group group_create_handle_service"
    assert (second["status"], second["operation"], second["reason"]) == (204, "create_group_handle_service", "")
    assert (third["status"], third["stage"]) == (401, "security")
    assert (fourth["status"], fourth["path"], fourth["number"]) == (404, "/nowhere", 4)
    for secret in ("s3cret", basic("vera", "vera-password"), basic("adam", "adam-password")):
        assert secret not in reply.body.decode()
    assert client("DELETE", "/_mock/journal").status == 204
    assert client("GET", "/_mock/journal").json["exchanges"] == []


def test_a_persona_holds_exactly_what_was_asked(client: Client) -> None:
    """In a group of its own, and in the zone."""
    params = {
        "group_privileges": ["group_view", "group_create_handle_service"],
        "zone_privileges": ["oz_handle_services_create"],
    }
    persona = states(client, action="setup", state="a persona", params=params)
    assert set(persona) == {"username", "password", "group"}
    user = client.app.world.login(persona["username"], persona["password"])
    assert user is not None
    world = client.app.world
    assert world.effective_privileges("user", user.id, "group", persona["group"]) == set(params["group_privileges"])
    assert world.zone_privileges("user", user.id) == {"oz_handle_services_create"}
    reply = client.create(
        group=persona["group"], headers={"authorization": basic(persona["username"], persona["password"])}
    )
    assert reply.status == 204


@pytest.mark.parametrize("group", [None, [], ["group_view"]])
@pytest.mark.parametrize("service", [None, [], ["handle_service_view"]])
def test_a_persona_with_a_service_holds_exactly_that_in_it(client: Client, group: Any, service: Any) -> None:
    """Null is no member; the group holds the service wherever that gives the user nothing else."""
    params = {"group_privileges": group, "zone_privileges": [], "handle_service_privileges": service}
    persona = states(client, state="a persona", params=params)
    world = client.app.world
    user = world.login(persona["username"], persona["password"])
    assert user is not None
    expected = {"group": group, "handle_service": service}
    for scope, privileges in expected.items():
        assert world.effective_privileges("user", user.id, scope, persona[scope]) == (
            None if privileges is None else set(privileges)
        )
    related = world.related("group", persona["group"], "handle_service", persona["handle_service"])
    assert (related is not None) == (group is None or service is not None)


def test_a_tear_down_removes_what_the_set_up_made(client: Client) -> None:
    """User, group and services are gone; a second tear-down and one of nothing are no errors."""
    before = client.snapshot()
    params = {"group_privileges": ["group_view"], "zone_privileges": [], "handle_service_privileges": []}
    for _ in range(2):
        states(client, action="setup", state="a persona", params=params)
    states(client, action="setup", state="a group")
    assert client.snapshot() != before
    for _ in range(3):
        assert states(client, action="teardown", state="a persona", params=params) == {}
        states(client, action="teardown", state="a group", params={})
    assert client.snapshot() == before


def test_a_group_is_a_state_of_its_own(client: Client) -> None:
    """It answers the id of a group that nobody belongs to."""
    group = states(client, action="setup", state="a group")["group"]
    assert client("GET", f"/api/v3/groups/{group}/handle_services", as_="adam").json == {"handle_services": []}


def test_states_survive_neither_reset_nor_another_world(client: Client) -> None:
    """Tearing down after a reset finds nothing to remove, and breaks nothing."""
    states(client, state="a group")
    client("POST", "/_mock/reset")
    before = client.snapshot()
    states(client, action="teardown", state="a group")
    assert client.snapshot() == before


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ([], "object"),
        ({}, "state"),
        ({"state": "a cat"}, "a persona, a group"),
        ({"state": ["a persona"]}, "a persona, a group"),
        ({"state": "a persona", "action": "explode"}, "teardown"),
        ({"state": "a persona", "action": {}}, "teardown"),
        ({"state": "a persona", "params": []}, "object"),
        ({"state": "a persona", "params": 5}, "object"),
        ({"state": "a persona", "params": {"zone_privileges": ["oz_fly"]}}, "oz_fly"),
        ({"state": "a persona", "params": {"group_privileges": "group_view"}}, "group_privileges"),
        ({"state": "a persona", "params": {"group_privileges": [5]}}, "group_privileges"),
        ({"state": "a persona", "params": {"group_privileges": ["oz_users_list"]}}, "group privilege"),
        ({"state": "a persona", "params": {"zoo_privileges": []}}, "zoo_privileges"),
    ],
)
def test_a_state_that_cannot_be_set_up_is_told_and_changes_nothing(client: Client, request_: Any, word: str) -> None:
    """400 with what is wrong: a privilege that does not exist is never granted in silence."""
    before = client.snapshot()
    reply = client("POST", "/_mock/states", json.dumps(request_).encode())
    assert reply.status == 400
    assert word in reply.json["error"]
    assert client.snapshot() == before


def test_the_demo_knows_no_missing_group(client: Client) -> None:
    """The id that the tests and the demo use for an unknown group names none."""
    assert not client.app.world.exists("group", MISSING)
    assert client.app.world.exists("group", HOME)
