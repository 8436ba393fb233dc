"""The stage for the body's media type: 415 for one that the operation does not take. Without a body anything goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onezone_mockserver.cache import cached
from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

JSON = "application/json"
_UTF8 = re.compile(r'charset\s*=\s*"?(utf-?8|us-ascii)"?', re.IGNORECASE)


def media_type(operation: Any, state: MockState) -> Check | None:
    """Refuse bodies in other media types, other character encodings and content codings.

    Whether a media type may come with parameters is a fact of the edition.
    """
    taken = tuple(bare(media) for media in operation.consumes)
    body = state.contract.operations[operation.operation_id].body
    if body is None:
        return None
    usual = frozenset(media.encode() for media in (JSON, *taken) if "*" not in media and is_taken(media, taken))
    parameters = body.media_type_parameters or any(";" in media for media in operation.consumes)

    def check(exchange: Exchange) -> None:
        headers = exchange.headers
        content_type = headers.get(b"content-type", b"")
        if (content_type in usual and b"content-encoding" not in headers) or not exchange.has_body:
            return
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise Refusal("unsupportedMediaType", "media type: the body must come without a content coding")
        fault = complaint(content_type, taken, parameters)
        if fault:
            raise Refusal("unsupportedMediaType", f"media type: {fault}")

    return check


def bare(media_type: str) -> str:
    """A media type without its parameters, in small letters."""
    return media_type.partition(";")[0].strip().lower()


def is_taken(media: str, taken: tuple[str, ...]) -> bool:
    """Whether a media type is one of those, or in one of the ranges (RFC 9110, 12.5.1)."""
    kind, slash, _ = media.partition("/")
    return media in taken or (bool(slash) and (f"{kind}/*" in taken or "*/*" in taken))


@cached
def complaint(content_type: bytes, taken: tuple[str, ...], parameters: bool) -> str:  # noqa: FBT001  (the cache's)
    """What is wrong with a Content-Type, "" where nothing is. JSON is UTF-8 (RFC 8259, 8.1)."""
    media, *given = (part.strip() for part in content_type.decode("latin-1").split(";"))
    if not media:
        return "a body without Content-Type"
    if not is_taken(media.lower(), taken):
        return f"the body is not {' or '.join(taken)}"
    if given and not parameters:
        return f"the edition takes {media.lower()} without parameters only"
    other = [
        parameter for parameter in given if parameter.lower().startswith("charset") and not _UTF8.fullmatch(parameter)
    ]
    return "the body's charset is not UTF-8" if other else ""
