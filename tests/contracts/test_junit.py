"""The JUnit report by the rules of junit-10.xsd (Jenkins' xUnit plugin), and as strict as the verdict."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import server
from judge_tools import AGES, CommandResult, set_up, target_file
from junitparser import JUnitXml
from onezone_contracts.reports import WRITERS
from onezone_contracts.requirement import Finding, Level, Outcome, Requirement, Result
from onezone_contracts.verdict import Judgement, Verdict, decide

Command = Callable[..., CommandResult]
# element: attributes that it must have, those that it may have, and its children, as junit-10.xsd says
RULES: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    **{kind: (set(), {"type", "message"}, set()) for kind in ("skipped", "error", "failure")},
    **{kind: (set(), set(), set()) for kind in ("system-out", "system-err")},
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def check(xml: str) -> ET.Element:
    """The root of a report that keeps the rules."""
    root = ET.fromstring(xml.encode())
    for element in root.iter():
        needed, allowed, children = RULES[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed, element.tag
        assert {child.tag for child in element} <= children, element.tag
        if element.tag in {"testsuites", "testsuite"}:
            assert TIME.fullmatch(element.get("time", ""))
    return root


def judgement(*outcomes: str, strict: bool = False) -> Judgement:
    results = []
    for number, outcome in enumerate(outcomes):
        level = Level.SHOULD if outcome == "warn" else Level.MUST
        rule = Requirement(f"some.rule{number}", "create", level, "A rule.", "A page.", lambda _: ())
        findings = (Finding("it is not so", "a", "b"),) if outcome in {"fail", "warn"} else ()
        results.append(Result(rule, Outcome(outcome), findings, "why", seconds=0.25))
    verdict, reason = decide(results, (), strict=strict)
    run = ("http://127.0.0.1:1", "current", "core", "quick", 0)
    return Judgement(*run, verdict, reason, tuple(results), duration_s=1234.5, strict=strict)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_junit_keeps_the_schema(outcome: str, *, strict: bool) -> None:
    """For every outcome; each case has its time, and the report can be read by junitparser, too."""
    text = WRITERS["junit"](judgement("pass", outcome, strict=strict))
    root = check(text)
    assert {element.get("time") for element in root.iter("testcase")} <= {"0.250", "0.000"}
    assert len(list(JUnitXml.fromstring(text.encode()))) == 1


@pytest.mark.parametrize(
    ("outcomes", "strict", "counts"),
    [
        (("pass",), False, (0, 0, 0)),
        (("pass", "fail"), False, (1, 0, 0)),
        (("pass", "warn"), False, (0, 0, 0)),
        (("pass", "warn"), True, (1, 0, 0)),
        (("pass", "skip"), False, (0, 0, 2)),
        (("skip",), False, (0, 1, 1)),
        (("pass", "error"), False, (0, 1, 0)),
    ],
)
def test_a_job_is_as_green_as_the_verdict(
    outcomes: tuple[str, ...], counts: tuple[int, int, int], *, strict: bool
) -> None:
    """Failures and errors are there where the verdict is nonconformant or inconclusive; partial shows as skipped."""
    judged = judgement(*outcomes, strict=strict)
    root = check(WRITERS["junit"](judged))
    suite = root.find("testsuite")
    assert suite is not None
    assert tuple(int(suite.get(key, "")) for key in ("failures", "errors", "skipped")) == counts
    assert (counts[0] > 0) is (judged.verdict is Verdict.NONCONFORMANT)
    assert (counts[1] > 0) is (judged.verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_the_verdict_is_the_same_in_every_report(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, strict: bool
) -> None:
    """A SHOULD that fails is a failure everywhere with --strict, and nowhere without."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    reports = [word for name in WRITERS for word in ("--report", f"{name}={tmp_path / name}")]
    options = ("--depth", "quick", "--requirement", "body.missing.name", *(["--strict"] if strict else []))
    with server.start("current", faults=["hole-name-missing"]) as handle:
        result = command("verify", handle.base_url, "--states-url", handle.states_url, *options, *reports)
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in WRITERS}
    verdict = "nonconformant" if strict else "conformant"
    assert result.code == (1 if strict else 0)
    assert json.loads(texts["json"])["verdict"] == verdict
    run = json.loads(texts["sarif"])["runs"][0]
    assert run["properties"]["verdict"] == verdict
    assert {result["level"] for result in run["results"]} == {"error" if strict else "warning"}
    assert len(check(texts["junit"]).findall(".//failure")) == int(strict)
    assert f"{verdict}</span></h1>" in texts["html"]
    assert verdict in texts["markdown"].splitlines()[0]
    assert ("::error" in result.out) is strict


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["json", "junit", "sarif", "markdown", "html"])
def test_reports_on_stdout_are_utf8(tmp_path: Path, kind: str) -> None:
    """Whatever the console takes text for."""
    with server.start("current") as handle:
        accounts = set_up(handle.states_url, "current")
        path = target_file(tmp_path, handle.base_url, accounts)
        arguments = ["verify", "--target", str(path), "--depth", "quick", "--requirement", "access.member"]
        command = [sys.executable, "-m", "ozkit", *arguments, "--report", f"{kind}=-"]
        environment = {"PYTHONIOENCODING": "cp1252", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, capture_output=True, env=environment, timeout=AGES, check=False)
    assert done.returncode == 0
    assert done.stdout.decode("utf-8")
