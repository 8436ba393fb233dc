"""A target that lets clients wait now and then is judged like one that does not: whatever the kit sends is patient."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from front import front
from running_mock import ADMIN

if TYPE_CHECKING:
    from judge_tools import CommandResult
    from running_mock import Running

Command = Callable[..., "CommandResult"]
Limiter = Callable[[int], AbstractContextManager[str]]
OFTEN = 5


@pytest.fixture
def limited(mock: Running, monkeypatch: pytest.MonkeyPatch) -> Limiter:
    """The mock behind a limiter that refuses every fifth request, whatever it asks for; nobody really waits."""
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)

    def limiter(status: int) -> AbstractContextManager[str]:
        count = itertools.count(1)
        return front(mock.origin, lambda *_: None if next(count) % OFTEN else status)

    return limiter


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
def test_personas_of_a_states_url(command: Command, mock: Running, limited: Limiter, status: int) -> None:
    """States, judged requests, reads and removals are asked again."""
    with limited(status) as origin:
        url = origin + mock.contract.base_paths[0]
        result = command("verify", url, "--states-url", f"{origin}/_mock/states", "--depth", "quick")
    assert result.code == 0, result.out


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["core", "full"])
def test_personas_of_an_administrator(command: Command, mock: Running, limited: Limiter, profile: str) -> None:
    """What the administrator sets up, reads and removes is asked again, too, and nothing is left behind."""
    before = mock.world()
    with limited(429) as origin:
        url = origin + mock.contract.base_paths[0]
        result = command("verify", url, "--admin", ADMIN, "--profile", profile, "--depth", "quick")
    assert result.code == 0, result.out
    assert mock.world() == before
