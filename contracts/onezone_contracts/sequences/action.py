"""What a sequence is made of, and what it may show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from onezone_contracts.exchange import Exchange
from onezone_contracts.requirement import Finding

CREATE, NAMESAKE, REFUSED = "create", "namesake", "refused"
LEAVE, TRESPASS, READ = "leave", "trespass", "read"
LEAVING = frozenset({LEAVE, TRESPASS})

CREATED, UNCHANGED, LEFT, FRESH = "created", "refused", "left", "fresh"
"""What a sequence may show: the cases of the requirements."""


@dataclass(frozen=True, slots=True)
class Action:
    """One step before it is taken: `who` does it (or which refusal it is), on the service of another step.

    A step that creates gives its service the number `gives`, by which later steps know it: so any step can be left
    out, and those that build on it with it.
    """

    verb: str
    who: str = ""
    service: int = 0
    gives: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """How a target differs from the model."""

    message: str
    expected: str
    actual: str
    exchange: Exchange | None = None
    about: frozenset[str] = frozenset()
    """The ids that it is about."""


class ViolationError(BaseException):
    """A sequence showed a problem. No Exception: it has to get through Hypothesis as it is."""

    def __init__(self, kind: str, problem: Problem, actions: Sequence[Action], steps: Sequence[Exchange]) -> None:
        super().__init__(problem.message)
        self.kind = kind
        self.problem = problem
        self.actions = tuple(actions)
        self.steps = tuple(steps)

    def finding(self, remark: str = "") -> Finding:
        """The finding, with all steps."""
        one = self.problem
        message = f"in a sequence of {len(self.steps)} requests: {one.message}{remark}"
        return Finding(message, one.expected, one.actual, one.exchange or self.steps[-1], self.steps)


class StoppedError(BaseException):
    """There is no time for more steps, or the target wants none."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Numbers:
    """Gives out the numbers of services."""

    last: int = field(default=0)

    def next(self) -> int:
        """A number that no step has."""
        self.last += 1
        return self.last
