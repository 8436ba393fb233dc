"""`--wait`, and targets that do not answer or hold clients back."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import server
from judge_tools import AGES, Clock, CommandResult, RawServer, always, answer, closed_port, read_request, silent
from onezone_contracts.options import Options
from onezone_contracts.target.file import SetupError
from onezone_contracts.waiting import wait_for

Command = Callable[..., CommandResult]


@contextmanager
def starting(*answers: int) -> Iterator[tuple[str, list[int]]]:
    """A server that gives these statuses, one a connection, and then the last for ever; what is left of them."""
    left = list(answers)

    def talk(connection: socket.socket, _: int) -> None:
        while read_request(connection):
            connection.sendall(answer(left.pop(0) if len(left) > 1 else left[0]))

    with RawServer(talk) as raw:
        yield f"{raw.origin}/api/v3", left


def test_a_target_that_is_starting_is_waited_for() -> None:
    """502 and 503 are what a proxy answers before it is up; anything else is an answer."""
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    with starting(503, 502, 503, 401) as (base_url, left):
        wait_for(base_url, Options(wait=60, clock=clock), sleep)
        assert (left, clock.now) == ([401], 1.5)


@pytest.mark.parametrize("status", [503, None])
def test_a_wait_ends(status: int | None) -> None:
    """A target that is never up is told, with what came last."""
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    with starting(503) as (base_url, _):
        url = base_url if status else f"http://127.0.0.1:{closed_port()}/api/v3"
        with pytest.raises(SetupError, match="was not up within 2 s") as error:
            wait_for(url, Options(wait=2, clock=clock), sleep)
    assert ("it answered 503" if status else "refused") in str(error.value)
    assert clock.now == pytest.approx(2)


def test_waiting_in_vain_is_no_verdict(command: Command) -> None:
    """It is inconclusive, exit code 2."""
    result = command("verify", f"http://127.0.0.1:{closed_port()}/x", "--admin", "a:b", "--wait", "0.1")
    assert (result.code, result.err) == (2, "")
    assert "was not up within 0.1 s (--wait)" in result.out


@pytest.mark.slow
@pytest.mark.parametrize("who", ["target", "states"])
def test_who_never_answers_is_told(command: Command, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """However long a request may take, a target or states URL that is silent from the start ends the run soon."""
    monkeypatch.setattr("onezone_contracts.wire.FIRST", 0.5)
    with RawServer(silent) as raw, server.start("current") as handle:
        target, states = f"{raw.origin}/api/v3", handle.states_url
        if who == "states":
            target, states = handle.base_url, f"{raw.origin}/states"
        result = command("verify", target, "--states-url", states, "--timeout", AGES)
    assert (result.code, result.err) == (2, "")
    assert "0.5 s" in result.out


@pytest.mark.slow
def test_time_counts_from_the_first_request(command: Command) -> None:
    """A set-up that takes all the time leaves none to judge in: that is no verdict."""
    with RawServer(always(answer(429, b"", "Retry-After: 5"))) as raw:
        result = command("verify", f"{raw.origin}/x", "--states-url", f"{raw.origin}/states", "--max-time", "0.5")
    assert (result.code, result.err) == (2, "")
    assert "time" in result.out


@pytest.mark.slow
@pytest.mark.parametrize("header", [(), ("Retry-After: 0",), ("Retry-After: 3600",)])
def test_who_is_held_back_for_ever_is_not_judged(command: Command, header: tuple[str, ...]) -> None:
    """A target that answers 429 to everything is inconclusive, whatever it says of when to come back."""
    with RawServer(always(answer(429, b"", *header))) as raw, server.start("current") as handle:
        result = command("verify", f"{raw.origin}/api/v3", "--states-url", handle.states_url, "--settle", "0.2")
    assert result.code == 2, result.out
    assert "429" in result.out
