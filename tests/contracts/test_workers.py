"""`--workers`: several requests at the same time are faster on a slow target, and change no outcome."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import server
from judge_tools import AGES, CommandResult, RawServer, always, answer
from onezone_contracts import pace
from onezone_contracts.exchange import Request
from onezone_contracts.options import AUTO
from onezone_contracts.target.embedded import mock
from onezone_contracts.wire import Wire

Command = Callable[..., CommandResult]
FAULTS = ("status-200", "access-anybody", "delete-creates", "location-constant-id", "shape-empty-body")
VARIANTS = ("list-lags", "own-groups", "token-personas", "no-leave", "location-other-host")
QUICK = ("--depth", "quick", "--settle", "0.3")


def judged(command: Command, where: tuple[str, ...], *more: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The exit code, the outcome of every requirement, and the whole report."""
    result = command("verify", *where, "--report", "json=-", *more)
    report: dict[str, Any] = json.loads(result.out)
    return result.code, {requirement["id"]: requirement["outcome"] for requirement in report["requirements"]}, report


def both(command: Command, start: Callable[[], Any], *more: str) -> list[tuple[int, dict[str, str]]]:
    """Exit code and outcomes with one worker and with six, each on a server of its own."""
    runs = []
    for workers in ("1", "6"):
        with start() as handle:
            where = (handle.base_url, "--states-url", handle.states_url)
            runs.append(judged(command, where, *more, "--workers", workers)[:2])
    return runs


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_are_the_same_to_many_workers(command: Command, variant: str) -> None:
    """A legitimate difference between implementations is none for several workers either."""
    alone, many = both(command, lambda: server.start("current", (variant,)), *QUICK)
    assert alone == many
    assert many[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_the_same_to_many_workers(command: Command, fault: str) -> None:
    """A fault is noticed by the same requirements, however many workers there are."""
    alone, many = both(command, lambda: server.start("current", faults=[fault]), *QUICK)
    assert alone == many


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", ["state-two", "state-refused-400", "state-refused-removes", "unknown-group-made", "rare-name-emoji"]
)
def test_faults_of_the_mock_are_the_same_to_many_workers(command: Command, fault: str) -> None:
    """A fault of the mock is noticed by the same requirements, traces of refused requests among them."""
    runs = []
    for workers in ("1", "6"):
        with mock("current", "--fault", fault) as origin:
            where = (f"{origin}/api/v3", "--states-url", f"{origin}/_mock/states")
            runs.append(judged(command, where, *QUICK, "--workers", workers)[:2])
    assert runs[0] == runs[1]
    assert runs[0][0] == (0 if fault == "rare-name-emoji" else 1)


@pytest.mark.slow
def test_drawn_requests_are_the_same_to_many_workers(command: Command) -> None:
    """Several workers draw the same bodies as one, and find the mock conformant by them."""
    runs = []
    for workers in ("1", "6"):
        with mock("current") as origin:
            where = (f"{origin}/api/v3", "--states-url", f"{origin}/_mock/states")
            part = ("--requirement", "*.generated.*", "--requirement", "*.edges.*", "--workers", workers)
            runs.append(judged(command, where, *part)[:2])
    assert runs[0] == runs[1]
    assert runs[0][0] == 0


@contextmanager
def counting() -> Iterator[tuple[server.Handle, list[int]]]:
    """A server that takes a while to answer, and for each request how many were under way when it came."""
    with server.start("current") as handle:
        inner, lock, under_way, counts = handle.server.answer, threading.Lock(), [0], []

        def counted(request: server.Request) -> server.Response:
            with lock:
                under_way[0] += 1
                counts.append(under_way[0])
            try:
                time.sleep(0.02)
                return inner(request)
            finally:
                with lock:
                    under_way[0] -= 1

        handle.server.answer = counted
        yield handle, counts


@pytest.mark.slow
def test_many_workers_have_many_requests_under_way(command: Command) -> None:
    """With one worker there is never a second request; with eight there are several, but no more than eight."""
    busiest = {}
    for workers in (1, 8):
        with counting() as (handle, counts):
            where = (handle.base_url, "--states-url", handle.states_url, "--depth", "quick")
            code, outcomes, report = judged(command, where, "--workers", str(workers))
        assert (code, set(outcomes.values())) == (0, {"pass", "observed", "skip"})
        assert report["requests"] > 200
        busiest[workers] = max(counts)
    assert busiest[1] == 1
    assert 2 <= busiest[8] <= 8


@pytest.mark.parametrize("value", ["0", "-1", "65", "many", " ", "1.5", "\u0663", "9" * 5000])
def test_number_of_workers_is_bounded(command: Command, value: str) -> None:
    """Anything but a whole number from 1 to 64 is bad usage."""
    result = command("verify", "--workers", value)
    assert (result.code, result.out) == (2, "")
    assert "is not a number of workers: give one from 1 to 64" in result.err


@pytest.mark.parametrize(("lag", "several"), [(0.0, False), (1.0, True)])
def test_a_quick_target_whose_reads_are_behind_gets_several_workers(lag: float, *, several: bool) -> None:
    """They wait for a read at the same time; without a lag, one worker is the quickest."""
    with RawServer(always(answer(200))) as raw:
        wire = Wire(raw.origin, AGES)
        workers = pace.workers(AUTO, wire, Request("GET", "/", label="look"), lag)
        wire.close_all()
    assert (workers > 1) is several
