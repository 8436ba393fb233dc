"""Direct relations of one kind of member to one kind of container, and the sets of privileges that they hold.

A million relations must not keep the garbage collector busy: equal sets of privileges are one number, and a dictionary
of strings to numbers is nothing that the collector has to look at.
"""

from __future__ import annotations

from sys import intern

Privileges = frozenset[str]
Edges = dict[str, dict[str, int]]
NOTHING: Privileges = frozenset()


class Sets:
    """Every set of privileges that is in use, once: `of[number]` is the set. Number 0 is the empty one."""

    def __init__(self) -> None:
        self.of: list[Privileges] = [NOTHING]
        self._numbers: dict[Privileges, int] = {NOTHING: 0}

    def number(self, privileges: Privileges) -> int:
        """The number of a set."""
        known = self._numbers.get(privileges)
        if known is None:
            known = self._numbers[privileges] = len(self.of)
            self.of.append(privileges)
        return known

    def shared(self, privileges: Privileges) -> Privileges:
        """The one set that equals this one."""
        return self.of[self.number(privileges)]


class Relation:
    """Who is directly in what: `up[member][container]` and `down[container][member]` are the same number of a set."""

    def __init__(self) -> None:
        self.up: Edges = {}
        self.down: Edges = {}

    def put(self, member: str, container: str, number: int) -> None:
        """Relate the two, or change the set that the member holds."""
        member, container = intern(member), intern(container)
        above, below = self.up.get(member), self.down.get(container)
        if above is None:
            above = self.up[member] = {}
        if below is None:
            below = self.down[container] = {}
        above[container] = below[member] = number

    def drop(self, member: str, container: str) -> None:
        """End a relation. Raises KeyError."""
        _drop(self.up, member, container)
        _drop(self.down, container, member)


def _drop(edges: Edges, one: str, other: str) -> None:
    found = edges[one]
    del found[other]
    if not found:
        del edges[one]
