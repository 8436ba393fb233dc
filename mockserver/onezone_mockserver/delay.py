"""Answers that come late on purpose: what `--latency` and `Prefer: wait=SECONDS` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY, Refusal
from onezone_mockserver.stages.body import read

if TYPE_CHECKING:
    from onezone_mockserver.exchange import App, Exchange, Receive, Scope, Send


class Delay:
    """Lets every answer wait for `latency` seconds."""

    def __init__(self, app: App, *, latency: float) -> None:
        self.app = app
        self.latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then pass the exchange on. Raises ClientGoneError."""
        exchange: Exchange = scope[KEY]
        exchange.receive = receive
        await wait(exchange, self.latency)
        await self.app(scope, receive, send)


async def wait(exchange: Exchange, seconds: float) -> None:
    """Let an exchange wait, but not beyond a reset or the end of the server. Raises ClientGoneError.

    Its body is read first: a client that leaves meanwhile does not undo what its request does, as on a real server. A
    body that is too large is for its own stage to refuse.
    """
    if exchange.has_body:
        try:
            await read(exchange)
        except Refusal as refusal:
            exchange.too_large = refusal
    await exchange.run.wait(seconds)
