"""How many requests go at the same time where their being concurrent is judged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.cases import Case
from onezone_contracts.checks.concurrent import AT_ONCE, CREATES, creates
from onezone_contracts.exchange import Request
from onezone_contracts.options import Options
from onezone_contracts.requirement import NotJudged
from onezone_contracts.run import ODD
from onezone_contracts.shared import Shared
from onezone_contracts.wire import Wire


@pytest.mark.parametrize(
    ("workers", "odd", "count"),
    [(2, 0, AT_ONCE), (8, 0, 8), (16, 0, 16), (64, 0, CREATES), (64, ODD, 8)],
)
def test_a_target_gets_no_more_at_once_than_it_was_seen_to_bear(
    monkeypatch: pytest.MonkeyPatch, workers: int, odd: int, count: int
) -> None:
    """Eight at least; where it was odd with several, no more."""
    counts: list[int] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, most: int) -> None:
            counts.append(most)
            super().__init__(most)

    monkeypatch.setattr("onezone_contracts.checks.concurrent.ThreadPoolExecutor", Pool)
    monkeypatch.setattr("onezone_contracts.shared.workers", lambda *_: workers)

    def transmit(_: Case) -> None:
        raise NotJudged("not here")

    shared = Shared(Options(workers=workers))
    wire = Wire("http://127.0.0.1:9", 1)
    run: Any = SimpleNamespace(
        identity=lambda _: None,
        ledger=SimpleNamespace(flush=lambda: None),
        transmit=transmit,
        api=SimpleNamespace(wire=wire),
        several=odd < ODD,
        shared=shared,
    )
    with shared.working():
        shared.begin(wire, Request("GET", "/"))
        with pytest.raises(NotJudged):
            list(creates(run))
    assert counts == [count]
