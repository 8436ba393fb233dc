"""Credentials one directly after another: what was decided for one must not decide for the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from onezone_contracts.cases import WRITER, Case
from onezone_contracts.checks.status import finding, fitting, words
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.run import Run


def twice(case: Case, statuses: Collection[int]) -> Check:
    """The same request twice, both times answered with one of the statuses."""

    def check(run: Run) -> Iterator[Finding]:
        (fitted,) = fitting(run, "password", [case])
        for sent in run.in_turn(fitted, fitted):
            if sent.exchange.status not in statuses:
                yield finding(sent, words(statuses))

    return check


def after_success(*followers: tuple[Case, Collection[int]]) -> Check:
    """Each follower is answered as though nobody had signed in before it. Those that need passwords may have none."""

    def check(run: Run) -> Iterator[Finding]:
        pairs = list(_fitting(run, followers))
        series = [_after_valid(run, case) for case, _ in pairs]
        for (first, second), (_, statuses) in zip(run.in_turns(series), pairs, strict=True):
            if not first.exchange.succeeded:
                raise NotJudged(f"there was no success before: {first.exchange.answer()}", blocked=True)
            if second.exchange.status not in statuses:
                yield finding(second, words(statuses))

    return check


def _after_valid(run: Run, case: Case) -> tuple[Case, Case]:
    """A valid request, of somebody with a password where the case is about one, and the case."""
    may = case.auth and run.credential_holder("password", WRITER)
    return _valid(case, may or WRITER), case


def _fitting(run: Run, followers: Iterable[tuple[Case, Collection[int]]]) -> Iterator[tuple[Case, Collection[int]]]:
    """The followers that the target's credentials allow to make, each of somebody whom they fit."""
    for case, statuses in followers:
        who = run.credential_holder("password", case.who) if case.auth else case.who
        if who is not None:
            yield replace(case, who=who), statuses


def right_after_wrong(wrong: Case) -> Check:
    """The right password is accepted directly after a wrong one."""

    def check(run: Run) -> Iterator[Finding]:
        (fitted,) = fitting(run, "password", [wrong])
        _, right = run.in_turn(fitted, _valid(fitted, fitted.who))
        if not right.exchange.succeeded:
            yield finding(right, str(run.operation.success.status))

    return check


def _valid(case: Case, who: str = WRITER) -> Case:
    """A valid request to send with a case, by a user who may."""
    return replace(case, name=f"{case.name}.valid", label="a valid request", who=who, auth=None)
