"""The stage for the `Accept` header: 406 where the client rules out what is answered (RFC 9110, 12.5.1).

Source: Onezone 21.02 as deployed, Request pipeline.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onezone_mockserver.cache import cached
from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

JSON = "application/json"
_WEIGHT = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)
_RANGE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)


def accept(operation: Any, state: MockState) -> Check:
    """Refuse a client that accepts no media type of the operation with 406, an `Accept` without any range with 400.

    A list with at least one media range counts as what can be read of it: clients are known to send odd ones.
    """
    answers = state.contract.operations[operation.operation_id].responses.values()
    shown = [answer for answer in answers if answer.success and answer.schema is not None] or answers
    types = (answer.media_type.partition(";")[0].strip().lower() for answer in shown if answer.schema is not None)
    produced = tuple(dict.fromkeys(types)) or (JSON,)

    def check(exchange: Exchange) -> None:
        header = exchange.headers.get(b"accept")
        if header is None or header == b"*/*" or not header.strip():
            return
        accepted = accepts(header.strip(), produced)
        if accepted is None:
            raise Refusal("malformedData", "accept: the Accept header has no media range")
        if not accepted:
            raise Refusal("notAcceptable", f"accept: the client does not accept {' or '.join(produced)}")

    return check


@cached
def accepts(header: bytes, produced: tuple[str, ...]) -> bool | None:
    """Whether one of the media types is accepted: its most specific range has a weight above zero.

    None where there is no range in the header.
    """
    weights: dict[str, float] = {}
    for item in header.decode("latin-1").split(","):
        media, *parameters = (part.strip() for part in item.split(";"))
        if _RANGE.fullmatch(media):
            weights[media.lower()] = _weight(parameters)
    if not weights:
        return None
    return any(_accepted(media, weights) for media in produced)


def _accepted(media: str, weights: dict[str, float]) -> bool:
    ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
    return next((weights[media_range] > 0 for media_range in ranges if media_range in weights), False)


def _weight(parameters: list[str]) -> float:
    matches = (_WEIGHT.fullmatch(parameter) for parameter in parameters)
    return next((float(match[1]) for match in matches if match), 1.0)
