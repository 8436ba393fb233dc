"""Targets that lack operations, and targets that are slow to show what was set up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from front import Rewrite, front
from judge_tools import Clock
from onezone_contracts.options import Options
from onezone_contracts.requirement import Outcome
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_contracts.verdict import OUT_OF_TIME, Judgement, Verdict

if TYPE_CHECKING:
    from running_mock import Running


def judged(mock: Running, instead: Rewrite, *patterns: str) -> Judgement:
    with front(mock.origin, instead) as origin:
        base_url = origin + mock.contract.base_paths[0]
        request = Subject(base_url, admin=mock.admin, profile="full")
        return judge_target(request, Options(depth="quick", settle=0.3), patterns)


@pytest.mark.slow
def test_what_is_not_offered_is_skipped_and_lessens_nothing(mock: Running) -> None:
    """A target without the effective twins is conformant: each lacking operation is skipped, and says so."""
    before = mock.world()
    judgement = judged(
        mock, lambda _, path: 404 if "/effective_" in path else None, "*effective*", "*membership*", "get_group.*"
    )
    bad = [
        result
        for result in judgement.results
        if result.outcome in {Outcome.FAIL, Outcome.WARN, Outcome.BLOCKED, Outcome.ERROR}
    ]
    assert [(finding.requirement.id, finding.reason) for finding in bad] == []
    assert judgement.verdict is Verdict.CONFORMANT
    lacking = {result.requirement.operation for result in judgement.results if result.reason == "not offered"}
    expected = {operation.id for operation in mock.contract.operations.values() if "/effective_" in operation.path}
    assert lacking == expected
    assert mock.world() == before


@pytest.mark.slow
def test_methods_that_are_not_offered_are_skipped(mock: Running) -> None:
    """A target without changes of what there is answers 405: nothing fails."""
    changes = re.compile(r"/(user|groups/[^/]+)$")
    judgement = judged(
        mock, lambda method, path: 405 if method == "PATCH" and changes.search(path) else None, "update_*"
    )
    assert judgement.verdict is Verdict.CONFORMANT
    lacking = {result.requirement.operation for result in judgement.results if result.reason == "not offered"}
    assert lacking == {"update_current_user", "update_group"}


@pytest.mark.slow
def test_without_what_makes_personas_there_is_no_conformance(mock: Running) -> None:
    """A target on which nobody can be set up is not judged by personas, and never conformant."""
    judgement = judged(mock, lambda method, path: 404 if method == "PUT" and "/users/" in path else None, "get_*")
    assert judgement.verdict is Verdict.PARTIAL
    assert not any(result.outcome is Outcome.ERROR for result in judgement.results)


@pytest.mark.slow
def test_a_target_that_does_not_answer_is_no_verdict(mock: Running) -> None:
    """Nobody listens: the run is inconclusive and says so."""
    assert mock
    judgement = judge_target(
        Subject("http://127.0.0.1:9/api/v3", admin=mock.admin, profile="full"), Options(depth="quick")
    )
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "does not answer" in (judgement.reason or "")


@pytest.mark.slow
def test_time_that_is_over_is_partial(mock: Running) -> None:
    """With --max-time what is not judged in time is skipped, and the verdict is at best partial."""
    clock, before = Clock(), mock.world()

    def tick(_number: int, _total: int, _requirement: object) -> None:
        clock.now += 1

    request = Subject(mock.base_url, admin=mock.admin, profile="full")
    judgement = judge_target(request, Options(depth="quick", max_time=300, clock=clock), (), tick)
    assert judgement.verdict is Verdict.PARTIAL
    late = [result for result in judgement.results if result.reason == OUT_OF_TIME]
    assert 100 < len(late) == len(judgement.results) - 300
    assert mock.world() == before
