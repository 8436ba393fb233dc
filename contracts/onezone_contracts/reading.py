"""What can be read out of an answer, in whatever envelope it comes: the list that it holds, its ids, its next page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from onezone_spec import Contract

from onezone_contracts.exchange import Exchange, Request, Response

ID_KEYS = ("handleServiceId", "groupId", "userId", "id", "serviceId", "handle_service_id")


@cache
def list_keys(contract: Contract) -> frozenset[str]:
    """The keys that have the list in the contract's own answers."""
    schemas = (contract.resolve(operation.success.schema or {}) for operation in contract.operations.values())
    properties = (pair for schema in schemas for pair in schema.get("properties", {}).items())
    return frozenset(name for name, node in properties if contract.resolve(node).get("type") == "array")


def only_list(value: Any, keys: frozenset[str]) -> list[Any] | None:
    """The list of an answer: at one of the keys, else the only one there is; None if there is no such thing."""
    outer = (
        {name: entries for name, entries in value.items() if isinstance(entries, list)}
        if isinstance(value, dict)
        else {}
    )
    named = [entries for name, entries in outer.items() if name in keys]
    lists = named or list(outer.values()) or list(_lists(value))
    return lists[0] if len(lists) == 1 else None


def _lists(value: Any) -> Iterator[list[Any]]:
    """The lists of a value; not those inside of lists."""
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _lists(member)


def entry_id(entry: Any) -> str | None:
    """The id that an entry of a list is, or has; None if it has none that is known."""
    if isinstance(entry, dict):
        return next((str(entry[key]) for key in ID_KEYS if key in entry), None)
    return None if entry is None else str(entry)


def ids_of(entries: list[Any]) -> set[str]:
    """The ids of a list; an entry without any as it stands."""
    return {entry_id(entry) or str(entry) for entry in entries}


def answer_of(exchange: Exchange) -> Any:
    """The JSON value of a 200, None if it is none."""
    if exchange.response is None or exchange.response.status != 200:  # noqa: PLR2004
        return None
    try:
        return exchange.response.json_of_any_kind()
    except (ValueError, RecursionError):
        return None


# --- lists that come in pages -----------------------------------------------------------------------------------

PAGES = 8
"""How many pages of a list are read, one after another."""
_LINK = re.compile(r'<([^>]*)>[^,]*;\s*rel="?next"?', re.IGNORECASE)
_RANGE = re.compile(r"\w+ \d+-\d+/(\d+)")
_FOLLOWING = frozenset(
    {"next", "nextpage", "nextlink", "nexturl", "nextpageurl", "nextcursor", "nextpagetoken", "nexttoken"}
)
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage"})
_TOTALS = frozenset({"total", "count", "totalcount", "totalelements", "totalitems", "totalresults"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with its next pages; and the exchange that ended it.

    `entries` are None if an answer has no list. What is `cut` has more pages than are followed: it says nothing of
    what is not on it.
    """

    entries: list[Any] | None
    exchange: Exchange
    cut: bool = False


def listing(first: Exchange, send: Callable[[Request], Exchange], keys: frozenset[str]) -> Listing:
    """The list of an answer, with the pages that follow, asked for by the same user.

    Args:
        first: the exchange that has the first page.
        send: sends a request.
        keys: under which the contract's own answers have lists.
    """
    entries: list[Any] = []
    exchange = first
    for count in range(PAGES):
        value = answer_of(exchange)
        page = only_list(value, keys)
        if page is None or exchange.response is None:
            return Listing(None, exchange)
        entries += page
        more = next_page(exchange.response, value, len(ids_of(entries)))
        if not more:
            return Listing(entries, exchange)
        if more is True or count == PAGES - 1:
            break
        path = resolved(more, exchange)
        exchange = send(replace(exchange.request, path=path) if path else exchange.request)
    return Listing(entries, exchange, cut=True)


def resolved(reference: str, exchange: Exchange) -> str | None:
    """The path, with its query, that a reference names at the target that answered, None if it is no URI."""
    try:
        url = urlsplit(urljoin(exchange.base + exchange.request.path, reference))
    except ValueError:
        return None
    return url.path + (f"?{url.query}" if url.query else "")


def next_page(response: Response, value: Any, shown: int) -> str | bool:
    """What comes after a list's answer: a reference to the next page, True for more of it, False where all is shown.

    No document describes pages: these are the forms of common frameworks, and `Link` (RFC 8288).

    Args:
        response: the answer.
        value: its JSON.
        shown: how many entries it and the pages before it had.
    """
    link = _LINK.search(", ".join(response.header_values("Link")))
    if link:
        return link[1]
    marks = list(_marks(value, shown))
    return next((mark for mark in marks if isinstance(mark, str)), any(marks) or _counted(response) > shown)


def _marks(value: Any, shown: int) -> Iterator[str | bool]:
    """What an envelope says of further pages."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        key = re.sub(r"[^a-z]", "", name.lower().removeprefix("@odata."))
        if key in _FOLLOWING and inner:
            link = inner.get("href") if isinstance(inner, dict) else inner
            yield link if isinstance(link, str) and link.startswith(("/", "?", "http")) else True
        elif (key in _MORE and inner is True) or (key in _TOTALS and type(inner) is int and inner > shown):
            yield True
        else:
            yield from _marks(inner, shown)


def _counted(response: Response) -> int:
    """How many entries there are in all, by the headers that some frameworks send; 0 where they do not say."""
    total = response.header("X-Total-Count") or ""
    match = _RANGE.fullmatch(response.header("Content-Range") or "")
    return int(match[1]) if match else int(total) if total.isascii() and total.isdecimal() else 0
