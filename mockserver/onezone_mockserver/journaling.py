"""The middleware that keeps the journal: a row stands there as soon as a request is there."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY

if TYPE_CHECKING:
    from onezone_mockserver.exchange import App, Exchange, Receive, Scope, Send
    from onezone_mockserver.journal import Row
    from onezone_mockserver.state import MockState


class Journaling:
    """Writes every exchange down when it begins, and how it ended, however it ends; tells whoever follows."""

    def __init__(self, app: App, *, state: MockState) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin a row, pass the exchange on, and finish the row."""
        exchange: Exchange = scope[KEY]
        feed = self.state.feed
        run = exchange.run
        row = exchange.row = run.journal.begin(run.name, exchange.method, exchange.path, exchange.scope)
        if feed.followers:
            feed.tell(row)
        started = perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            _fill(row, exchange)
            row.finish(perf_counter() - started)
            self.state.kept.add(row)
            if feed.followers:
                feed.tell(row)
            if feed.log is not None:
                feed.log(row)


def _fill(row: Row, exchange: Exchange) -> None:
    row.stage, row.operation, row.params = exchange.stage, exchange.operation, exchange.params
    row.user, row.reasons = exchange.user, exchange.reasons
    if exchange.decision is not None:
        row.decision, row.epoch = exchange.decision, exchange.world.epoch
    if exchange.body:
        row.sent(exchange.body)
        if isinstance(exchange.value, dict):
            row.keys = tuple(exchange.value)
