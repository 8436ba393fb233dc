"""`--reload`: scenario and contract are read anew when they change, and what still fits is kept."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, Client, basic, mock_process
from onezone_mockserver import cli, create_app
from onezone_mockserver.scenario import ScenarioError
from socket_client import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

AGREED = Path(__file__).parents[2] / "docs" / "examples" / "agreed.yaml"
USER = {"username": "ann", "password": "secret", "zone_privileges": ["oz_handle_services_create"]}
GROUP = {"id": "g1", "users": {"ann": "all"}}
ANN = {"authorization": basic("ann", "secret")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "world.json"
    path.write_text(json.dumps({"users": [USER], "groups": [GROUP]}))
    return path


@pytest.fixture
def own_client(file: Path) -> Client:
    return Client(create_app(scenario=file))


def change(file: Path, **lists: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **lists}))


def ids(client: Client, kind: str, **headers: str) -> list[str]:
    world = client("GET", "/_mock/world", headers={"host": "127.0.0.1", **headers}).json
    return [entry["id"] for entry in world.get(kind, ())]


@pytest.mark.slow
def test_what_was_made_meanwhile_is_added_to_the_new_scenario(file: Path, own_client: Client) -> None:
    """In every world, with the journal; a reset begins from the new scenario."""
    there = {"x-mock-world": "w"}
    assert own_client.create(GOOD, "g1", headers=ANN).status == 204
    assert own_client.create(GOOD, "g1", headers={**ANN, **there}).status == 204
    change(file, users=[USER, {"username": "ben", "password": "secret"}])
    assert own_client.app.reload() == []
    assert ids(own_client, "users") == ids(own_client, "users", **there) == ["ann", "ben"]
    assert len(ids(own_client, "handle_services")) == len(ids(own_client, "handle_services", **there)) == 1
    assert own_client.app.journal.total == 1
    own_client("POST", "/_mock/reset")
    assert (ids(own_client, "users"), ids(own_client, "handle_services")) == (["ann", "ben"], [])


@pytest.mark.slow
def test_without_a_change_everything_is_kept(own_client: Client) -> None:
    """Also what was changed in the scenario's own entities."""
    own_client.create(GOOD, "g1", headers=ANN)
    before = own_client.snapshot()
    assert own_client.app.reload() == []
    assert own_client.snapshot() == before


@pytest.mark.slow
def test_what_fits_no_longer_is_told(file: Path, own_client: Client) -> None:
    """A service of a group that the scenario has no more."""
    own_client.create(GOOD, "g1", headers=ANN)
    change(file, groups=[])
    (line,) = own_client.app.reload()
    assert line.startswith("handle_services ")
    assert "there is no such group" in line


@pytest.mark.slow
def test_a_mistake_keeps_the_last_good_one(file: Path, own_client: Client) -> None:
    """World, journal and all."""
    own_client.create(GOOD, "g1", headers=ANN)
    before, good = own_client.snapshot(), file.read_text()
    file.write_text('{"users": [{"usernam": "x"}]}')
    with pytest.raises(ScenarioError, match="unknown key"):
        own_client.app.reload()
    assert own_client.snapshot() == before
    reply = own_client("POST", "/_mock/reload")
    assert (reply.status, "world.json:1: users[0].usernam: unknown key" in reply.json["error"]) == (400, True)
    assert "unknown key" in own_client("GET", "/_mock/").json["mistake"]
    own_client("POST", "/_mock/reset")
    assert ids(own_client, "users") == ["ann"]
    file.write_text(good)
    own_client.app.reload()
    assert own_client("GET", "/_mock/").json["mistake"] == ""


@pytest.mark.slow
def test_reload_on_demand(file: Path, own_client: Client) -> None:
    """Where files cannot be watched."""
    change(file, groups=[GROUP, {"id": "g2"}])
    assert own_client("POST", "/_mock/reload").json == {"dropped": []}
    assert ids(own_client, "groups") == ["g1", "g2"]


