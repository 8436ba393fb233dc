"""The stage that answers for the others: a refusal becomes the edition's error, a fault of the mock itself a 500."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mockserver.exchange import KEY, App, ClientGoneError, Exchange, Receive, Refusal, Scope, Send

if TYPE_CHECKING:
    from mockserver.errors import Renderer

logger = logging.getLogger("mockserver")


class Refuse:
    """Catches what the inner stages raise. A client that is gone gets no answer."""

    def __init__(self, app: App, *, renderer: Renderer) -> None:
        self.app = app
        self.renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the inner stages and answer where they raise."""
        try:
            await self.app(scope, receive, send)
        except Refusal as refusal:
            await self._answer(scope[KEY], refusal, send)
        except ClientGoneError:
            scope[KEY].reasons.append("the client closed the connection")
        except Exception:
            logger.exception("the mock failed; please report this")
            if scope[KEY].status is not None:
                raise
            await self._answer(scope[KEY], Refusal("internalServerError", "the mock failed: see its output"), send)

    async def _answer(self, exchange: Exchange, refusal: Refusal, send: Send) -> None:
        exchange.reasons.insert(0, refusal.reason)
        operation = exchange.operation or next(iter(exchange.siblings), None)
        await self.renderer.render(refusal, operation).send(send)
