"""Direct relations of one kind of member to one kind of container, and the sets of privileges that they hold.

A million relations must not keep the garbage collector busy: equal sets of privileges are one number, and a dictionary
of strings to numbers is nothing that the collector has to look at.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_mockserver.world.inside import Slots

Privileges = frozenset[str]
Edges = dict[str, dict[str, int]]
NOTHING: Privileges = frozenset()
K = TypeVar("K")
_NOBODY: dict[str, int] = {}
_NO_SLOTS: dict[int, int] = {}


class Sets:
    """Every set of privileges that is in use, once: `of[number]` is the set. Number 0 is the empty one."""

    def __init__(self) -> None:
        self.of: list[Privileges] = [NOTHING]
        self._numbers: dict[Privileges, int] = {NOTHING: 0}

    def number(self, privileges: Privileges) -> int:
        """The number of a set."""
        number = self._numbers.get(privileges)
        if number is None:
            number = self._numbers[privileges] = len(self.of)
            self.of.append(privileges)
        return number

    def shared(self, privileges: Privileges) -> Privileges:
        """The one set that equals this one."""
        return self.of[self.number(privileges)]


class Relation:
    """Who is directly in what: `up[member][container]` and `down[container][member]` are the same number of a set.

    Most containers have one member, and most of those the same: a dictionary of one member may be shared by many of
    them, and is replaced where it would be changed.
    """

    def __init__(self) -> None:
        self.up: Edges = {}
        self.down: Edges = {}
        self._alone: dict[str, dict[str, int]] = {}

    def put(self, member: str, container: str, number: int) -> None:
        """Relate the two, or change the set that the member holds."""
        member, container = intern(member), intern(container)
        above = self.up.get(member)
        if above is None:
            above = self.up[member] = {}
        above[container] = number
        self._put_below(member, container, number)

    def begin(self, member: str, container: str, number: int) -> None:
        """Relate a new container to its first member."""
        above = self.up.get(member)
        if above is None:
            above = self.up[member] = {}
        above[container] = number
        self.down[container] = self._just(member, number)

    def drop(self, member: str, container: str) -> None:
        """End a relation. Raises KeyError."""
        _drop(self.up, member, container)
        _drop(self.down, container, member)
        if member not in self.up:
            self._alone.pop(member, None)

    def _put_below(self, member: str, container: str, number: int) -> None:
        below = self.down.get(container)
        if below is None:
            self.down[container] = self._just(member, number)
        elif len(below) == 1:
            self.down[container] = {**below, member: number}
        else:
            below[member] = number

    def _just(self, member: str, number: int) -> dict[str, int]:
        """The one member with that set, to be shared and never changed."""
        alone = self._alone.get(member)
        if alone is None or alone[member] != number:
            alone = self._alone[member] = {member: number}
        return alone

    def number(self, member: str, container: str) -> int | None:
        """The number of the set that a member holds; None if it is no member."""
        return self.up.get(member, _NOBODY).get(container)

    def above(self, member: str) -> Mapping[str, int]:
        """What it is a member of."""
        return self.up.get(member, _NOBODY)

    def below(self, container: str) -> Mapping[str, int]:
        """The members."""
        return self.down.get(container, _NOBODY)


class SlotRelation(Relation):
    """The same where containers are groups, and every decision asks: `groups[member]` has the groups' slots.

    Small numbers stand close together in memory, ids do not.
    """

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self.slots = slots
        self.groups: dict[str, dict[int, int]] = {}

    def put(self, member: str, container: str, number: int) -> None:
        """Relate the two, or change the set that the member holds."""
        member, container = intern(member), intern(container)
        above = self.groups.get(member)
        if above is None:
            above = self.groups[member] = {}
        above[self.slots.at[container]] = number
        self._put_below(member, container, number)

    def begin(self, member: str, container: str, number: int) -> None:
        """Relate a new group to its first member."""
        self.put(member, container, number)

    def drop(self, member: str, container: str) -> None:
        """End a relation. Raises KeyError."""
        _drop(self.groups, member, self.slots.at[container])
        _drop(self.down, container, member)
        if member not in self.groups:
            self._alone.pop(member, None)

    def number(self, member: str, container: str) -> int | None:
        """The number of the set that a member holds; None if it is no member."""
        return self.groups.get(member, _NO_SLOTS).get(self.slots.at.get(container, -1))

    def above(self, member: str) -> Mapping[str, int]:
        """What it is a member of."""
        ids = self.slots.ids
        return {ids[slot]: number for slot, number in self.groups.get(member, _NO_SLOTS).items()}


def _drop(edges: dict[str, dict[K, int]], start: str, other: K) -> None:
    neighbours = edges[start]
    if len(neighbours) > 1:
        del neighbours[other]
    elif other in neighbours:
        del edges[start]
    else:
        raise KeyError(other)
