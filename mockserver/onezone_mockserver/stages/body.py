"""The stages for the body: one reads it, one makes JSON of it.

An empty body counts as `{}`, as released servers have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.exchange import BROKEN, ClientGoneError, Exchange, Refusal
from onezone_mockserver.jsontext import loads

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from onezone_mockserver.exchange import Check, Receive
    from onezone_mockserver.state import MockState

MAX_BODY = 1024 * 1024


def reading(operation: Any, _state: MockState) -> Check | None:
    """Read the body, and refuse one over 1 MiB with 413 as soon as it is known."""
    return read if operation.is_request_body_defined else None


def body(operation: Any, _state: MockState) -> Check | None:
    """Refuse a body that is not JSON with 400."""
    return parse if operation.is_request_body_defined else None


def parse(exchange: Exchange) -> None:
    """Set `exchange.value`. Raises Refusal: malformedData."""
    try:
        exchange.value = loads(exchange.body) if exchange.body else {}
    except ValueError:
        raise Refusal("malformedData", "body: it is not JSON, not UTF-8, or nested too deep") from None


def read(exchange: Exchange) -> Awaitable[None] | None:
    """Set `exchange.body`, unless it was read before. Raises Refusal (payloadTooLarge) and ClientGoneError."""
    if exchange.too_large is not None:
        raise exchange.too_large
    return read_body(exchange, exchange.receive, MAX_BODY) if exchange.unread else None


async def read_body(exchange: Exchange, receive: Receive, limit: int) -> None:
    """Set `exchange.body` to the whole body, chunked or not.

    Raises Refusal (payloadTooLarge) over `limit`, NotHttpError, ClientGoneError.
    """
    length = exchange.headers.get(b"content-length")
    if length is not None and len(length) > 6 and _is_more(length.lstrip(b"0"), limit):  # noqa: PLR2004  (digits)
        raise _too_large(limit)
    message = await receive()
    if BROKEN in exchange.scope:
        exchange.check_http()
    body: bytes = message.get("body", b"")
    if len(body) <= limit and message["type"] == "http.request" and not message.get("more_body"):
        exchange.unread, exchange.body = False, body
        return
    parts, size = [body], len(body)
    while message["type"] == "http.request":
        exchange.unread = message.get("more_body", False)
        if size > limit:
            raise _too_large(limit)
        if not exchange.unread:
            exchange.body = b"".join(parts)
            return
        message = await receive()
        exchange.check_http()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    raise ClientGoneError


def _is_more(announced: bytes, limit: int) -> bool:
    return len(announced) > 18 or (announced.isdigit() and int(announced) > limit)  # noqa: PLR2004  (digits)


def _too_large(limit: int) -> Refusal:
    return Refusal("payloadTooLarge", f"body: it is larger than {limit} bytes")
