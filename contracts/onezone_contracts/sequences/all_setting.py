"""What the sequences over all operations share: the account, the operations that take part, the time that is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onezone_spec import Operation

from onezone_contracts.options import Options
from onezone_contracts.sequences.play import Setting
from onezone_contracts.sequences.predict import Prediction
from onezone_contracts.state.expected import READING
from onezone_contracts.target.administrator import Account

SECONDS = {"standard": 4.0, "deep": 90.0}
"""How long drawn sequences may take in all; a target that is slow sees fewer of them."""
AT_FIRST = 60.0
"""How long it may take to try every operation alone, and how long the sequences that are always taken."""
LENGTHS = {"standard": (8, 12), "deep": (100, 50)}
DELETE = "delete"


class AllSetting(Setting):
    """Who sends and what is sent.

    `offered` are the operations that do what they should alone, by id: one that fails alone is no part of any sequence.
    Steps are drawn of `operations`: those of them that showed nothing yet.

    Args:
        account: an administrator's, with the model.
        options: how the run judges.
    """

    def __init__(self, account: Account, options: Options) -> None:
        super().__init__(options, account.lag, AT_FIRST, LENGTHS)
        self.account = account
        self.offered: dict[str, Operation] = {}
        self.operations: dict[str, Operation] = {}
        self.prediction = Prediction(account)
        self._remaining = SECONDS.get(options.depth, 0.0)

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Allow what is left of the time for drawn sequences."""
        started = self.clock()
        self.limit(self._remaining)
        try:
            yield
        finally:
            self._remaining -= self.clock() - started

    @property
    def pools(self) -> dict[str, list[str]]:
        """The ids of the operations of each rule."""
        verbs = {name: operation.effect.verb for name, operation in self.operations.items()}
        return {
            "read": [name for name, verb in verbs.items() if verb in READING],
            "delete": [name for name, verb in verbs.items() if verb == DELETE],
            "change": [name for name, verb in verbs.items() if verb not in {*READING, DELETE}],
            "refuse": list(verbs),
            "any": list(verbs),
        }

    def find(self, verb: str, resource: str, within: str | None = None, *, effective: bool = False) -> Operation | None:
        """The operation with that effect, None where it is not offered."""
        operation = self.account.contract.find(verb, resource, within, effective=effective)
        return self.offered.get(operation.id) if operation else None
