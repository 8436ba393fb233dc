"""Carries a world over to a scenario or a contract that changed while the mock ran: what still fits is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.scenario.mistakes import WorldError
from onezone_mockserver.scenario.snapshot import add_to_world, read_world, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_spec import Contract

    from onezone_mockserver.scenario.files import Scenario
    from onezone_mockserver.world import World

Lists = dict[str, list[Any]]


def carried(
    world: World, before: tuple[Contract, Scenario], now: tuple[Contract, Scenario], empty: Callable[[], World]
) -> tuple[World, list[str]]:
    """The world under another contract or scenario, and what of it did not fit, a line each.

    Where the scenario is the same, that is the whole world. Otherwise it is the world of the new scenario, with what is
    not of the old one added: changes to what the scenario itself has are lost.
    """
    contract, scenario = now
    text = orjson.dumps(snapshot(world))
    if scenario.text == before[1].text:
        try:
            return read_world(text, contract, empty()), []
        except WorldError:
            pass  # not as a whole
    fresh = scenario.world(contract, empty())
    added = _without(orjson.loads(text), orjson.loads(orjson.dumps(snapshot(before[1].world(before[0])))))
    return fresh, _add(added, contract, fresh, empty)


def _without(lists: Lists, others: Lists) -> Lists:
    """The entries whose ids the others do not have."""
    ids = {name: set(map(_entry_key, others.get(name, ()))) for name in lists}
    left = {name: [entry for entry in entries if _entry_key(entry) not in ids[name]] for name, entries in lists.items()}
    return {name: entries for name, entries in left.items() if entries}


def _entry_key(entry: dict[str, Any]) -> str:
    """What tells an entry from others of its list: an id, or the token of an invitation."""
    return str(entry["id"] if "id" in entry else entry["token"])


def _add(added: Lists, contract: Contract, world: World, empty: Callable[[], World]) -> list[str]:
    """Add what fits: all at once, or one entry after the other until no other fits. Gives what did not."""
    if not added or _mistake(added, contract, world, empty) is None:
        return []
    left = [(name, entry) for name, entries in added.items() for entry in entries]
    while True:
        mistakes = [(name, entry, _mistake({name: [entry]}, contract, world, empty)) for name, entry in left]
        refused = [(name, entry) for name, entry, mistake in mistakes if mistake]
        if len(refused) == len(left):
            return [f"{name} {_entry_key(entry)}: {mistake}" for name, entry, mistake in mistakes]
        left = refused


def _mistake(lists: Lists, contract: Contract, world: World, empty: Callable[[], World]) -> str | None:
    try:
        add_to_world(orjson.dumps(lists), contract, world, empty())
    except WorldError as error:
        return str(error)
    return None
