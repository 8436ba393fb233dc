"""The parsing stage: reads the body and makes JSON of it. An empty body counts as `{}`, as released servers have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.exchange import App, ClientGoneError, Exchange, Receive, Refusal
from onezone_mockserver.jsontext import loads
from onezone_mockserver.stage import Check, Stage, Step

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from onezone_spec import Contract

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

    def steps(self, operation_id: str) -> list[Step]:
        """Reading comes before parsing, where there is a body to be parsed."""
        parse = super().steps(operation_id)
        return [read, *parse] if parse else []


def read(exchange: Exchange) -> Awaitable[None] | None:
    """Set `exchange.body`, at once where it is there as a whole. Raises Refusal: payloadTooLarge."""
    body = exchange.whole_body()
    if body is None:
        return _read(exchange)
    if len(body) > MAX_BODY:
        raise _too_large(MAX_BODY)
    exchange.body = body
    exchange.unread = False
    return None


async def _read(exchange: Exchange) -> None:
    exchange.body = await read_body(exchange, exchange.receive, MAX_BODY)


def check(exchange: Exchange) -> None:
    """Set `exchange.value`. Raises Refusal: malformedData."""
    try:
        exchange.value = loads(exchange.body) if exchange.body else {}
    except ValueError:
        raise Refusal("malformedData", "parse: the body is not JSON, not UTF-8, or nested too deep") from None


async def read_body(exchange: Exchange, receive: Receive, limit: int) -> bytes:
    """The whole body, chunked or not. Raises Refusal (payloadTooLarge) over `limit`, ClientGoneError."""
    announced = exchange.headers.get(b"content-length", b"0").lstrip(b"0")
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
