"""What a sequence is made of, and what it may show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from onezone_contracts.exchange import Exchange
from onezone_contracts.requirement import Finding
from onezone_contracts.state.probe import Difference

ADMIN, NOBODY = -1, -2
"""Actors that are no entities of the sequence."""
NEW = "a value that was not used before"
"""Stands in a body for a value that is made when the step is taken."""

ALLOWED, FORBIDDEN, STATE, UNCHANGED = "allowed", "forbidden", "state", "unchanged"
"""What a sequence over all operations may show: the cases of the requirements."""
KINDS = (ALLOWED, FORBIDDEN, STATE, UNCHANGED)

CREATE, NAMESAKE, REFUSE = "create", "namesake", "refuse"
LEAVE, TRESPASS, READ = "leave", "trespass", "read"
"""What can be done in one group, in place of operations."""
LEAVING = frozenset({LEAVE, TRESPASS})
CREATED, REFUSED, LEFT, FRESH = "created", "refused", "left", "fresh"
"""What a sequence in one group may show."""

Body = tuple[tuple[str, Any], ...] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One request before it is sent. Entities are numbers, so that any step can be left out with those that need it.

    `actor` is the number of a user, ADMIN or NOBODY; in one group that of somebody who may create, or of a refusal.
    `roles` are the entities of the path, in its order; an entity that the step creates is known by the number `gives`.
    After a `quiet` step nobody looks at what it did.
    """

    operation: str
    actor: int = ADMIN
    roles: tuple[int, ...] = ()
    body: Body = None
    gives: int = 0
    quiet: bool = field(default=False, compare=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the body."""
        return tuple(key for key, _ in self.body or ())


class ViolationError(BaseException):
    """A sequence showed a difference. No Exception: it has to get through Hypothesis as it is."""

    def __init__(
        self, kind: str, difference: Difference, actions: Sequence[Step], exchanges: Sequence[Exchange]
    ) -> None:
        super().__init__(difference.what)
        self.kind = kind
        self.difference = difference
        self.actions = tuple(actions)
        self.exchanges = tuple(exchanges)

    @property
    def culprit(self) -> Step:
        """The step that showed it."""
        return self.actions[-1]

    def finding(self, remark: str = "") -> Finding:
        """The finding, with all steps."""
        seen, last = self.difference, self.exchanges[-1]
        message = f"in a sequence of {len(self.exchanges)} requests: {last.request.label}: {seen.what}{remark}"
        return Finding(message[:400], seen.expected, seen.actual, seen.exchange or last, self.exchanges)


class StoppedError(BaseException):
    """There is no time for more steps, or the target takes none: then `reason` says why."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
