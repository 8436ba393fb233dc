"""The account of the services of groups, kept at a target of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.patience import Lag
from onezone_contracts.state.ledger import Ledger

BATCH_OF_SERVICES = {f"s{number}" for number in range(12)}


def request(group: str, label: str = "a request") -> Any:
    """A refused request to a group."""
    exchange: Any = SimpleNamespace(answer=lambda: "500", succeeded=False)
    case = SimpleNamespace(label=label, open=False, group="")
    return SimpleNamespace(case=case, group=group, groups=[group], succeeded=False, location=None, exchange=exchange)


def nothing(case: Any) -> Any:
    """The request is refused again, and leaves nothing behind."""
    return request("a", case.label)


def ledger_of(lists: Callable[[str], set[str] | None], again: Callable[[Any], Any] = nothing) -> Ledger:
    """An account of what `lists` gives for a group; `again` sends the request of a case."""
    readback: Any = SimpleNamespace(ids=lists, lag=Lag(0), lists={}, offered={"list"})
    operation: Any = None
    return Ledger(readback, operation, again)


def test_a_list_that_says_nothing_any_more_is_compared_with_nothing() -> None:
    """What it shows later is not laid on refused requests."""
    first: dict[str, Iterator[set[str] | None]] = {
        "a": iter([set(), {"new"}]),
        "b": iter([set(BATCH_OF_SERVICES), None]),
    }
    rest: dict[str, set[str] | None] = {"a": {"new"}, "b": BATCH_OF_SERVICES}
    ledger = ledger_of(lambda group: next(first[group], rest[group]))
    for group in first:
        ledger.open(group)
    for group in first:
        ledger.refused(request(group))
    ledger.flush()
    assert [leak.difference.actual for leak in ledger.leaks] == ["1 new, 0 gone"]


@pytest.mark.parametrize(("count", "words"), [(1, "1 refused request"), (2, "2 refused requests")])
def test_who_was_not_seen_to_do_it_is_not_accused(count: int, words: str) -> None:
    """A request that leaves nothing behind when it is sent again is named with those around it."""
    lists: Iterator[set[str]] = iter([set()])
    ledger = ledger_of(lambda _: next(lists, {"new"}))
    ledger.open("a")
    for _ in range(count):
        ledger.refused(request("a"))
    ledger.flush()
    messages = [leak.finding().message for leak in ledger.leaks]
    assert messages == [f"after {words} this changed: the group's services; none that was sent again did it alone"]


def test_who_was_seen_to_do_it_is_accused() -> None:
    """Each time it is sent, there is one more."""
    services: set[str] = set()

    def lists(_: str) -> set[str]:
        return set(services)

    def again(case: Any) -> Any:
        services.add(f"s{len(services)}")
        return request("a", case.label)

    ledger = ledger_of(lists, again)
    ledger.open("a")
    services.add("first")
    ledger.refused(request("a", "the culprit"))
    ledger.flush()
    messages = [leak.finding().message for leak in ledger.leaks]
    assert messages == ["the culprit: refused with 500, yet this changed: the group's services"]


def test_what_vanishes_though_nothing_was_accepted_is_told() -> None:
    """One of several requests at the same time failed, and emptied the group: it cannot vanish again."""
    lists: Iterator[set[str]] = iter([{"a", "b"}])
    ledger = ledger_of(lambda _: next(lists, set()))
    ledger.open("a")
    assert not ledger.at_once([request("a"), request("a")], answered=False)
    assert [leak.difference.actual for leak in ledger.leaks] == ["0 new, 2 gone"]


def test_nothing_is_told_where_nothing_vanished() -> None:
    """A failure alone is no change."""
    ledger = ledger_of(lambda _: {"a", "b"})
    ledger.open("a")
    ledger.at_once([request("a"), request("a")], answered=False)
    assert ledger.leaks == []
