"""`--expected-failures`: what is known to fail is not held against a target, and the list is strict both ways."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import naive
import pytest
import server
from judge_tools import OPERATION, CommandResult
from onezone_contracts.expected_failures import Entry, ExpectedFailures, read
from onezone_contracts.requirement import Level, Outcome, Requirement, Result
from onezone_contracts.target.file import SetupError
from onezone_contracts.verdict import Verdict, decide

Command = Callable[..., CommandResult]
FAULT = "status-200"
PART = ("--requirement", "*.success.*", "--requirement", "*.access.*")
KNOWN = f"{OPERATION}.success.status"


def result(outcome: str, level: Level = Level.MUST, needs: str | None = None, topic: str = "a.b") -> Result:
    requirement = Requirement(topic, "operation", level, "text", "source", lambda _: (), needs)
    return Result(requirement, Outcome(outcome), (), "why")


LIST = ExpectedFailures((Entry("operation.a.*", "known.txt:1", "issue 7"),))
GOOD = result("pass", topic="good")


@pytest.mark.parametrize(
    ("outcome", "level", "verdict"),
    [
        ("fail", Level.MUST, "conformant"),
        ("warn", Level.SHOULD, "conformant"),
        ("pass", Level.MUST, "nonconformant"),
        ("pass", Level.SHOULD, "nonconformant"),
        ("skip", Level.MUST, "partial"),
        ("skip", Level.SHOULD, "partial"),
        ("blocked", Level.MUST, "partial"),
        ("error", Level.MUST, "inconclusive"),
    ],
)
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_only_a_failure_is_excused(outcome: str, level: Level, verdict: str, *, strict: bool) -> None:
    """A listed requirement that fails is excused; one that passes is a failure; one that was not judged is neither."""
    applied = LIST.applied(result(outcome, level))
    assert decide([GOOD, applied], (), strict=strict)[0] == verdict
    assert applied.fails_as_expected is (verdict == "conformant")


def test_skip_that_the_target_may_is_not_excused_either() -> None:
    """What the list says fails has to be judged, also where the target might lack it."""
    assert decide([GOOD, LIST.applied(result("skip", needs="reading"))], ())[0] is Verdict.PARTIAL


def test_only_expected_failures_are_a_verdict() -> None:
    """A run of nothing but expected failures has judged something."""
    assert decide([LIST.applied(result("fail"))], ())[0] is Verdict.CONFORMANT


def test_other_failures_count() -> None:
    """An expected failure excuses no other."""
    verdict, reason = decide([LIST.applied(result("fail")), result("fail", topic="c")], ())
    assert (verdict, reason) == (Verdict.NONCONFORMANT, "1 requirement is violated")


def test_observed_is_no_expected_failure() -> None:
    """What is only observed never fails: a line that lists nothing else lists nothing."""
    seen = result("observed", Level.OBSERVE)
    assert LIST.applied(seen) is seen
    assert LIST.unmatched([seen.requirement]) == (
        "known.txt:1: operation.a.* is no requirement that can fail: remove it",
    )
    assert LIST.unmatched([seen.requirement, result("fail").requirement]) == ()


def test_unexpected_pass_says_what_to_do() -> None:
    """A pass that was not expected is a failure that names the line to remove."""
    applied = LIST.applied(result("pass"))
    assert applied.outcome is Outcome.FAIL
    assert "remove it from known.txt:1" in applied.findings[0].message


def test_file_is_read_line_by_line(tmp_path: Path) -> None:
    """Blank lines and comments are skipped; a comment after an id is its reason; a byte order mark does no harm."""
    path = tmp_path / "known.txt"
    path.write_bytes("\ufeff# ours\r\n\r\n a.b  # issue 7\n*.c".encode())
    assert read(path).entries == (Entry("a.b", f"{path}:3", "issue 7"), Entry("*.c", f"{path}:4"))


@pytest.mark.parametrize(
    ("data", "words"), [(b"\xff\xfe", "not UTF-8 text"), (b"a b\n", ":1: write one requirement id a line")]
)
def test_bad_file_is_told(command: Command, tmp_path: Path, data: bytes, words: str) -> None:
    """A file that cannot be read as a list ends the run before it starts, in one line."""
    path = tmp_path / "known.txt"
    path.write_bytes(data)
    result = command("verify", "--expected-failures", path)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert words in result.err


@pytest.mark.parametrize("name", ["nowhere.txt", ".", "a\0b"])
def test_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, is named."""
    with pytest.raises(SetupError, match="file of expected failures"):
        read(tmp_path / name)


# --- through the command --------------------------------------------------------------------------------------


@pytest.fixture(name="faulty", scope="module")
def faulty_server() -> Iterator[server.Handle]:
    with server.start("current", faults=[FAULT]) as handle:
        yield handle


@pytest.fixture(name="run")
def run_of_a_faulty_server(command: Command, faulty: server.Handle, tmp_path: Path) -> Callable[..., CommandResult]:
    """Judge the faulty server by a list."""

    def run(text: str, *more: str) -> CommandResult:
        path = tmp_path / "known.txt"
        path.write_text(text, encoding="utf-8")
        where = (faulty.base_url, "--states-url", faulty.states_url, "--depth", "quick")
        return command("verify", *where, "--expected-failures", path, *(more or PART))

    return run


