"""Caveats of tokens: whether each is met. Source: Onezone 21.02 as deployed, Tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

TIME, SERVICE, API = "time", "service", "api"
HERE = frozenset({"ozw-onezone", "ozw-*"})
"""What Onezone is called among services."""
ALL = "all"
SERVICES = frozenset({ALL, "ozw"})
OPERATIONS = {"POST": "create", "PUT": "create", "GET": "get", "PATCH": "update", "DELETE": "delete"}
"""What the API's calls are to a matchspec, by their method."""


def unmet(caveats: Iterable[Any], now: int) -> Any | None:
    """The first caveat of time or of services that is not met, None if all are."""
    for caveat in caveats:
        if caveat["type"] == TIME and caveat["validUntil"] <= now:
            return caveat
        if caveat["type"] == SERVICE and HERE.isdisjoint(caveat["whitelist"]):
            return caveat
    return None


def closed(caveats: Iterable[Any], method: str) -> Any | None:
    """The first caveat of the API that rules a call of that method out, None if none does."""
    return next(
        (caveat for caveat in caveats if caveat["type"] == API and not _opens(caveat["whitelist"], method)), None
    )


def valid_until(caveats: Iterable[Any]) -> int | None:
    """Until when a token counts, None if it has no end."""
    return min((caveat["validUntil"] for caveat in caveats if caveat["type"] == TIME), default=None)


def _opens(whitelist: Iterable[str], method: str) -> bool:
    parts = (entry.split("/", 2) for entry in whitelist)
    return any(service in SERVICES and call in {ALL, OPERATIONS[method]} for service, call, _ in parts)
