"""Nobody is accused of another's deed: who is named was seen to do it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from judge_tools import exit_code
from onezone_contracts.requirement import ALONE
from onezone_contracts.target import embedded


def failures(tmp_path: Path, fault: str, *more: str) -> dict[str, list[dict[str, Any]]]:
    """What a run on a mock with a fault finds, by the topics that fail or warn."""
    report = tmp_path / "report.json"
    with embedded.mock("current", "--fault", fault) as origin:
        arguments = ["--states-url", f"{origin}/_mock/states", "--settle", "0.3", "--report", f"json={report}", *more]
        exit_code(["verify", f"{origin}/api/v3", *arguments])
    requirements = json.loads(report.read_text(encoding="utf-8"))["requirements"]
    return {
        requirement["id"].partition(".")[2]: requirement["findings"]
        for requirement in requirements
        if requirement["outcome"] in {"fail", "warn"}
    }


@pytest.mark.slow
def test_a_request_for_an_odd_id_that_is_accepted_is_the_culprit(tmp_path: Path) -> None:
    """Ids are cut: the refused requests around it left nothing behind."""
    findings = failures(tmp_path, "unknown-group-prefix")
    assert "unknown-group.odd-ids" in findings
    assert "state.unchanged" not in findings
    assert "state.created-one" not in findings


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["credentials-just-now", "credentials-same-password"])
def test_a_valid_request_is_not_accused_of_what_the_next_one_made(fault: str, tmp_path: Path) -> None:
    """A decision that is remembered lets the next one in: the first one made one service, as it should."""
    findings = failures(tmp_path, fault, "--depth", "standard")
    assert [*findings] == ["authentication.after-success"]


@pytest.mark.slow
def test_a_finding_says_that_its_request_is_right_alone(tmp_path: Path) -> None:
    """What spoils it went before it on its connection, so the finding says what it is answered without that."""
    findings = failures(tmp_path, "robustness-left-over", "--depth", "quick", "--requirement", "authentication.*")
    assert findings["authentication.wrong-password"][0]["message"].endswith("got 400" + ALONE + ", 401")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "6"])
@pytest.mark.parametrize(("fault", "statuses"), [("state-refused-400", {400}), ("state-refused-removes", {400, 403})])
def test_who_leaves_something_behind_alone_is_named(
    fault: str, statuses: set[int], workers: str, tmp_path: Path
) -> None:
    """Each finding is about a request that was sent again alone, also where all that could vanish had vanished."""
    findings = failures(tmp_path, fault, "--depth", "quick", "--workers", workers)
    assert findings["state.unchanged"]
    assert all(
        "yet this changed: the group's services" in finding["message"] for finding in findings["state.unchanged"]
    )
    assert {finding["response"]["status"] for finding in findings["state.unchanged"]} <= statuses


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ["*.error.shape.400", "*.error.labelled.403", "*.state.unchanged", "*.location.*"])
def test_a_requirement_that_lives_off_others_is_judged_alone(pattern: str, tmp_path: Path) -> None:
    """What it looks at is sent for it."""
    report = tmp_path / "report.json"
    assert exit_code(["verify", "--requirement", pattern, "--report", f"json={report}"]) == 0
    outcomes = {
        requirement["outcome"] for requirement in json.loads(report.read_text(encoding="utf-8"))["requirements"]
    }
    assert {"pass"} <= outcomes <= {"pass", "observed"}
