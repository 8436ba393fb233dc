"""The terminal as everything here prints to it."""

from __future__ import annotations

import rich.console


class Console(rich.console.Console):
    """rich's console. If a pipe's reader stops reading, that is no failure: the command decides."""

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError."""
        raise BrokenPipeError
