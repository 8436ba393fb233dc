"""Parts of the mock with faults applied: built once for the server's faults, and once for those of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState

CACHE_SIZE = 8
T = TypeVar("T")


class Assembled(Generic[T]):
    """`make` makes it of a tuple of faults; what it made for the last few of them is kept.

    Faults are told apart by identity: what remembers anything begins anew when the same ones are switched on again.
    """

    def __init__(self, state: MockState, make: Callable[[Any], T]) -> None:
        self.state = state
        self.make = make
        self.cache: dict[int, tuple[Any, T]] = {}
        self.faults: Any = state.faults
        self.assembled = self._new(self.faults)

    def of(self, exchange: Exchange) -> T:
        """The part for the faults of the exchange, which are nearly always those of the one before."""
        faults = exchange.faults
        if faults is not self.faults:
            entry = self.cache.get(id(faults))
            self.assembled = self._new(faults) if entry is None else entry[1]
            self.faults = faults
        return self.assembled

    def _new(self, faults: Any) -> T:
        if len(self.cache) >= CACHE_SIZE:
            del self.cache[next(iter(self.cache))]
        assembled = self.make(faults)
        self.cache[id(faults)] = faults, assembled
        return assembled
