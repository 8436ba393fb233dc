"""What a sequence of steps showed, made as short as it goes, and seen to show itself again.

Hypothesis would repeat a sequence hundreds of times, and a server does not begin anew each time. So steps are left out
here: by halves, then one by one, within a limit of time; and what is left is repeated once more before it is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from onezone_contracts.exchange import Exchange
from onezone_contracts.patience import Lag
from onezone_contracts.requirement import Finding
from onezone_contracts.state.probe import Difference

SHORTEST = 0.05
AGAIN = 1.0
"""Seconds to wait for what is repeated to look right after all."""
NOT_AGAIN = " (shown once; repeated, it did not show)"
Step = TypeVar("Step")
Steps = Sequence[Step]


class ViolationError(BaseException, Generic[Step]):
    """A sequence showed a difference. No Exception: it has to get through Hypothesis as it is."""

    def __init__(self, kind: str, difference: Difference, actions: Steps[Step], exchanges: Sequence[Exchange]) -> None:
        super().__init__(difference.what)
        self.kind = kind
        self.difference = difference
        self.actions = tuple(actions)
        self.exchanges = tuple(exchanges)

    @property
    def culprit(self) -> Step:
        """The step that showed it."""
        return self.actions[-1]

    def finding(self, remark: str = "") -> Finding:
        """The finding, with all steps."""
        seen, last = self.difference, self.exchanges[-1]
        message = f"in a sequence of {len(self.exchanges)} requests: {last.request.label}: {seen.what}{remark}"
        return Finding(message[:400], seen.expected, seen.actual, seen.exchange or last, self.exchanges)


class StoppedError(BaseException):
    """There is no time for more steps, or the target takes none: then `reason` says why."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason


class Setting(Protocol):
    """What sequences are taken in."""

    taken: int
    """How many steps were taken."""

    @property
    def over(self) -> bool:
        """Whether the time for sequences is used up."""

    @property
    def clock(self) -> Callable[[], float]:
        """What tells how much time they took."""

    @property
    def lag(self) -> Lag:
        """What waits for a target that shows things late."""


Attempt = Callable[[Sequence[Any]], "ViolationError[Any] | None"]


def shortest(
    setting: Setting, first: ViolationError[Any], tried: Attempt, again: Attempt, *, seconds: float, attempts: int
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

    def fewer(steps: Sequence[Any]) -> ViolationError[Any] | None:
        left[0] -= 1
        if left[0] < 0 or setting.clock() > end:
            raise StoppedError
        shown = tried(steps)
        return shown if shown and shown.kind == first.kind else None

    best = [first]
    with contextlib.suppress(StoppedError), setting.lag.hasty(SHORTEST):
        leave_out(best, fewer)
    try:
        with setting.lag.hasty(AGAIN):
            shown = again(best[0].actions)
    except StoppedError:
        return best[0].finding()
    if shown and shown.kind == first.kind:
        return shown.finding()
    return first.finding(NOT_AGAIN)


def leave_out(best: list[ViolationError[Any]], tried: Attempt) -> None:
    """Leave out ever smaller parts, as long as what is left shows the same.

    Args:
        best: the shortest that is known, and the only item; it is replaced by shorter ones.
        tried: takes these steps; what they show where that is the same, else None. It may raise to end the search.
    """
    size = max(1, len(best[0].actions) // 2)
    while True:
        before, at = len(best[0].actions), 0
        while at < len(best[0].actions) - 1:
            actions = best[0].actions
            shown = tried([*actions[:at], *actions[at + size :]])
            if shown and len(shown.actions) < len(actions):
                best[0] = shown
            else:
                at += size
        if size == 1 and len(best[0].actions) == before:
            return
        size = max(1, size // 2)
