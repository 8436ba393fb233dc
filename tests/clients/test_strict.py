"""A strict client of Onezone reads every GET of the mock, of what was there and of what it made itself."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from onezone_mockserver import create_app
from onezone_spec import load
from starlette.testclient import TestClient
from strict_models import Group, Membership, User, read

BASE = "/api/v3/onezone"
ADMIN = ("adam", "adam-password")
HOME, NESTED = "4ebd9efd1e67f6c18695db1d762a914a", "82f2f0fb8a4c9d6a1d7e5c3b2a190817"
"""Groups of the demo: predefined, as nobody in particular made them."""
SERVICE = {"name": "My service", "proxyEndpoint": "https://proxy", "serviceProperties": {"type": "DOI"}}


class Zone:
    """The mock, with everything that reading can be about."""

    def __init__(self) -> None:
        self.client = TestClient(create_app("deployed"), base_url="http://mock.test")
        self.nameless = self.make("POST", "/users", {})
        self.user = self.make("POST", "/users", {"username": "rita", "password": "rita-password"})
        self.group = self.make("POST", "/user/groups", {"name": "Readers", "type": "unit"}, ("rita", "rita-password"))
        self.child = self.make("POST", f"/groups/{self.group}/children", {"name": "Inner"})
        self.service = self.make("POST", f"/groups/{self.group}/handle_services", SERVICE)
        self.own = self.make("POST", "/user/handle_services", SERVICE, ADMIN)
        self.token = self.make("POST", "/user/tokens/named", {"name": "Reader", "customMetadata": {"of": "rita"}})
        answer = self.client.post("/_mock/states", json={"state": "a share"})
        self.share = answer.json()["share"]
        handle = {"handleServiceId": self.own, "resourceType": "Share", "resourceId": self.share}
        handle |= {"metadataPrefix": "oai_dc", "metadata": "<metadata/>"}
        self.handle = self.make("POST", "/user/handles", handle, ADMIN)
        for path in (
            f"/handles/{self.handle}/groups/{self.group}",
            f"/handles/{self.handle}/users/{self.nameless}",
            f"/groups/{self.child}/users/{self.nameless}",
            f"/groups/{self.group}/users/adam",
            f"/groups/{HOME}/children/{self.group}",
            f"/handle_services/{self.service}/users/{self.nameless}",
            f"/handle_services/{self.own}/groups/{self.group}",
        ):
            self.make("PUT", path, None)

    def make(self, method: str, path: str, body: Any, auth: tuple[str, str] = ADMIN) -> str:
        """The id at the end of the Location."""
        answer = self.client.request(method, BASE + path, json=body, auth=auth)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"].rpartition("/")[2]

    def get(self, template: str, *ids: str, auth: tuple[str, str] = ADMIN) -> Struct | None:
        """What the client reads of a path with these ids; None if there is no such relation."""
        filled = iter(ids)
        path = re.sub(r"\{\w+\}", lambda _: next(filled), template)
        answer = self.client.get(BASE + path, auth=auth)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, (path, answer.text)
        return read(template, answer.content)

    def ids_for(self, entity: str | None) -> list[str]:
        """Ids for a parameter that names an entity of that kind."""
        users = ["alice", "adam", "nora", self.user, self.nameless]
        groups = [HOME, NESTED, self.group, self.child]
        services = ["4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2", self.service, self.own]
        ids = {"user": users, "group": groups, "child": groups, "parent": groups, "handle_service": services}
        owned = {"token": [self.token, "Reader"], "handle": [self.handle], "share": [self.share]}
        return {**ids, **owned}[entity or ""]


@pytest.fixture(scope="module")
def zone() -> Zone:
    return Zone()


READS = [operation for operation in load("deployed").operations.values() if operation.method == "GET"]


@pytest.mark.parametrize("operation", READS, ids=lambda entry: entry.id)
def test_a_strict_client_reads_every_answer(operation: Any, zone: Zone) -> None:
    """Of each GET, for every entity that its path may name, as the administrator and as a user."""
    if operation.success.schema is None:
        assert zone.client.get(BASE + operation.path, auth=ADMIN).content == b""
        return
    entities = [parameter.entity for parameter in operation.parameters]
    combinations: list[tuple[str, ...]] = [()]
    for entity in entities:
        combinations = [(*some, identity) for some in combinations for identity in zone.ids_for(entity)]
    seen = [answer for ids in combinations if (answer := zone.get(operation.path, *ids)) is not None]
    assert seen, "none of them is there"


def test_the_models_are_strict(zone: Zone) -> None:
    """What the mock sent before would have raised."""
    user = msgspec.to_builtins(zone.get("/users/{id}", zone.nameless))
    assert user["username"] is None
    for template, answer in (
        ("/user", {key: value for key, value in user.items() if key != "emails"}),
        ("/user", {key: value for key, value in user.items() if key != "username"}),
        ("/groups/{id}/effective_users/{uid}/membership", {"intermediaries": [{"type": "user", "id": "u"}]}),
        ("/groups/{id}", {"groupId": "g", "name": "g", "type": "gang", "creationTime": 1}),
    ):
        with pytest.raises(msgspec.ValidationError):
            read(template, msgspec.json.encode(answer))


def test_what_it_reads_is_what_there_is(zone: Zone) -> None:
    """A direct member, one through a child, somebody's own group, and one that the zone made."""
    path = "/groups/{id}/effective_users/{uid}/membership"
    direct, through = (zone.get(path, zone.group, user) for user in ("adam", zone.nameless))
    assert isinstance(direct, Membership)
    assert isinstance(through, Membership)
    assert [intermediary.id for intermediary in (*direct.intermediaries, *through.intermediaries)] == [
        "self",
        zone.child,
    ]
    groups = [zone.get("/groups/{id}", group) for group in (zone.group, HOME)]
    assert [group.creator.id for group in groups if isinstance(group, Group)] == [zone.user, None]
    me = zone.get("/user")
    assert isinstance(me, User)
    assert (me.username, me.linkedAccounts) == ("adam", [])
