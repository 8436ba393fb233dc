"""Options of a run: what is judged, how long, how strictly; and that a run is repeatable and cleans up."""

from __future__ import annotations

import json
import re
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import server
from judge_tools import EDITIONS, OPERATION, Clock, CommandResult
from onezone_contracts.options import Options
from onezone_contracts.reports import WRITERS, terminal
from onezone_contracts.requirement import Outcome
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_contracts.target.embedded import mock
from onezone_contracts.verdict import Judgement, Verdict
from rich.console import Console

Command = Callable[..., CommandResult]
CREATE = re.compile(r"/groups/[^/]+/handle_services$")


def arguments(handle: server.Handle, *more: str, depth: str = "quick") -> tuple[str, ...]:
    return ("verify", handle.base_url, "--states-url", handle.states_url, "--depth", depth, *more)


def outcomes(command: Command, handle: server.Handle, *more: str, depth: str = "quick") -> tuple[int, dict[str, Any]]:
    """The exit code of a run, and its report."""
    result = command(*arguments(handle, *more, "--report", "json=-", depth=depth))
    report: dict[str, Any] = json.loads(result.out)
    return result.code, report


@contextmanager
def recorded(
    *, variants: tuple[str, ...] = (), faults: tuple[str, ...] = ()
) -> Iterator[tuple[server.Handle, list[Any]]]:
    """A server, and every request that it gets."""
    with server.start("current", variants, faults) as handle:
        inner, seen = handle.server.answer, []

        def noting(request: server.Request) -> server.Response:
            seen.append(request)
            return inner(request)

        handle.server.answer = noting
        yield handle, seen


def judged_for(seconds: float, edition: str = "current") -> Judgement:
    """The judgement of a run that is given so many seconds, of a server to which each request takes one."""
    clock = Clock()
    with server.start(edition) as handle:
        inner = handle.server.answer

        def ticking(request: server.Request) -> server.Response:
            clock.now += 1
            return inner(request)

        handle.server.answer = ticking
        assignment = Subject(handle.base_url, states_url=handle.states_url, edition=edition)
        return judge_target(assignment, Options(max_time=seconds, clock=clock))


# --- which requirements ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([f"{OPERATION}.access.member"], {"access.member"}),
        (["*.access.member", "*.access.outsider"], {"access.member", "access.outsider"}),
        (["*.error.shape.40[13]"], {"error.shape.401", "error.shape.403"}),
        (["*success*"], {"success.status", "success.empty-body", "success.framing"}),
    ],
)
def test_only_the_wanted_requirements_are_judged(
    command: Command, servers: dict[str, server.Handle], patterns: list[str], expected: set[str]
) -> None:
    """`--requirement` takes ids and glob patterns, and the report has those requirements only."""
    options = [word for pattern in patterns for word in ("--requirement", pattern)]
    _, report = outcomes(command, servers["current"], *options)
    assert {requirement["id"].removeprefix(f"{OPERATION}.") for requirement in report["requirements"]} == expected


def test_one_requirement_can_be_conformant(command: Command, servers: dict[str, server.Handle]) -> None:
    """A run of one requirement that passes is conformant, though most documented answers were never seen."""
    code, report = outcomes(command, servers["current"], "--requirement", "*.access.member")
    assert (code, report["verdict"]) == (0, "conformant")


def test_pattern_without_a_match_is_told(command: Command, servers: dict[str, server.Handle]) -> None:
    """A pattern that matches nothing is a mistake, never a green run."""
    result = command(*arguments(servers["current"], "--requirement", "*.acess.*"))
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "*.acess.*" in result.err


@pytest.mark.parametrize("edition", EDITIONS)
def test_listed_requirements_are_those_that_are_judged(command: Command, edition: str) -> None:
    """`ozkit requirements` lists what a run at the usual depth judges, in the same words."""
    listed = json.loads(command("requirements", "--edition", edition, "--format", "json").out)
    report = json.loads(WRITERS["json"](judged_for(60, edition)))
    keys = ("id", "level", "text", "source")
    assert [{key: requirement[key] for key in keys} for requirement in report["requirements"]] == listed


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_requirements_are_listed_for_people(command: Command, form: str) -> None:
    """Every id is in the table and in the Markdown."""
    listed = json.loads(command("requirements", "--format", "json").out)
    result = command("requirements", "--format", form)
    assert result.code == 0
    assert [
        requirement["id"] for requirement in listed if requirement["id"] not in result.out.replace("\\|", "|")
    ] == []


