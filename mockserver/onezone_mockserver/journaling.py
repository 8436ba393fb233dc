"""The middleware that keeps the journal: a row stands there as soon as a request is there."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY

if TYPE_CHECKING:
    from onezone_mockserver.exchange import App, Exchange, Receive, Scope, Send


class Journaling:
    """Writes every exchange down when it begins, and how it ended, however it ends."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin a row, pass the exchange on, and finish the row."""
        exchange: Exchange = scope[KEY]
        row = exchange.row = exchange.run.journal.begin(exchange.method, exchange.path)
        started = perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            row.seconds = perf_counter() - started
            row.stage = exchange.stage
            row.operation, row.user, row.reasons = exchange.operation, exchange.user, exchange.reasons
