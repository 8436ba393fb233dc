"""Signals while something starts."""

from __future__ import annotations

import signal

import pytest
from onezone_contracts.signals import deferred, interrupting


def test_a_signal_waits_until_what_starts_has_started() -> None:
    """It is heeded then."""
    done: list[str] = []

    def start() -> None:
        with deferred():
            signal.raise_signal(signal.SIGTERM)
            done.append("started")
        done.append("went on")

    with pytest.raises(KeyboardInterrupt), interrupting():
        start()
    assert done == ["started"]


def test_a_signal_is_not_lost_when_the_start_fails() -> None:
    """Whoever asked for the end gets it, and not a retry or an error."""

    def fail() -> None:
        with deferred():
            signal.raise_signal(signal.SIGTERM)
            raise OSError

    with pytest.raises(KeyboardInterrupt), interrupting():
        fail()
