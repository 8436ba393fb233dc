"""The console: a line for each request that is over, as text or as JSON, written by a thread of its own.

Nobody waits for a console: where it does not take what is written, lines are left out, and the next one says how many.
"""

from __future__ import annotations

import os
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, TextIO

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.journal import Row

FORMATS = ("text", "json", "none")
MOST_WAITING = 10_000
PATIENCE_SECONDS = 1.0
"""So long the end waits for a console that does not take what is written."""
RESET, DIM = "\x1b[0m", "\x1b[2m"
COLOURS = {2: "\x1b[32m", 3: "\x1b[36m", 4: "\x1b[33m", 5: "\x1b[31m"}
"""By the first digit of a status."""


class Console:
    """Writes rows to `output`. Call it with a row that is over; `close` writes what is left."""

    def __init__(self, output: TextIO, line: Callable[[Row], str]) -> None:
        self.output = output
        self.line = line
        self.waiting: SimpleQueue[Row | None] = SimpleQueue()
        self.dropped = 0
        self.broken = False
        self.thread = threading.Thread(target=self._write, name="console", daemon=True)
        self.thread.start()

    def __call__(self, row: Row) -> None:
        """Have a row written."""
        if self.broken:
            return
        if self.waiting.qsize() < MOST_WAITING:
            self.waiting.put(row)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, unless nobody takes it."""
        self.waiting.put(None)
        self.thread.join(PATIENCE_SECONDS)

    def _write(self) -> None:
        while (row := self.waiting.get()) is not None:
            dropped, self.dropped = self.dropped, 0
            more = f"({dropped} requests are not shown: the console was too slow)\n" if dropped else ""
            try:
                self.output.write(f"{more}{self.line(row)}\n")
                if self.waiting.empty():
                    self.output.flush()
            except (OSError, ValueError):  # whoever read has had enough, or the output is closed
                self.broken = True
                return


def json_line(row: Row) -> str:
    """A row as GET /_mock/journal?brief=true shows it."""
    return orjson.dumps(row.brief()).decode()


def text_line(row: Row, *, colours: bool) -> str:
    """A row for people: when, method, path, user, status, milliseconds, and the reason."""
    shown = row.brief()
    world = f" (world {row.world_name})" if row.world_name else ""
    query = f"?{shown['query']}" if shown["query"] else ""
    status = str(row.status or "---")
    words = [
        time.strftime("%H:%M:%S", time.localtime(row.time)),
        f"{row.method:<6}",
        _plain(f"{shown['path']}{query}{world}"),
        _plain(shown["user"] or "-"),
        status,
        f"{(row.seconds or 0.0) * 1000:.1f} ms",
        _plain(shown["reason"]),
    ]
    if colours:
        words[0] = f"{DIM}{words[0]}{RESET}"
        words[4] = f"{COLOURS.get((row.status or 0) // 100, '')}{status}{RESET}"
        words[6] = f"{DIM}{words[6]}{RESET}" if words[6] else ""
    return " ".join(word for word in words if word)


def _plain(text: str) -> str:
    """Text in which nothing moves the cursor or changes the terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def has_colours(output: TextIO) -> bool:
    """Whether the output is a terminal that is to have colours (https://no-color.org)."""
    return output.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
