"""How a run judges."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onezone_contracts.baseline import Baseline
    from onezone_contracts.expected_failures import ExpectedFailures

PASSWORDS, TOKENS = "passwords", "tokens"
PATIENCE = 3.0
"""Seconds that a read may lag behind a write."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run judges. Times are in seconds; `depth` is quick, standard or deep."""

    depth: str = "standard"
    seed: int = 0
    timeout: float = 10.0
    settle: float = 5.0
    max_time: float | None = None
    strict: bool = False
    allow_partial: bool = False
    patience: float = PATIENCE
    """How long a read may lag behind a write, at least."""
    expected: ExpectedFailures | None = None
    baseline: Baseline | None = None
    workers: int = 1
    personas: str = PASSWORDS
    """What the users log in with that an administrator's account makes: `passwords` or `tokens`."""
    examples: str | None = None
    """Where drawn requests that showed something are kept, to be tried first: a folder, or a redis:// URL."""
    clock: Callable[[], float] = time.monotonic
    """What tells the time that a run may take, in seconds; a test has one that moves when the test says so."""
