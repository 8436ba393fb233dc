"""The middleware that answers for the inner ones: a refusal becomes the edition's error, a failure a 500."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import KEY, ClientGoneError, NotHttpError, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.errors import Renderer
    from onezone_mockserver.exchange import App, Exchange, Receive, Scope, Send

LINGER_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 5.0

logger = logging.getLogger("onezone_mockserver")


class ErrorHandler:
    """Catches what the inner middlewares raise. A client that is gone gets no answer."""

    def __init__(self, app: App, *, renderer: Renderer) -> None:
        self.app = app
        self.renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the inner middlewares and answer where they raise."""
        try:
            scope[KEY].check_http()
            await self.app(scope, receive, send)
        except Refusal as refusal:
            await self._answer(scope[KEY], refusal, receive, send)
        except ClientGoneError:
            scope[KEY].reasons.append("the client closed the connection")
        except Exception:
            logger.exception("the mock failed; please report this")
            if scope[KEY].status is not None:
                raise
            failure = Refusal("internalServerError", "the mock failed: see its output")
            await self._answer(scope[KEY], failure, receive, send)

    async def _answer(self, exchange: Exchange, refusal: Refusal, receive: Receive, send: Send) -> None:
        exchange.reasons.insert(0, refusal.reason)
        operation = exchange.operation or (exchange.siblings[0] if exchange.siblings else None)
        answer = self.renderer.render(refusal, operation)
        if isinstance(refusal, NotHttpError):
            exchange.stage, answer.status = "protocol", refusal.status
        if exchange.unread and exchange.has_body and exchange.closing:
            await answer.send_lingering(send, lambda: drain(receive))
        else:
            await answer.send(send)


async def drain(receive: Receive) -> None:
    """Take the rest of a body and forget it: closing a connection on unread data would take the answer along.

    Gives up on a client that sends more than LINGER_BYTES or for longer than LINGER_SECONDS.
    """
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while size < LINGER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return
