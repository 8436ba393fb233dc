"""The bar that says how far a run is."""

from __future__ import annotations

import io
import sys

import pytest
from onezone_contracts.commands.progress import progress_bar


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def test_nothing_is_counted_before_it_is_clear_how_much_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the run is set up there is no number of requirements."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar():
        pass
    assert "setting up" in terminal.getvalue()
    assert "/100" not in terminal.getvalue()
