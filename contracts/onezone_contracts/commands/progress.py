"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""
Show = Callable[[int, int, Any], None]


@contextlib.contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Show]:
    """A function that shows how far the run is; `quiet` leaves out the bar, which would disturb a report."""
    if not sys.stderr.isatty():
        with _lines() as show:
            yield show
        return
    if quiet:
        yield lambda _number, _total, _requirement: None
        return
    with _bar() as show:
        yield show


@contextlib.contextmanager
def _bar() -> Iterator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from onezone_contracts.console import Console

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("setting up", total=None)

        def show(number: int, total: int, requirement: Any) -> None:
            bar.update(task, completed=number, total=total, description=requirement.topic)

        yield show


@contextlib.contextmanager
def _lines() -> Iterator[Show]:
    far, over, started = ["setting up"], threading.Event(), time.monotonic()

    def show(number: int, total: int, requirement: Any) -> None:
        far[0] = f"{number} of {total} requirements judged, now {requirement.topic}"

    def tell() -> None:
        while not over.wait(EVERY):
            with contextlib.suppress(OSError, ValueError):  # whoever closed it does not want to know
                sys.stderr.write(f"ozkit verify: {time.monotonic() - started:.0f} s: {far[0]}\n")
                sys.stderr.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield show
    finally:
        over.set()
        teller.join()
