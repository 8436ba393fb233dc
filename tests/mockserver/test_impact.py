"""`ozkit spec diff A B --impact`: who notices a change of the contract, by the answers of both mocks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from onezone_mockserver.impact.cli import main
from onezone_mockserver.impact.report import Notice, notices
from onezone_spec import load

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
AGREED, PARENTS = EXAMPLES / "agreed.yaml", EXAMPLES / "memberships"
CREATE = "create_group_handle_service"


def noticed_by(changes: list[Notice], who: str) -> dict[str, tuple[int, int]]:
    """The two statuses, by operation, of what somebody notices."""
    return {
        name: (change.old.status, change.new.status)
        for change in changes
        if change.probe.who == who
        for name in change.operations
    }


@pytest.mark.slow
def test_an_edition_of_ones_own_is_noticed_by_whom_it_changes_something_for() -> None:
    """Only a client that looks at the success and a user with just the group's privilege notice the example."""
    changes = notices(load("deployed"), load(AGREED))
    assert [(change.probe.who, change.operations, change.old.status, change.new.status) for change in changes] == [
        ("a client that looks at the answer of success", [CREATE], 201, 200),
        ("a user with exactly `group_create_handle_service` in the group", [CREATE], 403, 200),
    ]


@pytest.mark.slow
def test_the_shape_of_errors_is_noticed_in_every_operation() -> None:
    """A client that reads `error` gets a sentence from one edition and an object from the other."""
    changes = notices(load("classic"), load("current"))
    notice = next(change for change in changes if change.probe.who == "a client that reads `error`")
    assert len(notice.operations) > 80
    assert '{"error":"' in notice.old.body
    assert '{"error":{"id":"unauthorized"' in notice.new.body


@pytest.mark.slow
def test_a_body_that_one_edition_takes_is_noticed() -> None:
    """`true` is a name in `deployed` alone; a creation answers 204 and 201."""
    changes = notices(load("current"), load("deployed"))
    assert noticed_by(changes, "a body in which `name` is true")[CREATE] == (400, 201)
    assert noticed_by(changes, "a client that looks at the answer of success")[CREATE] == (204, 201)
    assert all(change.old.status != 500 != change.new.status for change in changes)


@pytest.mark.slow
def test_an_operation_of_one_edition_alone_is_noticed_by_who_calls_it() -> None:
    """An operation that is new answers where there was nothing."""
    changes = notices(load("deployed"), load("deployed", [PARENTS]))
    assert noticed_by(changes, "a client that calls the operation") == {"list_group_memberships": (404, 200)}


@pytest.mark.slow
def test_an_edition_is_not_noticed_in_its_own_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody notices that nothing changes."""
    assert main("spec", ["diff", "current", "current", "--impact"]) == 0
    assert "No client notices; `ozkit spec diff` lists 0 differences" in capsys.readouterr().out


@pytest.mark.slow
def test_markdown_is_for_a_release_note(capsys: pytest.CaptureFixture[str]) -> None:
    """A heading for each who notices, the operations, the request and both answers."""
    assert main("spec", ["diff", "deployed", str(AGREED), "--impact", "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "## deployed (21.02) → agreed (21.02-agreed): who notices"
    assert "### A user with exactly `group_create_handle_service` in the group" in lines
    assert f"In `{CREATE}`." in lines
    assert any(line.startswith("POST /api/v3/onezone/groups/") for line in lines)
    assert any(line.startswith("deployed: 403 ") for line in lines)
    assert any(line.startswith("agreed: 200 Location: http") for line in lines)


def test_an_unknown_edition_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake ends with 2."""
    assert main("spec", ["diff", "current", "nightly", "--impact"]) == 2
    assert capsys.readouterr().err.startswith("ozkit spec: there is no edition 'nightly'")


@pytest.mark.slow
def test_the_text_fits_a_terminal_of_80_columns() -> None:
    """Long Locations included; nothing of the libraries' own affairs is told."""
    command = [sys.executable, "-m", "ozkit", "spec", "diff", "deployed", str(AGREED), "--impact"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "who notices" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stderr == ""
