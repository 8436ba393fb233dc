"""`ozkit explain`: who may and why, from a scenario, a running mock or a live target."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from judge_tools import CommandResult
from onezone_contracts.target.embedded import mock
from onezone_mockserver.access import Guard
from onezone_mockserver.scenario import DEMO, read_scenario
from onezone_mockserver.scenario.snapshot import build
from onezone_spec import load
from onezone_spec.explain import question, read_setting
from onezone_spec.written import read_written

Command = Callable[..., CommandResult]
ROOT = Path(__file__).parents[2]
SCENARIOS = [DEMO, *sorted((ROOT / "docs" / "scenarios").glob("*.yaml"))]
CREATE = "create_group_handle_service"
ON_DEMO = (CREATE, "--scenario", DEMO, "--group", "Community")


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    with mock("deployed") as origin:
        yield origin


def explained(command: Command, *options: object) -> tuple[int, dict[str, Any]]:
    result = command("explain", *options, "--format", "json")
    return result.code, json.loads(result.out)


def test_a_privilege_comes_through_a_group(command: Command) -> None:
    """The route is named, and the groups through which each privilege comes."""
    code, data = explained(command, *ON_DEMO, "--as", "nora")
    assert (code, data["answer"]["allowed"], data["answer"]["route"]) == (0, True, "member")
    needs = {need["privilege"]: need["through"] for need in data["answer"]["routes"][0]["needs"]}
    assert needs == {"group_create_handle_service": [["Community editors"]], "oz_handle_services_create": [[]]}
    assert data["answer"]["enough"] == []


def test_what_is_lacking_is_named_with_the_smallest_grants(command: Command) -> None:
    """Each route says what it lacks; what would be enough is listed, the least first."""
    code, data = explained(command, *ON_DEMO, "--as", "otto")
    enough = [[(grant["scope"], grant["privilege"]) for grant in each["grants"]] for each in data["answer"]["enough"]]
    assert (code, data["answer"]["allowed"]) == (1, False)
    assert enough == [
        [("group", "group_create_handle_service"), ("zone", "oz_handle_services_create")],
        [("zone", "oz_groups_add_relationships"), ("zone", "oz_handle_services_create")],
    ]


def test_who_in_this_world_may(command: Command) -> None:
    """Without a user it says who may, and by which route."""
    code, data = explained(command, *ON_DEMO)
    assert code == 0
    assert {row["user"]: row["route"] for row in data["who_may"]} == {
        "adam": "administrator",
        "alice": "member",
        "nora": "member",
    }
    assert (data["answer"], data["users"]) == (None, 6)


def test_it_is_read_at_80_columns(command: Command) -> None:
    """No line is longer than a terminal."""
    lines = command("explain", *ON_DEMO, "--as", "otto").out.splitlines()
    assert "otto may not" in lines
    assert "  * oz_groups_add_relationships in the zone and oz_handle_services_create in the" in lines
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("edition", ["classic", "current", "deployed"])
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_agrees_with_the_mock(path: Path, edition: str) -> None:
    """For every operation, entity and user of a scenario, the answer is the mock's decision."""
    contract = load(edition)
    data = read_written(path).data
    setting, world = read_setting(data, contract), read_scenario(path, contract).world(contract)
    users = [ref for ref in setting.names if ref[0] == "user"]
    for operation in contract.operations.values():
        roles = {parameter.entity: parameter.name for parameter in operation.parameters if parameter.entity}
        keys = operation.body.properties if operation.body else ()
        roles |= {key.refers.kind: key.name for key in keys if key.refers}
        every = ([ref for ref in setting.names if ref[0] == contract.kind(role)][:3] for role in roles)
        for entities in itertools.product(*every):
            named = {role: ref[1] for role, ref in zip(roles, entities, strict=True)}
            asked = question(contract, operation.id, setting, named)
            params = {roles[role]: identity for role, identity in named.items()}
            for user in users:
                decision = Guard(operation, contract).decide(world, world.users[user[1]], params, body=params)
                answer = asked.answer(user)
                assert (answer.route is not None) == decision.allowed, (operation.id, named, user)


def test_the_smallest_grants_are_enough() -> None:
    """A world in which a user has what is said to be enough lets the user in, by that route."""
    contract, data = load("deployed"), read_written(DEMO).data
    asked = question(contract, CREATE, read_setting(data, contract), {"group": "Community"})
    for route in asked.answer(("user", "otto")).smallest:
        more = json.loads(json.dumps(data))
        for need in route.lacks:
            if need.scope == "zone":
                more["users"][5].setdefault("zone_privileges", []).append(need.privilege)
            else:
                more["groups"][0]["users"].setdefault("otto", []).append(need.privilege)
        more.pop("personas")
        world = build(more, contract)
        guard = Guard(contract.operations[CREATE], contract)
        assert guard.decide(world, world.users["otto"], {"id": more["groups"][0]["id"]}).route == route.name


@pytest.mark.slow
def test_a_running_mock_and_a_live_target_say_the_same(command: Command, running: str) -> None:
    """The world comes from a mock's snapshot, or is read through the API with an administrator's account."""
    options = (CREATE, "--edition", "deployed", "--group", "Community", "--as", "nora")
    snapshot = explained(command, *options, "--scenario", f"{running}/_mock/world")
    live = explained(command, *options, "--url", f"{running}/api/v3/onezone", "--admin", "adam:adam-password")
    assert snapshot == live
    assert snapshot[1]["answer"]["route"] == "member"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((CREATE, "--scenario", DEMO), "create_group_handle_service is about a group: say which one: --on group=ID"),
        ((CREATE, "--scenario", DEMO, "--group", "Nowhere"), "there is no group 'Nowhere'; there are: Community, "),
        ((*ON_DEMO, "--as", "nobody"), "there is no user 'nobody'; there are: adam, alice, "),
        ((*ON_DEMO, "--on", "user=otto"), "create_group_handle_service names no user; it names: group"),
        (("create", "--scenario", DEMO), "there is no operation 'create' in the edition current: do you mean "),
        ((CREATE, "--group", "Community"), "which world? Give --scenario FILE, or --url URL with --admin"),
        ((CREATE, "--scenario", "no.yaml", "--group", "a"), "no.yaml: No such file or directory"),
        ((*ON_DEMO, "--on", "user"), "--on 'user': write ROLE=ID"),
        (
            ("create_user_handle", "--scenario", DEMO),
            "create_user_handle is about a handle service: say which one: --on ",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(command: Command, options: tuple[object, ...], words: str) -> None:
    """What is not there is named, with what is."""
    result = command("explain", *options)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith(f"ozkit explain: {words}")
