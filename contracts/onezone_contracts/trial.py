"""One operation at the target, with fixtures that an administrator's account makes."""

from __future__ import annotations

from dataclasses import replace

from onezone_spec import Operation

from onezone_contracts.api import NOT_OFFERED
from onezone_contracts.cases import Case, access_case
from onezone_contracts.derive import asks
from onezone_contracts.requirement import Level, NotJudged, Requirement
from onezone_contracts.run import Run
from onezone_contracts.sent import Sent
from onezone_contracts.state.side_effects import Effects, Leak
from onezone_contracts.target.fixtures import AccountFixtures, Stages


class Trial(Run):
    """Sends the cases of one operation to what the account made for them."""

    def __init__(self, shared: Stages, operation: Operation) -> None:
        super().__init__(shared, operation, shared.account.api)
        self.account = shared.account
        self.stages = shared
        self.fixtures: AccountFixtures = AccountFixtures(shared, operation)
        self.tracker: Effects = Effects(shared.account, operation, self._replay)
        self._offered: bool | None = None

    def of(self, requirement: Requirement) -> Trial:
        """This run, after what the requirement lives off was sent. Raises NotJudged where it is not offered."""
        if not self.offered():
            raise NotJudged("not offered")
        return super().of(requirement)

    def offered(self) -> bool:
        """Whether the target has the operation: somebody who must be allowed is not answered as if it were not there.

        Raises NotJudged where nobody could be set up.
        """
        if self._offered is None:
            self._offered = self._answered()
            self.stages.offered |= {self.operation.id} if self._offered else set()
        return self._offered

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
                    return True
            except NotJudged as reason:
                last = reason
        if last is not None and self.fixtures.by_administrator:
            return self.send(asks.valid(), accept=True).exchange.status not in NOT_OFFERED
        if last is not None or not seen:
            raise last or NotJudged("nobody is known to be allowed", blocked=True)
        return False

    def _replay(self, case: Case) -> Sent:
        return self.transmit(replace(case, apart=True))

    def leaks(self) -> list[Leak]:
        """Everything that refused requests left behind."""
        return self.tracker.all(self.log)
