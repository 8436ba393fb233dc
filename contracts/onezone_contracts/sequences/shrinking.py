"""What a sequence of steps showed, made as short as it goes, and seen to show itself again.

Hypothesis would repeat a sequence hundreds of times, and a server does not begin anew each time. So steps are left out
here: by halves, then one by one, within a limit of time; and what is left is repeated once more before it is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from onezone_contracts.requirement import Finding
from onezone_contracts.sequences.play import Setting
from onezone_contracts.sequences.step import Step, StoppedError, ViolationError

SHORTEST = 0.05
AGAIN = 1.0
"""Seconds to wait for what is repeated to look right after all."""
NOT_AGAIN = " (shown once; repeated, it did not show)"


Attempt = Callable[[Sequence[Step]], ViolationError | None]


def shortest(
    setting: Setting, first: ViolationError, tried: Attempt, again: Attempt, *, seconds: float, attempts: int
) -> Finding:
    """The finding of the shortest sequence that showed the same, or of the first where that cannot be repeated.

    Args:
        setting: where steps are taken.
        first: what was shown.
        tried: takes fewer steps; what they show, which counts where it is of the same kind.
        again: takes the steps that are left once more.
        seconds: how long steps may be left out.
        attempts: how often.
    """
    end, left = setting.clock() + seconds, [attempts]

    def fewer(steps: Sequence[Step]) -> ViolationError | None:
        left[0] -= 1
        if left[0] < 0 or setting.clock() > end:
            raise StoppedError
        shown = tried(steps)
        return shown if shown and shown.kind == first.kind else None

    best = [first]
    with contextlib.suppress(StoppedError), setting.lag.shortened(SHORTEST):
        leave_out(best, fewer)
    try:
        with setting.lag.shortened(AGAIN):
            shown = again(best[0].actions)
    except StoppedError:
        return best[0].finding()
    if shown and shown.kind == first.kind:
        return shown.finding()
    return first.finding(NOT_AGAIN)


def leave_out(best: list[ViolationError], tried: Attempt) -> None:
    """Leave out ever smaller parts, as long as what is left shows the same.

    Args:
        best: the shortest that is known, and the only item; it is replaced by shorter ones.
        tried: takes these steps, one at least; what they show where that is the same, else None. It may raise to end
            the search.
    """
    size = max(1, len(best[0].actions) // 2)
    while True:
        before, at = len(best[0].actions), 0
        while at < len(best[0].actions) - 1:
            actions = best[0].actions
            fewer = [*actions[:at], *actions[at + size :]]
            shown = tried(fewer) if fewer else None
            if shown and len(shown.actions) < len(actions):
                best[0] = shown
            else:
                at += size
        if size == 1 and len(best[0].actions) == before:
            return
        size = max(1, size // 2)
