"""The mock's clock: that of the machine until somebody sets it. A set clock stands still."""

from __future__ import annotations

import time


class Clock:
    """Seconds since 1970-01-01 UTC; `start` sets the clock from the beginning, and whenever it is put back."""

    def __init__(self, start: int | None = None) -> None:
        self._start = start
        self._set = start

    @property
    def standing(self) -> bool:
        """Whether the clock was set, and stands still."""
        return self._set is not None

    def now(self) -> int:
        """The time in whole seconds."""
        return int(time.time()) if self._set is None else self._set

    def set(self, seconds: int) -> None:
        """From now on it is that time."""
        self._set = seconds

    def put_back(self) -> None:
        """Go on as at the start."""
        self._set = self._start
