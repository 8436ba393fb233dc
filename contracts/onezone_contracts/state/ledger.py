"""What groups hold relative to what was read: one service more for an accepted request, nothing for a refused one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from operator import call
from typing import Any

from onezone_spec import Operation

from onezone_contracts.cases import MISSING, Case
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.sent import PAGE, Created, Prepared, Read, Sent
from onezone_contracts.state import compare
from onezone_contracts.state.leak import Leak
from onezone_contracts.state.probe import Difference
from onezone_contracts.state.readback import Readback, new_id
from onezone_contracts.state.tracker import Tracker

BATCH = 12
"""How many refused requests may wait for one look at the group's services."""
BLIND = 3
"""After so many services that could not be read, reading is taken as not offered."""
NONE: frozenset[str] = frozenset()
Changes = tuple[frozenset[str], frozenset[str]]
"""What came to a group that was not asked for, and what went."""


class Ledger(Tracker):
    """Keeps account of the services of every group that a run acts on, as far as personas can see them.

    Others may work in these groups, and nobody is there to make new ones. So each look is compared with the one before,
    and a single suspect is sent again, too, before it is accused.

    `initial` are the services of each group before the run, `services` what it had when it was last looked at; `strays`
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
        super().__init__(each=each)
        self.readback = readback
        self.operation = operation
        self.replay = replay
        self.initial: dict[str, frozenset[str]] = {}
        self.services: dict[str, set[str]] = {}
        self.created: list[Created] = []
        self.strays: list[Sent] = []
        self.spare: list[Created] = []
        self._waiting = 0

    # --- what a group holds -------------------------------------------------------------------------------

    def open(self, group: str) -> None:
        """Take the group's services as they are now for given."""
        ids = self.readback.ids(group)
        if ids is not None:
            self.services[group] = set(ids)
            self.initial.setdefault(group, frozenset(ids - self._ours()))

    def listed(self, group: str, shows: Callable[[set[str]], bool]) -> set[str] | None:
        """The group's services once the list shows what it should, else as they are; they are known from now on.

        None where the list does not say any more: then it is not asked again.
        """
        latest: list[set[str] | None] = [None]

        def ready() -> bool:
            latest[0] = self.readback.ids(group)
            return latest[0] is None or shows(latest[0])

        self.readback.lag.until(ready)
        now = latest[0]
        if now is None or self.cut(group, now):
            self.services.pop(group, None)
            return None
        self.services[group] = set(now)
        return now

    def cut(self, group: str, now: set[str]) -> bool:
        """Whether a list merely ends: what it does not show any more is there, and can be read."""
        gone = self.services.get(group, set()) - now
        full = PAGE <= len(now) <= len(self.services.get(group, ()))
        return bool(gone) and full and all(self.readback.again(group, service).details is not None for service in gone)

    def _ours(self, group: str | None = None) -> set[str]:
        """The ids of what was created in the group, or in any: some may show later than others."""
        created = (creation for creation in self.created if group in {None, creation.sent.group})
        return {creation.id for creation in created if creation.id}

    def _differences(self, group: str, appeared: frozenset[str], gone: frozenset[str]) -> list[Difference]:
        """What came to a group and went, if anything; it is about what went."""
        if not appeared and not gone:
            return []
        came, listing = f"{len(appeared)} new, {len(gone)} gone", self.readback.lists.get(group)
        return [Difference("the group's services", "nothing changed", came, listing, gone)]

    # --- what was refused ---------------------------------------------------------------------------------

    def before(self, prepared: Prepared) -> None:
        """See what was left behind before something that must be accepted."""
        if prepared.allowed:
            self.flush()

    def refused(self, sent: Sent) -> None:
        """A request that was not accepted; the look at its traces may wait for others."""
        super().refused(sent)
        self._waiting += 1
        if self._waiting >= BATCH:
            self.flush()

    def places(self, sent: Sent) -> set[str]:
        """The group of the path and the user's own, as far as they can be listed."""
        return set(sent.groups) & self.services.keys()

    def flush(self, *places: object) -> None:
        """See that the refused requests left no trace, and where they did, find those that do."""
        super().flush(*places)
        self._waiting = 0
        self.strays.clear()

    def changed(self, place: str, suspects: Sequence[Sent] = ()) -> list[Difference]:  # noqa: ARG002
        """What came to a group, and what went, since it was looked at last."""
        before = self.services.get(place)
        now = self.listed(place, before.issubset) if before is not None else None
        if before is None or now is None:
            return []
        return self._differences(place, frozenset(now - before - self._ours(place)), frozenset(before - now))

    def alone(self, place: str, suspect: Sent, *, left: Sequence[Difference]) -> tuple[Sent, list[Difference]]:
        """Send a suspect again and look at once; where something vanished, there has to be something to lose."""
        if any(difference.about for difference in left):
            self.replay(Case("state.something", "a valid request, so that there is something to lose"))
            self.changed(place)
        again = self.replay(suspect.case)
        return again, self.changed(place)

    def blame(self, *suspects: Any, otherwise: bool = True) -> bool:
        """The same; where something was accepted that went nobody knows where, that explains it."""
        return super().blame(*suspects, otherwise=otherwise and not self.strays)

    def _explained(self, suspects: Sequence[Sent], group: str, gone: frozenset[str]) -> bool:
        """Whether one of these refused requests, sent again, takes services of the group away, or makes some."""
        left = self._differences(group, NONE, gone)
        mine = [suspect for suspect in suspects if group in suspect.groups]
        return self.blame(mine, left, partial(self.alone, group, left=left), otherwise=False)

    def _suspects(self) -> list[Sent]:
        """The refused requests that wait; they wait no more."""
        waiting = dict.fromkeys(sent for suspects in self.pending.values() for sent in suspects)
        self.pending, self._waiting = {}, 0
        return list(waiting)

    # --- what was accepted --------------------------------------------------------------------------------

    def accepted(self, sent: Sent) -> None:
        """A creation that was accepted: find it in its group, and read it."""
        stray = sent.group not in self.services or sent.case.group == MISSING
        self.strays += [sent] if stray else []
        creation = self._observe([sent], () if stray else {sent.group})[1][0]
        if "get" not in self.readback.offered and len(self.created) < BLIND:
            for other in sorted(creation.extra):  # a Location that leads nowhere: is reading offered at all?
                self.readback.by_id(sent.group, other, sent.user)
        if creation.extra or creation.vanished:
            explained = bool(self.strays) or self._explained(self._suspects(), sent.group, creation.vanished)
            self.strays.clear()
            creation = replace(creation, extra=NONE, vanished=NONE) if explained else creation
        self.created.append(creation)

    def together(self, accepted: list[Sent]) -> list[Created]:
        """Creations that were accepted at the same time: account for all of them at once."""
        creations = self._observe(accepted, {sent.group for sent in accepted})[1]
        self.created += creations
        return creations

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:
        """Account for requests at the same time; whether they changed only what was accepted."""
        accepted = [request for request in sent if request.succeeded]
        refused = [request for request in sent if not request.succeeded]
        if answered and not accepted:
            for request in refused:
                super().refused(request)
            self.flush()
            return True
        before, vain = dict(self.services), self.readback.lag.timeouts
        changes, creations = self._observe(accepted, set().union(*(request.groups for request in sent)))
        self.readback.lag.timeouts = vain  # each of them is waited for again, alone, where something is odd
        unread = "get" in self.readback.offered and any(creation.read.details is None for creation in creations)
        if answered and not unread and _plain(creations, before) and not any(map(any, changes.values())):
            self.created += creations
            return True
        vanished = {group: gone for group, (_, gone) in changes.items() if gone}
        strays = bool(self.strays)
        suspects = [*(self._suspects() if vanished else ()), *refused]
        unexplained = {group: gone for group, gone in vanished.items() if not self._explained(suspects, group, gone)}
        if unexplained and creations:  # it cannot vanish again: this must not be forgotten
            gone = NONE.union(*unexplained.values())
            self.created.append(replace(creations.pop(0), listed=None, extra=NONE, vanished=gone))
        elif not strays:
            left = (self._differences(group, NONE, gone) for group, gone in unexplained.items())
            self.leaks += [Leak(tuple(suspects), difference) for difference in chain.from_iterable(left)]
        self.spare += creations
        return False

    def _observe(self, accepted: list[Sent], groups: Iterable[str]) -> tuple[dict[str, Changes], list[Created]]:
        """What else came to groups, and went, and what was accepted as it is seen: all looked at at the same time.

        What else came to a group, and went, is noted with the first that was accepted there, too.
        """
        before = {group: self.services[group] for group in sorted(set(groups) & self.services.keys())}
        ids = {group: [new_id(sent.exchange) for sent in accepted if sent.group == group] for group in before}
        looks: list[Callable[[], Any]] = [
            partial(self.listed, group, partial(_holds, before[group], ids[group])) for group in before
        ]
        looks += [partial(self._read, sent) for sent in accepted]
        seen = list(self.each(call, looks))
        now = {group: services for group, services in zip(before, seen, strict=False) if services is not None}
        changes = {
            group: (
                frozenset(services - before[group] - set(ids[group]) - self._ours(group)),
                frozenset(before[group] - services),
            )
            for group, services in now.items()
        }
        left, creations = dict(changes), []
        for sent, read in zip(accepted, seen[len(before) :], strict=True):
            service, group = new_id(sent.exchange), sent.group if sent.case.group != MISSING else ""
            listed = service in now[group] if group in now else None
            extra, gone = left.pop(group, (NONE, NONE))
            listing, shown = self.readback.lists.get(sent.group), len(self.services.get(sent.group, ()))
            creations.append(Created(sent, service or None, listed, extra, gone, read, listing, shown))
        return changes, creations

    def _read(self, sent: Sent) -> Read:
        """What the Location of a creation leads to, once it can be read."""
        reads = self.readback
        if "get" not in reads.offered and len(self.created) >= BLIND:
            return Read(None, None)
        latest = [reads.read(sent)]
        if latest[0].details is None and "get" in reads.offered and sent.location:

            def there() -> bool:
                latest[0] = reads.read(sent)
                return latest[0].details is not None

            reads.lag.until(there)
        read = latest[0]
        return read if new_id(sent.exchange) or read.details is not None else Read(read.exchange, None)

    # --- what is found ------------------------------------------------------------------------------------

    def creation_of(self, sent: Sent) -> Created | None:
        """What came of an accepted creation, None where the request was not accepted."""
        return next((creation for creation in reversed(self.created) if creation.sent is sent), None)

    def look(self, sent: Sent) -> None:  # noqa: ARG002
        """Look at all groups that refused requests may have touched."""
        self.flush()

    def all(self, log: Sequence[Sent]) -> list[Leak]:  # noqa: ARG002
        """What refused requests left behind, but for those that are left open. Raises NotJudged where nothing lists."""
        self.flush()
        if not self.services and not self.leaks:
            raise NotJudged(self.readback.lack("list"))
        return [leak for leak in self.leaks if not any(request.case.open for request in leak.sent)]

    def consequences(self, sent: Sent) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""
        creation = self.creation_of(sent)
        if creation is not None:
            yield from compare.located(self.created, creation)
        yield from super().consequences(sent)

    def deviations(self, sent: Sent) -> Iterator[Finding]:
        """How what is read back of an accepted case differs from what was sent."""
        creation = self.creation_of(sent)
        if creation is not None:
            yield from compare.differences_of(self.operation, creation)
            if "get" in self.readback.offered:
                yield from compare.crashed(creation)


def _plain(creations: list[Created], before: Mapping[str, set[str]]) -> bool:
    """Whether each creation has a new id of its own, and its group lists it where it lists anything."""
    ids = [(creation.sent.group, creation.id) for creation in creations]
    new = all(service and service not in before.get(group, ()) for group, service in ids)
    return new and len(set(ids)) == len(ids) and all(creation.listed is not False for creation in creations)


def _holds(before: set[str], ids: list[str], now: set[str]) -> bool:
    """Whether a list shows what it showed and what came since, also as many that nobody named."""
    expected = before | {service for service in ids if service}
    return expected <= now and len(now - expected) >= ids.count("")