@pytest.mark.slow
def test_overrides_and_provider_states_go_on(own_client: Client) -> None:
    """As the worlds do that they are of."""
    own_client("PUT", "/_mock/overrides", {"then": {"status": 503}})
    state = {"action": "setup", "state": "a group"}
    group = own_client("POST", "/_mock/states", state).json["group"]
    own_client.app.reload()
    assert own_client.create(GOOD, "g1", headers=ANN).status == 503
    own_client("POST", "/_mock/states", {**state, "action": "teardown"})
    assert group not in ids(own_client, "groups")


@pytest.mark.slow
def test_with_a_seed_no_id_comes_again(file: Path) -> None:
    """After a reload, nor after a snapshot that is put back."""
    client = Client(create_app(scenario=file, seed=1))
    location = [client.create(GOOD, "g1", headers=ANN).headers["location"]]
    change(file, groups=[GROUP, {"id": "g2"}])
    client.app.reload()
    location.append(client.create(GOOD, "g1", headers=ANN).headers["location"])
    client("PUT", "/_mock/world", client("GET", "/_mock/world").body)
    location.append(client.create(GOOD, "g1", headers=ANN).headers["location"])
    assert len(set(location)) == len(ids(client, "handle_services")) == 3


@pytest.mark.slow
def test_with_a_seed_provider_states_are_the_same_again(file: Path) -> None:
    """Ids, names and passwords; without one they are not."""
    request = {"state": "a persona", "params": {"handle_service_privileges": None}}

    def persona_of(seed: int | None) -> Any:
        return Client(create_app(scenario=file, seed=seed))("POST", "/_mock/states", request).json

    assert persona_of(1) == persona_of(1)
    assert persona_of(1).keys() == persona_of(None).keys()
    for given in (persona_of(2), persona_of(None)):
        assert persona_of(1).items().isdisjoint(given.items())


@pytest.mark.slow
def test_an_edition_of_ones_own_is_read_again(tmp_path: Path) -> None:
    """Its answers change under the worlds that are served; a mistake in it keeps the last good one."""
    edition = tmp_path / "ours.yaml"
    text = AGREED.read_text(encoding="utf-8")
    edition.write_text(text, encoding="utf-8")
    client = Client(create_app(str(edition)))
    override = {"times": 1, "when": {"operation": "create_group_handle_service"}, "then": {"status": 503}}
    assert client("PUT", "/_mock/overrides", override).status == 204
    assert [client.create(as_="adam").status for _ in range(2)] == [503, 200]
    edition.write_text(text.replace('"200":', '"202":'), encoding="utf-8")
    assert client.app.reload() == []
    assert client.create(as_="adam").status == 202
    assert len(ids(client, "handle_services")) == 3
    edition.write_text("extends: nothing\n", encoding="utf-8")
    reply = client("POST", "/_mock/reload")
    assert (reply.status, "ours.yaml" in reply.json["error"]) == (400, True)
    assert client.create(as_="adam").status == 202


def until(file: Path, text: str, done: Any) -> None:
    """Write a file until that shows: who watches it may not have begun."""
    deadline = time.monotonic() + LONG
    while not done():
        assert time.monotonic() < deadline
        file.write_text(text)
        time.sleep(0.2)


def users(origin: str) -> Iterator[str]:
    with urllib.request.urlopen(f"{origin}/_mock/world") as answer:
        return (entry["id"] for entry in json.load(answer)["users"])


@pytest.mark.slow
def test_a_file_that_changes_is_read_again(file: Path) -> None:
    """A mistake is told on standard error, and the mock goes on."""
    with mock_process("--reload", "--scenario", str(file)) as (process, origin):
        more = json.dumps({"users": [USER, {"username": "ben"}], "groups": [GROUP]})
        until(file, more, lambda: "ben" in users(origin))
        file.write_text("{")
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "not reloaded, what was there before goes on: " in line
        assert "world.json:1: not JSON" in line
        assert "ben" in users(origin)
        process.terminate()
        assert process.wait(LONG) == 0


@pytest.mark.slow
def test_there_must_be_something_to_watch(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo does not change."""
    assert cli.main("mock", ["--reload", "--port", "0"]) == 2
    assert (
        capsys.readouterr().err
        == "ozkit mock: --reload has nothing to watch: name a --scenario, or an edition or a contract of your own\n"
    )
