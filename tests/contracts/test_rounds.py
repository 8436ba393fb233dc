"""How often a run waits for a slow target: in rounds, each as long as one answer, whatever the machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

import pytest
from onezone_contracts.derive import judged_operations
from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.judge import judge
from onezone_contracts.options import Options
from onezone_contracts.pace import MOST
from onezone_contracts.requirement import Outcome
from onezone_contracts.sessions import Documented
from onezone_contracts.subject import Subject
from onezone_contracts.target.embedded import mock
from onezone_contracts.target.provisioner import provisioned
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.wire import Wire
from onezone_spec import load

Result = TypeVar("Result")
ANSWER = 0.3
"""Seconds that an answer of the slow target takes: the clock of the run goes by rounds."""
AFFORDABLE = 140
"""So many of them take 42 s."""


class Rounds(Executor):
    """As many workers as a slow target gets, which here work one after another; and the rounds that they would take."""

    def __init__(self) -> None:
        self.sent = 0
        self.saved = 0

    def map(
        self,
        fn: Callable[..., Result],
        *iterables: Iterable[Any],
        timeout: float | None = None,  # noqa: ARG002
        chunksize: int = 1,  # noqa: ARG002
    ) -> Iterator[Result]:
        """The work on each; what it took counts as often as the workers would have had to begin anew."""
        before, longest = self.sent, 0
        results: list[Result] = []
        for row in zip(*iterables, strict=True):
            started = self.sent
            results.append(fn(*row))
            longest = max(longest, self.sent - started)
        turns = -(-len(results) // MOST)
        self.saved += self.sent - before - longest * turns
        return iter(results)

    @property
    def count(self) -> int:
        """How many rounds were waited for so far."""
        return self.sent - self.saved


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    """Counts what the main thread sends; what checks send in threads of their own is as much for everybody."""
    counted, send = Rounds(), Wire.send

    def counting(wire: Wire, request: Request, limit: float | None = None) -> Exchange:
        counted.sent += threading.current_thread() is threading.main_thread() and "/_mock/" not in request.path
        return send(wire, request, limit)

    monkeypatch.setattr(Wire, "send", counting)
    return counted


def judged(rounds: Rounds, *patterns: str, fault: str | None = None) -> Judgement:
    """The judgement of the mock, which may have a fault, as of a slow target."""
    contract = load("current")
    operation = judged_operations(contract)[0]
    options = Options(clock=lambda: ANSWER * rounds.count, load=1)
    with mock("current", *(("--fault", fault) if fault else ())) as origin:
        request = Subject(f"{origin}/api/v3", states_url=f"{origin}/_mock/states")
        with provisioned(request, contract, options) as provisioner:
            session = Documented(contract, operation, provisioner.target(operation), options)
            session.run.shared.pool = rounds
            return judge(session, patterns)


@pytest.mark.slow
def test_a_run_waits_for_a_slow_target_no_more_often_than_affordable(rounds: Rounds) -> None:
    """Cases that cannot influence each other go at the same time, those of authentication and of sequences, too."""
    results = judged(rounds)
    assert results.verdict is Verdict.CONFORMANT
    assert rounds.count <= AFFORDABLE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "topic"),
    [
        ("credentials-just-now", "authentication.after-success"),
        ("forgery-polluted", "access.after-allowed"),
        ("credentials-colon-ends", "authentication.colon"),
        ("location-client-id", "location.own-id"),
    ],
)
def test_what_goes_at_the_same_time_is_noticed(rounds: Rounds, fault: str, topic: str) -> None:
    """A fault of what goes side by side is noticed by the same requirement, and the same requests."""
    results = {result.requirement.topic: result for result in judged(rounds, f"*.{topic}", fault=fault).results}
    assert results[topic].outcome is Outcome.FAIL
