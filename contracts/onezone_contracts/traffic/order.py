"""Exchanges in the order of time, and for each of them which others it overlaps."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

WINDOW = 5000
"""So many exchanges are looked at ahead: recordings have them by the time when they started, or ended."""


class Timed(Protocol):
    """What has a beginning and an end."""

    @property
    def start(self) -> float: ...  # noqa: D102

    @property
    def end(self) -> float: ...  # noqa: D102


T = TypeVar("T", bound=Timed)


def by_start(items: Iterable[T], window: int = WINDOW) -> Iterator[T]:
    """The items by their start; one that stands further behind than the window comes late."""
    heap: list[tuple[float, int, T]] = []
    for number, item in enumerate(items):
        heapq.heappush(heap, (item.start, number, item))
        if len(heap) > window:
            yield heapq.heappop(heap)[2]
    while heap:
        yield heapq.heappop(heap)[2]


def merged(streams: Iterable[Iterable[T]]) -> Iterator[T]:
    """Several recordings as one, by start."""
    return heapq.merge(*map(by_start, streams), key=lambda item: item.start)


def with_rivals(items: Iterable[T]) -> Iterator[tuple[T, list[T]]]:
    """Each item, by start, with those that were under way at the same time: either may have come first."""
    waiting: deque[T] = deque()
    recent: deque[T] = deque()
    latest = float("-inf")
    for item in items:
        latest = max(latest, item.start)
        waiting.append(item)
        recent.append(item)
        while waiting and (waiting[0].end <= latest or len(waiting) > WINDOW):
            yield _matched(waiting, recent)
    while waiting:
        yield _matched(waiting, recent)


def _matched(waiting: deque[T], recent: deque[T]) -> tuple[T, list[T]]:
    item = waiting.popleft()
    while recent and recent[0].end <= item.start:
        recent.popleft()
    later = itertools.takewhile(lambda other: other.start < item.end, recent)
    return item, [other for other in later if other is not item and other.end > item.start]
