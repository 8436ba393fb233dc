"""What requests did to what an administrator's account made: successes have their effect, refusals have none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from onezone_spec import Operation

from onezone_contracts.api import new_id
from onezone_contracts.cases import MISSING, Case
from onezone_contracts.generate.values import is_ours
from onezone_contracts.requirement import Finding
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.state.effects import apply
from onezone_contracts.state.expected import CALLER, READING, USER, Ref
from onezone_contracts.state.leak import Leak
from onezone_contracts.state.observe import differences, misread, probes
from onezone_contracts.state.probe import Difference, Probe
from onezone_contracts.state.tracker import Tracker
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.fixture import Stage


class Newcomers:
    """Sees what came to be of the kind that an operation creates, where nothing should have."""

    def __init__(self, account: Account, operation: Operation) -> None:
        self.account = account
        self.operation = operation
        self._listed: set[str] | None = None
        self._remembered = False

    def remember(self) -> None:
        """What there is of that kind, before anything is refused."""
        if self.operation.effect.verb == "create" and not self._remembered:
            self._remembered = True
            self._listed = self.account.everything(self.account.contract.kind(self.operation.effect.resource))

    def differences(self) -> list[Difference]:
        """What came to be since; each is told once."""
        return [
            Difference(f"a {kind} came to be", "nothing new", identity, None) for kind, identity in self._appeared()
        ]

    def _appeared(self) -> Iterator[Ref]:
        """New entities that the kit's users must have made; each is told once, and removed in the end."""
        if self._listed is None:
            return
        account = self.account
        kind = account.contract.kind(self.operation.effect.resource)
        ours = {ref[1] for ref in account.created if ref[0] == USER}
        accounted = self._listed | {ref[1] for ref in account.created}
        for identity in sorted((account.everything(kind) or set()) - accounted):
            self._listed.add(identity)
            if is_ours(account.details((kind, identity)) or {}, ours, account.samples.run_id):
                account.created[kind, identity] = None
                yield kind, identity


