"""A target that was odd with several workers is asked one thing at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from onezone_contracts.options import Options
from onezone_contracts.run import ODD
from onezone_contracts.shared import Shared
from onezone_contracts.target.file import Target
from onezone_contracts.trial import SuppliedTrial
from onezone_spec import load


@pytest.mark.parametrize(("odd", "worker"), [(0, True), (ODD - 1, True), (ODD, False)])
def test_what_can_be_done_at_the_same_time_is_not_then(odd: int, worker: bool) -> None:  # noqa: FBT001
    """After a few odd answers in a row."""
    contract = load("current")
    target = Target("http://127.0.0.1:9/api/v3", {}, "0" * 32)
    run = SuppliedTrial(Shared(Options()), contract, contract.operations["get_group"], target)
    run.tracker.at_once = lambda *_, **__: False  # type: ignore[method-assign]
    with ThreadPoolExecutor(2, "worker") as run.shared.pool:
        for _ in range(odd):
            run._accounted([], 0)
        names = set(run.map(lambda _: threading.current_thread().name.startswith("worker"), [1, 2]))
    assert names == {worker}
