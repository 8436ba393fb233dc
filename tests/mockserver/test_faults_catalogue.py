"""The faults catalogue: every entry is sound, is off unless asked for, and can be switched while the mock runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from mock_client import GOOD, HOME, SERVICE, Client, basic
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_mockserver import create_app
from onezone_mockserver.cli import main
from onezone_mockserver.faults import GROUPS, Fault, UnknownFaultError, catalogue, chosen
from onezone_mockserver.faults.fault import Hook, Point
from onezone_mockserver.faults.mutations import sample
from onezone_mockserver.pipeline import STAGES
from onezone_mockserver.world import World
from onezone_spec import editions, load

CREATE = f"/api/v3/groups/{HOME}/handle_services"
FEWEST = 120


@pytest.fixture(params=[*catalogue(), *sample(load())], ids=lambda entry: entry.id)
def fault(request: pytest.FixtureRequest) -> Fault:
    fault: Fault = request.param
    return fault


def topics(edition: str) -> Iterator[str]:
    """What a fault may name: topics of the documented operation, whole ids of the operations around it."""
    contract = load(edition)
    operation = judged_operations(contract)[0]
    yield from (requirement.topic for requirement in requirements(contract, operation))
    yield from (requirement.id for requirement in all_requirements(contract))


def faulty(*ids: str, edition: str = "current") -> Client:
    return Client(create_app(edition, faults=ids))


def test_there_are_enough_in_every_edition() -> None:
    """At least 120 an edition, each with an id of its own, and no group without any."""
    ids = [fault.id for fault in catalogue()]
    assert len(ids) == len(set(ids))
    for edition in editions():
        assert sum(fault.suits(edition) for fault in catalogue()) >= FEWEST
    for group in GROUPS:
        assert sum(identity.startswith(f"{group.split('_')[0]}-") for identity in ids) >= 4


def test_the_text_is_one_sentence(fault: Fault) -> None:
    """It begins with a capital, ends with a full stop, and fits on a line; the id is a slug."""
    assert re.fullmatch(r"[A-Z0-9a-z].{5,110}[^.]\.", fault.text)
    assert re.fullmatch(r"[a-z0-9]+(-[A-Za-z0-9_]+)+", fault.id)


@pytest.mark.slow
def test_it_names_requirements_that_exist() -> None:
    """In each of its editions, every pattern of a fault matches a requirement."""
    for edition in editions():
        edition_topics = tuple(topics(edition))
        for fault in catalogue(load(edition), derived=True):
            assert fault.noticed_by
            lost = [name for name in fault.noticed_by if not any(fnmatchcase(topic, name) for topic in edition_topics)]
            assert (fault.id, edition, lost) == (fault.id, edition, [])


def assembled(edition: str, faults: tuple[Fault, ...]) -> Client:
    """A mock that is put together with these faults, which need not be of the catalogue."""
    client = faulty(edition=edition)
    client.app.state.switch(faults)
    client.app.stacks.clear()
    client("GET", "/nowhere")
    return client


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_every_hook_goes_to_a_point_that_there_is(edition: str) -> None:
    """What a fault puts around something is asked for when the mock is assembled: at its point, for what it means."""
    installed = set()

    def noting(original: Fault) -> Fault:
        def noted(at: int, hook: Hook) -> Hook:
            def around(inner: Any, state: Any) -> Any:
                installed.add((original.id, at))
                return hook.around(inner, state)

            return replace(hook, around=around)

        return replace(original, hooks=tuple(noted(at, hook) for at, hook in enumerate(original.hooks)))

    faults = catalogue(load(edition))
    client = assembled(edition, tuple(noting(fault) for fault in faults))
    assert client("GET", "/_mock/health").status == 200
    client("GET", f"/api/v3/groups/{HOME}", as_="adam")
    assert {(fault.id, at) for fault in faults for at, _ in enumerate(fault.hooks)} - installed == set()


@pytest.mark.slow
def test_a_hook_for_no_operation_is_not_installed() -> None:
    """So the test above can fail."""
    asked: list[str] = []
    nowhere = Hook(Point.VALIDATION, lambda inner, _state: asked.append("nowhere") or inner, lambda _operation: False)
    assembled("current", (replace(catalogue()[0], hooks=(nowhere,)),))
    assert asked == []


def test_the_points_are_the_stages_and_four_more() -> None:
    """A stage that is renamed takes its point along."""
    stages = {stage.__name__ for stage in STAGES}
    assert stages == {*Point} - {Point.EFFECT, Point.ANSWER, Point.APPLICATION, Point.WORLD}


@pytest.mark.parametrize(("point", "method"), [(Point.WORLD, "logn"), (Point.WORLD, ""), (Point.BODY, "login")])
def test_a_hook_at_no_method_is_an_error(point: Point, method: str) -> None:
    """A typo is told when the catalogue is made, not by a fault that does nothing."""
    with pytest.raises(ValueError, match=method or "cannot"):
        Hook(point, lambda inner, _state: inner, method=method)


@pytest.mark.slow
def test_without_faults_nothing_is_installed() -> None:
    """A mock that has no faults does not even load them, and its world is an ordinary one."""
    code = (
        "import sys, onezone_mockserver\n"
        "app = onezone_mockserver.create_app()\n"
        "print('onezone_mockserver.faults.install' in sys.modules, type(app.world).__name__)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "World"]


@pytest.mark.slow
def test_several_faults_are_on_together() -> None:
    """A success is a 200, without a Location, and forbidden ones get a 404."""
    client = faulty("status-200", "location-missing", "status-403-as-404")
    reply = client("POST", CREATE, GOOD, as_="adam")
    assert (reply.status, "location" in reply.headers) == (200, False)
    assert client("POST", CREATE, GOOD, as_="otto").status == 404


@pytest.mark.slow
def test_the_journal_knows_the_status_of_a_changed_answer() -> None:
    """It is what the client got."""
    client = faulty("status-200")
    client("POST", CREATE, GOOD, as_="adam")
    assert [row["status"] for row in client("GET", "/_mock/journal").json["exchanges"]] == [200]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acceptance-again", "state-by-name"])
def test_what_a_fault_remembers_ends_with_the_world(name: str) -> None:
    """After a reset the first request is the first."""
    client = faulty(name, edition="deployed")
    locations = []
    for _ in range(2):
        reply = client("POST", CREATE, GOOD, as_="adam")
        assert reply.status == 201
        locations.append(reply.headers["location"])
        client("POST", "/_mock/reset")
    assert locations[0] != locations[1]


@pytest.mark.slow
def test_a_stage_is_changed() -> None:
    """Anybody who has signed in may; who has not is asked to."""
    client = faulty("access-anybody")
    assert client("POST", CREATE, GOOD, as_="otto").status == 204
    assert client("POST", CREATE, GOOD).status == 401


@pytest.mark.slow
def test_the_world_is_changed() -> None:
    """Any password is right, also after a reset."""
    client = faulty("authentication-no-password")
    assert client("POST", "/_mock/reset").status == 204
    wrong = {"authorization": basic("adam", "no such password")}
    assert client("POST", CREATE, GOOD, headers=wrong).status == 204
    assert type(client.app.world) is not World


@pytest.mark.slow
def test_what_is_stored_is_changed() -> None:
    """Another name than was sent is read back."""
    client = faulty("state-name-fixed")
    location = client("POST", CREATE, GOOD, as_="adam").headers["location"]
    service = client.app.world.details("handle_service", location.rpartition("/")[2])
    assert b'"name":"handle service"' in service


def test_an_unknown_fault_is_told() -> None:
    """Also one that makes no difference in the edition."""
    with pytest.raises(UnknownFaultError, match="no fault 'nonsense'"):
        create_app(faults=["nonsense"])
    with pytest.raises(UnknownFaultError, match="edition deployed"):
        chosen(["status-201"], load("deployed"))


@pytest.mark.slow
def test_faults_are_switched_while_it_runs() -> None:
    """The control plane lists them; a list puts these on, the others off, and the world back."""
    client = Client(create_app())
    assert client("POST", CREATE, GOOD, as_="adam").status == 204
    count = len(client.app.world.ids("handle_service"))
    assert client("PUT", "/_mock/faults", ["status-202"]).status == 204
    assert len(client.app.world.ids("handle_service")) == count - 1
    assert client("POST", CREATE, GOOD, as_="adam").status == 202
    rows = client("GET", "/_mock/faults").json["faults"]
    assert [row["id"] for row in rows if row["on"]] == ["status-202"]
    assert set(rows[0]) == {"id", "text", "noticed_by", "profile", "on"}
    assert client("PUT", "/_mock/faults", []).status == 204
    assert client("POST", CREATE, GOOD, as_="adam").status == 204


@pytest.mark.slow
@pytest.mark.parametrize("body", [["nonsense"], "status-200", [1], {"a": 1}])
def test_a_bad_switch_changes_nothing(body: object) -> None:
    """An unknown fault, or no list of ids, is a 400 with the reason."""
    client = faulty("status-202")
    reply = client("PUT", "/_mock/faults", body)
    assert (reply.status, set(reply.json)) == (400, {"error"})
    assert [fault.id for fault in client.app.state.faults] == ["status-202"]


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    """One a line, those of the edition."""
    assert main("mock", ["--list-faults", "--edition", "deployed"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(catalogue(load("deployed"))) + 1
    assert lines[0].split()[0] == "status-200"
    assert re.match(r"\d{3,} derived from the contract: derived-OPERATION-", lines[-1])


@pytest.mark.parametrize("arguments", [["--fault", "nonsense"], ["--list-faults", "--edition", "x"]])
def test_the_command_refuses_an_unknown_one(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Exit 2 and one line."""
    assert main("mock", arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_handle_of_no_service_still_needs_a_share() -> None:
    """The fault lets the unknown service pass, and nothing else."""
    client = faulty("handle-of-no-service", edition="deployed")
    share = client("POST", "/_mock/states", {"state": "a share"}).json["share"]
    persona = {"state": "a persona", "params": {"zone_privileges": ["oz_handles_create"]}}
    login = client("POST", "/_mock/states", persona).json
    headers = {"authorization": basic(login["username"], login["password"])}
    rest = {"resourceType": "Share", "metadata": "<metadata/>", "metadataPrefix": "oai_dc"}

    def create(service: object, resource: object) -> int:
        body = {"handleServiceId": service, "resourceId": resource, **rest}
        return client("POST", "/api/v3/onezone/handles", body, headers=headers).status

    assert [create("none", "none"), create(SERVICE, "none"), create([1], share), create("none", [1])] == [400] * 4
    assert create("none", share) == 201
