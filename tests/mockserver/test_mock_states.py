"""POST /_mock/states: what a state makes, in which edition there is one, and what its tear-down leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_client import SERVICE, basic
from onezone_spec import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_client import Client

A_SHARE = {"state": "a share"}


def test_there_is_no_share_where_the_edition_has_none(edition_client: Callable[[str], Client]) -> None:
    """The states that there are, are told, and the world is as it was."""
    classic = edition_client("classic")
    before = classic.snapshot()
    reply = classic("POST", "/_mock/states", A_SHARE)
    assert reply.status == 400
    assert reply.json["error"] == "there is no such state; there are: a persona, a group"
    assert classic.snapshot() == before


def test_a_share_where_the_edition_has_some(edition_client: Callable[[str], Client]) -> None:
    """And the world can be added to afterwards."""
    deployed = edition_client("deployed")
    share: Any = deployed("POST", "/_mock/states", A_SHARE).json["share"]
    assert share in deployed("GET", "/_mock/world").body.decode()
    assert deployed("PATCH", "/_mock/world", {"users": [{"username": "yve"}]}).status == 204


def handle_of(share: str) -> dict[str, str]:
    of_share = {"handleServiceId": SERVICE, "resourceType": "Share", "resourceId": share}
    return {**of_share, "metadata": "<metadata/>", "metadataPrefix": "oai_dc"}


def test_a_share_is_free_when_the_tear_down_takes_its_handle(edition_client: Callable[[str], Client]) -> None:
    """As after DELETE: the persona was the only member of the handle."""
    deployed = edition_client("deployed")
    share = deployed("POST", "/_mock/states", A_SHARE).json["share"]
    persona = {"state": "a persona", "params": {"zone_privileges": ["oz_handles_create", "oz_users_add_relationships"]}}
    for _ in range(2):
        login = deployed("POST", "/_mock/states", persona).json
        headers = {"authorization": basic(login["username"], login["password"])}
        path = "/api/v3/onezone/user/handles"
        assert deployed("POST", path, handle_of(share), headers=headers).status == 201
        assert deployed("POST", "/_mock/states", {**persona, "action": "teardown"}).status == 200


def test_no_handle_is_left_of_a_share_that_is_torn_down(edition_client: Callable[[str], Client]) -> None:
    """A handle without a share could not be put back with the world."""
    deployed = edition_client("deployed")
    share = deployed("POST", "/_mock/states", A_SHARE).json["share"]
    added = {"handles": [{"id": "h1", **handle_of(share)}]}
    assert deployed("PATCH", "/_mock/world", added).status == 204
    assert deployed("POST", "/_mock/states", {**A_SHARE, "action": "teardown"}).status == 200
    assert deployed("GET", "/_mock/world").json["handles"] == []


@pytest.mark.parametrize("edition", ["current", "deployed"])
def test_the_handle_of_a_persona_is_a_handle(edition_client: Callable[[str], Client], edition: str) -> None:
    """It shows what handles show; its share and its service are there, and go with it."""
    client = edition_client(edition)
    before = client("GET", "/_mock/world").json
    params = {"handle_privileges": ["handle_view"], "space_privileges": None}
    state = {"state": "a persona", "params": params}
    persona = client("POST", "/_mock/states", state).json
    login = {"authorization": basic(persona["username"], persona["password"])}
    handle = client("GET", f"/api/v3/onezone/handles/{persona['handle']}", headers=login).json
    contract = load(edition)
    shown = contract.find("get", "handle")
    assert shown is not None
    assert set(handle) == set(contract.resolve(shown.success.schema or {})["properties"])
    world = client("GET", "/_mock/world").json
    named = {
        name: {entry["id"]: entry["details"] for entry in world[name]}
        for name in ("shares", "handle_services", "spaces")
    }
    assert named["shares"][handle["resourceId"]]["handleId"] == persona["handle"]
    assert handle["handleServiceId"] in named["handle_services"]
    assert set(named["spaces"][persona["space"]]) == {"spaceId", "name", "creator"}
    assert client("PUT", "/_mock/world", world).status == 204
    client.app.reset()
    client("POST", "/_mock/states", state)
    assert client("POST", "/_mock/states", {**state, "action": "teardown"}).status == 200
    after = client("GET", "/_mock/world").json
    assert {name: entries for name, entries in after.items() if entries} == {
        name: entries for name, entries in before.items() if entries
    }
