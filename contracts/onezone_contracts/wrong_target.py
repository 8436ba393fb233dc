"""Targets at which everything fails alike: what answers is not the implementation, and nothing can be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from onezone_contracts.exchange import Exchange, Redactor

NOT_FOUND = 404
TOO_MANY = 429
GATEWAY = frozenset({502, 503, 504})


def suspicious(exchange: Exchange) -> bool:
    """Whether a valid request was answered as a proxy, a login, or another server than the API's would."""
    response = exchange.response
    if response is None:
        return False
    if response.redirect or response.status in {NOT_FOUND, TOO_MANY, *GATEWAY}:
        return True
    return bool(response.body) and not response.looks_like_json


def answered_alike(exchanges: Sequence[Exchange]) -> bool:
    """Whether requests that have nothing in common were answered the same."""
    return len({_signature(exchange) for exchange in exchanges}) == 1


def _signature(exchange: Exchange) -> tuple[object, ...]:
    """What answers of the same kind have in common: a path, an id or a nonce in them may differ."""
    response = exchange.response
    if response is None:
        return (None, exchange.failure)
    if response.redirect:
        where = urlsplit(response.header("Location") or "")
        return (response.status, where.netloc, where.path.rpartition("/")[2])
    return (response.status, response.media_type, response.title)


def words(exchange: Exchange, base_url: str, redactor: Redactor) -> str:
    """What every request was answered, and what to look at."""
    return f"every request gets the same answer, {exchange.summary(redactor)}: {_advice(exchange, base_url)}"


def _advice(exchange: Exchange, base_url: str) -> str:
    response = exchange.response
    status = exchange.status
    if response is not None and response.redirect:
        return f"is {base_url} behind a login, or has it moved?"
    if status == TOO_MANY:
        return "a rate limiter stands in front of the target; try --rate, or from elsewhere"
    if status in GATEWAY:
        return "the server behind it is not there (yet); try --wait"
    if response is not None and b"https" in response.body[:2000].lower() and base_url.startswith("http:"):
        return "write https:// in the base URL"
    if status == NOT_FOUND:
        return f"the base path of {base_url} may be wrong, or the home group's id"
    return f"this is not an answer of the API; the base path of {base_url} may be wrong"


def unanswered(exchange: Exchange, base_url: str) -> str:
    """What to look at where a target took a connection and gave no HTTP answer; "" for anything else."""
    failure = exchange.failure or ""
    odd = "no HTTP answer" in failure or "closed without" in failure
    return "; if it speaks TLS, write https:// in the base URL" if odd and base_url.startswith("http:") else ""