def test_known_failure_is_conformant(run: Callable[..., CommandResult]) -> None:
    """A target whose every violation is known has exit code 0, and the report says that there are known ones."""
    result = run(f"{KNOWN}  # issue 7\n")
    assert result.code == 0, result.all
    assert f"known fail: {KNOWN}: expected to fail" in result.out
    assert "issue 7" in result.out
    assert result.last.endswith("conformant, but for 1 expected failure")
    assert " FAIL " not in result.out


def test_unknown_failure_is_nonconformant(run: Callable[..., CommandResult]) -> None:
    """The same target without the line, or with an empty list, is nonconformant."""
    assert run("# nothing\n").code == 1


def test_pass_is_a_failure(run: Callable[..., CommandResult]) -> None:
    """A listed requirement that passes is a failure; a pattern has to fail for all that it lists."""
    result = run(f"{OPERATION}.success.*\n")
    assert result.code == 1
    assert "it was expected to fail and passes: remove it from" in result.out
    assert "1 expected failure passes" in result.last


def test_line_that_lists_nothing_is_a_failure(run: Callable[..., CommandResult]) -> None:
    """An id that is no requirement is a failure, with its line."""
    result = run(f"{KNOWN}\n{OPERATION}.sucess.status\n")
    assert result.code == 1
    assert "known.txt:2" in result.last


def test_requirement_that_is_filtered_out_is_not_judged(run: Callable[..., CommandResult]) -> None:
    """An id that --requirement or the depth leaves out is neither a failure nor missed."""
    result = run(f"{KNOWN}\n{OPERATION}.generated.valid\n", "--requirement", "*.access.member")
    assert result.code == 0, result.all


@pytest.mark.slow
def test_known_failures_show_in_every_report(run: Callable[..., CommandResult]) -> None:
    """Each format says that the failure is known, in its own way."""

    def report(kind: str) -> str:
        return run(f"{KNOWN} # issue 7\n", *PART, "--report", f"{kind}=-").out

    data: dict[str, Any] = json.loads(report("json"))
    rows = {requirement["id"]: requirement for requirement in data["requirements"]}
    assert (data["verdict"], data["reason"], data["expected_failures"]) == ("conformant", None, 1)
    assert (rows[KNOWN]["outcome"], rows[KNOWN]["expected_failure"]) == ("fail", True)
    assert "issue 7" in rows[KNOWN]["reason"]
    assert [row for row in rows.values() if row["expected_failure"]] == [rows[KNOWN]]
    suite = ET.fromstring(report("junit"))
    assert suite.findall(".//failure") == []
    assert [element.get("type") for element in suite.iter("skipped")] == ["expected-failure"]
    sarif = json.loads(report("sarif"))["runs"][0]["results"]
    assert {result["suppressions"][0]["kind"] for result in sarif if result["ruleId"] == KNOWN} == {"external"}
    assert "| known | level" in report("markdown")
    assert "Fails as expected (1)" in report("html")


def test_known_failures_are_not_annotated(run: Callable[..., CommandResult], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a job of GitHub Actions a known failure is no error, and a line that lists nothing is one."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error" not in run(f"{KNOWN}\n").out
    assert "::error title=expected failures" in run(f"{KNOWN}\nnothing\n").out


def test_the_example_of_the_guide_ends_in_exit_code_0(command: Command, tmp_path: Path) -> None:
    """Its list, for a server that answers 200: that a 204 is never seen is excused as well."""
    guide = (Path(__file__).parents[2] / "docs/how-to/known-failures.md").read_text(encoding="utf-8")
    example = re.search(r"^(create_group_handle_service\.success\.status .*)\n```$", guide, re.MULTILINE)
    assert example
    path = tmp_path / "known.txt"
    path.write_text(example[1], encoding="utf-8")
    with server.start("current", faults=["status-200"]) as handle:
        where = (handle.base_url, "--states-url", handle.states_url, "--depth", "quick")
        result = command("verify", *where, "--expected-failures", path)
    assert (result.code, result.last.endswith("conformant, but for 1 expected failure")) == (0, True), result.all


@pytest.mark.slow
def test_what_an_expected_failure_hides_is_excused(command: Command, tmp_path: Path) -> None:
    """Where every 401 is known to be a 403, what is asked of a 401 cannot be judged, and that is excused."""
    path, report = tmp_path / "known.txt", tmp_path / "report.json"
    with naive.serving("forbidden") as handle:
        where = (handle.base_url, "--states-url", handle.states_url, "--depth", "quick")
        command("verify", *where, "--report", f"json={report}")
        rows = json.loads(report.read_text())["requirements"]
        failing = [row["id"].partition(".")[2] for row in rows if row["outcome"] in {"fail", "warn"}]
        path.write_text("\n".join(failing), encoding="utf-8")
        result = command("verify", *where, "--expected-failures", path)
    assert result.code == 0, result.all


def test_ids_are_taken_as_they_are_shown(run: Callable[..., CommandResult]) -> None:
    """With the operation and without it, in the list and for --requirement."""
    assert run("success.status\n").code == 0
    assert run("success.s*\n").code == 0
    assert run("success.status\n", "--requirement", "access.member", "--requirement", "success.status").code == 0
