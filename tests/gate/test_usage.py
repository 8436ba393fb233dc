"""What a command line may not say: one line on standard error, exit code 2, and nothing judged."""

from __future__ import annotations

from pathlib import Path

import pytest

import ozkit

BASE = "http://127.0.0.1:9/api/v3"


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that says why a command line is refused."""
    try:
        code = ozkit.main(words)
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), (words, out, err)
    assert err.startswith(f"ozkit {words[0]}")
    return err


@pytest.mark.parametrize(
    "words",
    [
        ["verify", ""],
        ["verify", "", "--edition", "classic"],
        ["verify", BASE, "--edition", ""],
        ["verify", "--target", ""],
        ["verify", BASE, "--states-url", ""],
        ["verify", BASE, "--admin", ""],
        ["verify", BASE, "--admin-token="],
        ["verify", "--contract", ""],
        ["verify", "--requirement", ""],
        ["verify", "--report", ""],
        ["verify", "--header", ""],
        ["verify", "--baseline", ""],
        ["verify", "--expected-failures", ""],
        ["verify", "--examples", ""],
        ["verify", "--cacert", ""],
        ["verify", "--keep", ""],
        ["identify", ""],
        ["traffic", ""],
        ["traffic", "--proxy", ""],
        ["explain", ""],
        ["prove", "--edition", ""],
        ["requirements", "--edition", ""],
        ["spec", "--edition", ""],
        ["spec", "diff", "current", ""],
        ["target", "init", "--edition", ""],
        ["target", "clean", ""],
        ["mock", "--host", ""],
        ["mock", "--fault", ""],
    ],
    ids=" ".join,
)
def test_an_empty_value_is_never_a_value_left_out(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`ozkit verify "$URL"` without that variable does not judge the kit's own mock, and is not green."""
    assert "the value is empty" in refused(words, capsys)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["verify", "--timeout", "0"], "--timeout: give more than 0 seconds"),
        (["verify", "--depth", "abyss"], "choose from 'quick', 'standard', 'deep'"),
        (["verify", BASE, BASE], "unrecognized arguments"),
        (["identify", "--rate", "0"], "--rate"),
        (["traffic", "--port", "x"], "--port"),
        (["prove", "--workers", "0"], "--workers"),
        (["requirements", "--format", "xml"], "--format"),
        (["spec", "--format", "xml"], "--format"),
        (["spec", "nope"], "choose from 'diff', 'lint', 'bundle', 'coverage'"),
        (["spec", "diff", "current"], "required: B"),
        (["target"], "required"),
        (["explain"], "required: OPERATION"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_one_line(words: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the list of everything that there is, which hides it."""
    assert why in refused(words, capsys)


def test_a_report_that_cannot_be_written_is_told_before_anything_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a folder that there is not, and two reports for one place."""
    twice = f"json={tmp_path / 'report'}"
    for reports, why in (
        ([f"json={tmp_path}"], "is a folder: name a file in it"),
        ([f"json={tmp_path / 'none' / 'report.json'}"], "there is no folder"),
        (["json=-", "junit=-"], "another report goes to - already"),
        ([twice, twice.replace("json", "html", 1)], "another report goes to"),
    ):
        assert why in refused(["verify", *(word for report in reports for word in ("--report", report))], capsys)
    assert list(tmp_path.iterdir()) == []
