"""What came first, of two requests that overlap."""

from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.traffic.about import after

HANDLE = ("handle", "5")


@pytest.mark.parametrize(("named", "later"), [(HANDLE, True), (("group", "5"), False), (("handle", "6"), False)])
def test_who_names_what_another_created_came_after_it(named: tuple[str, str], later: bool) -> None:  # noqa: FBT001  (a parameter)
    """Of the same kind: ids of several kinds may be alike."""
    first: Any = SimpleNamespace(end=2.0, created_ref=HANDLE)
    second: Any = SimpleNamespace(start=1.0, roles={named[0]: named})
    assert after(first, second) is later


def test_who_created_nothing_is_named_by_nobody() -> None:
    """Then only the time says what came first."""
    first: Any = SimpleNamespace(end=2.0, created_ref=None)
    assert not after(first, SimpleNamespace(start=1.0, roles={}))  # type: ignore[arg-type]
