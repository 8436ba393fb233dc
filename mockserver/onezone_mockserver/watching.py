"""Watches the files that a mock was made of (`--reload`)."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from watchfiles import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from watchfiles import Change

DEBOUNCE_MS = 100
"""So long the files must rest: an editor writes one in several steps."""


class Watching:
    """Calls `changed` in the running event loop when a file changes, or anything in a folder.

    Of a file its folder is watched, since editors put another file in its place.
    """

    def __init__(self, paths: Iterable[Path], changed: Callable[[], None]) -> None:
        resolved = [path.resolve() for path in paths]
        self.folders = {path for path in resolved if path.is_dir()}
        self.files = {str(path) for path in resolved if not path.is_dir()}
        self.parents = {path.parent for path in resolved if not path.is_dir()}
        self.changed = changed
        self.ended = threading.Event()

    def start(self) -> None:
        """Begin to watch. Called in the event loop."""
        loop = asyncio.get_running_loop()
        for folders, recursive in ((self.parents, False), (self.folders, True)):
            if folders:
                threading.Thread(target=self._watch, args=(loop, folders, recursive), daemon=True).start()

    def end(self) -> None:
        """Watch no longer. May be called from a signal handler."""
        self.ended.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, folders: set[Path], recursive: bool) -> None:  # noqa: FBT001
        """Watch some folders until the end, which nobody waits for."""
        keep = None if recursive else self._is_file
        for _ in watch(
            *folders,
            watch_filter=keep,
            debounce=DEBOUNCE_MS,
            stop_event=self.ended,
            recursive=recursive,
            raise_interrupt=False,
        ):
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self.changed)

    def _is_file(self, _change: Change, path: str) -> bool:
        return path in self.files
