"""Sequences of requests: each step leaves the group as the steps before and itself say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from onezone_contracts.checks import drawn
from onezone_contracts.given import GivenRun
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.sequences import setting as settings
from onezone_contracts.sequences import shrink
from onezone_contracts.sequences.action import CREATED, FRESH, LEFT, UNCHANGED
from onezone_contracts.sequences.setting import Setting
from onezone_contracts.sequences.tour import OVERTURE, TOUR, tour
from onezone_contracts.shrinking import StoppedError, ViolationError

BINDING = frozenset({CREATED, UNCHANGED})
"""What ends the search: the others are set aside, and the search begins anew."""


@dataclass(slots=True)
class Sequences:
    """The sequences of one run, taken once for all requirements that they judge."""

    setting: Setting | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    reason: NotJudged | None = None
    _taken: bool = False

    def shown(self, kind: str, run: GivenRun) -> Iterator[Finding]:
        """The finding of one kind, if there is one. Raises NotJudged."""
        if not self._taken:
            self._taken = True
            self._take(run)
        if kind in self.findings:
            yield self.findings[kind]
        elif self.reason:
            raise self.reason
        elif kind in {LEFT, FRESH} and not self._leaving():
            raise NotJudged("no persona was seen to be able to leave a service")
        elif ended := BINDING & self.findings.keys():
            raise NotJudged(f"the sequences ended with sequence.{min(ended)}", blocked=True)

    def _leaving(self) -> bool:
        return LEFT in self.findings or (self.setting is not None and self.setting.leaver is not None)

    def _take(self, run: GivenRun) -> None:
        try:
            self.setting = settings.found(run)
            while not BINDING & self.findings.keys() and self._search(self.setting):
                pass
            self.setting.settle()
        except NotJudged as reason:
            self.reason = reason
        finally:
            _account(run)

    def _search(self, setting: Setting) -> str | None:
        """The kind of the first thing that sequences show, None where there is none (more)."""
        try:
            _sequences(setting)
        except ViolationError as first:
            self.findings[first.kind] = shrink.shortest(setting, first, drawn.SHRINKING)
            setting.fresh = setting.fresh and first.kind != FRESH
            setting.leaver = None if first.kind == LEFT else setting.leaver
            return first.kind
        except StoppedError as stop:
            if stop.reason or not setting.taken:
                self.reason = NotJudged(stop.reason or "the target asks to slow down")
        return None


def _account(run: GivenRun) -> None:
    """Take the services that there are now for given, in the group where sequences were."""
    group = run.writer.group if run.writer else ""
    ids = run.readback.ids(group) if group in run.ledger.known else None
    if ids is not None:
        run.ledger.known[group] = ids


def _sequences(setting: Setting) -> None:
    from onezone_contracts.sequences import machine

    for plan in (OVERTURE, TOUR):
        shown = shrink.attempt(setting, list(tour(setting, plan)))
        if shown:
            raise shown
        if plan is OVERTURE:
            setting.find_leaver()
    machine.drawn(setting)


def shows(kind: str) -> Check:
    """The check of one kind of finding; all look at the same sequences of a run."""

    def check(run: GivenRun) -> Iterator[Finding]:
        taken: Sequences = run.common.setdefault(Sequences, Sequences())
        yield from taken.shown(kind, run)

    return check
