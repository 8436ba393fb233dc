"""What is wrong with naive servers, and with what stands before a server, is told by its cause in the first lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import pytest
import server
from judge_tools import CommandResult
from onezone_contracts.causes import causes
from onezone_contracts.exchange import Auth, Exchange, Redactor, Request, Response
from onezone_contracts.reports.terminal import listed
from onezone_contracts.requirement import ALONE, Finding, Level, Outcome, Requirement, Result
from onezone_spec import load

Command = Callable[..., CommandResult]
TERMINAL = 80
CREATE = "create_group_handle_service"
LOCKABLE = ("a known user with another password", "lockable, another password")
CAUSES = {
    "fastapi": "answers 422 where 400 is documented; no 400 was ever seen",
    "html": "errors are not JSON: 400 text/html; charset=utf-8: 400 Bad Request",
    "forbidden": "answers 403 where 401 is documented; no 401 was ever seen",
    "created": "a success is answered 201 where 204 is documented: try --edition deployed, or `ozkit identify`",
}
ALIKE = {
    "bad gateway": "502 text/html; charset=utf-8: 502 Bad Gateway: the server behind it is not there",
    "unavailable": "503 text/html; charset=utf-8: 503 Service Temporarily Unavailable: the server behind it is not",
    "too many": '429 application/json: {"message": "slow down"}: a rate limiter stands in front of the target',
    "login": "302 to https://login.example.org/: is http://127.0.0.1:",
    "login page": "200 text/html; charset=utf-8: Sign in: this is not an answer of the API",
    "plain to TLS": "400 text/html; charset=utf-8: 400 The plain HTTP request was sent to HTTPS port: write https://",
}


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns, and a kit that does not wait long."""
    monkeypatch.setenv("COLUMNS", str(TERMINAL))
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)


def run(command: Command, handle: server.Handle, folder: Path, *more: str) -> tuple[CommandResult, dict[str, Any]]:
    path = folder / "report.json"
    options = ("--states-url", handle.states_url, "--depth", "quick", "--settle", "0", "--report", f"json={path}")
    result = command("verify", handle.base_url, *options, *more)
    return result, json.loads(path.read_text(encoding="utf-8"))


def first_lines(result: CommandResult, lines: int = 10) -> str:
    """The first lines of a report, as one."""
    return " ".join(" ".join(result.out.splitlines()[:lines]).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUSES)
def test_the_cause_stands_in_the_first_lines(command: Command, tmp_path: Path, name: str) -> None:
    """What a naive server does otherwise stands first, once, in words; the JSON report has the same."""
    with naive.serving(name) as handle:
        result, report = run(command, handle, tmp_path)
    assert (result.code, report["verdict"]) == (1, "nonconformant")
    assert CAUSES[name] in first_lines(result)
    first = report["causes"][0]
    assert first["summary"] == CAUSES[name]
    assert first["example"]["curl"].startswith("curl ")
    failing = {
        requirement["id"] for requirement in report["requirements"] if requirement["outcome"] in {"fail", "warn"}
    }
    assert set(first["requirements"]) <= failing
    assert failing <= {name for cause in report["causes"] for name in cause["requirements"]}


@pytest.mark.parametrize("name", ALIKE)
def test_where_all_fails_alike_there_is_no_verdict(command: Command, tmp_path: Path, name: str) -> None:
    """What is not the implementation gives no violations but one line that says what came, and what to look at."""
    with naive.serving(name) as handle:
        result, report = run(command, handle, tmp_path)
    assert (result.code, report["verdict"], report["requirements"]) == (2, "inconclusive", [])
    assert f"every request gets the same answer, {ALIKE[name]}" in first_lines(result)
    assert [cause["summary"] for cause in report["causes"]] == [report["reason"]]
    assert report["requests"] < 200


