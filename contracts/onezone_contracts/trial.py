"""One operation around the documented one at the target, with an administrator's fixtures or with given personas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from onezone_spec import Contract, Operation

from onezone_contracts.api import NOT_OFFERED, Api
from onezone_contracts.cases import Case, access_case
from onezone_contracts.derive import asks
from onezone_contracts.exchange import Auth, Exchange, Redactor
from onezone_contracts.patience import asks_for_patience
from onezone_contracts.requirement import Level, NotJudged, Requirement
from onezone_contracts.run import Run
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.shared import Shared
from onezone_contracts.state.expected import CALLER, READING, Ref
from onezone_contracts.state.side_effects import Effects
from onezone_contracts.state.tracker import UNSEEN, Tracker
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import Target
from onezone_contracts.target.fixtures import AccountFixtures, Stages
from onezone_contracts.target.supplied_fixtures import SuppliedFixtures
from onezone_contracts.wire import Wire


class Trial(Run):
    """Sends the cases of an operation around the documented one, once it was seen to be offered."""

    fixtures: AccountFixtures | SuppliedFixtures
    account: Account | None = None
    """What made the fixtures, and knows what should be there; without it, effects cannot be judged."""
    stages: Stages | None = None

    def __init__(self, shared: Shared, operation: Operation, api: Api) -> None:
        super().__init__(shared, operation, api)
        self._offered: bool | None = None

    def ready_for(self, requirement: Requirement) -> Trial:
        """This run, after what the requirement lives off was sent. Raises NotJudged where it is not offered."""
        if not self.offered():
            raise NotJudged("not offered")
        return super().ready_for(requirement)

    def offered(self) -> bool:
        """Whether the target has the operation: somebody who must be allowed is not answered as if it were not there.

        Raises NotJudged where nobody could be set up.
        """
        if self._offered is None:
            self._offered = self._answered()
            if self._offered and self.stages:
                self.stages.offered.add(self.operation.id)
        return self._offered

    @property
    def known_offered(self) -> bool:
        """Whether the operation was seen to be offered."""
        return bool(self._offered)

    def seeing(self) -> Account:
        """The account that sees what there is. Raises NotJudged where there is none."""
        if self.account is None:
            raise NotJudged(UNSEEN, blocked=True)
        return self.account

    def ask(self, roles: Mapping[str, Ref], auth: Auth, label: str) -> Exchange:
        """The operation, sent unrecorded. Raises NotJudged where a limiter or nobody answers."""
        exchange = self.api.send(self.operation, roles, auth, label=label)
        if exchange.response is None or asks_for_patience(exchange):
            raise NotJudged(f"not answered for itself: {exchange.answer()}", blocked=True)
        return exchange

    def _answered(self) -> bool:
        if self.operation.access.public:
            return self.send(asks.anonymous()).exchange.status not in NOT_OFFERED
        last: NotJudged | None = None
        seen = False
        for name, persona in self.fixtures.personas().items():
            if not persona.allowed or persona.level is not Level.MUST:
                continue
            try:
                seen = True
                if self.send(access_case(name)).exchange.status not in NOT_OFFERED:
                    self.fixtures.note_allowed(name)
                    return True
            except NotJudged as reason:
                last = reason
        if last is not None and self.fixtures.by_administrator:
            return self.send(asks.valid(), accept=True).exchange.status not in NOT_OFFERED
        if last is not None or not seen:
            raise last or NotJudged("nobody is known to be allowed", blocked=True)
        return False


class AccountTrial(Trial):
    """With fixtures that an administrator's account makes."""

    def __init__(self, shared: Stages, operation: Operation) -> None:
        super().__init__(shared, operation, shared.account.api)
        self.stages = shared
        self.account = shared.account
        self._shares = shared.shares
        self.fixtures = AccountFixtures(shared, operation)
        self.tracker: Effects = Effects(shared.account, operation, self._replay)

    @property
    def several(self) -> bool:
        """Not where the caller is changed: what is accepted may decide how requests at the same time are answered."""
        effect = self.operation.effect
        return super().several and (effect.resource != CALLER or effect.verb in READING)

    def _prepared(self, case: Case, *, accept: bool) -> Prepared:
        before = self._shares.count
        prepared = super()._prepared(case, accept=accept)
        self._shares.unsent(before, prepared.value)
        return prepared

    def dispatch(self, prepared: Prepared) -> Sent:
        """Send what was prepared, unrecorded. Raises OutOfTimeError and HungError: what it names is free then."""
        try:
            return super().dispatch(prepared)
        except NotJudged:
            self._shares.back(prepared.value)
            raise

    def record(self, sent: Sent) -> None:
        """Put an exchange into the log, and see what came of it."""
        super().record(sent)
        if not sent.succeeded:
            self._shares.back(sent.value)

    def _accounted(self, sent: list[Sent], count: int) -> bool:
        for request in sent:
            if not request.succeeded:
                self._shares.back(request.value)
        return super()._accounted(sent, count)

    def _discard(self, prepared: list[Prepared]) -> None:
        for request in prepared:
            self._shares.back(request.value)

    def _replay(self, case: Case) -> Sent:
        return self.transmit(replace(case, apart=True))


class SuppliedTrial(Trial):
    """With personas that were given: who may, and how errors look, is judged; what is there is not known."""

    def __init__(self, shared: Shared, contract: Contract, operation: Operation, target: Target) -> None:
        wire = Wire(target.origin, shared.options.timeout, network=shared.options.network)
        wire.patience.check_time = shared.check_time
        super().__init__(shared, operation, Api(contract, target.base_url, wire))
        self.redactor: Redactor = target.redactor()
        shared.options.network.mask_values(self.redactor)
        self.fixtures = SuppliedFixtures(target, operation, self.redactor)
        self.tracker = Tracker()
