"""Writes exchanges down: when they begin, and when they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.exchange import WAITING

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState


def begin(state: MockState, exchange: Exchange) -> None:
    """A row of its world's journal, in the place of the one that stood for it while it waited for its turn."""
    run, scope = exchange.run, exchange.scope
    run.journal.begin(exchange, run.name, scope["headers"])
    if WAITING in scope:
        waiting: Exchange = scope[WAITING]
        run.journal.replace(exchange, waiting)
        waiting.seconds = 0.0  # nobody need end it
        waiting.release()
        state.feed.withdraw(waiting)
    if state.feed.followers:
        state.feed.tell(exchange)


def end(state: MockState, exchange: Exchange, seconds: float) -> None:
    """The row is complete: what all journals keep is bounded, and whoever follows is told."""
    feed = state.feed
    exchange.end(seconds)
    state.full_rows.add(exchange)
    if feed.followers:
        feed.tell(exchange)
    if feed.log is not None:
        feed.log(exchange)