def test_a_wrong_base_path_is_told(command: Command, tmp_path: Path) -> None:
    """Where nothing is found at all, the base path or the home group's id may be wrong."""
    with server.start("current") as handle:
        handle.base_url += "/v9"
        result, report = run(command, handle, tmp_path)
    assert (result.code, report["verdict"]) == (2, "inconclusive")
    assert f"the base path of {handle.base_url} may be wrong, or the home group's id" in first_lines(result)


@pytest.mark.slow
def test_a_report_fits_the_terminal(command: Command, tmp_path: Path) -> None:
    """Every line has at most 80 characters, but for what cannot be broken: a word of a curl line."""
    with naive.serving("forbidden") as handle:
        result, _ = run(command, handle, tmp_path)
    wide = [line.strip() for line in result.out.splitlines() if len(line) > TERMINAL]
    assert [line for line in wide if not line.startswith(("--data-binary ", "http://127.0.0.1:"))] == []


def test_only_404_where_something_can_be_read_is_the_implementations(command: Command, tmp_path: Path) -> None:
    """A server that lists the group's services and answers 404 to the documented operation is judged."""
    with server.start("current") as handle:
        inner = handle.server.answer

        def answer_(request: server.Request) -> server.Response:
            missing = request.method == "POST" and request.path.endswith("/handle_services")
            return naive.page(404, "Not Found") if missing else inner(request)

        handle.server.answer = answer_
        result, report = run(command, handle, tmp_path)
    assert (result.code, report["verdict"]) == (1, "nonconformant")
    assert "answers 404 where 204 is documented" in first_lines(result)


def came(topic: str, status: int, expected: str, operation: str, more: str = "") -> Result:
    """A failure: that status came, and another was expected; `more` is said after that."""
    requirement = Requirement(topic, operation, Level.MUST, "", "", lambda _: iter(()))
    exchange = Exchange(Request("GET", "/", label="a request"), "http://127.0.0.1:9", Response(status, (), b""))
    finding = Finding(f"a request: expected {expected}, got {status}{more}", expected, exchange.answer(), exchange)
    return Result(requirement, Outcome.FAIL, (finding,))


def ids_of(*results: Result) -> list[str]:
    return [cause.id for cause in causes(results, (), load("current"), Redactor())]


def test_what_a_server_sees_to_once_for_all_operations_is_one_cause() -> None:
    """Passwords that nobody looks at are one mistake; who may what is another for each operation."""
    operations = ("list_users", "get_user", "list_groups")
    passwords = [came("authentication.wrong-password", 200, "401", operation) for operation in operations]
    assert ids_of(*passwords) == ["accepted.authentication.401"]
    rights = [came("access.outsider", 200, "403", operation) for operation in operations]
    assert ids_of(*rights) == [f"accepted.{operation}.access.403" for operation in operations]


def test_what_is_right_when_it_is_asked_again_alone_is_said_of_a_cause() -> None:
    """Only where that is so of all that fails by it: the connection is to blame then, not the request."""
    alone = came("access.outsider", 400, "403", "list_users", f"{ALONE}, 403")
    other = came("access.member", 400, "403", "list_users")
    summaries = [
        [cause.summary for cause in causes(results, (), load("current"), Redactor())]
        for results in ([alone], [alone, other])
    ]
    words = ", but not when the request is sent again on a connection of its own"
    assert [[summary.endswith(words) for summary in each] for each in summaries] == [[True], [False]]


def summaries_of(*results: Result) -> list[str]:
    return [cause.summary for cause in causes(results, (), load("current"), Redactor())]


def test_what_is_accepted_is_told_before_what_follows_from_it() -> None:
    """A number that is taken for a name is the cause, and not that it is read back as text, whatever fails by that."""
    wrong = [came(topic, 204, "another form", CREATE) for topic in ("location.form", "location.own-id")]
    accepted = came("unknown-group.odd-ids", 204, "4xx", CREATE)
    assert [name.partition(".")[0] for name in ids_of(*wrong, accepted)] == ["accepted", CREATE]


