"""Waiting until a target is up (`--wait`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.options import Options
from onezone_contracts.patience import Patience
from onezone_contracts.target.file import SetupError
from onezone_contracts.wire import Wire

NOT_YET = frozenset({502, 503})
"""What a proxy answers while nobody listens behind it, and a server that is starting."""
PAUSE = 0.5
SHORTEST = 0.1


class _Impatient(Patience):
    """Takes every answer as it comes."""

    def ask(self, send: Callable[[], Exchange]) -> Exchange:
        return send()


def wait_for(base_url: str, options: Options, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until a target answers at all, for as long as `options.wait` says. Raises SetupError if it does not.

    Args:
        base_url: where the API is.
        options: how long, and how the target is reached.
        sleep: lets so many seconds pass.
    """
    if not options.wait:
        return
    parts = urlsplit(base_url)
    wire = Wire(f"{parts.scheme}://{parts.netloc}", options.timeout, _Impatient(), options.network)
    until = options.clock() + options.wait
    while True:
        left = max(SHORTEST, until - options.clock())
        exchange = wire.send(Request("GET", parts.path or "/", label="see whether the target is up"), min(left, 5.0))
        wire.close()
        if exchange.response is not None and exchange.status not in NOT_YET:
            return
        if options.clock() >= until:
            raise SetupError(f"the target {base_url} was not up within {options.wait:g} s (--wait): {_why(exchange)}")
        sleep(min(PAUSE, max(SHORTEST, until - options.clock())))


def _why(exchange: Exchange) -> str:
    return exchange.failure or f"it answered {exchange.status}"
