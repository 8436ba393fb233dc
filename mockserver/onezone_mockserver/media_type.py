"""The stage for the body's media type: 415 for a body that is not announced as JSON. Without a body anything goes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import App, Exchange, Refusal
from onezone_mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from onezone_spec import Contract

JSON = b"application/json"
_UTF8 = re.compile(rb'charset\s*=\s*"?(utf-?8|us-ascii)"?', re.IGNORECASE)


class MediaType(Stage):
    """Refuses bodies in other media types, other character encodings and content codings."""

    name = "media type"

    def __init__(self, app: App, *, contract: Contract) -> None:
        super().__init__(app)
        self.contract = contract

    def prepare(self, operation_id: str) -> Check | None:
        """The check for an operation that takes a body, by whether its edition takes parameters of the media type."""
        body = self.contract.operations[operation_id].body
        if body is None:
            return None
        return check if body.media_type_parameters else check_bare


def check(exchange: Exchange) -> None:
    """Raises Refusal: unsupportedMediaType."""
    headers = exchange.headers
    if (headers.get(b"content-type") == JSON and b"content-encoding" not in headers) or not exchange.has_body:
        return
    if exchange.headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Refusal("unsupportedMediaType", "media type: the body must come without a content coding")
    fault = complaint(exchange.headers.get(b"content-type", b""))
    if fault:
        raise Refusal("unsupportedMediaType", f"media type: {fault}")


def check_bare(exchange: Exchange) -> None:
    """As `check`, but `application/json` takes no parameters. Raises Refusal: unsupportedMediaType."""
    check(exchange)
    if exchange.headers.get(b"content-type") == JSON:
        return
    if exchange.has_body and b";" in exchange.headers[b"content-type"]:
        raise Refusal("unsupportedMediaType", "media type: the edition takes application/json without parameters only")


@lru_cache(maxsize=256)
def complaint(content_type: bytes) -> str:
    """What is wrong with a Content-Type, "" where nothing is. JSON is UTF-8 (RFC 8259, 8.1)."""
    media, *parameters = (part.strip() for part in content_type.split(b";"))
    if not media:
        return "a body without Content-Type"
    if media.lower() != JSON:
        return "the body is not application/json"
    other = [one for one in parameters if one.lower().startswith(b"charset") and not _UTF8.fullmatch(one)]
    return "the body's charset is not UTF-8" if other else ""
