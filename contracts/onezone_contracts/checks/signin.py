"""Credentials one directly after another: what was decided for one must not decide for the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from onezone_contracts.cases import WRITER, Case
from onezone_contracts.checks.status import finding, words
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.run import Run


def _with_password(run: Run, who: str) -> bool:
    return run.identity(who).credentials.password is not None


def twice(case: Case, statuses: Collection[int]) -> Check:
    """The same request twice, both times answered with one of the statuses."""

    def check(run: Run) -> Iterator[Finding]:
        if not _with_password(run, case.who):
            raise NotJudged("the personas have no password")
        for sent in run.in_turn(case, case):
            if sent.exchange.status not in statuses:
                yield finding(sent, words(statuses))

    return check


def after_success(*followers: tuple[Case, Collection[int]]) -> Check:
    """Each follower is answered as though nobody had signed in before it. Those that need passwords may have none."""

    def check(run: Run) -> Iterator[Finding]:
        for case, statuses in _fitting(run, followers):
            first, second = run.in_turn(_valid(case), case)
            if not first.exchange.succeeded:
                raise NotJudged(f"there was no success before: {first.exchange.answer()}", blocked=True)
            if second.exchange.status not in statuses:
                yield finding(second, words(statuses))

    return check


def _fitting(run: Run, followers: Iterable[tuple[Case, Collection[int]]]) -> Iterator[tuple[Case, Collection[int]]]:
    """The followers that the target's credentials allow to make."""
    return (one for one in followers if not one[0].auth or _with_password(run, one[0].who))


def right_after_wrong(wrong: Case) -> Check:
    """The right password is accepted directly after a wrong one."""

    def check(run: Run) -> Iterator[Finding]:
        if not _with_password(run, wrong.who):
            raise NotJudged("the personas have no password")
        _, right = run.in_turn(wrong, _valid(wrong))
        if not right.exchange.succeeded:
            yield finding(right, str(run.operation.success.status))

    return check


def _valid(case: Case) -> Case:
    """The writer's valid request that goes with a case."""
    return replace(case, name=f"{case.name}.valid", label="a valid request", who=WRITER, auth=None)
