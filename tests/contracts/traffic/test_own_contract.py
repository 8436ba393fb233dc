"""Traffic of a contract that has nothing of Onezone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from onezone_contracts.commands.cli import main
from onezone_contracts.target.embedded import mock
from onezone_contracts.traffic.judge import Follower
from onezone_contracts.traffic.order import merged
from onezone_contracts.traffic.proxy import recording
from onezone_contracts.traffic.recording import read
from onezone_spec import Origin, load
from traffic_tools import Story

PROJECTS = Path(__file__).parents[3] / "docs" / "examples" / "projects"
KEY = "key-of-ann-7f3a"


def test_credentials_come_from_the_security_schemes(tmp_path: Path) -> None:
    """A header of a name of its own says who calls, and its value is in no report."""
    folder = shutil.copytree(PROJECTS, tmp_path / "ours")
    document = folder / "openapi.yaml"
    document.write_text(document.read_text().replace("X-Auth-Token", "X-Project-Key"))
    contract = load(None, (folder,))
    story = Story(f"http://projects.test{contract.base_paths[0]}")
    for status in (200, 401, 200):
        call = next(
            operation.path
            for operation in contract.operations.values()
            if operation.effect.verb == "list" and not operation.parameters
        )
        answer = {"error": {"id": "x", "description": "x"}} if status != 200 else {}
        story.add(f"GET {call}", status, who=None, headers=(("X-Project-Key", KEY),), answer=answer)
    follower = Follower(contract)
    follower.follow(merged([read(story.write(tmp_path / "a.har"))]))
    judgement = follower.judgement("a story")
    assert judgement.coverage
    row = next(row for row in judgement.coverage.rows if sum(row.statuses.values()))
    assert (row.personas["allowed"], row.personas["nobody"]) == (2, 0)
    assert KEY not in judgement.redactor.text(f"it is {KEY}")


@pytest.mark.slow
def test_a_recording_of_its_mock_is_conformant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every operation of it, as `verify` calls them."""
    named = Origin(None, (str(PROJECTS),))
    har = tmp_path / "run.har"
    with mock(named) as origin, recording(origin, har) as through:
        url, states = through + load(None, (PROJECTS,)).base_paths[0], f"{origin}/_mock/states"
        assert main("verify", [url, "--contract", str(PROJECTS), "--states-url", states, "--depth", "quick"]) == 0
    capsys.readouterr()
    assert main("traffic", [str(har), "--contract", str(PROJECTS), "--strict"]) == 0
    assert "conformant" in capsys.readouterr().out
