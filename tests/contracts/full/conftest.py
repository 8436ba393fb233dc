"""Fixtures: the kit's own mock as a process, with its demo world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from onezone_contracts import embedded
from onezone_spec import editions, load
from running_mock import Running


@pytest.fixture(scope="module")
def mocks() -> Iterator[dict[str, Running]]:
    """A mock for each edition."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield {one: Running(load(one), stack.enter_context(embedded.mock(one))) for one in editions()}


@pytest.fixture(scope="module")
def slow() -> Iterator[Running]:
    """A mock that takes its time, so that a run is sure to be halfway for a while."""
    with embedded.mock("current", "--latency", "4") as origin:
        yield Running(load("current"), origin)


@pytest.fixture
def mock(mocks: dict[str, Running]) -> Running:
    """The mock of the default edition."""
    return mocks["current"]
