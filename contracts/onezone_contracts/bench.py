"""A run of the profile `full`, with what an administrator's account makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from onezone_contracts.state.expected import CALLER, TOKEN, ZONE
from onezone_contracts.stateful.search import Sequences
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.fixtures import Stages

UNAUTHORIZED = 401


@dataclass(slots=True)
class Bench(Stages):
    """Everything that a run has set up, for all operations, and the sequences over them."""

    sequences: Sequences = field(init=False)

    def __post_init__(self) -> None:
        Stages.__post_init__(self)
        self.account.lag.check_time = self.check_time
        self.account.api.wire.patience.check_time = self.check_time
        self.account.samples.access_token = lambda: self.account.tokens.texts[self.unrelated(TOKEN)]
        self.sequences = Sequences(self.account, self.options)

    def preflight(self, needed: frozenset[str]) -> None:
        """See whether the account may do what a run needs, and whether users can log in. Raises SetupError.

        Args:
            needed: the zone privileges that the account must hold.
        """
        contract = self.account.contract
        exchange = self.account.read("privileges", CALLER, ZONE, {}, effective=True)
        privileges = self.account.listed(exchange)
        lacking = sorted(needed - set(map(str, privileges or ())))
        if privileges is not None and lacking:
            raise SetupError(f"the administrator's account lacks zone privileges: {', '.join(lacking)}")
        operation = contract.find("get", CALLER)
        try:
            lockable = self.lockable_user()
        except SetupError as error:
            self.account.shut = str(error)
            return
        if operation and self.account.api.send(operation, {}, lockable.auth, label="log in").status == UNAUTHORIZED:
            self.account.shut = "the target answers 401 to the users that the kit makes"
