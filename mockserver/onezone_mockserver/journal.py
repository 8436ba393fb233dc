"""The journal: the last exchanges, with what the mock decided and why. It holds no header, no body and no query."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from onezone_mockserver.exchange import KEY, App, Exchange, Receive, Scope, Send

LIMIT = 1000
LONG_PATH = 2000
"""So much of a path is kept."""

Entry = tuple[int, float, str, bytes, int | None, str | None, str | None, str, str, float]
COLUMNS = ("number", "time", "method", "path", "status", "operation", "user", "stage", "reason", "duration_ms")


class Journal:
    """The last `LIMIT` exchanges; older ones are forgotten. An entry is a tuple of atoms, for the garbage collector."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.entries: deque[Entry] = deque(maxlen=limit)
        self.total = 0

    def note(self, exchange: Exchange) -> None:
        """Write down a finished exchange."""
        self.total += 1
        took = (time.perf_counter() - exchange.started) * 1000
        operation, user = exchange.operation, exchange.user
        self.entries.append(
            (
                self.total,
                time.time(),
                exchange.method,
                exchange.path if len(exchange.path) < LONG_PATH else exchange.path[:LONG_PATH],
                exchange.status,
                operation.id if operation else None,
                user.name if user else None,
                exchange.stage,
                "; ".join(exchange.reasons) if exchange.reasons else "",
                took,
            )
        )

    def rows(self) -> list[dict[str, Any]]:
        """The entries as JSON objects, the newest last."""
        rows = [(*entry[:3], entry[3].decode("ascii", "backslashreplace"), *entry[4:]) for entry in self.entries]
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def clear(self) -> None:
        """Forget every entry and start counting anew."""
        self.entries.clear()
        self.total = 0


class Journaling:
    """The stage that writes every exchange down when it is over, however it ends."""

    def __init__(self, app: App, *, journal: Journal) -> None:
        self.app = app
        self.journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on and note it."""
        try:
            await self.app(scope, receive, send)
        finally:
            self.journal.note(scope[KEY])
