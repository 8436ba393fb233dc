"""Who may call an operation and why, as `/_mock/explain` says it."""

from __future__ import annotations

import pytest
from mock_client import HOME, Client


def test_who_may_and_why(client: Client) -> None:
    """Of everybody, of one user, and of nobody."""
    asked = f"/_mock/explain?operation=create_group_handle_service&id={HOME}"
    everybody = client("GET", asked).json["explained"]
    assert {row["user"] for row in everybody if row["allowed"]} == {"alice", "adam", "nora"}
    (vera,) = client("GET", f"{asked}&as=vera").json["explained"]
    assert vera["routes"][0]["needs"][0]["grant"] == "group_create_handle_service in the group Community for vera"
    (nobody,) = client("GET", f"{asked}&as=-").json["explained"]
    assert (nobody["user"], nobody["allowed"]) == (None, False)
    assert client.app.journal.total == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("operation=nothing", "operation names none of the contract"),
        ("operation=create_group_handle_service", "needs the parameter id"),
        ("operation=create_group_handle_service&id=x&more=1", "has no parameter more: it has id"),
        ("operation=create_group_handle_service&id=x&as=stranger", "there is no user stranger"),
    ],
)
def test_what_cannot_be_explained_is_told(client: Client, query: str, words: str) -> None:
    reply = client("GET", f"/_mock/explain?{query}")
    assert (reply.status, words in reply.json["error"]) == (400, True)


SPACE = {"id": "space-one", "details": {"name": "Data"}, "users": {"ann": "all"}}
TWO_USERS = {
    "users": [{"id": name, "username": name, "password": f"{name}-password"} for name in ("ann", "ben")],
    "spaces": [SPACE],
    "shares": [{"id": "share-one", "name": "Share", "spaceId": "space-one"}],
    "handle_services": [{"id": "service-one", "name": "Register", "users": {"ann": "all", "ben": "all"}}],
}


@pytest.mark.parametrize(("user", "may"), [("ann", True), ("ben", False)])
def test_what_the_body_names_is_explained_too(client: Client, user: str, *, may: bool) -> None:
    """A rule may ask about a service and a space that only the body leads to: question, row and answer agree."""
    assert client("PUT", "/_mock/world", TWO_USERS).status == 204
    names = {"handleServiceId": "service-one", "resourceId": "share-one"}
    query = "&".join(f"{key}={value}" for key, value in names.items())
    (answer,) = client("GET", f"/_mock/explain?operation=create_user_handle&{query}&as={user}").json["explained"]
    needs = {need["scope"]: (need["held"], need["of"]["name"]) for need in answer["routes"][-1]["needs"]}
    assert needs == {"handle_service": (True, "Register"), "space": (may, "Data")}
    body = {**names, "resourceType": "Share", "metadata": "<m/>"}
    assert client("POST", "/api/v3/user/handles", body, as_=user).status == (201 if may else 403)
    access = client("GET", "/_mock/journal").json["exchanges"][-1]["access"]
    assert (access["allowed"], access["changed"], answer["allowed"]) == (may, False, may)
    assert [route["allows"] for route in access["routes"]] == [False, may]


def test_what_everybody_may_agrees_with_what_is_answered(client: Client) -> None:
    """For each persona of the demo: the explanation and the mock's own answer."""
    for user in ("alice", "adam", "nora", "vera", "zoe", "otto"):
        asked = f"/_mock/explain?operation=create_group_handle_service&id={HOME}&as={user}"
        (explained,) = client("GET", asked).json["explained"]
        assert explained["allowed"] == (client.create(as_=user).status == 204)
