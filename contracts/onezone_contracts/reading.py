"""What can be read out of an answer, in whatever envelope it comes: the list that it holds, its ids, its next page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from onezone_spec import Contract

from onezone_contracts.exchange import Response

ID_KEYS = ("handleServiceId", "groupId", "userId", "id", "serviceId", "handle_service_id")


@cache
def list_keys(contract: Contract) -> frozenset[str]:
    """The keys that have the list in the contract's own answers."""
    schemas = (contract.resolve(one.success.schema or {}) for one in contract.operations.values())
    known = (pair for schema in schemas for pair in schema.get("properties", {}).items())
    return frozenset(name for name, node in known if contract.resolve(node).get("type") == "array")


def only_list(value: Any, keys: frozenset[str]) -> list[Any] | None:
    """The list of an answer: at one of the keys, else the only one there is; None where there is no such thing."""
    outer = {name: one for name, one in value.items() if isinstance(one, list)} if isinstance(value, dict) else {}
    named = [one for name, one in outer.items() if name in keys]
    lists = named or list(outer.values()) or list(_lists(value))
    return lists[0] if len(lists) == 1 else None


def _lists(value: Any) -> Iterator[list[Any]]:
    """The lists of a value; not those inside of lists."""
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _lists(one)


def entry_id(entry: Any) -> str | None:
    """The id that an entry of a list is, or has; None where it has none that is known."""
    if isinstance(entry, dict):
        return next((str(entry[key]) for key in ID_KEYS if key in entry), None)
    return None if entry is None else str(entry)


def ids_of(entries: list[Any]) -> set[str]:
    """The ids of a list; an entry without any as it stands."""
    return {entry_id(one) or str(one) for one in entries}


# --- lists that come in pages -----------------------------------------------------------------------------------

_LINK = re.compile(r'<([^>]*)>[^,]*;\s*rel="?next"?', re.IGNORECASE)
_RANGE = re.compile(r"\w+ \d+-\d+/(\d+)")
_FOLLOWING = frozenset(
    {"next", "nextpage", "nextlink", "nexturl", "nextpageurl", "nextcursor", "nextpagetoken", "nexttoken"}
)
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage"})
_TOTALS = frozenset({"total", "count", "totalcount", "totalelements", "totalitems", "totalresults"})


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
    return next((one for one in marks if isinstance(one, str)), any(marks) or _counted(response) > shown)


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
    found = _RANGE.fullmatch(response.header("Content-Range") or "")
    return int(found[1]) if found else int(total) if total.isascii() and total.isdecimal() else 0
