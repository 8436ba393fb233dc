"""Leave out what a sequence does not need to show what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar


class Showing(Protocol):
    """What a sequence showed, with its steps."""

    @property
    def actions(self) -> Sequence[Any]:
        """The steps that were taken."""


S = TypeVar("S", bound=Showing)


def leave_out(best: list[S], tried: Callable[[Sequence[Any]], S | None]) -> None:
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
