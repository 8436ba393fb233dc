"""What the runs of all operations at a target share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from onezone_contracts.exchange import Request
from onezone_contracts.hangs import Hangs
from onezone_contracts.options import Options
from onezone_contracts.pace import workers
from onezone_contracts.wire import Wire


@dataclass(slots=True)
class Shared:
    """How is judged, since when, with which workers and how many of them, and what was seen to hang."""

    options: Options
    pool: Executor | None = None
    hangs: Hangs = field(default_factory=Hangs)
    workers: int = 1

    def __post_init__(self) -> None:
        self.options.deadline.begin()

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        self.options.deadline.check()

    @contextmanager
    def working(self) -> Iterator[None]:
        """With as many workers as `begin` takes."""
        try:
            yield
        finally:
            if self.pool is not None:
                self.pool.shutdown()
            self.pool = None

    def begin(self, wire: Wire, trial: Request, lag: float = 0.0) -> None:
        """From here on with as many workers as were asked for and the target bears.

        `trial` changes nothing, `lag` is how many seconds reads were seen to be behind.
        """
        count = 1 if self.options.workers == 1 or self.pool else workers(self.options.workers, wire, trial, lag)
        if count > 1:
            self.workers = count
            self.pool = ThreadPoolExecutor(count, "worker")
