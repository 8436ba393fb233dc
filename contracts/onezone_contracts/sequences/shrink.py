"""Take given steps, and make those that show something as few as it goes."""

from __future__ import annotations

from collections.abc import Sequence

from onezone_contracts import shrinking
from onezone_contracts.requirement import Finding
from onezone_contracts.sequences.action import Action
from onezone_contracts.sequences.play import Play
from onezone_contracts.sequences.setting import Setting
from onezone_contracts.shrinking import ViolationError

ATTEMPTS = 80


def attempt(setting: Setting, actions: Sequence[Action]) -> ViolationError[Action] | None:
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


def shortest(setting: Setting, first: ViolationError[Action], seconds: float) -> Finding:
    """The finding of the shortest sequence that showed the same, or of the first where that cannot be repeated."""

    def tried(actions: Sequence[Action]) -> ViolationError[Action] | None:
        shown = attempt(setting, actions)
        return shown if shown and shown.kind == first.kind else None

    def again(actions: Sequence[Action]) -> ViolationError[Action] | None:
        return attempt(setting, actions)

    return shrinking.shortest(setting, first, tried, again, seconds=seconds, attempts=ATTEMPTS)
