"""Worlds: a request that names one is served in it, and undoes nothing in any other."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, HOME, Client, basic
from onezone_mockserver import create_app
from onezone_mockserver.worlds import MOST_WORLDS, UNUSED_SECONDS
from socket_client import BODY, COMMON, connected, head, length, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socket_client import Address

LIST = f"/api/v3/groups/{HOME}/handle_services"
IN_A: dict[str, dict[str, Any]] = {
    "header": {"headers": {"x-mock-world": "a"}},
    "cookie": {"headers": {"cookie": "theme=dark; mock_world=a"}},
    "prefix": {"base": "/_world/a/api/v3"},
}


@pytest.fixture
def client(client: Client) -> Iterator[Client]:
    """The edition `current`, without any world but the common one."""
    worlds = client.app.state.worlds
    worlds.clear()
    yield client
    worlds.clock = time.monotonic


def services(client: Client, world: str = "") -> list[str]:
    """The services of the home group in a world."""
    options: Any = {"headers": {"x-mock-world": world}} if world else {}
    ids: list[str] = client("GET", LIST, as_="adam", **options).json["handle_services"]
    return ids


def names(client: Client) -> list[str]:
    return [row["name"] for row in client("GET", "/_mock/worlds").json["worlds"]]


@pytest.mark.parametrize("way", IN_A)
def test_a_request_that_names_a_world_is_served_in_it(client: Client, way: str) -> None:
    """What it makes is there and nowhere else, by whichever way the world is named."""
    before = services(client)
    assert client.create(as_="adam", **IN_A[way]).status == 204
    assert len(services(client, "a")) == len(before) + 1
    assert services(client) == services(client, "b") == before


def test_a_location_keeps_the_prefix(client: Client) -> None:
    """It is followed as it stands, and leads into the same world; by header or cookie it has no prefix."""
    location = client.create(as_="adam", base="/_world/a/api/v3").headers["location"]
    path = location.removeprefix("http://mock.test:8080")
    assert path.startswith("/_world/a/api/onezone/v3/")
    assert client("GET", path, as_="adam").status == 200
    assert client("GET", path.removeprefix("/_world/a"), as_="adam").status == 404
    assert "/_world/" not in client.create(as_="adam", **IN_A["header"]).headers["location"]


def test_the_prefix_wins_then_the_header_then_the_cookie(client: Client) -> None:
    """Where they disagree."""
    both = {"x-mock-world": "b", "cookie": "mock_world=c"}
    client.create(as_="adam", base="/_world/a/api/v3", headers=both)
    assert names(client) == ["a"]
    client.create(as_="adam", headers=both)
    assert names(client) == ["a", "b"]
    client.create(as_="adam", headers={"cookie": "mock_world=c"})
    assert names(client) == ["a", "b", "c"]


def test_a_control_call_may_name_its_world_in_its_query(client: Client) -> None:
    """Which wins, whatever the browser's cookie says; an empty name is the common world's."""
    for world in ("a", "b"):
        client.create(as_="adam", headers={"x-mock-world": world})
    cookie = {"cookie": "mock_world=b"}
    assert client("POST", "/_mock/reset?world=a", headers=cookie).status == 204
    assert client("POST", "/_mock/overrides?world=a", {"then": {"status": 503}}, headers=cookie).status == 204
    counts = {name: client("GET", f"/_mock/journal/count?world={name}").json["count"] for name in ("a", "b")}
    assert counts == {"a": 0, "b": 1}
    assert client.create(as_="adam", headers={"x-mock-world": "a"}).status == 503
    assert client("PUT", "/_mock/world?world=", {"users": []}, headers=cookie).status == 204
    assert (len(client("GET", "/_mock/world").json["users"]), len(client.app.world.users)) == (0, 0)
    assert len(client("GET", "/_mock/world", headers=cookie).json["users"]) > 1
    assert client("DELETE", "/_mock/journal?world=b").status == 204
    assert client("GET", "/_mock/journal/count?world=b").json["count"] == 0
    question = f"operation=create_group_handle_service&as=adam&id={HOME}&world=a"
    assert client("GET", f"/_mock/explain?{question}").json["explained"][0]["allowed"]


@pytest.mark.parametrize("query", ["world=a%20b", "world=*", "world=a&world=b"])
def test_a_control_call_is_for_one_world(client: Client, query: str) -> None:
    """What names none, or several, is refused; only the journal can be read of all of them."""
    reply = client("POST", f"/_mock/reset?{query}")
    assert (reply.status, reply.json["error"][:7]) == (400, "?world=")
    assert client("GET", "/_mock/journal?world=*").status == 200


def test_the_journals_of_every_world_are_emptied(client: Client) -> None:
    """At once; a filter, which would be taken for a choice of rows, is refused."""
    for world in ("", "a"):
        client.create(as_="adam", headers={"x-mock-world": world} if world else {})
    assert client("DELETE", "/_mock/journal?status=403").status == 400
    assert client("GET", "/_mock/journal/count?world=*").json["count"] == 2
    assert client("DELETE", "/_mock/journal?world=*").status == 204
    assert client("GET", "/_mock/journal/count?world=*").json["count"] == 0


@pytest.mark.parametrize("name", ["", "a b", "-a", "..", "ä", "a" * 101, "a,b", "a%20b"])
def test_what_is_no_name_is_refused(client: Client, name: str) -> None:
    """With 400 and what a name is made of, in a header, a path and a cookie; an empty cookie is none."""
    for options in (
        {"headers": {"x-mock-world": name}},
        {"base": f"/_world/{name}/api/v3"},
        *([{"headers": {"cookie": f'mock_world="{name}"'}}] if name and "," not in name else []),
    ):
        reply = client.create(as_="adam", **options)
        assert reply.status == 400, options
        assert "1 to 100 letters, digits" in reply.reason
    assert client.create(as_="adam", headers={"cookie": "mock_world="}).status == 204
    assert names(client) == []


def test_two_names_in_a_header_are_none(client: Client) -> None:
    """Nobody knows which one is meant."""
    twice = [("x-mock-world", "a"), ("x-mock-world", "b")]
    assert client.create(as_="adam", headers=twice).status == 400


@pytest.mark.parametrize("way", ["header", "cookie", "prefix"])
def test_control_calls_take_the_same(client: Client, way: str) -> None:
    """Reset, snapshot and journal are those of the world."""
    prefix = "/_world/a" if way == "prefix" else ""
    options = {} if way == "prefix" else IN_A[way]
    client.create(as_="adam", **IN_A[way])
    client.create(as_="adam")
    assert [row["status"] for row in client("GET", f"{prefix}/_mock/journal", **options).json["exchanges"]] == [204]
    taken = client("GET", f"{prefix}/_mock/world", **options).json
    assert len(taken["handle_services"]) == len(client("GET", "/_mock/world").json["handle_services"])
    assert client("POST", f"{prefix}/_mock/reset", **options).status == 204
    assert services(client, "a") == services(client, "b")
    assert len(services(client)) == len(services(client, "b")) + 1
    assert client("PUT", f"{prefix}/_mock/world", taken, **options).status == 204
    assert len(services(client, "a")) == len(services(client, "b")) + 1
    assert client("DELETE", f"{prefix}/_mock/journal", **options).status == 204
    assert client("GET", "/_mock/journal").json["total"] > 0


def test_provider_states_are_set_up_in_the_world(client: Client) -> None:
    """Their users log in there alone, and a tear-down elsewhere removes nobody."""
    asked = {"state": "a persona", "params": {"group_privileges": [], "zone_privileges": []}}
    reply = client("POST", "/_mock/states", asked, **IN_A["header"]).json
    credentials = basic(reply["username"], reply["password"])
    as_made = {"authorization": credentials}
    assert client.create(group=reply["group"], headers=as_made).status == 401
    client("POST", "/_mock/states", {**asked, "action": "teardown"})
    assert client.create(group=reply["group"], headers={**as_made, "x-mock-world": "a"}).status == 403
    client("POST", "/_mock/states", {**asked, "action": "teardown"}, **IN_A["header"])
    assert client.create(group=reply["group"], headers={**as_made, "x-mock-world": "a"}).status == 401


def test_worlds_are_listed_and_removed(client: Client) -> None:
    """The least recently used first; one that is not there is told so, and one that was removed begins anew."""
    for name in ("a", "b"):
        client.create(as_="adam", headers={"x-mock-world": name})
    rows = client("GET", "/_mock/worlds").json["worlds"]
    assert [(row["name"], row["requests"]) for row in rows] == [("a", 1), ("b", 1)]
    assert client("DELETE", "/_mock/worlds/a").status == 204
    assert names(client) == ["b"]
    assert client("DELETE", "/_mock/worlds/a").status == 404
    assert services(client, "a") == services(client)


def test_a_world_is_gone_after_an_hour_unused(client: Client) -> None:
    """Being used keeps it; the common world stays as it is."""
    now, worlds = 0.0, client.app.state.worlds
    worlds.clock = lambda: now
    client.create(as_="adam")
    for name in ("a", "b"):
        client.create(as_="adam", headers={"x-mock-world": name})
    now = UNUSED_SECONDS - 1
    services(client, "b")
    now = UNUSED_SECONDS
    assert names(client) == ["b"]
    assert services(client, "a") == services(client, "c")
    assert len(services(client)) == len(services(client, "b")) == len(services(client, "c")) + 1


@pytest.mark.slow
def test_the_least_recently_used_goes_where_there_are_too_many(client: Client) -> None:
    """A thousand are kept."""
    state = client.app.state
    for number in range(MOST_WORLDS):
        state.run_of(f"w{number}")
    state.run_of("w0")
    state.run_of("new")
    worlds = names(client)
    assert len(worlds) == MOST_WORLDS
    assert "w1" not in worlds
    assert {"w0", "new"} <= set(worlds)


def test_faults_are_of_all_worlds(client: Client) -> None:
    """Switching them starts every world anew."""
    client.create(as_="adam", **IN_A["header"])
    fault = client("GET", "/_mock/faults").json["faults"][0]["id"]
    assert client("PUT", "/_mock/faults", [fault]).status == 204
    assert names(client) == []
    client.app.state.switch(())


@pytest.mark.slow
def test_worlds_work_below_a_mount() -> None:
    """The prefix stands behind the path that the mock is mounted at."""
    app = create_app()

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": "/mock"}, receive, send)

    client = Client(mounted)
    reply = client.create(as_="adam", base="/mock/_world/a/api/v3")
    assert reply.headers["location"].startswith("http://mock.test:8080/mock/_world/a/api/onezone/v3/")
    assert [name for name, *_ in app.state.worlds.all()] == ["a"]


def test_a_request_that_waits_for_its_turn_belongs_to_the_world_it_came_into(address: Address) -> None:
    """A reset from elsewhere meanwhile does not let it into the new world, as without a name."""
    named = (*COMMON, "X-Mock-World: a", length(BODY))
    with connected(address) as connection:
        slow = head(*named, "Prefer: wait=30") + BODY
        connection.sendall(slow + head(*named) + BODY)
        control = http.client.HTTPConnection(*address)
        while _total(control) < 1:
            pass
        control.request("POST", "/_mock/reset", headers={"X-Mock-World": "a"})
        assert control.getresponse().read() == b""
        assert statuses(connection, 2) == [204, 204]
        assert _total(control) == 0
        control.close()


def _total(control: http.client.HTTPConnection) -> int:
    control.request("GET", "/_mock/journal", headers={"X-Mock-World": "a"})
    total: int = json.load(control.getresponse())["total"]
    return total


def test_the_body_is_that_of_the_documented_example(client: Client) -> None:
    """A world of its own serves all operations, not the documented one alone."""
    location = client.create(GOOD, as_="adam", base="/_world/a/api/v3").headers["location"]
    path = location.removeprefix("http://mock.test:8080")
    assert client("GET", path, as_="adam").json["name"] == GOOD["name"]


def test_a_world_has_a_clock_of_its_own(client: Client) -> None:
    """Setting it, and a reset that puts it back, are no other world's."""
    for name in ("a", "b"):
        assert client("PUT", "/_mock/clock", {"now": 1}, headers={"x-mock-world": name}).status == 200
    client("POST", "/_mock/reset", headers={"x-mock-world": "a"})
    standing = [client("GET", "/_mock/clock", headers={"x-mock-world": name}).json["standing"] for name in ("a", "b")]
    assert standing == [False, True]
    assert not client("GET", "/_mock/clock").json["standing"]
