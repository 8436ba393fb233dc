"""The terminal as everything here prints to it."""

from __future__ import annotations

import rich.console


class Console(rich.console.Console):
    """rich's console. A reader that has had enough is no failure: what becomes of it is for the command to say."""

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError."""
        raise BrokenPipeError
