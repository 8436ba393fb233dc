"""`ozkit prove`: what is noticed, what is not, and the exit code that says so. CI runs the whole of it on its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from onezone_contracts.commands import prove
from onezone_contracts.commands.proof import EXEMPT, Matrix, Row, summary, uncovered
from onezone_contracts.commands.prove import Attempt, Fault, attempts
from onezone_spec import load

if TYPE_CHECKING:
    from judge_tools import CommandResult

Command = Callable[..., "CommandResult"]
GOOD = Row("status-200", "A success is a 200.", ["success.status"])


def matrix(*rows: Row, lacking: tuple[str, ...] = (), alarms: tuple[str, ...] = ()) -> Matrix:
    return Matrix("current", list(rows), list(lacking), EXEMPT, 1.0, list(alarms))


@pytest.mark.slow
def test_some_faults_are_proven_from_end_to_end(command: Command) -> None:
    """One that a quick look shows, one of rare inputs, one of requests at the same time; in two workers."""
    chosen = ("status-200", "rare-name-emoji", "concurrency-torn")
    result = command("prove", "--format", "json", *(word for fault in chosen for word in ("--fault", fault)))
    report = json.loads(result.out)
    assert (result.code, report["good"], report["false_alarms"]) == (0, True, [])
    rows = {row["fault"]: row for row in report["rows"]}
    assert set(rows) == set(chosen)
    assert "success.status" in rows["status-200"]["noticed_by"]
    assert "concurrent.creates" in rows["concurrency-torn"]["noticed_by"]
    assert (rows["status-200"]["depth"], rows["rare-name-emoji"]["depth"]) == ("quick", "standard")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--fault", "nonsense"), "no fault matches"),
        (("--edition", "nonsense"), "nonsense"),
        (("--workers", "0"), "not a number of workers"),
    ],
)
def test_bad_usage_is_exit_2(command: Command, arguments: tuple[str, ...], word: str) -> None:
    """With the reason on standard error."""
    result = command("prove", *arguments)
    assert result.code == 2
    assert word in result.err


@pytest.mark.parametrize(
    ("proof", "code", "word"),
    [
        (matrix(GOOD), 0, "1 of 1 faults noticed"),
        (matrix(), 1, "not proven"),
        (matrix(GOOD, Row("state-lost", "Nothing is remembered.")), 1, "unnoticed: state-lost: Nothing is remembered."),
        (matrix(Row("x-y", "X.", ["a"], ["b.*"])), 1, "not noticed by what it names: x-y: b.*"),
        (matrix(Row("x-y", "X.", ["a"], problem="the kit failed")), 1, "not judged: x-y: the kit failed"),
        (matrix(GOOD, lacking=("access.member",)), 1, "no fault makes it fail: access.member"),
        (matrix(GOOD, alarms=("state.data",)), 1, "false alarm without any fault: state.data"),
    ],
)
def test_the_exit_code_says_whether_it_is_proven(
    proof: Matrix, code: int, word: str, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    """Exit 1 where something goes unnoticed, with a line that says what."""
    monkeypatch.setattr(prove, "prove", lambda *_, **__: proof)
    result = command("prove")
    assert result.code == code
    assert word in "\n".join(summary(proof))
    assert word in result.out


@pytest.mark.slow
def test_a_requirement_that_no_fault_made_fail_is_told() -> None:
    """Every MUST of the edition but those that cannot be tried, less what was made to fail."""
    contract = load("deployed")
    everything = uncovered(contract, [])
    assert "access.member" in everything
    assert not set(everything) & set(EXEMPT)
    assert "authentication.challenge" not in everything  # only observed in this edition
    assert set(everything) - set(uncovered(contract, [GOOD])) == {"success.status"}


NAMED = ("status-200", "", ("success.status",))
EDGE = ("rare-name-emoji", "", ("edges.*",))


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        (Fault(*NAMED), ("quick", ("success.status",))),
        (Fault(*EDGE), ("standard", ("edges.*",))),
        (Fault("x", "", ("list_groups.effect",), "full"), ("quick", ("list_groups.effect",))),
    ],
)
def test_what_a_fault_names_is_looked_at_first(fault: Fault, first: Attempt) -> None:
    """Everything else only where that does not notice it, or where the whole account is asked for."""
    contract = load("deployed")
    all_looks, wide = attempts(contract, fault), attempts(contract, fault, whole=True)
    assert all_looks[0] == first
    assert set(all_looks[1:]) == set(wide) - {first}
    assert wide[-1] == (("quick", ("list_groups.*",)) if fault.profile == "full" else ("standard", ()))
