"""Make a sequence that shows something as short as it goes, and see that it shows it again.

Hypothesis would repeat a sequence hundreds of times, and a server does not begin anew each time. So steps are left out
here: by halves, then one by one, within a limit of time; and what is left is repeated once more before it is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from onezone_contracts.requirement import Finding
from onezone_contracts.sequences.action import Action, StoppedError, ViolationError
from onezone_contracts.sequences.play import Play
from onezone_contracts.sequences.setting import SHORTEST, Setting
from onezone_contracts.shrinking import leave_out

ATTEMPTS = 80
AGAIN = 1.0
"""Seconds to wait for what is repeated to look right after all."""
NOT_AGAIN = " (shown once; repeated, it did not show)"


def attempt(setting: Setting, actions: Sequence[Action]) -> ViolationError | None:
    """Take these steps, those that fit; the violation that they show, if any."""
    play = Play(setting)
    try:
        for action in actions:
            if play.fits(action):
                play.perform(action)
    except ViolationError as violation:
        return violation
    finally:
        play.end()
    return None


def shortest(setting: Setting, first: ViolationError, seconds: float) -> Finding:
    """The finding of the shortest sequence that showed the same, or of the first where that cannot be repeated."""
    end, left = setting.clock() + seconds, [ATTEMPTS]

    def tried(actions: Sequence[Action]) -> ViolationError | None:
        left[0] -= 1
        if left[0] < 0 or setting.clock() > end:
            raise StoppedError
        shown = attempt(setting, actions)
        return shown if shown and shown.kind == first.kind else None

    best = [first]
    setting.hasty = SHORTEST
    with contextlib.suppress(StoppedError):
        leave_out(best, tried)
    setting.hasty = AGAIN
    try:
        return _confirmed(setting, first, best[0])
    finally:
        setting.hasty = None


def _confirmed(setting: Setting, first: ViolationError, best: ViolationError) -> Finding:
    try:
        again = attempt(setting, best.actions)
    except StoppedError:
        return best.finding()
    if again and again.kind == first.kind:
        return again.finding()
    return first.finding(NOT_AGAIN)
