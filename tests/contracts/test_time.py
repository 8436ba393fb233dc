"""--max-time: what is under way when the run's time is over is left, and what was seen by then counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from judge_tools import RawServer, always, answer
from onezone_contracts.exchange import Redactor
from onezone_contracts.judge import judge, judge_one
from onezone_contracts.options import Options
from onezone_contracts.patience import LAGS, Lag
from onezone_contracts.requirement import Finding, HungError, Level, NotJudged, Outcome, OutOfTimeError, Requirement
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.credentials import Credentials
from onezone_spec import load

SEEN = Finding("another status", "204", "200")


def run_out_of_time() -> None:
    raise OutOfTimeError


def outcome(check: Callable[[Any], Iterator[Finding]]) -> Any:
    run: Any = SimpleNamespace(
        check_time=lambda: None,
        ready_for=lambda _: None,
        turned_away=lambda _: None,
        options=SimpleNamespace(expected=None, baseline=None),
    )
    return judge_one(run, Requirement("some.topic", "operation", Level.MUST, "text", "source", check))


def test_a_finding_counts_though_time_is_over() -> None:
    """A violation that was seen is one, whatever else there was no time for."""

    def check(_: Any) -> Iterator[Finding]:
        yield SEEN
        run_out_of_time()

    ended = outcome(check)
    assert (ended.outcome, ended.findings) == (Outcome.FAIL, (SEEN,))


def test_what_found_nothing_in_time_is_skipped() -> None:
    """It is no pass, either."""

    def check(_: Any) -> Iterator[Finding]:
        run_out_of_time()
        yield SEEN

    assert outcome(check).outcome is Outcome.SKIP


def test_what_could_not_be_judged_is_not() -> None:
    """A check that says halfway that it cannot judge is not taken at its first word."""

    def check(_: Any) -> Iterator[Finding]:
        yield SEEN
        raise NotJudged("nobody may look", blocked=True)

    assert outcome(check).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    "reason", [OutOfTimeError(), HungError("reads"), NotJudged("nobody may"), ValueError("a mistake")]
)
def test_what_cannot_be_sent_ahead_loses_no_results(reason: Exception) -> None:
    """Whoever judges the requirement is told, if it cannot be sent then either."""

    def foresee(_: object) -> None:
        raise reason

    requirement = Requirement("some.topic", "operation", Level.MUST, "text", "source", lambda _: iter([SEEN]))
    session: Any = SimpleNamespace(
        options=Options(),
        edition="current",
        profile="core",
        target="http://127.0.0.1:9",
        contract=load(),
        redactor=Redactor(),
        requests=0,
        hints=[],
        requirements=lambda _: (requirement,),
        preflight=lambda _: None,
        foresee=foresee,
        check_time=lambda: None,
        ready_for=lambda _: None,
        turned_away=lambda _: None,
        unseen=frozenset,
        unknown=lambda **_: None,
        clean=lambda: None,
    )
    assert [result.outcome for result in judge(session).results] == [Outcome.FAIL]


def test_a_wait_ends_with_the_time() -> None:
    """A wait that was cut short is none in vain: nothing is concluded from it."""
    lag = Lag(60, check_time=run_out_of_time)
    with pytest.raises(OutOfTimeError):
        lag.until(lambda: False)
    assert lag.timeouts == 0


def test_what_is_late_too_often_is_waited_for_no_more() -> None:
    """Unless whoever waits has a limit of its own."""
    for tireless, vain in ((False, LAGS), (True, LAGS + 1)):
        lag = Lag(0, persistent=tireless)
        assert not any(lag.until(lambda: False) for _ in range(LAGS + 1))
        assert lag.timeouts == vain


def test_removal_may_wait_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kit made is removed after the time of the run, from a target that lets clients wait, too."""
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)
    with RawServer(always(answer(429))) as raw:
        account = Account(load(), f"{raw.origin}/api/v3", Credentials("adam", "secret"))
        account.api.wire.patience.check_time = run_out_of_time
        with pytest.raises(OutOfTimeError):
            account.look(("group", "1"))
        account.adopt(("group", "1"))
        account.remove()
        assert account.api.wire.sent > 1
