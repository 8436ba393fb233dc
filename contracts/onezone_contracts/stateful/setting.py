"""What the sequences of a run share: the account, the operations that take part, the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from onezone_spec import Operation

from onezone_contracts.options import Options
from onezone_contracts.patience import Lag
from onezone_contracts.state.expected import CALLER, Mirror
from onezone_contracts.stateful.predict import Prediction
from onezone_contracts.target.administrator import Account

SECONDS = {"standard": 4.0, "deep": 90.0}
"""How long drawn sequences may take in all; a target that is slow sees fewer of them."""
AT_FIRST = 60.0
"""How long it may take to try every operation alone, and how long the sequences that are always taken."""


@dataclass(slots=True)
class Setting:
    """Who sends and what is sent.

    `offered` are the operations that do what they should alone, by id: one that fails alone is no part of any sequence.
    Steps are drawn of `operations`: those of them that showed nothing yet. Where it is `careful`, steps look before
    they change anything, too, so that nobody is blamed for what was wrong before.
    """

    account: Account
    options: Options
    offered: dict[str, Operation] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    careful: bool = False
    taken: int = 0
    whole: int = 0
    """How many sequences were taken to their end."""
    last: int = 1000
    prediction: Prediction = field(init=False)
    _end: float = 0.0
    _left: float = 0.0
    _limited: bool = True

    def __post_init__(self) -> None:
        self.limit(AT_FIRST)
        self._left = SECONDS.get(self.options.depth, 0.0)
        self.prediction = Prediction(self.account)

    @property
    def clock(self) -> Callable[[], float]:
        """What tells how much time sequences took."""
        return self.options.clock

    @property
    def lag(self) -> Lag:
        """What waits for a target that shows things late."""
        return self.account.lag

    @property
    def over(self) -> bool:
        """Whether the time for sequences is used up."""
        return self._limited and self.options.clock() > self._end

    def limit(self, seconds: float) -> None:
        """Allow so much time from now on."""
        self._end = self.options.clock() + seconds

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Allow what is left of the time for drawn sequences."""
        started = self.options.clock()
        self.limit(self._left)
        try:
            yield
        finally:
            self._left -= self.options.clock() - started

    def number(self) -> int:
        """A number for an entity that no step has."""
        self.last += 1
        return self.last

    def find(self, verb: str, resource: str, within: str | None = None, *, effective: bool = False) -> Operation | None:
        """The operation with that effect, None where it is not offered."""
        operation = self.account.contract.find(verb, resource, within, effective=effective)
        return self.offered.get(operation.id) if operation else None

    @contextmanager
    def unlimited(self) -> Iterator[None]:
        """Go on without regard to the time that is left; whoever does so has a limit of its own."""
        self._limited = False
        try:
            yield
        finally:
            self._limited = True


def of_caller(operation: Operation) -> bool:
    """Whether an operation is about who asks."""
    return CALLER in {operation.effect.resource, operation.effect.within}


@contextmanager
def apart(account: Account) -> Iterator[None]:
    """A model of its own for a sequence; the account's is the same as before afterwards."""
    before = account.mirror, account.gone
    account.mirror, account.gone = Mirror(), set()
    try:
        yield
    finally:
        account.mirror, account.gone = before
