"""The account of the services of groups, kept at a target of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from onezone_contracts.patience import Lag
from onezone_contracts.state.ledger import Ledger

BATCH_OF_SERVICES = {f"s{number}" for number in range(12)}


def request(group: str) -> Any:
    """A refused request to a group."""
    exchange = SimpleNamespace(answer=lambda: "500", succeeded=False)
    case = SimpleNamespace(label="a request", open=False, group="")
    return SimpleNamespace(case=case, group=group, groups=[group], succeeded=False, location=None, exchange=exchange)


def ledger_of(lists: Callable[[str], set[str] | None]) -> Ledger:
    """An account of what `lists` gives for a group; requests that are sent again are refused and do nothing."""
    readback: Any = SimpleNamespace(ids=lists, lag=Lag(0), lists={}, offered={"list"})
    operation: Any = None
    return Ledger(readback, operation, lambda case: SimpleNamespace(case=case, succeeded=False))  # type: ignore[arg-type,return-value]


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
