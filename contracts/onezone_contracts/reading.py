"""What can be read out of an answer, in whatever envelope it comes: the list that it holds, the ids in a list."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from onezone_spec import Contract

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
