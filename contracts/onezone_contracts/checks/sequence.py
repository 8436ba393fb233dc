"""Sequences of requests: each step leaves the group as the steps before and itself say."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts import shrinking
from onezone_contracts.checks import drawn
from onezone_contracts.given import GivenRun
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.searching import Search, attempt
from onezone_contracts.sequences import setting as settings
from onezone_contracts.sequences.action import CREATED, FRESH, LEFT, UNCHANGED
from onezone_contracts.sequences.play import Play
from onezone_contracts.sequences.setting import Setting
from onezone_contracts.sequences.tour import OVERTURE, TOUR, tour
from onezone_contracts.shrinking import StoppedError, ViolationError

ATTEMPTS = 80
"""How often steps are left out."""
BINDING = frozenset({CREATED, UNCHANGED})
"""What ends the search: the others are set aside, and the search begins anew."""


class Sequences(Search):
    """The sequences of one run, taken once for all requirements that they judge."""

    def __init__(self, run: GivenRun) -> None:
        super().__init__()
        self.run = run
        self.setting: Setting | None = None

    def lack(self, kind: str) -> NotJudged | None:
        """Whether nobody was seen to be able to leave a service."""
        leaving = LEFT in self.findings or (self.setting is not None and self.setting.leaver is not None)
        if kind not in {LEFT, FRESH} or leaving:
            return None
        return NotJudged("no persona was seen to be able to leave a service")

    def take(self) -> None:
        """Take all sequences, and note what they show."""
        try:
            self.setting = settings.found(self.run)
            while not self.ended and self._search(self.setting):
                self.ended = min(BINDING & self.findings.keys(), default=None)
            self.setting.settle()
        except NotJudged as reason:
            self.reason = reason
        finally:
            _account(self.run)

    def _search(self, setting: Setting) -> str | None:
        """The kind of the first thing that sequences show, None if there is none (more)."""
        try:
            _sequences(setting)
        except ViolationError as first:
            self.findings[first.kind] = shrinking.shortest(
                setting, first, _taken(setting), _taken(setting), seconds=drawn.SHRINKING, attempts=ATTEMPTS
            )
            setting.fresh = setting.fresh and first.kind != FRESH
            setting.leaver = None if first.kind == LEFT else setting.leaver
            return first.kind
        except StoppedError as stop:
            if stop.reason or not setting.taken:
                self.reason = NotJudged(stop.reason or "the target asks to slow down")
        return None


def _taken(setting: Setting) -> shrinking.Attempt:
    return lambda actions: attempt(Play(setting), actions)


def _account(run: GivenRun) -> None:
    """Take the services that there are now for given, in the group where sequences were."""
    group = run.writer.group if run.writer else ""
    ids = run.readback.ids(group) if group in run.ledger.known else None
    if ids is not None:
        run.ledger.known[group] = ids


def _sequences(setting: Setting) -> None:
    from onezone_contracts.sequences import machine

    for plan in (OVERTURE, TOUR):
        shown = attempt(Play(setting), tour(setting, plan))
        if shown:
            raise shown
        if plan is OVERTURE:
            setting.find_leaver()
    machine.drawn(setting)


def shows(kind: str) -> Check:
    """The check of one kind of finding; all look at the same sequences of a run."""

    def check(run: GivenRun) -> Iterator[Finding]:
        taken: Sequences = run.common.setdefault(Sequences, Sequences(run))
        yield from taken.shows(kind)

    return check