def test_what_is_accepted_and_binds_nobody_is_told_after_what_binds() -> None:
    """A SHOULD does not make a server nonconformant."""
    accepted = came("unknown-group.odd-ids", 204, "4xx", CREATE)
    should = replace(accepted, requirement=replace(accepted.requirement, level=Level.SHOULD))
    assert ids_of(should, came("access.member", 400, "403", CREATE))[0] == "status-400-for-403"


def test_a_password_that_is_let_pass_as_somebody_who_may_not_is_told_so() -> None:
    """Only where a user who does not exist is answered 401: else the status of such a refusal is wrong."""
    wrong = came("authentication.character", 403, "400 or 401 or 429", CREATE)
    plain = "answers 403 where 401 is documented"
    assert summaries_of(wrong) == [plain]
    unknown = came("authentication.unknown-user", 401, "401", CREATE).requirement
    assert summaries_of(wrong, Result(unknown, Outcome.PASS)) == [f"{plain}: wrong credentials may be let in"]
    scheme = came("authentication.unknown-scheme", 403, "400 or 401", CREATE)
    assert summaries_of(scheme, Result(unknown, Outcome.PASS)) == [plain]


@pytest.mark.parametrize(
    ("label", "who", "body", "let_in"),
    [
        (*LOCKABLE, b'{"error": {"id": "forbidden"}}', True),
        (*LOCKABLE, b"a page", True),
        (*LOCKABLE, b'{"error": ["forbidden"]}', True),
        (
            "a known user with another password",
            "lockable, another password",
            b'{"error": {"id": "unauthorized"}}',
            False,
        ),
        (*LOCKABLE, b'{"error": "unauthorized"}', False),
        ("the persona member with another password", "member, another password", b"", False),
        ("a valid request with another's password", "member with another's password", b"", False),
        ("a valid token of the persona member: longer", "a longer token", b"", False),
    ],
)
def test_nobody_is_let_in_where_the_account_is_locked(label: str, who: str, body: bytes, *, let_in: bool) -> None:
    """A 403 that says `unauthorized` lets nobody in, nor does one to a persona who may."""
    other = came("authentication.wrong-password", 403, "401 or 429", CREATE)
    response = Response(403, (("Content-Type", "application/json"),), body)
    exchange = Exchange(Request("POST", "/", Auth((), who), label=label), "http://127.0.0.1:9", response)
    finding = Finding(f"{label}: expected 401 or 429, got 403", "401 or 429", exchange.answer(), exchange)
    wrong = Result(other.requirement, Outcome.FAIL, (*other.findings, finding))
    unknown = came("authentication.unknown-user", 401, "401", CREATE).requirement
    (summary,) = summaries_of(wrong, Result(unknown, Outcome.PASS))
    assert summary.endswith(": wrong credentials may be let in") == let_in


def test_requests_that_get_one_anothers_rights_are_one_cause() -> None:
    """Whether too much or too little is allowed, and of however many operations; a breakdown is another."""
    crossed = [
        came("concurrent.access", 200, "403", "list_users"),
        came("concurrent.access", 403, "200", "list_users"),
        came("concurrent.access", 200, "403", "get_user"),
        came("concurrent.access", 401, "200", "get_group"),
    ]
    assert ids_of(*crossed) == ["concurrent.access"]
    assert ids_of(*crossed, came("concurrent.access", 500, "200", "list_groups")) == [
        "concurrent.access",
        "status-500-for-200",
    ]


def test_requirements_of_many_operations_are_listed_by_topic() -> None:
    """A list of a topic's name alone, seventy times, says nothing."""
    many = [came("concurrent.access", 200, "403", f"get_{number}").requirement for number in range(9)]
    other = came("authentication.nobody", 200, "401", "list_users").requirement
    assert listed(many) == "concurrent.access of get_0, get_1, get_2, get_3, get_4, get_5 and 3 more"
    assert listed([*many[:1], other]) == "concurrent.access of get_0; authentication.nobody of list_users"
    assert listed([other]) == "authentication.nobody"
