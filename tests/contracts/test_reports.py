"""Reports: their promised form, and never a secret in them."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import server
from judge_tools import OPERATION, CommandResult, set_up, target_file
from junitparser import Error, Failure, JUnitXml, Skipped
from onezone_contracts.reports import WRITERS

Command = Callable[..., CommandResult]
FAULTS = ("status-200", "error-no-id", "hole-everything")
ODD_PASSWORDS = ('pä"ss\\w:örd', "<a&b>'c';$HOME", "blank in it", "%41+%42=", "日本-語-パス-ワード")
TOP = {
    *("report_version", "kit_version", "target", "edition", "profile", "seed", "verdict", "requests", "duration_s"),
    "requirements",
}
MORE_TOP = {"depth", "reason", "counts", "unseen_statuses", "requirements_total", "hints"}
MORE_TOP |= {
    "expected_failures",
    "unmatched_expected_failures",
    "causes",
    "strict",
    "baseline",
    "coverage",
    "variables",
}
REQUIREMENT = {"id", "level", "operation", "text", "source", "outcome", "findings"}
MORE = {"reason", "expected_failure", "unexpected_pass"}
FINDING = {"message", "expected", "actual", "request", "response", "curl"}
MORE_FINDING = {"steps", "came"}


@pytest.fixture(scope="module", name="faulty")
def faulty_server() -> Iterator[server.Handle]:
    """A server that violates a good part of the contract."""
    with server.start("current", faults=FAULTS) as handle:
        yield handle


def arguments(handle: server.Handle, *more: str) -> tuple[str, ...]:
    run = ("--states-url", handle.states_url, "--depth", "quick", "--settle", "0.2")
    return ("verify", handle.base_url, *run, *more)


@pytest.fixture
def report(command: Command, faulty: server.Handle, tmp_path: Path) -> dict[str, Any]:
    """The JSON report on the faulty server."""
    path = tmp_path / "report.json"
    assert command(*arguments(faulty, "--seed", "7", "--report", f"json={path}")).code == 1
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


@pytest.mark.slow
def test_json_report_has_the_promised_keys(report: dict[str, Any], faulty: server.Handle) -> None:
    """The report has the keys that it was promised to have, and those that were added since."""
    assert set(report) == TOP | MORE_TOP
    assert {frozenset(requirement) for requirement in report["requirements"]} == {frozenset(REQUIREMENT | MORE)}
    findings = [finding for requirement in report["requirements"] for finding in requirement["findings"]]
    assert {frozenset(finding) for finding in findings} == {frozenset(FINDING | MORE_FINDING)}
    facts = {key: report[key] for key in ("report_version", "target", "edition", "profile", "seed", "verdict")}
    assert facts == {
        "report_version": 1,
        "target": faulty.base_url,
        "edition": "current",
        "profile": "core",
        "seed": 7,
        "verdict": "nonconformant",
    }
    assert report["requests"] > 100
    assert report["duration_s"] > 0


@pytest.mark.slow
def test_json_report_has_known_words(report: dict[str, Any]) -> None:
    """Levels and outcomes are of the promised words; who fails has findings, who is skipped a reason."""
    levels = {"MUST", "SHOULD", "OBSERVE"}
    outcomes = {"pass", "fail", "warn", "observed", "skip", "blocked", "error"}
    for requirement in report["requirements"]:
        assert requirement["level"] in levels
        assert requirement["outcome"] in outcomes
        assert requirement["id"].startswith(f"{OPERATION}.")
        assert requirement["text"]
        assert requirement["source"]
        assert (
            bool(requirement["findings"]) is (requirement["outcome"] in {"fail", "warn"})
            or requirement["outcome"] == "observed"
        )
        assert requirement["reason"] or requirement["outcome"] not in {"skip", "blocked", "error"}
    assert sum(report["counts"].values()) == len(report["requirements"])


@pytest.mark.slow
def test_requests_of_a_report_can_be_read(report: dict[str, Any], faulty: server.Handle) -> None:
    """Every finding with an exchange says what was sent as whom and where to, and what came."""
    findings = [finding for requirement in report["requirements"] for finding in requirement["findings"]]
    assert findings
    for finding in findings:
        request = finding["request"]
        assert request["url"].startswith(faulty.base_url)
        assert request["method"]
        assert request["as"]
        assert finding["response"]["status"]
        assert finding["curl"].startswith("curl ")
        assert "\n" not in finding["curl"]


@pytest.mark.slow
def test_junit_has_one_case_a_requirement(command: Command, faulty: server.Handle, tmp_path: Path) -> None:
    """JUnit XML parses, has a case for each requirement, and fails, skips and passes as the run does."""
    junit, plain = tmp_path / "report.xml", tmp_path / "report.json"
    command(*arguments(faulty, "--report", f"junit={junit}", "--report", f"json={plain}"))
    expected = {
        requirement["id"]: requirement["outcome"] for requirement in json.loads(plain.read_text())["requirements"]
    }
    suites = JUnitXml.fromfile(str(junit))
    cases = {f"{case.classname}.{case.name}": case for suite in suites for case in suite}
    assert list(cases) == list(expected)
    kinds = {"fail": Failure, "skip": Skipped, "blocked": Skipped, "error": Error}
    for name, outcome in expected.items():
        kind = kinds.get(outcome)
        assert [type(outcome) for outcome in cases[name].result] == ([kind] if kind else []), name
    assert (suites.tests, suites.failures) == (len(expected), sum(outcome == "fail" for outcome in expected.values()))


def test_junit_of_a_run_that_could_not_start_is_an_error(command: Command, tmp_path: Path) -> None:
    """A run without a verdict is an error in the JUnit report, never an empty and so a green one."""
    path = tmp_path / "report.xml"
    url = "http://127.0.0.1:9/api"
    result = command("verify", url, "--states-url", "http://127.0.0.1:9/states", "--report", f"junit={path}")
    assert result.code == 2
    suites = JUnitXml.fromfile(str(path))
    assert (suites.tests, suites.errors) == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["json", "junit"])
def test_report_on_standard_output_is_all_there_is(command: Command, faulty: server.Handle, kind: str) -> None:
    """With `-` standard output holds the report alone; what people read goes to standard error."""
    result = command(*arguments(faulty, "--report", f"{kind}=-"))
    assert result.code == 1
    assert json.loads(result.out) if kind == "json" else JUnitXml.fromstring(result.out)
    assert "nonconformant" in result.err


@pytest.mark.parametrize("value", ["json", "json=", "yaml=x", "=x", "json=/no/such/folder/x.json"])
def test_report_that_cannot_be_written_is_told_before_the_run(command: Command, servers: Any, value: str) -> None:
    """A format that there is not, or a folder that is not there, is told before anything is sent."""
    sent = len(servers["current"].app.world.users)
    result = command(*arguments(servers["current"], "--report", value))
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "--report" in result.err
    assert len(servers["current"].app.world.users) == sent


# --- secrets --------------------------------------------------------------------------------------------------


def echo(handle: server.Handle) -> None:
    """Let the server tell every credential that it gets, in headers and bodies, encoded and decoded."""
    inner = handle.server.answer

    def telling(request: server.Request) -> server.Response:
        response = inner(request)
        value = request.header("authorization") or request.header("x-auth-token") or ""
        if request.path != "/states" and value:
            encoded = value.rpartition(" ")[2]
            plain = base64.b64decode(encoded + "==", validate=False) if "Basic" in value else b""
            response.headers += [("X-Debug", value), ("X-Again", plain.decode("latin-1").replace("\n", ""))]
            if response.body:
                text = plain.decode("utf-8", "replace")
                ways = {"error": f"{value} is {text}", "was": text, "html": html.escape(text), "url": quote_plus(text)}
                plainly = bool(len(text) % 2)  # both spellings of JSON
                response.body = json.dumps(ways, ensure_ascii=plainly).encode()
        return response

    handle.server.answer = telling


def spellings(handle: server.Handle) -> set[str]:
    """Every secret of every persona in the ways in which it may show."""
    texts = set()
    for user in handle.app.world.users.values():
        pair = base64.b64encode(f"{user.name}:{user.password}".encode()).decode()
        texts |= {user.token, pair, pair.rstrip("="), *written(user.password)}
    return texts


def written(secret: str) -> set[str]:
    """A secret as JSON, HTML, URLs and readers of Latin-1 spell it."""
    as_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    as_html = {html.escape(secret), html.escape(secret, quote=False), html.escape(secret).replace("&#x27;", "&#39;")}
    in_urls = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, secret.encode().decode("latin-1"), *as_json, *as_html, *in_urls}


def whole_output(command: Command, run: tuple[str, ...], folder: Path) -> str:
    """All that a run tells anybody: on the terminal, in every format, and in a job of GitHub Actions."""
    reports = {name: folder / f"report.{name}" for name in WRITERS}
    summary = folder / "summary.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_ACTIONS", "true")
        patch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        result = command(*run, *(word for name, path in reports.items() for word in ("--report", f"{name}={path}")))
    assert result.code == 1
    assert "curl " in result.out
    assert "::error title=" in result.out
    files = [path.read_text(encoding="utf-8") for path in (*reports.values(), summary)]
    read = [json.dumps(json.loads(reports[name].read_text()), ensure_ascii=False) for name in ("json", "sarif")]
    return "\n".join([result.all, *files, *read, *(html.unescape(file) for file in files)])


@pytest.mark.slow
@pytest.mark.parametrize("variants", [(), ("token-personas",)], ids=["passwords", "tokens"])
def test_no_secret_is_ever_shown(command: Command, tmp_path: Path, variants: tuple[str, ...]) -> None:
    """No password, token or pair in base64 is in any report or line, also where the server repeats what it gets."""
    with server.start("current", variants, ["status-200", "access-anybody"]) as handle:
        echo(handle)
        text = whole_output(command, arguments(handle), tmp_path)
        assert [secret for secret in spellings(handle) if secret in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("password", ODD_PASSWORDS)
def test_no_odd_password_is_ever_shown(command: Command, tmp_path: Path, password: str) -> None:
    """A password of characters that JSON, XML or a shell would bend is hidden like any other."""
    with server.start("current", (), ["status-200"]) as handle:
        accounts = set_up(handle.states_url, "current")
        for account in accounts.values():
            account["password"] = handle.app.world.users[account["username"]].password = password
        echo(handle)
        path = target_file(tmp_path, handle.base_url, accounts)
        text = whole_output(command, ("verify", "--target", str(path), "--depth", "quick", "--settle", "0.2"), tmp_path)
        assert [secret for secret in spellings(handle) if secret in text] == []


@pytest.mark.slow
def test_nearly_right_passwords_are_not_shown(command: Command, tmp_path: Path) -> None:
    """What the kit makes out of a password, say all but its last character, is hidden where the server repeats it."""
    with server.start("current", (), ["status-200"]) as handle:
        echo(handle)
        text = whole_output(command, arguments(handle), tmp_path)
        near = {change for user in handle.app.world.users.values() for change in (user.password[:-1], user.token[:-1])}
        near |= {user.password.swapcase() for user in handle.app.world.users.values()}
        assert len(near) > 10
        assert [secret for secret in near if secret in text] == []


# --- curl -----------------------------------------------------------------------------------------------------


def secrets_of(accounts: dict[str, dict[str, str]]) -> dict[str, str]:
    """The environment variables that curl lines read."""
    names = {name: re.sub(r"\W+", "_", name).upper() for name in accounts}
    kinds = ("token", "password")
    return {
        f"{names[name]}_{kind.upper()}": account[kind]
        for name, account in accounts.items()
        for kind in kinds
        if kind in account
    }


@pytest.mark.slow
@pytest.mark.parametrize("variants", [(), ("token-personas",)], ids=["passwords", "tokens"])
def test_curl_line_repeats_what_was_seen(command: Command, tmp_path: Path, variants: tuple[str, ...]) -> None:
    """The curl line of a finding, with the persona's secret in its variable, is answered as the finding says."""
    faults = ("status-200", "malformed-accepted", "hole-name-missing", "error-string")
    with server.start("current", variants, faults) as handle:
        accounts = set_up(handle.states_url, "current")
        path, report = target_file(tmp_path, handle.base_url, accounts), tmp_path / "report.json"
        command("verify", "--target", path, "--depth", "quick", "--report", f"json={report}")
        requirements = json.loads(report.read_text())["requirements"]
        findings = [finding for requirement in requirements for finding in requirement["findings"] if finding["curl"]]
        can = [finding for finding in findings if ":***" not in finding["curl"] and ": ***" not in finding["curl"]]
        assert len(can) > 10
        environment = {**os.environ, **secrets_of(accounts), "LC_ALL": "C"}
        differ = [
            (finding["curl"], status)
            for finding in can
            if (status := run_curl(finding["curl"], environment)) != documented_status(finding)
        ]
        assert differ == []


def documented_status(finding: dict[str, Any]) -> int:
    status: int = finding["response"]["status"]
    return status


def run_curl(line: str, environment: dict[str, str]) -> int:
    """The status that a curl line brings."""
    done = subprocess.run(["bash", "-c", f"{line} -sS"], env=environment, capture_output=True, timeout=60, check=False)
    statuses = re.findall(rb"^HTTP/[\d.]+ (\d+)", done.stdout, re.MULTILINE)
    return int(statuses[-1]) if statuses else 0
