"""What traffic shows to be so: each fact with the exchange that set it, until another one may have changed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onezone_contracts.requirement import Finding, Requirement
from onezone_contracts.state.expected import Ref
from onezone_contracts.traffic.recorded_call import RecordedCall
from onezone_contracts.traffic.sheet import RequirementSheet

LAG = 5.0
"""Seconds that a read may lag behind a write where a later read shows it."""
STALE = 3
"""So many reads soon after a write that another read showed are no replica's that is behind."""
MOST = 200_000
"""So many entities are remembered; the oldest are forgotten."""
THERE, DATA, IN, MAY, ZONE = "there", "data", "in", "may", "zone"
Key = tuple[str, tuple[Ref, ...], str]
"""The kind of a fact, the entities that it is about, and a detail."""


@dataclass(slots=True)
class Fact:
    """A value, what set it, and doubts: reads that showed another value, which a later read may excuse."""

    value: Any
    by: RecordedCall
    doubts: list[tuple[Requirement | None, Finding, bool]] = field(default_factory=list)
    confirmed: bool = False


class Facts:
    """Every fact, by the entities that it is about. Findings go to a sheet once nothing can excuse them."""

    def __init__(self, sheet: RequirementSheet) -> None:
        self._sheet = sheet
        self._by_entity: dict[Ref, dict[Key, Fact]] = {}

    def get(self, key: Key) -> Fact | None:
        """The fact, None if it is not known."""
        return self._by_entity.get(key[1][0], {}).get(key)

    def about(self, ref: Ref, kind: str) -> Iterator[tuple[Key, Fact]]:
        """The facts of a kind that an entity is in."""
        return ((key, fact) for key, fact in list(self._by_entity.get(ref, {}).items()) if key[0] == kind)

    def put(self, key: Key, *, value: Any, by: RecordedCall) -> None:
        """A write made it so."""
        self.forget(key)
        fact = Fact(value, by)
        for ref in key[1]:
            self._by_entity.setdefault(ref, {})[key] = fact
        while len(self._by_entity) > MOST:
            self._drop(next(iter(self._by_entity)))

    def forget(self, key: Key) -> None:
        """It is not known any longer; what was found against it stays found."""
        fact = None
        for ref in key[1]:
            fact = self._by_entity.get(ref, {}).pop(key, None) or fact
        if fact:
            self._commit(key[0], fact)

    def blur(self, refs: set[Ref], gone: Ref | None = None) -> None:
        """It is not known what an exchange did: to facts about its entities alone, and about what may be gone."""
        touched = {key for ref in refs for key in self._by_entity.get(ref, ()) if set(key[1]) <= refs}
        if gone:
            touched |= self._by_entity.get(gone, {}).keys()
        for key in touched:
            self.forget(key)

    def blur_kind(self, kind: str) -> None:
        """It is not known what an exchange did to all entities of a kind."""
        for ref in [ref for ref in self._by_entity if ref[0] == kind]:
            self._drop(ref)

    def agree(self, key: Key, requirement: Requirement | None) -> None:
        """A read shows the fact: doubts that came soon after the write were a lag, of a cache or a replica."""
        fact = self.get(key)
        if fact is None:
            return
        fact.doubts = [doubt for doubt in fact.doubts if not doubt[2]]
        fact.confirmed = True
        self._sheet.judged(requirement)

    def doubt(self, key: Key, read: RecordedCall, requirement: Requirement | None, finding: Finding) -> None:
        """A read shows something else. It stands where a later read does not excuse it."""
        fact = self.get(key)
        if fact is None:
            return
        soon = read.start - fact.by.end <= LAG
        if fact.confirmed and not soon:
            self._sheet.judged(requirement, finding)
        elif len(fact.doubts) < STALE:
            fact.doubts.append((requirement, finding, soon))

    def finish(self) -> None:
        """Nothing more comes: what is doubted now is found."""
        for ref in list(self._by_entity):
            self._drop(ref)

    def _drop(self, ref: Ref) -> None:
        for key in list(self._by_entity.get(ref, ())):
            self.forget(key)
        self._by_entity.pop(ref, None)

    def _commit(self, kind: str, fact: Fact) -> None:
        changed = kind != DATA or fact.by.operation.effect.verb != "create"  # what was just created has no older data
        stale = changed and fact.confirmed and len(fact.doubts) < STALE
        for requirement, finding, soon in fact.doubts:
            if not (soon and stale):
                self._sheet.judged(requirement, finding)
        fact.doubts.clear()
