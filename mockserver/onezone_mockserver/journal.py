"""The journal: what was asked last, with what the mock decided and why. It holds no header, no body and no query."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onezone_spec import Operation

    from onezone_mockserver.world import User

LIMIT = 1000
LONG_PATH = 2000
"""So much of a path is kept."""


class Row:
    """One exchange: there from the moment that its request is, without a duration until it is over."""

    status: int | None = None
    operation: Operation | None = None
    user: User | None = None
    stage = ""
    reasons: Sequence[str] = ()
    seconds: float | None = None

    def __init__(self, number: int, method: str, path: bytes) -> None:
        self.number = number
        self.time = time.time()
        self.method = method
        self.path = path if len(path) < LONG_PATH else path[:LONG_PATH]

    def as_json(self) -> dict[str, Any]:
        """The row as GET /_mock/journal shows it."""
        return {
            "number": self.number,
            "time": self.time,
            "method": self.method,
            "path": self.path.decode("ascii", "backslashreplace"),
            "status": self.status,
            "operation": self.operation.id if self.operation else None,
            "user": self.user.name if self.user else None,
            "stage": self.stage,
            "reason": "; ".join(self.reasons),
            "duration_ms": None if self.seconds is None else self.seconds * 1000,
            "pending": self.seconds is None,
        }


class Journal:
    """The last `LIMIT` exchanges; older ones are forgotten."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.entries: deque[Row] = deque(maxlen=limit)
        self.total = 0

    def begin(self, method: str, path: bytes) -> Row:
        """Write down a request that has just come; whoever answers it fills in the rest."""
        self.total += 1
        row = Row(self.total, method, path)
        self.entries.append(row)
        return row

    def rows(self) -> list[dict[str, Any]]:
        """The entries as JSON objects, the newest last."""
        return [row.as_json() for row in self.entries]

    def clear(self) -> None:
        """Forget every entry and start counting anew."""
        self.entries.clear()
        self.total = 0
