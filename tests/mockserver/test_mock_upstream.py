"""What released servers answer, typed off Onezone's own document and sources, against what the mock answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mock_client import EDITIONS, HOME, SERVICE, Client
from onezone_mockserver import create_app
from onezone_spec import load

BASE = "/api/v3"
NEWER = ("current", "deployed")
DEPRECATED = {"name", "login", "alias", "emailList"}
"""Keys of a user in 20.02 to 21.02."""
NESTED = "82f2f0fb8a4c9d6a1d7e5c3b2a190817"
Make = Callable[[str], Client]


def get(client: Client, path: str, as_: str = "adam") -> Any:
    reply = client("GET", BASE + path, as_=as_)
    assert reply.status == 200, reply.body
    return reply.json


def created_id(reply: Any) -> str:
    return str(reply.headers["location"].rpartition("/")[2])


@pytest.mark.parametrize("edition", NEWER)
@pytest.mark.parametrize("path", ["/user", "/users/alice"])
def test_a_user_has_lists_and_deprecated_names(edition: str, path: str, edition_client: Make) -> None:
    """20.02 to 21.02: `emails` and `linkedAccounts` are there, and each deprecated key repeats another."""
    user = get(edition_client(edition), path, as_="alice")
    assert (user["emails"], user["linkedAccounts"], user["emailList"]) == ([], [], [])
    assert (user["name"], user["login"], user["alias"]) == (user["fullName"], "alice", "alice")


@pytest.mark.parametrize(
    "path",
    [
        f"/groups/{HOME}/users/alice",
        f"/groups/{HOME}/effective_users/nora",
        f"/handle_services/{SERVICE}/effective_users/alice",
    ],
)
def test_a_shared_user(path: str, each: Client) -> None:
    """`creationTime` is sent since 20.02.2, with the deprecated names but those of addresses."""
    user = get(each, path)
    keys = {"userId", "fullName", "username"}
    later = set() if each.app.contract.edition == "classic" else {"creationTime", "name", "login", "alias"}
    assert set(user) == keys | later


@pytest.mark.parametrize(
    "path",
    [
        f"/groups/{HOME}/children/{NESTED}",
        f"/groups/{HOME}/effective_children/{NESTED}",
        f"/handle_services/{SERVICE}/groups/{HOME}",
        f"/handle_services/{SERVICE}/effective_groups/{NESTED}",
    ],
)
def test_a_shared_group(path: str, each: Client) -> None:
    """`creationTime` is sent since 20.02.2."""
    assert ("creationTime" in get(each, path)) is (each.app.contract.edition in NEWER)


def test_the_older_release_has_no_deprecated_names(edition_client: Make) -> None:
    """What is deprecated in 20.02 is not described before it."""
    assert not DEPRECATED & set(get(edition_client("classic"), "/users/alice"))


def test_a_direct_member_belongs_through_the_group_itself(each: Client) -> None:
    """The intermediary is the group itself, which is called `self`; others are groups by their ids."""
    path = f"/groups/{HOME}/effective_users/%s/membership"
    assert get(each, path % "alice") == {"intermediaries": [{"type": "group", "id": "self"}]}
    assert get(each, path % "nora") == {"intermediaries": [{"type": "group", "id": NESTED}]}


def test_what_the_zone_made_was_made_by_nobody(each: Client) -> None:
    """A predefined group has a creator without an id; root is never shown."""
    assert get(each, f"/groups/{HOME}")["creator"] == {"type": "nobody", "id": None}


def test_a_user_without_a_name_has_it_as_null(each: Client) -> None:
    """In the details, as a member, and after a change."""
    user = created_id(each("POST", f"{BASE}/users", {}, as_="adam"))
    assert get(each, f"/users/{user}")["username"] is None
    assert each("PUT", f"{BASE}/groups/{HOME}/users/{user}", as_="adam").status == 201
    assert get(each, f"/groups/{HOME}/users/{user}")["username"] is None


def test_a_conflict_names_kinds_as_released_servers_do(each: Client) -> None:
    """`handleService`, in one word."""
    path = f"{BASE}/handle_services/{SERVICE}/users/otto"
    assert each("PUT", path, as_="adam").status in {201, 204}
    again = each("PUT", path, as_="adam")
    assert again.status == 409
    if not each.app.contract.error_is_string:
        details = {"childType": "user", "childId": "otto", "parentType": "handleService", "parentId": SERVICE}
        assert again.json["error"]["details"] == details


def test_a_creation_of_deployed_is_labelled(edition_client: Make) -> None:
    """201 has a length of 0 and the media type of JSON; other editions say nothing of it."""
    for edition, label in (("deployed", "application/json"), ("current", None)):
        client = edition_client(edition)
        for reply in (
            client("POST", f"{BASE}/groups", {"name": "New one"}, as_="adam"),
            client("PUT", f"{BASE}/groups/{HOME}/users/otto", as_="adam"),
        ):
            assert (reply.status, reply.headers.get("content-type"), reply.body) == (201, label, b"")
            assert reply.headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("edition", "method", "status"),
    [
        ("deployed", "POST", 405),
        ("deployed", "DELETE", 405),
        ("deployed", "GET", 404),
        ("current", "POST", 404),
        ("classic", "POST", 404),
    ],
)
def test_a_path_of_nothing(edition: str, method: str, status: int, edition_client: Make) -> None:
    """Released servers look for it among the files of the web interface, and answer without a body."""
    reply = edition_client(edition)(method, f"{BASE}/nothing/here", as_="adam")
    assert reply.status == status
    assert reply.headers.get("allow") == ("HEAD, GET, OPTIONS" if status == 405 else None)
    assert (reply.body == b"") is (edition == "deployed")
    assert "no operation has this path" in reply.reason


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_what_the_contract_lacks_is_not_implemented(edition: str) -> None:
    """Every operation of Onezone that the contract lacks: 501 with the edition's error, and why."""
    client = Client(create_app(edition))
    contract = load(edition)
    assert len(contract.uncovered) > 200
    for operation in contract.uncovered:
        path = operation.path.replace("{", "").replace("}", "")
        reply = client(operation.method, contract.base_paths[0] + path, as_="adam")
        assert reply.status == 501, (operation, reply.status)
        assert operation.upstream_id in reply.reason
        assert "Onezone has this operation" in reply.reason
        assert contract.error_is_string or set(reply.json["error"]) == {"id", "description"}


def test_another_method_of_a_path_that_the_contract_lacks(each: Client) -> None:
    """405 with the methods that Onezone has there."""
    reply = each("DELETE", f"{BASE}/clusters", as_="adam")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_method_that_the_contract_lacks_of_a_path_that_it_has(edition_client: Make) -> None:
    """In classic, joining a group by a token goes to a path that looks like one of the caller's groups."""
    reply = edition_client("classic")("POST", f"{BASE}/user/groups/join", {"token": "t"}, as_="adam")
    assert reply.status == 501
    assert "Onezone has this operation" in reply.reason
