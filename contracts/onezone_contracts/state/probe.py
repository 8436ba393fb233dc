"""What one can look at to see whether the target holds what it should."""

from __future__ import annotations

from dataclasses import dataclass

from onezone_contracts.exchange import Exchange
from onezone_contracts.requirement import Finding
from onezone_contracts.state.expected import Ref


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to look at.

    `what` is `details`, the `members` of a kind, `privileges` in a container or in the `zone`, or a
    user's `login`.
    """

    what: str
    ref: Ref
    other: Ref | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected and what was seen, with the exchange that shows it."""

    what: str
    expected: str
    actual: str
    exchange: Exchange | None
    about: frozenset[str] = frozenset()
    """The ids that it is about, where that matters."""

    def finding(self, message: str, exchange: Exchange | None = None) -> Finding:
        """The difference as a finding, shown by its own exchange, else by the one that is given."""
        return Finding(message[:300], self.expected, self.actual, self.exchange or exchange)
