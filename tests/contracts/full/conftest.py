"""Fixtures: the kit's own mock as a process, with its demo world."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from contracts import embedded
from contracts.target import Credentials
from spec import Contract, editions, load

ADMIN = "adam:adam-password"


@dataclass(frozen=True)
class Running:
    """A mock that runs: its contract and where it is."""

    contract: Contract
    origin: str

    @property
    def base_url(self) -> str:
        return self.origin + self.contract.base_paths[0]

    @property
    def admin(self) -> Credentials:
        return Credentials(*ADMIN.split(":"))

    def world(self) -> Any:
        """Everything that the mock holds."""
        with urllib.request.urlopen(f"{self.origin}/_mock/world", timeout=10) as answer:
            return json.load(answer)


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
