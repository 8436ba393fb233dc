"""The parsing stage: reads the body and makes JSON of it. An empty body counts as `{}`, as released servers have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.exchange import KEY, App, ClientGoneError, Exchange, Receive, Refusal, Scope, Send
from mockserver.jsontext import loads
from mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from spec import Contract

MAX_BODY = 1024 * 1024


class Parse(Stage):
    """Refuses a body over 1 MiB with 413 as soon as it is known, and one that is not JSON with 400."""

    name = "parse"

    def __init__(self, app: App, *, contract: Contract) -> None:
        super().__init__(app)
        self.contract = contract

    def prepare(self, operation_id: str) -> Check | None:
        """The check for an operation that takes a body."""
        return check if self.contract.operations[operation_id].body else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, parse it and pass the exchange on. Raises Refusal: payloadTooLarge, malformedData."""
        exchange: Exchange = scope[KEY]
        parse = self.checks[exchange.operation.id]  # type: ignore[union-attr]  # routing comes first
        if parse:
            exchange.stage = self.name
            exchange.body = await read_body(exchange, receive, MAX_BODY)
            parse(exchange)
        await self.app(scope, receive, send)


def check(exchange: Exchange) -> None:
    """Set `exchange.value`. Raises Refusal: malformedData."""
    try:
        exchange.value = loads(exchange.body) if exchange.body else {}
    except ValueError:
        raise Refusal("malformedData", "parse: the body is not JSON, not UTF-8, or nested too deep") from None


async def read_body(exchange: Exchange, receive: Receive, limit: int) -> bytes:
    """The whole body, chunked or not. Raises Refusal (payloadTooLarge) over `limit`, ClientGoneError."""
    announced = exchange.headers.get(b"content-length", b"0")
    if len(announced) > 18 or (len(announced) > 6 and announced.isdigit() and int(announced) > limit):  # noqa: PLR2004
        raise _too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if len(body) <= limit and message["type"] == "http.request" and not message.get("more_body"):
        exchange.unread = False
        return body
    parts, size = [body], len(body)
    while message["type"] == "http.request":
        exchange.unread = message.get("more_body", False)
        if size > limit:
            raise _too_large(limit)
        if not exchange.unread:
            return b"".join(parts)
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    raise ClientGoneError


def _too_large(limit: int) -> Refusal:
    return Refusal("payloadTooLarge", f"parse: the body is larger than {limit} bytes")
