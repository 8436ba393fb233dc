"""What the judge asks, and what came of it: requirements, findings and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from onezone_spec import Level

if TYPE_CHECKING:
    from onezone_contracts.cases import Case
    from onezone_contracts.exchange import Exchange

__all__ = ["ALONE", "Check", "Finding", "Level", "NotJudged", "Outcome", "Requirement", "Result"]


ALONE = "; sent again on a connection of its own"
"""How a finding goes on where the request was right when it was sent again."""


class Outcome(StrEnum):
    """What came of a requirement."""

    PASS = "pass"  # noqa: S105  (an outcome, no password)
    FAIL = "fail"
    WARN = "warn"
    """A SHOULD that fails."""
    OBSERVED = "observed"
    """An OBSERVE: noted, never judged."""
    SKIP = "skip"
    """Not judged, for a reason that does not speak against the target."""
    BLOCKED = "blocked"
    """Not judged because something that it builds on failed."""
    ERROR = "error"
    """The kit itself failed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence against a requirement: what was expected, what came, and the exchange that shows it.

    `steps` has all exchanges that it takes, where one is not enough.
    """

    message: str
    expected: str
    actual: str
    exchange: Exchange | None = None
    steps: tuple[Exchange, ...] = ()


class NotJudged(Exception):
    """Raised by a check that cannot judge.

    `blocked` says that a failed precondition is the reason, `wanting` that the user could have given what is lacking.
    """

    def __init__(self, reason: str, *, blocked: bool = False, wanting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blocked = blocked
        self.wanting = wanting


class OutOfTimeError(NotJudged):
    """The time for the whole run is over."""

    def __init__(self) -> None:
        super().__init__(OUT_OF_TIME)


class HungError(NotJudged):
    """The target does not answer requests of a kind: no more of them are sent, and what was found by then stands."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"requests of this kind ({kind}) were not answered in time", blocked=True)


@contextmanager
def tolerated() -> Iterator[None]:
    """What cannot be sent is left: whoever judges it says so. Time that is over still ends the run."""
    try:
        yield
    except OutOfTimeError:
        raise
    except NotJudged:
        return


OUT_OF_TIME = "the time limit of --max-time was reached"

Check = Callable[[Any], Iterable[Finding]]
"""What is found of one requirement in a run: a check says in its annotation what it asks of it."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A check of the answers to cases of which none depends on what was sent before."""

    check: Check
    cases: tuple[Case, ...]
    accept: bool = False
    """Whether the contract promises a success."""
    statuses: frozenset[int] = frozenset()
    """The refusals of which the contract promises one."""

    def __call__(self, run: Any) -> Iterable[Finding]:
        """What the check finds."""
        return self.check(run)


@dataclass(frozen=True, slots=True)
class SendingAs:
    """A check of the refusals of cases, each sent by somebody who has one kind of credentials: password or token."""

    check: Check
    kind: str
    cases: tuple[Case, ...]
    statuses: frozenset[int]
    """The refusals of which the contract promises one."""

    def __call__(self, run: Any) -> Iterable[Finding]:
        """What the check finds."""
        return self.check(run)


@dataclass(frozen=True, slots=True)
class Looking:
    """A check of other requirements' requests; `needs` says whether a request counts."""

    check: Check
    needs: Callable[[Sending], bool]

    def __call__(self, run: Any) -> Iterable[Finding]:
        """What the check finds."""
        return self.check(run)


def at_successes(check: Check) -> Looking:
    """A check of what must succeed."""
    return Looking(check, lambda sending: sending.accept)


def at_refusals(check: Check, status: int | None = None) -> Looking:
    """A check of what must be refused: with that status, among others, or with any."""
    return Looking(check, lambda sending: bool(sending.statuses) if status is None else status in sending.statuses)


def at_everything(check: Check) -> Looking:
    """A check of all that is sent."""
    return Looking(check, lambda _: True)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence of the contract that an implementation keeps or breaks.

    `topic` is the id below the operation; `check` sends what it needs through the run and yields findings;
    `needs` names what a target may lack without fault (then the requirement is skipped and does not lessen
    the verdict).
    """

    topic: str
    operation: str
    level: Level
    text: str
    source: str
    check: Check = field(compare=False, repr=False)
    needs: str | None = None
    evidence: tuple[Sending, ...] = field(default=(), compare=False, repr=False)
    """What has to be sent before it is judged, for a check that looks at what others sent."""

    @property
    def id(self) -> str:
        """The stable slug `<operation>.<topic>`."""
        return f"{self.operation}.{self.topic}"


def fits(requirement: Requirement, pattern: str) -> bool:
    """Whether an id or a glob pattern means a requirement; the operation may be left out of either."""
    return fnmatchcase(requirement.id, pattern) or fnmatchcase(requirement.topic, pattern)


def ambiguous(requirements: Iterable[Requirement], pattern: str) -> tuple[str, ...]:
    """The ids that a topic means of several operations: it is clear only with one of them before it."""
    ids = tuple(requirement.id for requirement in requirements if requirement.topic == pattern)
    return ids if len(ids) > 1 else ()


def with_evidence(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """The requirements, each with what it lives off: so each can be judged alone, and in any order."""
    every = tuple(requirements)
    sent = [requirement.check for requirement in every if isinstance(requirement.check, Sending)]
    return tuple(
        replace(requirement, evidence=tuple(filter(requirement.check.needs, sent)))
        if isinstance(requirement.check, Looking)
        else requirement
        for requirement in every
    )


@dataclass(frozen=True, slots=True)
class Result:
    """A requirement with its outcome, the findings against it, and the reason where it was not judged.

    `listed` says that it is expected to fail, `unexpected_pass` that it was and passes, `excused` that it could not be
    judged for want of an answer that is expected to be another, `wanting` that it could not be for want of something
    that the user could give.
    """

    requirement: Requirement
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    listed: bool = False
    unexpected_pass: bool = False
    wanting: bool = False
    excused: bool = False
    seconds: float = 0.0
    """How long it took to judge."""

    @property
    def fails_as_expected(self) -> bool:
        """Whether it fails as expected."""
        return self.listed and self.outcome in {Outcome.FAIL, Outcome.WARN}
