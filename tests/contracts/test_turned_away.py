"""A target that turns everybody away after a while breaks no sentence, and the reason is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import server
from judge_tools import CommandResult
from second_app import App
from second_registry import Refusal

Command = Callable[..., CommandResult]


def banned(status: int) -> Callable[[App], None]:
    """After ten wrong credentials everybody is turned away."""

    def change(app: App) -> None:
        wrong = itertools.count(1)
        done: list[int] = []

        def identify(inner: Any, call: Any) -> None:
            if done:
                raise Refusal(status, "banned", "Too many wrong passwords from your address.")
            try:
                inner(call)
            except Refusal:
                if next(wrong) >= 10:
                    done.append(status)
                raise

        app.around("identify", identify)

    return change


def expired(app: App) -> None:
    """After 200 requests no credentials are good any more."""
    seen = itertools.count(1)

    def identify(inner: Any, call: Any) -> None:
        if next(seen) > 200:
            raise app.unauthorized(given=True)
        inner(call)

    app.around("identify", identify)


TURNS = {"banned with 403": banned(403), "banned with 429": banned(429), "expired": expired}


@pytest.mark.slow
@pytest.mark.parametrize("what", TURNS)
def test_who_turns_everybody_away_is_not_accused(command: Command, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ban by address and credentials that end make a run partial, and the reason names them."""
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)
    with server.start("current") as handle:
        TURNS[what](handle.app)
        arguments = ("--states-url", handle.states_url, "--depth", "quick", "--settle", "0.2")
        result = command("verify", handle.base_url, *arguments)
    assert result.code == 3, result.out
    assert " FAIL " not in result.out
    assert "a ban or a locked account" in result.out or "limits requests" in result.out
