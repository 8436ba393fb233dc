"""The documented operation at a target whose personas were given: preflight, what is seen, and what is removed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from onezone_spec import Contract, Operation

from onezone_contracts import wrong_target
from onezone_contracts.api import Api
from onezone_contracts.cases import GROUP, MISSING, NOBODY, Case, access_case
from onezone_contracts.exchange import Redactor
from onezone_contracts.pace import QUICK
from onezone_contracts.patience import Lag
from onezone_contracts.requirement import NotJudged
from onezone_contracts.run import Run
from onezone_contracts.sent import Created, Prepared, Sent
from onezone_contracts.shared import Shared
from onezone_contracts.state.ledger import Ledger
from onezone_contracts.state.readback import Readback
from onezone_contracts.target.file import SetupError, Target, TestUser
from onezone_contracts.target.supplied_fixtures import SuppliedFixtures
from onezone_contracts.wire import Wire


class SuppliedRun(Run):
    """The run of an operation that creates something in a group, by personas that somebody else made.

    Args:
        shared: how is judged.
        contract: the edition.
        operation: the operation.
        target: where it is, with its personas.
    """

    def __init__(self, shared: Shared, contract: Contract, operation: Operation, target: Target) -> None:
        options = shared.options
        self.wire = Wire(target.origin, options.timeout, network=options.network)
        self.wire.patience.check_time = shared.check_time
        super().__init__(shared, operation, Api(contract, target.base_url, self.wire))
        self.target = target
        self.redactor: Redactor = target.redactor()
        options.network.mask_values(self.redactor)
        effect = operation.effect
        self.readback = Readback(contract, target, self.wire, effect.resource, effect.within or "")
        self.readback.lag = Lag(max(options.patience, options.settle), check_time=shared.check_time)
        self.readback.redactor = self.redactor
        self.fixtures: SuppliedFixtures = SuppliedFixtures(target, operation, self.redactor)
        self.tracker: Ledger = Ledger(self.readback, operation, self.transmit, self.map)
        self.ledger = self.tracker
        self.accepted: list[Sent] = []
        self.hints: list[str] = []
        self.common: dict[type, Any] = {}
        """What several checks of this run have in common, by its type."""

    @property
    def writer(self) -> TestUser | None:
        """The first persona that was seen to be allowed."""
        return self.fixtures.writer

    def dispatch(self, prepared: Prepared) -> Sent:
        """Send what was prepared, unrecorded; what was accepted is remembered, to be removed. Raises OutOfTimeError."""
        sent = super().dispatch(prepared)
        if sent.succeeded:
            self.accepted.append(sent)
        return sent

    # --- what was seen ------------------------------------------------------------------------------------

    def misread(self) -> str | None:
        """What could not be said of the state, since reads were not understood; None where all were."""
        return next((self.readback.lack(verb) for verb in self.readback.misread), None)

    def creations(self) -> list[Created]:
        """Every accepted creation but what is left open. Raises NotJudged where there is none."""
        judged = [creation for creation in self.ledger.created if not creation.sent.case.open]
        if not judged:
            raise NotJudged("nothing was created", blocked=True)
        return judged

    # --- before anything is judged ------------------------------------------------------------------------

    def preflight(self) -> None:
        """See that the target answers and that its personas are set up. Raises SetupError where it cannot be judged."""
        groups = dict.fromkeys(user.group for user in self.target.personas.values())
        if self.target.other:
            groups[self.target.other] = None
        first, *others = groups
        self.ledger.open(first)
        if self.wire.pace > QUICK:
            self.shared.begin(self.wire, self.readback.trial(first))
        list(self.map(self.ledger.open, others))
        late = self._settle([user for user in self.target.personas.values() if user.persona.allowed])
        if late:
            self.readback.forget()
        for group in groups:
            if group not in self.ledger.services:
                self.ledger.open(group)
        self.shared.begin(self.wire, self.readback.trial(first), self.readback.lag.slowest)

    def _settle(self, allowed: list[TestUser]) -> bool:
        """Send a valid request as each persona that must be allowed until it is; whether that took several tries."""
        waiting = {user.name: user for user in allowed}
        last: dict[str, Sent] = {}
        deadline, pause, rounds = time.monotonic() + self.options.settle, 0.1, 0
        while True:
            for name, sent in self._valid_requests(list(waiting)):
                last[name] = sent
                if sent.exchange.succeeded:
                    del waiting[name]
            self._reachable(list(last.values()))
            if not waiting or time.monotonic() > deadline or all(_final(last[name]) for name in waiting):
                break
            time.sleep(pause)
            pause, rounds = min(2 * pause, 0.5), rounds + 1
        self._served(list(last.values()))
        self._judge(list(last.values()))
        for name in waiting:
            self._first(last[name])
        if rounds:
            time.sleep(min(self.options.settle, 2 * pause))  # what the other personas hold may be as late
        return rounds > 0

    def _valid_requests(self, names: list[str]) -> Iterator[tuple[str, Sent]]:
        """What a valid request of each is answered, on record where it is accepted; with workers all at once."""
        cases = [access_case(name) for name in names]
        sent = list(self.map(self.transmit, cases)) if self.several else []
        accepted = [request for request in sent if request.exchange.succeeded]
        if accepted and self._accounted(accepted, len(accepted)):
            for request in accepted:
                self.fixtures.note_allowed(request.case.who)
                self.keep(request)
            yield from zip(names, sent, strict=True)
            return
        for name, case in zip(names, cases, strict=True):
            again = self.transmit(case)
            if again.exchange.succeeded:
                self.fixtures.note_allowed(name)
                self._first(again)
            yield name, again

    def _first(self, sent: Sent) -> None:
        self.keep(sent)
        self.record(sent)

    def _reachable(self, sent: list[Sent]) -> None:
        if sent and all(request.exchange.response is None for request in sent):
            hint = wrong_target.unanswered(sent[0].exchange, self.target.base_url)
            raise SetupError(f"the target {self.target.base_url} does not answer: {sent[0].exchange.failure}{hint}")

    def _served(self, sent: list[Sent]) -> None:
        """Raises SetupError where everything is answered alike, and not as the API would."""
        if self.ledger.services or not sent or not all(wrong_target.suspicious(request.exchange) for request in sent):
            return
        who = sent[0].case.who
        others = (
            Case("preflight.anonymous", "a valid request without credentials", who=NOBODY),
            Case(
                "preflight.missing", "a valid request for a group that does not exist", who=who, roles={GROUP: MISSING}
            ),
        )
        exchanges = [request.exchange for request in (*sent, *map(self.transmit, others))]
        if wrong_target.answered_alike(exchanges):
            raise SetupError(wrong_target.words(exchanges[0], self.target.base_url, self.redactor))

    def _judge(self, sent: list[Sent]) -> None:
        """Raises SetupError where no credentials serve; hints at what may be wrong where nothing is found."""
        if all(request.exchange.status == 401 for request in sent):  # noqa: PLR2004
            names = ", ".join(request.case.who for request in sent)
            raise SetupError(
                f"the target answers 401 to every persona that must be allowed ({names}): check their credentials"
            )
        if sent and all(request.exchange.status == 404 for request in sent):  # noqa: PLR2004
            self.hints.append(
                "every persona that must be allowed is answered 404: "
                f"is the base path of {self.target.base_url} right, and the home group's id?"
            )


def _final(sent: Sent) -> bool:
    """Whether waiting cannot help: the answer is no refusal of access."""
    return sent.exchange.status not in {401, 403, 404}
