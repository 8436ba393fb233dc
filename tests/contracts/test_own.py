"""Editions and contracts of one's own are served, judged, identified and proven."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from judge_tools import CommandResult
from onezone_contracts.target import embedded
from onezone_spec import Origin

Command = Callable[..., CommandResult]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
AGREED = ("--edition", EXAMPLES / "agreed.yaml")
PROJECTS = ("--contract", EXAMPLES / "projects")
PARENTS = ("--contract", EXAMPLES / "memberships")


@pytest.mark.slow
def test_an_edition_of_ones_own_is_judged(command: Command) -> None:
    """The mock serves the edition of the file, and the judge derives its personas."""
    result = command("verify", *AGREED, "--depth", "quick", "--report", "json=-")
    report = json.loads(result.out)
    assert (result.code, report["verdict"], report["edition"]) == (0, "conformant", "agreed")
    ids = {requirement["id"].partition(".")[2] for requirement in report["requirements"]}
    assert "access.without-group_create_handle_service-oz_groups_add_relationships" in ids
    assert "access.without-oz_handle_services_create" not in ids


@pytest.mark.slow
def test_an_operation_of_ones_own_is_judged(command: Command) -> None:
    """The profile `full` judges an operation that a folder adds."""
    options = (
        "--profile",
        "full",
        "--depth",
        "quick",
        "--requirement",
        "list_group_memberships.*",
        "--report",
        "json=-",
    )
    result = command("verify", *PARENTS, *options)
    outcomes = {
        requirement["id"].partition(".")[2]: requirement["outcome"]
        for requirement in json.loads(result.out)["requirements"]
    }
    assert (result.code, outcomes["effect"], outcomes["access.member"]) == (0, "pass", "pass")


@pytest.mark.slow
def test_a_target_is_identified_by_an_edition_of_ones_own(command: Command) -> None:
    """The edition of the file stands beside those of the kit."""
    result = command("identify", *AGREED, "--format", "json")
    report = json.loads(result.out)
    assert (result.code, report["conforms_to"]) == (0, ["agreed"])
    assert {edition["edition"] for edition in report["editions"]} == {"agreed", "classic", "current", "deployed"}


@pytest.mark.slow
def test_what_a_contract_of_ones_own_changes_is_proven(command: Command) -> None:
    """Faults are derived from the operations that the folder adds or changes, and every one is noticed."""
    patterns = ("--fault", "derived-list_group_memberships-*", "--fault", "derived-add_group_child-privilege-*")
    result = command("prove", *PARENTS, *patterns, "--format", "json")
    matrix = json.loads(result.out)
    assert (result.code, matrix["good"], matrix["false_alarms"]) == (0, True, [])
    assert sum("-list_group_memberships-" in row["fault"] for row in matrix["rows"]) >= 8
    assert all(row["fault"].startswith("derived-") for row in matrix["rows"])


@pytest.mark.slow
def test_what_an_edition_of_ones_own_changes_is_proven(command: Command) -> None:
    """Faults are derived from the operation that the edition changes, and every one is noticed."""
    matrix = json.loads(
        command("prove", *AGREED, "--fault", "derived-create_group_handle_service-[ps]*", "--format", "json").out
    )
    assert (matrix["good"], matrix["edition"]) == (True, "agreed")
    assert all(row["fault"].startswith("derived-create_group_handle_service-") for row in matrix["rows"])


@pytest.mark.slow
def test_a_contract_that_has_nothing_of_onezone_is_judged(command: Command) -> None:
    """Projects with documents, owners and reviewers: every operation is judged, and nothing is left out."""
    result = command("verify", *PROJECTS, "--depth", "quick", "--report", "json=-")
    report = json.loads(result.out)
    assert (result.code, report["verdict"], report["profile"]) == (0, "conformant", "full")
    assert {requirement["outcome"] for requirement in report["requirements"]} <= {"pass", "observed"}
    words = ("onezone", "handle_service", "oz_")
    assert not [
        requirement
        for requirement in report["requirements"]
        if any(word in requirement["id"] + requirement["source"] for word in words)
    ]


def test_what_is_required_by_a_contract_that_has_nothing_of_onezone_is_listed(command: Command) -> None:
    """Requirements, and a target file for an administrator, below the contract's own base path."""
    rows = json.loads(command("requirements", *PROJECTS, "--format", "json").out)
    assert {"add_project.success.status", "hand_over.access.administrator"} <= {row["id"] for row in rows}
    skeleton = yaml.safe_load(command("target", "init", *PROJECTS).out)
    assert (skeleton["base_url"], set(skeleton)) == (
        "http://127.0.0.1:9000/projects-api/v1",
        {"base_url", "edition", "admin"},
    )


@pytest.mark.slow
def test_a_target_is_identified_by_a_contract_that_has_nothing_of_onezone(command: Command, tmp_path: Path) -> None:
    """A target file with an account, and one without anybody: every operation is judged as far as that goes."""
    with embedded.mock(Origin(None, (str(PROJECTS[1]),))) as origin:
        lines = (f"base_url: {origin}/projects-api/v1", "admin: {username: axel, password: axel-password}")
        for number, code in ((2, 0), (1, 2)):
            path = tmp_path / f"{number}.yaml"
            path.write_text("\n".join(lines[:number]), encoding="utf-8")
            assert command("identify", *PROJECTS, "--target", path).code == code


@pytest.mark.slow
def test_a_contract_that_has_nothing_of_onezone_is_proven(command: Command) -> None:
    """A privilege that is not asked for, a route, a status and a rule of the body: each is noticed."""
    matrix = json.loads(command("prove", *PROJECTS, "--fault", "derived-add_document-*", "--format", "json").out)
    assert (matrix["good"], matrix["false_alarms"]) == (True, [])
    assert len(matrix["rows"]) >= 6


def test_a_contract_that_has_nothing_of_onezone_is_explained(command: Command) -> None:
    """A reviewer reads through the board, and may not write."""
    world = EXAMPLES / "projects" / "scenario.yaml"
    options = (*PROJECTS, "--scenario", world, "--as", "rita", "--group", "Apollo")
    assert (
        "document_read in the group Apollo, through Board of reviewers"
        in command("explain", "list_documents", *options).out
    )
    assert command("explain", "add_document", *options).code == 1


@pytest.mark.parametrize("name", ["verify", "identify", "prove", "requirements", "mock", "spec", "explain", "traffic"])
def test_a_mistake_ends_every_command_with_2(command: Command, tmp_path: Path, name: str) -> None:
    """A line with file, line and key, and no traceback."""
    path = tmp_path / "ours.yaml"
    path.write_text("overlay: 1.0.0\nextends: nowhere\nactions: []\n", encoding="utf-8")
    more = {"explain": ["create_group_handle_service"], "traffic": [path]}
    result = command(name, *more.get(name, []), "--edition", path)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"ozkit {name}: {path}:2: extends: there is no edition and no file 'nowhere'")


@pytest.mark.slow
def test_requirements_are_those_of_the_edition(command: Command) -> None:
    """`ozkit requirements` lists what the file asks for, with its sources."""
    result = command("requirements", *AGREED, "--format", "json")
    texts = {requirement["id"]: requirement["source"] for requirement in json.loads(result.out)}
    assert "agreed for the pilot" in texts["create_group_handle_service.success.status"]


@pytest.mark.slow
def test_a_target_file_is_made_for_the_edition(command: Command) -> None:
    """`ozkit target init` says what the personas of an edition of one's own must hold."""
    result = command("target", "init", *AGREED)
    assert result.code == 0
    assert "without-group_create_handle_service-oz_groups_add_relationships" in result.out
