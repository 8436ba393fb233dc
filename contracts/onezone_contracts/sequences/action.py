"""What a sequence is made of, and what it may show."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Numbers:
    """Gives out the numbers of services."""

    last: int = field(default=0)

    def next(self) -> int:
        """A number that no step has."""
        self.last += 1
        return self.last