class Effects(Tracker):
    """Compares what the target holds with what must be there after each request of one operation.

    The kit made all of it, and nobody else works there: what differs was done by who was sent. A stage with a
    difference is spoiled, and a new one is made.

    `replay` sends a case again, alone and to a fixture of its own: who is accused was seen to do it.
    """

    def __init__(self, account: Account, operation: Operation, replay: Callable[[Case], Sent]) -> None:
        self.reading = operation.effect.verb in READING
        super().__init__(separable=self.reading, private=True)
        self.account = account
        self.operation = operation
        self.replay = replay
        self.newcomers = Newcomers(account, operation)

    # --- what was refused ---------------------------------------------------------------------------------

    def before(self, prepared: Prepared) -> None:
        """Look at what earlier requests left behind, as long as it can be told from what this one does."""
        if prepared.allowed and not self.reading and prepared.stage:
            self.flush(prepared.stage)
        elif not self.reading:
            self.newcomers.remember()

    def refused(self, sent: Sent) -> None:
        """A request that was not accepted; its traces are looked for before something is accepted, or in the end."""
        if self._tolerated(sent):
            self.newcomers.differences()  # they are taken for given
        else:
            super().refused(sent)

    def places(self, sent: Sent) -> tuple[Stage, ...]:
        """The stage that it was sent to, as long as its state is known."""
        return (sent.stage,) if sent.stage and not self.reading and not sent.stage.spoiled else ()

    def changed(self, place: Stage, suspects: Sequence[Sent]) -> list[Difference]:
        """What is not as it must be on a stage, and among what these requests named."""
        looks = dict.fromkeys(probe for sent in suspects for probe in self._touched(sent))
        left = differences(self.account, [*place.witnesses, *looks])
        place.spoiled = place.spoiled or bool(left)
        return left

    def alone(self, place: Stage, suspect: Sent, *, left: Sequence[Difference]) -> tuple[Sent, list[Difference]]:  # noqa: ARG002
        """Send a suspect again on a stage of its own."""
        again = self.replay(suspect.case)
        return again, differences(self.account, self._touched(again))

    # --- what was accepted --------------------------------------------------------------------------------

    def accepted(self, sent: Sent) -> None:
        """See that a request did what it should; one that should have been refused leaves a state that nobody knows."""
        account, operation, stage = self.account, self.operation, sent.stage
        if self.reading:
            sent.differences = self._reread(sent) if sent.allowed else []
            return
        identity = new_id(sent.exchange) if operation.effect.verb == "create" else None
        assert stage is not None
        if sent.user and (operation.effect.resource == CALLER or sent.caller in sent.roles.values()):
            stage.dismiss(sent.user)
        if not sent.allowed:
            self._forget(sent)
            return
        looks = [*stage.witnesses, *probes(account.contract, operation, sent.roles, sent.caller)]
        if operation.effect.verb in {"attach", "detach"}:  # sequences leave it out: their requests are many
            looks += [Probe("belonging", look.ref, look.other) for look in looks if look.what == "privileges"]
        looks += apply(account, operation, sent.roles, sent.caller, sent.value, identity, sent.exchange)
        sent.differences = differences(account, looks)
        stage.spoiled = stage.spoiled or bool(sent.differences)

    def together(self, accepted: list[Sent]) -> None:
        """Which of them did what cannot be told: the state is not looked at."""
        for sent in accepted:
            if self.reading:
                self.accepted(sent)
            else:
                self._forget(sent)

    def at_once(self, sent: list[Sent], *, answered: bool) -> bool:  # noqa: ARG002
        """Account for requests at the same time, one after the other."""
        for request in sent:
            if request.succeeded:
                self.accepted(request)
            else:
                self.refused(request)
        return True

    def _forget(self, sent: Sent) -> None:
        """Have removed what was made, and use its stage no more: what others left there cannot be told from this."""
        if sent.stage:
            sent.stage.spoiled = True
            self.pending.pop(sent.stage, None)
        identity = new_id(sent.exchange) if self.operation.effect.verb == "create" else None
        if identity:
            self.account.adopt((self.account.contract.kind(self.operation.effect.resource), identity))

    def _reread(self, sent: Sent) -> list[Difference]:
        """What is wrong with an answer, once the target had time to show what was set up."""
        answers = [sent.exchange]
        wrong: list[Difference] = []

        def right() -> bool:
            wrong[:] = misread(self.account, self.operation, sent.roles, sent.caller, answers[-1])
            if wrong:
                answers.append(self.account.api.wire.send(sent.request))
            return not wrong

        self.account.lag.until(right)
        return wrong

    # --- what is found ------------------------------------------------------------------------------------

    def look(self, sent: Sent) -> None:
        """Look at the stage of a refused request."""
        if sent.stage:
            self.flush(sent.stage)

    def deviations(self, sent: Sent) -> Iterator[Finding]:
        """How the state after an accepted case, or the answer of a reading one, is not what it should be."""
        for difference in sent.differences:
            yield difference.finding(f"{sent.case.label}: {difference.what}", sent.exchange)

    def see(self, sent: Sent) -> None:
        """See that one refused request changed nothing of what it named."""
        self.leaks += [
            Leak((sent,), difference, confirmed=True) for difference in differences(self.account, self._touched(sent))
        ]

    def _touched(self, sent: Sent) -> list[Probe]:
        mirrored = all(ref in self.account.mirror.details for ref in sent.roles.values())
        return probes(self.account.contract, self.operation, sent.roles, sent.caller) if mirrored else []

    def _tolerated(self, sent: Sent) -> bool:
        """Whether released servers may keep what they made, though the request is refused."""
        return self.operation.locate_at_effect and MISSING in sent.case.roles.values()

    def all(self, log: Sequence[Sent]) -> list[Leak]:
        """Everything that refused requests left behind, with what came to be and belongs nowhere."""
        self.flush()
        refused = tuple(sent for sent in log if not sent.exchange.succeeded and not self._tolerated(sent))
        appeared = self.newcomers.differences()
        if appeared and refused:
            self.blame(refused, appeared, self._makes)
        return self.leaks

    def _makes(self, sent: Sent) -> tuple[Sent, list[Difference]]:
        again = self.replay(sent.case)
        return again, self.newcomers.differences()
