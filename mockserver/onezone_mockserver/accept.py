"""The stage for the `Accept` header: 406 where the client rules out JSON (RFC 9110, 12.5.1).

Source: Onezone 21.02 as deployed, Request pipeline.
"""

from __future__ import annotations

import re
from functools import lru_cache

from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.stage import Check, Stage

_PRECEDENCE = ("application/json", "application/*", "*/*")
_WEIGHT = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)
_RANGE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)


class Accept(Stage):
    """Refuses a client that accepts no JSON with 406, and an `Accept` without any media range with 400.

    A list with at least one media range counts as what can be read of it: clients are known to send odd ones.
    """

    name = "accept"

    def prepare(self, operation_id: str) -> Check:  # noqa: ARG002
        """The same check for every operation."""
        return check


def check(exchange: Exchange) -> None:
    """Raises Refusal: notAcceptable, malformedData."""
    header = exchange.headers.get(b"accept")
    if header is None or not header.strip() or header == b"*/*":
        return
    accepted = accepts_json(header.strip())
    if accepted is None:
        raise Refusal("malformedData", "accept: the Accept header has no media range")
    if not accepted:
        raise Refusal("notAcceptable", "accept: the client does not accept application/json")


@lru_cache(maxsize=256)
def accepts_json(header: bytes) -> bool | None:
    """Whether the most specific range that matches JSON has a weight above zero; None where there is no range."""
    weights: dict[str, float] = {}
    for item in header.decode("latin-1").split(","):
        media, *parameters = (part.strip() for part in item.split(";"))
        if _RANGE.fullmatch(media):
            weights[media.lower()] = _weight(parameters)
    if not weights:
        return None
    return next((weights[media] > 0 for media in _PRECEDENCE if media in weights), False)


def _weight(parameters: list[str]) -> float:
    matches = (_WEIGHT.fullmatch(parameter) for parameter in parameters)
    return next((float(match[1]) for match in matches if match), 1.0)
