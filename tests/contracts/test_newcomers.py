"""What came to be where nothing should have: it is told by lists, where there are any."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.state.side_effects import Newcomers


@pytest.mark.parametrize("there", [None, set(), {"a"}])
def test_a_list_is_asked_for_once(there: set[str] | None) -> None:
    """Where it cannot be had, it is not asked for before every refused creation again."""
    asked: list[str] = []

    def everything(kind: str) -> set[str] | None:
        asked.append(kind)
        return there

    account: Any = SimpleNamespace(everything=everything, contract=SimpleNamespace(kind=str))
    operation: Any = SimpleNamespace(effect=SimpleNamespace(verb="create", resource="group"))
    newcomers = Newcomers(account, operation)
    for _ in range(3):
        newcomers.remember()
    assert asked == ["group"]
