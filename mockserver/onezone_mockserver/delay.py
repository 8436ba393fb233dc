"""Answers that come late on purpose: what `--latency` and `Prefer: wait=SECONDS` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY, Refusal
from onezone_mockserver.stages.body import read

if TYPE_CHECKING:
    from onezone_mockserver.exchange import App, Exchange, Message, Receive, Scope, Send
    from onezone_mockserver.state import MockState


class Delay:
    """Lets every answer wait for the state's latency."""

    def __init__(self, app: App, *, state: MockState) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then pass the exchange on. Raises ClientGoneError."""
        receive = await wait_first(scope[KEY], self.state.latency, receive)
        await self.app(scope, receive, send)


async def wait_first(exchange: Exchange, seconds: float, receive: Receive) -> Receive:
    """Let an exchange wait before its stages; gives what the body is received by then. Raises ClientGoneError."""
    exchange.receive = receive
    await wait(exchange, seconds)
    return receive if exchange.unread else _replayed(exchange.body, receive)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read, as though it came now: to whichever middleware asks."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return left.pop() if left else await receive()

    return replayed


async def wait(exchange: Exchange, seconds: float) -> None:
    """Let an exchange wait, but not beyond a reset or the end of the server. Raises ClientGoneError.

    Its body is read first: a client that leaves meanwhile does not undo what its request does, as on a real server. A
    body that is too large is for its own stage to refuse.
    """
    if exchange.has_body:
        try:
            reading = read(exchange)
            if reading is not None:
                await reading
        except Refusal as refusal:
            exchange.too_large = refusal
    await exchange.run.wait(seconds)
