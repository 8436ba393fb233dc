"""Fixtures: the kit's own mock as a process, with its demo world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from onezone_contracts.target import embedded
from onezone_spec import editions, load
from running_mock import Running


@pytest.fixture(scope="module")
def mocks() -> Iterator[dict[str, Running]]:
    """A mock for each edition."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield {edition: Running(load(edition), stack.enter_context(embedded.mock(edition))) for edition in editions()}


@pytest.fixture
def mock(mocks: dict[str, Running]) -> Running:
    """The mock of the default edition."""
    return mocks["current"]