@pytest.mark.slow
def test_part_of_the_requirements_is_told(command: Command, servers: dict[str, server.Handle]) -> None:
    """A run of a part says of how many, in the terminal and in the JSON report."""
    listed = json.loads(command("requirements", "--format", "json").out)
    options = ("--requirement", "*.access.member")
    result = command(*arguments(servers["current"], *options, depth="standard"))
    assert f"only 1 of {len(listed)} requirements" in result.out
    _, report = outcomes(command, servers["current"], *options, depth="standard")
    assert report["requirements_total"] == len(listed)
    _, report = outcomes(command, servers["current"])
    assert report["requirements_total"] == len(report["requirements"])


# --- how long, how strictly -----------------------------------------------------------------------------------


def test_time_that_is_over_is_partial() -> None:
    """What is not judged in time is skipped with that reason, and the run is partial; that may be allowed."""
    judgement = judged_for(60)
    assert (judgement.exit_code(), judgement.verdict) == (3, Verdict.PARTIAL)
    assert 60 <= judgement.requests <= 80
    outcomes = Counter(result.outcome for result in judgement.results)
    assert outcomes[Outcome.PASS] > 10
    assert outcomes[Outcome.SKIP] > 10
    late = {
        result.reason
        for result in judgement.results
        if result.outcome is Outcome.SKIP and "time" in (result.reason or "")
    }
    assert late == {"the time limit of --max-time was reached"}
    assert judgement.exit_code(allow_partial=True) == 0


def test_time_that_is_over_is_told_in_one_line() -> None:
    """However many requirements are left when the time is over, they are one line."""
    console = Console(file=StringIO(), record=True)
    terminal.show(judged_for(140), console)
    output = console.export_text()
    assert re.search(r"not judged: \d+ requirements: the time limit of --max-time was reached", output)
    assert output.count("--max-time") == 2


def test_no_time_at_all_is_inconclusive(command: Command, servers: dict[str, server.Handle]) -> None:
    """A run that had no time to judge anything has no verdict."""
    result = command(*arguments(servers["current"], "--max-time", "0"))
    assert result.code == 2
    assert "max-time" in result.last


def test_allowed_partial_forgives_no_violation(command: Command) -> None:
    """--allow-partial leaves a violation a violation."""
    with server.start("current", faults=["status-200"]) as handle:
        assert command(*arguments(handle, "--allow-partial")).code == 1


@pytest.mark.slow
def test_broken_advice_counts_when_strict(command: Command) -> None:
    """A SHOULD that fails warns; with --strict it is a violation."""
    with server.start("current", faults=["shape-empty-body"]) as handle:
        code, report = outcomes(command, handle)
        assert (code, report["verdict"], report["counts"]["warn"]) == (0, "conformant", 1)
        assert command(*arguments(handle, "--strict")).code == 1


@pytest.mark.slow
def test_answer_that_never_came_is_partial(command: Command) -> None:
    """A server that answers right but never with a documented 404 is at best partial."""
    with recorded() as (handle, _):
        inner = handle.server.answer

        def no_404(request: server.Request) -> server.Response:
            response = inner(request)
            return server.Response(403, response.headers, response.body) if response.status == 404 else response

        handle.server.answer = no_404
        code, report = outcomes(command, handle, "--requirement", "*.access.*", "--requirement", "*.accept.*")
        assert code == 0
        code, report = outcomes(command, handle)
    assert (code, report["unseen_statuses"]) == (1, [404])


@pytest.mark.parametrize(
    "options",
    [
        ("--seed", "soon"),
        ("--timeout", "-1"),
        ("--timeout", "nan"),
        ("--max-time", "inf"),
        ("--settle", "a while"),
        ("--depth", "deeper"),
        ("--edition", "modern"),
        ("--profile", "huge"),
        ("--no-such-option",),
        ("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"),
    ],
)
def test_bad_option_is_exit_code_2(
    command: Command, servers: dict[str, server.Handle], options: tuple[str, ...]
) -> None:
    """A bad option ends the run before it starts, with its name or value in the message."""
    result = command(*arguments(servers["current"], *options))
    assert (result.code, result.out) == (2, "")
    assert options[-1] in result.err
    assert "Traceback" not in result.err


# --- the same again -------------------------------------------------------------------------------------------


def bodies(command: Command, seed: str) -> list[bytes]:
    """The bodies of every creation that a run with this seed asks for."""
    with recorded() as (handle, seen):
        _, report = outcomes(command, handle, "--seed", seed, "--requirement", "*.generated.*", depth="standard")
        assert {requirement["outcome"] for requirement in report["requirements"]} == {"pass"}
        return [request.body for request in seen if request.method == "POST" and CREATE.search(request.path)]


