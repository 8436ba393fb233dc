"""How a run judges."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from onezone_contracts.deadline import Deadline
from onezone_contracts.network import Network

if TYPE_CHECKING:
    from onezone_contracts.baseline import Baseline
    from onezone_contracts.expected_failures import ExpectedFailures

PASSWORDS, TOKENS = "passwords", "tokens"
AUTO = 0
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
    """How many requests may be under way at the same time; AUTO: as many as make sense."""
    personas: str = PASSWORDS
    """What the users log in with that an administrator's account makes: `passwords` or `tokens`."""
    examples: str | None = None
    """Where drawn requests that showed something are kept, to be tried first: a folder, or a redis:// URL."""
    wait: float = 0.0
    """How long a target may take to answer at all, before anything else."""
    shrinking: float = 4.0
    """How long it may take to shrink what was found, by the clock."""
    load: int | None = None
    """How many creations each thread of the load asks for; None: as many as the depth says."""
    keep: Path | None = None
    """Where the credentials of personas go that are kept."""
    network: Network = field(default_factory=Network)
    clock: Callable[[], float] = time.monotonic
    """What tells the time that a run may take, in seconds; a test has one that moves when the test says so."""
    deadline: Deadline = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "deadline", Deadline(self.max_time, self.clock))
