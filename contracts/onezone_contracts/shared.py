"""What the runs of all operations at a target share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from onezone_contracts.hangs import Hangs
from onezone_contracts.options import Options
from onezone_contracts.requirement import OutOfTimeError


@dataclass(slots=True)
class Shared:
    """How is judged, since when, with which workers, and what was seen to hang."""

    options: Options
    pool: Executor | None = None
    hangs: Hangs = field(default_factory=Hangs)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.options.clock()

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        limit = self.options.max_time
        if limit is not None and self.options.clock() - self.started > limit:
            raise OutOfTimeError

    @contextmanager
    def working(self) -> Iterator[None]:
        """With as many workers as were asked for."""
        if self.options.workers < 2:  # noqa: PLR2004
            yield
            return
        with ThreadPoolExecutor(self.options.workers, "worker") as pool:
            self.pool = pool
            yield
        self.pool = None