@pytest.mark.slow
def test_seed_decides_what_is_sent(command: Command) -> None:
    """Two runs with one seed send the same bodies; another seed draws others."""
    first = bodies(command, "3")
    assert len(first) > 100
    assert bodies(command, "3") == first
    assert bodies(command, "4") != first


def test_random_seed_is_told(command: Command, servers: dict[str, server.Handle]) -> None:
    """A random seed is told, so that the run can be repeated."""
    seeds = {
        outcomes(command, servers["current"], "--seed", "random", "--requirement", "*.access.member")[1]["seed"]
        for _ in range(3)
    }
    assert len(seeds) > 1


def test_order_of_requests_does_not_depend_on_chance(command: Command) -> None:
    """Two runs of one worker send the same requests in the same order, whatever ids they are given."""

    def requests_of_a_run() -> list[tuple[str, bytes]]:
        with recorded() as (handle, seen):
            command(*arguments(handle, "--workers", 1, "--requirement", "*.body.*", "--requirement", "*.access.*"))
            return [(request.method, request.body) for request in seen if request.path != "/states"]

    assert requests_of_a_run() == requests_of_a_run()


# --- manners --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("variants", [(), ("own-groups",), ("token-personas",)], ids="+".join)
def test_what_was_made_is_removed(command: Command, variants: tuple[str, ...]) -> None:
    """After a run no group has a service of those that the run made."""
    with server.start("current", variants) as handle:
        services = handle.app.world.services
        assert command(*arguments(handle, depth="quick" if variants else "standard")).code == 0
        assert len(services) > 30
        assert [service.data["name"] for service in services.values() if service.groups] == []


def test_what_was_there_before_stays(command: Command) -> None:
    """Services that the group had before the run are neither removed nor taken for the run's own."""
    with server.start("current") as handle:
        world = handle.app.world
        home = next(iter(world.groups))
        with recorded() as (other, _):
            command(*arguments(other, "--requirement", "*.access.member"))
            service = next(iter(other.app.world.services.values()))
        service.groups = {home}
        world.services[service.id] = service
        assert command(*arguments(handle)).code == 0
        assert [service for service in world.services.values() if service.groups] == [service]


def test_what_was_made_is_removed_after_a_violation(command: Command) -> None:
    """Cleaning does not depend on the verdict."""
    with server.start("current", faults=["status-200", "access-anybody"]) as handle:
        assert command(*arguments(handle)).code == 1
        assert [service.data["name"] for service in handle.app.world.services.values() if service.groups] == []


def test_target_without_removal_is_left_alone(command: Command) -> None:
    """Where nothing can be removed, the kit gives up after a few tries and the verdict is not the worse for it."""
    with recorded(variants=("no-leave",)) as (handle, seen):
        assert command(*arguments(handle)).code == 0
        removals = [request for request in seen if request.method == "DELETE" and not CREATE.search(request.path)]
        assert len(removals) <= 20


@pytest.mark.slow
def test_nothing_but_the_api_is_asked(command: Command, tmp_path: Path) -> None:
    """Every request goes to the base path or to the states URL, with no cookie, and says what it is."""
    report = tmp_path / "report.json"
    with recorded() as (handle, seen):
        command(*arguments(handle, "--report", f"json={report}"))
        base = handle.app.options.base
    assert [request.path for request in seen if not request.path.startswith((f"{base}/", "/states"))] == []
    assert not any("cookie" in request.headers for request in seen)
    assert json.loads(report.read_text())["requests"] == sum(request.path != "/states" for request in seen)


@pytest.mark.slow
def test_location_on_another_host_is_fetched_from_the_target(command: Command) -> None:
    """A Location that names another host is read from the target, and nobody else is asked."""
    with recorded(variants=("location-other-host",)) as (handle, seen):
        code, report = outcomes(command, handle)
        reads = [request for request in seen if request.method == "GET" and not CREATE.search(request.path)]
    assert code == 0
    assert len(reads) > 5
    requirement = next(
        requirement for requirement in report["requirements"] if requirement["id"].endswith("location.resolves")
    )
    assert requirement["outcome"] == "pass"


@pytest.mark.slow
def test_what_was_created_is_deleted_by_whoever_may() -> None:
    """A run that made its personas by provider states leaves no service behind where one of them may delete them."""
    with mock("current") as origin:
        before = services(origin)
        request = Subject(f"{origin}/api/v3", states_url=f"{origin}/_mock/states")
        judge_target(request, Options(depth="quick", settle=0.3), ("*.success.status", "*.access.*"))
        assert services(origin) == before


def services(origin: str) -> list[str]:
    """The ids of all services of a mock."""
    with urllib.request.urlopen(f"{origin}/_mock/world") as answer:
        return [service["id"] for service in json.load(answer)["handle_services"]]
