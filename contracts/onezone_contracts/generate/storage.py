"""Where Hypothesis keeps what it computed once: in the user's cache, not in the folder where somebody runs the kit."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "HYPOTHESIS_STORAGE_DIRECTORY"


def in_cache() -> None:
    """Let Hypothesis, which reads a variable for it, use the user's cache, where the user has not said otherwise."""
    if VARIABLE in os.environ:
        return
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        return
    os.environ[VARIABLE] = str(cache / "onezone-contract-kit" / "hypothesis")
