"""Sequences in one group, by personas that were given."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.requirement import NotJudged
from onezone_contracts.sequences.group_play import GroupPlay
from onezone_contracts.sequences.group_setting import GroupSetting, explore
from onezone_contracts.sequences.group_tour import OVERTURE, TOUR, tour
from onezone_contracts.sequences.search import Search
from onezone_contracts.sequences.step import CREATED, FRESH, LEFT, REFUSED, Step, ViolationError
from onezone_contracts.supplied_run import SuppliedRun

BINDING = frozenset({CREATED, REFUSED})
"""What ends the search: the others are set aside, and the search begins anew."""


class GroupSequences(Search):
    """The sequences of one run in the writer's group."""

    attempts = 80

    def __init__(self, run: SuppliedRun) -> None:
        super().__init__()
        self.run = run
        self._setting: GroupSetting | None = None

    def lack(self, kind: str) -> NotJudged | None:
        """Whether nobody was seen to be able to leave a service."""
        leaving = LEFT in self.findings or (self._setting is not None and self._setting.leaver is not None)
        if kind not in {LEFT, FRESH} or leaving:
            return None
        return NotJudged("no persona was seen to be able to leave a service")

    def begin(self) -> GroupSetting:
        """See what does what it should alone."""
        self._setting = explore(self.run)
        return self._setting

    def play(self) -> GroupPlay:
        """A new sequence."""
        assert self._setting is not None
        return GroupPlay(self._setting)

    def plans(self) -> Iterator[Iterator[Step]]:
        """What goes everywhere, before anything left and after."""
        assert self._setting is not None
        yield tour(self._setting, OVERTURE)
        self._setting.find_leaver()
        yield tour(self._setting, TOUR)

    def set_aside(self, shown: ViolationError) -> None:
        """Leave no service any more, or take ids that are given again for given; what binds ends the search."""
        assert self._setting is not None
        self._setting.fresh = self._setting.fresh and shown.kind != FRESH
        self._setting.leaver = None if shown.kind == LEFT else self._setting.leaver
        self.ended = min(BINDING & self.findings.keys(), default=None)

    def take(self) -> None:
        """Take all sequences; afterwards, the services that there are then are taken for given."""
        super().take()
        ledger, group = self.run.ledger, self.run.writer.group if self.run.writer else ""
        try:
            if self._setting:
                self._setting.settle()
            if group in ledger.services:
                ledger.open(group)
        except NotJudged as reason:
            self.reason = self.reason or reason

    def stopped(self, reason: str | None) -> NotJudged | None:
        """Why nothing more is said, where a step could not be taken, or none was."""
        if reason or (self._setting and not self._setting.step_count):
            return NotJudged(reason or "the target asks to slow down")
        return None
