"""How many requests at the same time make sense at a target (`--workers`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from onezone_contracts.exchange import Request
from onezone_contracts.options import AUTO
from onezone_contracts.patience import LONGEST_PAUSES
from onezone_contracts.wire import Wire

QUICK = 0.03
"""Seconds: where answers take less, several requests at the same time gain nothing."""
LATE = 0.2
"""Seconds: where reads are further behind, a run mostly waits for them."""
MOST, FEW = 64, 8
"""How many workers a slow target gets by itself: so many, or where it does not bear them a few."""
SHORTEST_TRIAL, TIMES = 2.0, 6
"""A trial of several connections waits so many seconds, or so many times what an answer takes."""


def workers(asked: int, wire: Wire, trial: Request, lag: float = 0.0) -> int:
    """How many workers a target gets: as many as were asked for, or AUTO by its pace; one where it does not bear more.

    Args:
        asked: from 1, or AUTO.
        wire: the connections to the target, which has answered some requests.
        trial: a request that changes nothing.
        lag: how many seconds reads were seen to be behind, which several at the same time wait for but once.
    """
    if asked != AUTO:
        return asked if asked > 1 and _bears(wire, trial, asked) else 1
    counts = (MOST, FEW) if wire.pace > QUICK or lag > LATE else ()
    return next((count for count in counts if _bears(wire, trial, count)), 1)


def _bears(wire: Wire, trial: Request, count: int) -> bool:
    """Whether a target answers on several connections at the same time, and on one more while these are open.

    A server with one thread that keeps connections does not: it would be waited for till the time-out of each request.
    """
    limit = min(wire.timeout, max(SHORTEST_TRIAL, TIMES * wire.pace))
    wire.close()
    with ThreadPoolExecutor(count) as pool:
        exchanges = list(pool.map(lambda _: wire.send(trial, limit), range(count)))
        answered = all(exchange.response is not None for exchange in exchanges)
        held_back = any(exchange.status in LONGEST_PAUSES for exchange in exchanges)
        bears = answered and not held_back and wire.send(trial, limit).response is not None
    wire.close_all()
    return bears
