"""What a sequence over all operations is made of, and what it may show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ADMIN, NOBODY = -1, -2
"""Actors that are no entities of the sequence."""
NEW = "a value that was not used before"
"""Stands in a body for a value that is made when the step is taken."""

ALLOWED, FORBIDDEN, STATE, UNCHANGED = "allowed", "forbidden", "state", "unchanged"
"""What a sequence may show: the cases of the requirements."""
KINDS = (ALLOWED, FORBIDDEN, STATE, UNCHANGED)

Body = tuple[tuple[str, Any], ...] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One request before it is sent. Entities are numbers, so that any step can be left out with those that need it.

    `actor` is the number of a user, ADMIN or NOBODY; `roles` are the entities of the path, in its order; an entity
    that the step creates is known by the number `gives`. After a `quiet` step nobody looks at what it did.
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
