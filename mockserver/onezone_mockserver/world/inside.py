"""Sets of groups that stay small where groups nest deep: some slots, or one bit a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView

Inside = frozenset[int] | int
"""Groups: their slots where they are few, else one bit a slot."""
Rows = frozenset[int] | bytes
"""The same, to be asked quickly: bits as bytes."""
FEW = 128
_BYTE = [tuple(at for at in range(8) if byte >> at & 1) for byte in range(256)]


class Slots:
    """Which number stands for which group."""

    def __init__(self) -> None:
        self.at: dict[str, int] = {}
        self.ids: list[str] = []
        self._free: list[int] = []

    def add(self, group: str) -> None:
        """Give a group a number."""
        if self._free:
            slot = self._free.pop()
            self.ids[slot] = group
        else:
            slot = len(self.ids)
            self.ids.append(group)
        self.at[group] = slot

    def remove(self, group: str) -> None:
        """Take a group's number away; nothing that was gathered may still have it."""
        self._free.append(self.at.pop(group))

    def just(self, group: str) -> Inside:
        """The set of one group."""
        return frozenset((self.at[group],))

    def join(self, groups: Inside, other: Inside) -> Inside:
        """The union of two sets."""
        if isinstance(groups, frozenset) and isinstance(other, frozenset):
            both = groups | other
            return both if len(both) <= FEW else self._bits(both)
        return self._bits(groups) | self._bits(other)

    @staticmethod
    def _bits(groups: Inside) -> int:
        if isinstance(groups, int):
            return groups
        bits = 0
        for slot in groups:
            bits |= 1 << slot
        return bits

    @staticmethod
    def rows(groups: Inside) -> Rows:
        """A set in the form that `meets` asks."""
        return groups.to_bytes((groups.bit_length() + 7) // 8, "little") if isinstance(groups, int) else groups

    def each(self, rows: Rows) -> Iterator[str]:
        """The ids of a set."""
        if isinstance(rows, frozenset):
            yield from map(self.ids.__getitem__, rows)
            return
        for start, byte in enumerate(rows):
            for at in _BYTE[byte]:
                yield self.ids[start * 8 + at]


def meets(slots: KeysView[int], rows: Rows) -> bool:
    """Whether one of the slots is in the set."""
    if isinstance(rows, frozenset):
        return not slots.isdisjoint(rows)
    size = len(rows)
    for slot in slots:
        byte = slot >> 3
        if byte < size and rows[byte] >> (slot & 7) & 1:
            return True
    return False
