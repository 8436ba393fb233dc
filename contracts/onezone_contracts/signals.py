"""Ctrl-C, SIGTERM and SIGHUP end a run in good order: what was found is reported, what was made is removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from onezone_contracts.network import Stop

ENDING = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)


@contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """The first signal asks the run to end, which it does before its next request; a second one ends it at once.

    Nothing is raised at the first one: it would tear a request apart, and Python swallows what is raised while it
    happens to be in a callback of its own. SIGHUP stays ignored where it was (`nohup`).
    """

    def ask(number: int, frame: object) -> None:  # noqa: ARG001  (what the signal module calls it with)
        stop.requests += 1
        if stop.requests > 1:
            raise KeyboardInterrupt

    with _handled(ask):
        yield


@contextmanager
def interrupting() -> Iterator[None]:
    """Every signal ends what is under way as Ctrl-C does: with a KeyboardInterrupt, so that nothing is left running."""

    def end(number: int, frame: object) -> None:  # noqa: ARG001  (what the signal module calls it with)
        raise KeyboardInterrupt

    with _handled(end):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """A signal that comes meanwhile is heeded at the end: a process that is being started is not lost half-way."""
    signals: list[int] = []
    try:
        with _handled(lambda number, frame: signals.append(number)):  # noqa: ARG005  (what the signal module calls it with)
            yield
    finally:
        for number in signals:
            signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, object], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
