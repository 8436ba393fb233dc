"""Streams the journals to followers: rows that begin and end, resets of worlds, and reloads of files."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onezone_mockserver.journal import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.journal import Row


@dataclass(frozen=True)
class Reloaded:
    """The files were read again; where there is a mistake in them, what was there before goes on."""

    mistake: str = ""


class Follower:
    """The news that a follower has not received yet. Beyond LIMIT the oldest is dropped, and `overrun` is set."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.news: deque[Row | Reloaded | str] = deque(maxlen=LIMIT)
        self.overrun = False
        self.wake = asyncio.Event()

    def tell(self, news: Row | Reloaded | str | None) -> None:
        """Add a piece of news; None says that there will be none. May be called from a signal handler."""
        self.overrun = self.overrun or len(self.news) == LIMIT
        if news is not None:
            self.news.append(news)
        with contextlib.suppress(RuntimeError):  # the loop is closed, and with it whoever followed there is gone
            self.loop.call_soon_threadsafe(self.wake.set)

    def withdraw(self, row: Row) -> None:
        """Tell nothing of a row any more."""
        with contextlib.suppress(ValueError):  # it was told, or lost
            self.news.remove(row)

    def take(self) -> list[Row | Reloaded | str]:
        """What is new, each row once."""
        self.wake.clear()
        news = list(dict.fromkeys(self.news))
        self.news.clear()
        return news


class Feed:
    """The followers, and the console's `log`, which gets finished rows."""

    def __init__(self) -> None:
        self.followers: set[Follower] = set()
        self.log: Callable[[Row], object] | None = None
        self.closed = False

    def tell(self, row: Row) -> None:
        """A row has begun, or is over."""
        for follower in self.followers:
            follower.tell(row)

    def withdraw(self, row: Row) -> None:
        """Send nothing about this row: another replaces it."""
        for follower in self.followers:
            follower.withdraw(row)

    def reset(self, world: str) -> None:
        """A world has begun anew."""
        for follower in self.followers:
            follower.tell(world)

    def reloaded(self, mistake: str) -> None:
        """The files were read again, which have this mistake, or none."""
        for follower in self.followers:
            follower.tell(Reloaded(mistake))

    def close(self) -> None:
        """The server ends: nobody need wait for more."""
        self.closed = True
        for follower in tuple(self.followers):
            follower.tell(None)
