"""What the target should hold after each request: one service more for an accepted one, nothing for a refused one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import call
from typing import Any

from onezone_spec import Operation

from onezone_contracts.cases import MISSING, Case
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.sent import PAGE, Created, Prepared, Read, Sent
from onezone_contracts.state import compare
from onezone_contracts.state.leak import Leak, seen_alone
from onezone_contracts.state.probe import Difference
from onezone_contracts.state.readback import Readback, last_segment
from onezone_contracts.state.tracker import Tracker

BATCH = 12
"""How many refused requests may wait for one look at the group's services."""
BLIND = 3
"""After so many services that could not be read, reading is taken as not offered."""


class Ledger(Tracker):
    """Keeps account of the services of every group that a run acts on, as far as personas can see them.

    `initial` are those of each group before the run, `known` what it should have, relative to what was read; `strays`
    were accepted for a group that is not there since the last look, and went nobody knows where; `spare` was created
    and is not judged: it is only removed at the end.

    Args:
        readback: reads what there is.
        operation: what is sent.
        replay: sends a case again, unrecorded; it serves to find the request that left something behind.
        each: does what `map` does, at the same time where there are workers.
    """

    def __init__(
        self,
        readback: Readback,
        operation: Operation,
        replay: Callable[[Case], Sent],
        each: Callable[..., Iterator[Any]] = map,
    ) -> None:
        super().__init__()
        self.readback = readback
        self.operation = operation
        self.replay = replay
        self.each = each
        self.initial: dict[str, frozenset[str]] = {}
        self.known: dict[str, set[str]] = {}
        self.created: list[Created] = []
        self.pending: list[Sent] = []
        self.strays: list[Sent] = []
        self.spare: list[Created] = []

    def open(self, group: str) -> None:
        """Take the group's services as they are now for given."""
        ids = self.readback.ids(group)
        if ids is not None:
            self.known[group] = set(ids)
            ours = {creation.id for creation in self.created}
            self.initial.setdefault(group, frozenset(ids - ours))

    def before(self, prepared: Prepared) -> None:
        """See what was left behind before something that must be accepted."""
        if prepared.allowed:
            self.flush()

    def refused(self, sent: Sent) -> None:
        """A request that was not accepted; the look at its traces may wait for others."""
        self.pending.append(sent)
        if len(self.pending) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """See that the refused requests left no trace, and where they did, find those that do."""
        pending, self.pending = self.pending, []
        touched = {group for sent in pending for group in sent.groups}
        groups = sorted(touched & self.known.keys())
        replayed = False
        for group, (appeared, gone) in zip(groups, list(self.each(self._drift, groups)), strict=True):
            more, less = self._drift(group) if replayed else (frozenset[str](), frozenset[str]())
            if appeared or gone or more or less:
                suspects = [sent for sent in pending if group in sent.groups]
                self._blame(suspects, group, appeared | more, gone | less)
                replayed = True
        self.strays.clear()

    def _drift(self, group: str) -> tuple[frozenset[str], frozenset[str]]:
        before = self.known.get(group)
        now = self._list(group, before.issubset) if before is not None else None
        if before is None or now is None:
            return frozenset(), frozenset()
        return frozenset(now - before - self._ours(group)), frozenset(before - now)

    def _list(self, group: str, shows: Callable[[set[str]], bool]) -> set[str] | None:
        """The group's services once the list shows what it should, else as they are; they are known from now on.

        None where the list does not say any more: then it is not asked again.
        """
        latest: list[set[str] | None] = [None]

        def ready() -> bool:
            latest[0] = self.readback.ids(group)
            return latest[0] is None or shows(latest[0])

        self.readback.lag.until(ready)
        now = latest[0]
        if now is None or self._cut(group, now):
            self.known.pop(group, None)
            return None
        self.known[group] = set(now)
        return now

    def _cut(self, group: str, now: set[str]) -> bool:
        """Whether the list merely ends: what it does not show any more is there, and can be read."""
        gone = self.known.get(group, set()) - now
        full = PAGE <= len(now) <= len(self.known.get(group, ()))
        return bool(gone) and full and all(self.readback.again(group, service).details is not None for service in gone)

    def _ours(self, group: str) -> set[str]:
        """The ids of what was created in the group: some may show later than others."""
        return {creation.id for creation in self.created if creation.id and creation.sent.group == group}

    def _blame(self, suspects: list[Sent], group: str, appeared: frozenset[str], gone: frozenset[str]) -> bool:
        """Send each suspect again and look at once; with none found guilty, all of them are shown.

        Where something was accepted that went nobody knows where, that explains it.
        """

        def alone(suspect: Sent) -> tuple[Sent, list[Difference]]:
            if gone:
                self._put_something(group)
            again = self.replay(suspect.case)
            return again, self._changed(group, *self._drift(group))

        seen = seen_alone(suspects, alone)
        self.leaks += seen
        if not seen and suspects and not self.strays:
            self.leaks += [Leak(tuple(suspects), difference) for difference in self._changed(group, appeared, gone)]
        return bool(seen)

    def _changed(self, group: str, appeared: frozenset[str], gone: frozenset[str]) -> list[Difference]:
        """What refused requests did to a group, if anything."""
        came, listing = f"{len(appeared)} new, {len(gone)} gone", self.readback.lists.get(group)
        what = "the group's services"
        return [Difference(what, "nothing changed", came, listing)] if appeared or gone else []

    def _put_something(self, group: str) -> None:
        """Create what the next request may take away: what has vanished already cannot vanish again."""
        self.replay(Case("state.something", "a valid request, so that there is something to lose"))
        self._drift(group)

    def accepted(self, sent: Sent) -> None:
        """A creation that was accepted: find it in its group, and read it."""
        location = sent.location
        service = last_segment(location) if location else None
        listed, extra, gone = self._account(sent, service or None)
        read = self._read(sent, location, service, extra)
        listing = self.readback.lists.get(sent.group)
        self.created.append(Created(sent, service or None, listed, extra, gone, read, listing, self._shown(sent.group)))

    def _shown(self, group: str) -> int:
        """How many services the group listed last."""
        return len(self.known.get(group, ()))

    def together(self, accepted: list[Sent]) -> list[Created]:
        """Creations that were accepted at the same time: account for all of them at once."""
        ids = {last_segment(sent.location) for sent in accepted if sent.location}
        groups = sorted({sent.group for sent in accepted} & self.known.keys())
        before = {group: self.known[group] for group in groups}

        def look(group: str) -> set[str] | None:
            return self._list(group, lambda now: len(now - before[group]) >= len(accepted))

        looks: list[Callable[[], Any]] = [partial(look, group) for group in groups]
        looks += [partial(self._read_of, sent) for sent in accepted]
        seen = list(self.each(call, looks))
        now = {group: services for group, services in zip(groups, seen, strict=False) if services is not None}
        extra = {group: frozenset(now[group] - before[group] - ids - self._ours(group)) for group in now}
        creations = [self._as_seen(sent, read) for sent, read in zip(accepted, seen[len(groups) :], strict=True)]
        for number, creation in enumerate(creations):
            listed = (creation.id or "") in now[creation.sent.group] if creation.sent.group in now else None
            creations[number] = replace(creation, listed=listed, extra=extra.pop(creation.sent.group, frozenset()))
        self.created += creations
        return creations

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:
        """Account for requests at the same time; whether they changed only what was accepted."""
        accepted = [request for request in sent if request.succeeded]
        if answered and not accepted:
            self.pending += sent
            self.flush()
            return True
        plain, vanished, creations = self._looked(accepted, sent)
        unread = "get" in self.readback.offered and any(creation.read.details is None for creation in creations)
        if plain and answered and not unread:
            self.created += creations
            return True
        strays, refused = bool(self.strays), [request for request in sent if not request.succeeded]
        suspects = (*self.pending, *refused)
        gone = self._unexplained(vanished, refused)  # it cannot vanish again: this must not be forgotten
        if gone and creations:
            self.created.append(replace(creations.pop(0), gone=gone))
        elif gone and not strays:
            group = next(iter(vanished))
            self.leaks += [Leak(suspects, difference) for difference in self._changed(group, frozenset(), gone)]
        self.spare += creations
        return False

    def _unexplained(self, vanished: dict[str, frozenset[str]], refused: list[Sent]) -> frozenset[str]:
        """What vanished of groups where none of the refused requests, sent again, takes anything away."""
        if not vanished:
            return frozenset()
        suspects, self.pending = [*self.pending, *refused], []
        left = frozenset[str]()
        for group, gone in vanished.items():
            if not self._blame_only([suspect for suspect in suspects if group in suspect.groups], group, gone):
                left |= gone
        return left

    def _looked(self, accepted: list[Sent], sent: list[Sent]) -> tuple[bool, dict[str, frozenset[str]], list[Created]]:
        """Look at the groups and at what was accepted, all at the same time.

        Whether requests at the same time changed only what was accepted, what vanished of each group, and what was
        seen of what was accepted. What there is now is taken for given.
        """
        vain, groups = (
            self.readback.lag.vain,
            sorted(set().union(*(request.groups for request in sent)) & self.known.keys()),
        )
        before = {group: self.known[group] for group in groups}

        def holds(group: str) -> bool:
            return self._holds(
                group, [last_segment(request.location or "") for request in accepted if request.group == group]
            )

        looks: list[Callable[[], Any]] = [partial(holds, group) for group in groups]
        looks += [partial(self._read_of, request) for request in accepted]
        seen = list(self.each(call, looks))
        gone = {group: frozenset(ids - self.known.get(group, ids)) for group, ids in before.items()}
        self.readback.lag.vain = vain  # each of them is waited for again, alone, where something is odd
        creations = [self._as_seen(request, read) for request, read in zip(accepted, seen[len(groups) :], strict=True)]
        return all(seen[: len(groups)]), {group: ids for group, ids in gone.items() if ids}, creations

    def _holds(self, group: str, new: list[str]) -> bool:
        """Whether the group holds what it held and the new ids, each of them once."""
        before = self.known[group]
        expected = before | set(new)
        now = self._list(group, expected.issubset)
        return (now is None or now == expected) and all(new) and len(expected) == len(before) + len(new)

    def _as_seen(self, sent: Sent, read: Read) -> Created:
        """An accepted creation whose group holds it, with what was read of it; unrecorded."""
        listed = None if sent.group not in self.known or sent.case.group == MISSING else True
        service = last_segment(sent.location or "") or None
        return Created(sent, service, listed, frozenset(), frozenset(), read, shown=self._shown(sent.group))

    def _read_of(self, sent: Sent) -> Read:
        return self._read(sent, sent.location, last_segment(sent.location or "") or None, frozenset())

    def _account(self, sent: Sent, service: str | None) -> tuple[bool | None, frozenset[str], frozenset[str]]:
        group = sent.group
        if group not in self.known or sent.case.group == MISSING:
            self.strays.append(sent)
            return None, frozenset(), frozenset()
        before = set(self.known[group])
        now = self._list(group, lambda ids: before | {service} <= ids if service else bool(ids - before))
        if now is None:
            return None, frozenset(), frozenset()
        extra = frozenset(now - before - {service} - self._ours(group))
        gone = frozenset(before - now)
        if (extra or gone) and self.strays:
            self.strays.clear()
            return (service in now), frozenset(), frozenset()
        if (extra or gone) and self.pending:
            suspects, self.pending = self.pending, []
            if self._blame_only([suspect for suspect in suspects if suspect.group == group], group, gone):
                return (service in now), frozenset(), frozenset()
        return (service in now), extra, gone

    def _blame_only(self, suspects: list[Sent], group: str, gone: frozenset[str]) -> bool:
        before = len(self.leaks)
        if suspects and not self._blame(suspects, group, frozenset(), gone):
            del self.leaks[before:]
        return len(self.leaks) > before

    def _read(self, sent: Sent, location: str | None, service: str | None, extra: frozenset[str]) -> Read:
        reads = self.readback
        if "get" not in reads.offered and len(self.created) >= BLIND:
            return Read(None, None)
        read = reads.read(sent)
        if read.details is None and "get" not in reads.offered:
            for other in sorted(extra):  # a Location that leads nowhere: is reading offered at all?
                reads.by_id(sent.group, other, sent.user)
        if read.details is None and "get" in reads.offered and location:
            latest = [read]

            def there() -> bool:
                latest[0] = reads.read(sent)
                return latest[0].details is not None

            reads.lag.until(there)
            read = latest[0]
        return read if service or read.details is not None else Read(read.exchange, None)

    # --- what is found ------------------------------------------------------------------------------------

    def of(self, sent: Sent) -> Created | None:
        """What came of an accepted creation, None where the request was not accepted."""
        return next((creation for creation in reversed(self.created) if creation.sent is sent), None)

    def look(self, sent: Sent) -> None:  # noqa: ARG002
        """Look at all groups that refused requests may have touched."""
        self.flush()

    def all(self, log: Sequence[Sent]) -> list[Leak]:  # noqa: ARG002
        """What refused requests left behind, but for those that are left open. Raises NotJudged where nothing lists."""
        self.flush()
        if not self.known and not self.leaks:
            raise NotJudged(self.readback.lack("list"))
        return [leak for leak in self.leaks if not any(request.case.open for request in leak.sent)]

    def consequences(self, sent: Sent) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""
        creation = self.of(sent)
        if creation is not None:
            yield from compare.located(self.created, creation)
        yield from super().consequences(sent)

    def kept(self, sent: Sent) -> Iterator[Finding]:
        """How what is read back of an accepted case differs from what was sent."""
        creation = self.of(sent)
        if creation is not None:
            yield from compare.differences_of(self.operation, creation)
            if "get" in self.readback.offered:
                yield from compare.crashed(creation)
