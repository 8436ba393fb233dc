"""Search for a sequence that shows something, make it short, and see that it shows it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from onezone_contracts import searching, shrinking
from onezone_contracts.checks import drawn
from onezone_contracts.options import Options
from onezone_contracts.requirement import OUT_OF_TIME, Finding, NotJudged
from onezone_contracts.searching import Search
from onezone_contracts.shrinking import StoppedError, ViolationError
from onezone_contracts.stateful.alone import try_alone
from onezone_contracts.stateful.choices import readings
from onezone_contracts.stateful.play import Play
from onezone_contracts.stateful.setting import AT_FIRST, Setting, apart
from onezone_contracts.stateful.step import KINDS, Step
from onezone_contracts.stateful.tours import tours
from onezone_contracts.target.administrator import Account

ROUNDS = 4
"""How often the search goes on, without the operation that showed something last."""
ATTEMPTS = 150


class Sequences(Search):
    """The sequences of one run, taken once for all requirements that they judge.

    Args:
        account: an administrator's, opened.
        options: how the run judges.
    """

    def __init__(self, account: Account, options: Options) -> None:
        super().__init__()
        self.account = account
        self.options = options

    def take(self) -> None:
        """Take all sequences, and note what they show."""
        if self.account.shut:
            self.reason = NotJudged(self.account.shut, blocked=True)
            return
        setting = Setting(self.account, self.options)
        try:
            try_alone(setting)
            rounds = 0
            while len(self.findings) < len(KINDS) and self._search(setting):
                rounds += 1
                if rounds == ROUNDS:
                    self.ended = min(self.findings)
                    break
        except StoppedError as stop:
            if stop.reason:
                self.reason = NotJudged(stop.reason, blocked=stop.reason != OUT_OF_TIME)
            elif not setting.whole:
                self.reason = NotJudged("there was no time for a whole sequence")
        if not setting.taken:
            self.reason = self.reason or NotJudged("the target offers no operations that work alone")

    def _search(self, setting: Setting) -> bool:
        """Whether sequences show something (more)."""
        try:
            _sequences(setting)
        except ViolationError as first:
            best = shortest(setting, first)
            self.findings.setdefault(first.kind, best)
            setting.operations.pop(first.culprit.operation, None)
            return True
        return False


def _sequences(setting: Setting) -> None:
    """Raises ViolationError for the first that shows something, StoppedError without time."""
    from onezone_contracts.stateful import machine

    setting.limit(AT_FIRST)
    for steps in tours(setting.account.contract):
        shown = attempt(setting, steps, everything=True)
        if shown:
            raise shown
        setting.whole += 1
    with setting.drawing():
        machine.drawn(setting)


def attempt(setting: Setting, steps: Sequence[Step], *, everything: bool = False) -> ViolationError[Step] | None:
    """Take these steps, those that fit, and look at `everything` afterwards; what they show, if anything."""
    with apart(setting.account):
        play = Play(setting)
        return searching.attempt(play, chain(steps, readings(play) if everything else ()))


def shortest(setting: Setting, first: ViolationError[Step]) -> Finding:
    """The finding of the shortest sequence that showed the same, or of the first where that cannot be repeated."""

    def tried(steps: Sequence[Step]) -> ViolationError[Step] | None:
        shown = attempt(setting, [*(replace(step, quiet=True) for step in steps[:-1]), replace(steps[-1], quiet=False)])
        return shown if shown and shown.culprit.operation == first.culprit.operation else None

    def again(steps: Sequence[Step]) -> ViolationError[Step] | None:
        return attempt(setting, steps)

    setting.careful = True
    with setting.unlimited():
        finding = shrinking.shortest(setting, first, tried, again, seconds=drawn.SHRINKING, attempts=ATTEMPTS)
    setting.careful = False
    return finding
