"""The middleware that answers for the inner ones: a refusal becomes the edition's error, a failure a 500."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import BROKEN, KEY, ClientGoneError, DroppedError, ForcedAnswer, NotHttpError, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.errors import Renderer
    from onezone_mockserver.exchange import Answer, App, Exchange, Receive, Scope, Send

logger = logging.getLogger("onezone_mockserver")


class ErrorHandler:
    """Catches what the inner middlewares raise. A client that is gone gets no answer."""

    def __init__(self, app: App, *, renderer: Renderer) -> None:
        self.app = app
        self.renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the inner middlewares and answer where they raise."""
        if KEY not in scope:
            return  # no request: Connexion puts its stack together
        try:
            if BROKEN in scope:
                scope[KEY].check_http()
            await self.app(scope, receive, send)
        except Refusal as refusal:
            await self._answer(scope[KEY], refusal).send(send)
        except ClientGoneError:
            scope[KEY].reasons += ("the client closed the connection",)
        except DroppedError:
            raise
        except Exception:
            logger.exception("the mock failed; please report this")
            if scope[KEY].status is not None:
                raise
            failure = Refusal("internalServerError", "the mock failed: see its output")
            await self._answer(scope[KEY], failure).send(send)

    def _answer(self, exchange: Exchange, refusal: Refusal) -> Answer:
        exchange.reasons = (refusal.reason, *exchange.reasons)
        operation = exchange.operation or (exchange.siblings[0] if exchange.siblings else None)
        if isinstance(refusal, ForcedAnswer):
            return self.renderer.forced(refusal, operation)
        answer = self.renderer.render(refusal, operation)
        if isinstance(refusal, NotHttpError):
            exchange.stage, answer.status = "protocol", refusal.status
        return answer
