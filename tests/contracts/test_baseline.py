"""`--baseline`: against the report of an earlier run, only what is new is a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import server
from judge_tools import OPERATION, CommandResult

Command = Callable[..., CommandResult]
PART = ("--requirement", "success.*", "--requirement", "body.missing.*", "--requirement", "access.*")


@pytest.fixture(name="judged")
def judging(command: Command, tmp_path: Path) -> Callable[..., tuple[CommandResult, dict[str, Any]]]:
    """Judge a server with faults; what was said, and the report."""

    def run(faults: tuple[str, ...], *more: str, name: str = "report") -> tuple[CommandResult, dict[str, Any]]:
        path = tmp_path / f"{name}.json"
        with server.start("current", faults=faults) as handle:
            where = (handle.base_url, "--states-url", handle.states_url, "--depth", "quick", "--settle", "0")
            result = command("verify", *where, *PART, *more, "--report", f"json={path}")
        return result, json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    return run


@pytest.fixture(name="before")
def baseline(judged: Callable[..., Any], tmp_path: Path) -> Path:
    """The report of a server that answers 200 and takes a body without name."""
    result, _ = judged(("status-200", "hole-name-missing"), name="before")
    assert result.code == 1
    return tmp_path / "before.json"


def test_what_fails_as_before_is_no_failure(judged: Callable[..., Any], before: Path) -> None:
    """Exit code 0, and what fails as before is said so in every way."""
    result, report = judged(("status-200", "hole-name-missing"), "--baseline", str(before))
    assert (result.code, report["verdict"]) == (0, "conformant"), result.all
    assert report["baseline"]["new"] == report["baseline"]["mended"] == []
    assert f"{OPERATION}.success.status" in report["baseline"]["same"]
    assert "still failing (2): " in result.out
    assert "fixed (0): none" in result.out


def test_what_is_new_is_a_failure(judged: Callable[..., Any], before: Path) -> None:
    """Exit code 1 for what did not fail before; what is mended is named."""
    result, report = judged(("status-200", "access-anybody"), "--baseline", str(before))
    assert (result.code, report["verdict"]) == (1, "nonconformant")
    assert f"{OPERATION}.access.outsider" in report["baseline"]["new"]
    assert report["baseline"]["mended"] == [f"{OPERATION}.body.missing.name"]
    assert report["baseline"]["same"] == [f"{OPERATION}.success.status"]
    assert f"{OPERATION}.success.status" not in {name for cause in report["causes"] for name in cause["requirements"]}
    assert f"new failures ({len(report['baseline']['new'])}): " in result.out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no report"),
        ("x", "it is no JSON"),
        ("[]", "is not a report of"),
        ('{"requirements": [{}]}', "is not a report of"),
        (
            '{"requirements": [], "verdict": "inconclusive", "edition": "current"}',
            "judged nothing: give the report of another run",
        ),
        ('{"requirements": [{"id": "x", "outcome": "fail"}], "verdict": "x", "edition": "classic"}', "edition classic"),
    ],
)
def test_a_baseline_that_is_none_is_told(
    judged: Callable[..., Any], tmp_path: Path, text: str | None, words: str
) -> None:
    """One line, exit code 2."""
    path = tmp_path / "before.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    result, _ = judged((), "--baseline", str(path))
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert words in result.err
