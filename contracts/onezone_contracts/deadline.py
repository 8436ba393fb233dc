"""How long a run may take."""

from __future__ import annotations

from collections.abc import Callable

from onezone_contracts.requirement import OutOfTimeError


class Deadline:
    """The time of a run, which counts from its first request.

    Args:
        limit: seconds, None for as long as it takes.
        clock: tells the time in seconds.
    """

    def __init__(self, limit: float | None, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._began: float | None = None

    def begin(self) -> None:
        """Let the time count from now on, where it does not yet."""
        if self._began is None:
            self._began = self._clock()

    def check(self) -> None:
        """Raises OutOfTimeError when the time is over."""
        self.begin()
        if self._limit is not None and self._began is not None and self._clock() - self._began > self._limit:
            raise OutOfTimeError
