"""Kinds of requests that a target was seen not to answer: it is not waited for again and again."""

from __future__ import annotations

from collections import Counter

from onezone_contracts.cases import Case
from onezone_contracts.exchange import Exchange
from onezone_contracts.requirement import HungError

LIMIT = 4
"""After so many requests of a kind to an operation in a row without an answer, no more of them are sent to it."""
IN_ALL = 5
"""After so many of any kind, one is enough."""
EVERYWHERE = 6
"""After so many of a kind in a row, whatever the operations, no more are sent to any."""


class Hangs:
    """Counts requests without an answer in a row, by kind: the first word of a case's name."""

    def __init__(self) -> None:
        self._in_a_row: Counter[tuple[str, ...]] = Counter()
        self._in_all = 0

    def check(self, case: Case, operation: str) -> None:
        """Raises HungError if the target does not answer requests of that kind: it was judged for that."""
        kind, everywhere = _kinds(case, operation)
        count = self._in_a_row[kind]
        enough = LIMIT if self._in_all < IN_ALL else 1
        if count >= enough or self._in_a_row[everywhere] >= EVERYWHERE:
            raise HungError(kind[0])

    def note(self, case: Case, operation: str, exchange: Exchange) -> None:
        """Note whether a case was answered."""
        for kind in _kinds(case, operation):
            self._in_a_row[kind] = self._in_a_row[kind] + 1 if exchange.timed_out else 0
        self._in_all += exchange.timed_out


def _kinds(case: Case, operation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    word = case.name.partition(".")[0]
    return (word, operation), (word,)
