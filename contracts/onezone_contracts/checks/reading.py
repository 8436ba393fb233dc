"""Checks of reading operations on entities that the usual fixture does not have."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.cases import Case
from onezone_contracts.checks import operation
from onezone_contracts.checks.status import finding
from onezone_contracts.reading import answer_of
from onezone_contracts.requirement import Check, Finding, NotJudged, tolerated
from onezone_contracts.trial import Trial


def right(case: Case) -> Check:
    """The answer has the documented body and shows the state as it is."""

    def check(trial: Trial) -> Iterator[Finding]:
        attempt = trial.send(case, accept=True)
        if not attempt.exchange.succeeded:
            yield finding(attempt, str(trial.operation.success.status))
            return
        yield from operation.body_of(trial, [attempt])
        for difference in attempt.differences:
            yield difference.finding(f"{case.label}: {difference.what}", attempt.exchange)

    return check


def as_documented(*cases: Case) -> Check:
    """Those of the cases that can be answered have the documented body: nobody knows what is there."""

    def check(trial: Trial) -> Iterator[Finding]:
        sent = []
        for case in cases:
            with tolerated():
                sent.append(trial.send(case, accept=True))
        sent = [attempt for attempt in sent if attempt.exchange.succeeded]
        if not sent:
            raise NotJudged("nothing of the kind was there before")
        yield from operation.body_of(trial, sent)

    return check


def deprecated(trial: Trial) -> Iterator[Finding]:
    """Every success has the deprecated keys of its schema."""
    schema = trial.contract.resolve(trial.operation.success.schema or {})
    names = [name for name, prop in schema["properties"].items() if trial.contract.resolve(prop).get("deprecated")]
    for sent in operation.successes(trial):
        answer = answer_of(sent.exchange)
        lost = [name for name in names if name not in answer] if isinstance(answer, dict) else []
        if lost:
            message = f"{sent.case.label}: deprecated keys are not there"
            yield Finding(message, ", ".join(names), f"no {', '.join(lost)}", sent.exchange)
