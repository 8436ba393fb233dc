"""What is judged at a target: the documented operation with its personas, or every operation by an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import takewhile

from onezone_spec import Contract, Operation

from onezone_contracts import removal
from onezone_contracts.bench import Bench
from onezone_contracts.derive import judged_operations, provoked, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.derive.sequences import ALL
from onezone_contracts.exchange import Redactor, Request
from onezone_contracts.options import Options
from onezone_contracts.requirement import Finding, NotJudged, OutOfTimeError, Requirement
from onezone_contracts.run import Run
from onezone_contracts.shared import Shared
from onezone_contracts.state.expected import CALLER
from onezone_contracts.subject import CannotSetUpError, cannot_set_up
from onezone_contracts.supplied_run import SuppliedRun
from onezone_contracts.target.file import SetupError, Target
from onezone_contracts.target.provisioner import GIVE, Provisioner, supplied
from onezone_contracts.target.skeleton import needed
from onezone_contracts.trial import AccountTrial, SuppliedTrial, Trial
from onezone_contracts.turned_away import turned_away


class Documented:
    """The profile `core`: the documented operation.

    Args:
        contract: the edition.
        operation: the documented operation.
        target: where it is, with its personas.
        options: how it is judged.
        shared: what it shares with the runs of other operations, which then see to the workers.
    """

    profile = "core"

    def __init__(
        self, contract: Contract, operation: Operation, target: Target, options: Options, shared: Shared | None = None
    ) -> None:
        self.contract = contract
        self.operation = operation
        self.options = options
        self.run = SuppliedRun(shared or Shared(options), contract, operation, target)
        self._stack = ExitStack()

    @property
    def target(self) -> str:
        """The base URL."""
        return self.run.target.base_url

    @property
    def redactor(self) -> Redactor:
        """What knows every secret."""
        return self.run.redactor

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.run.wire.sent

    @property
    def hints(self) -> list[str]:
        """What may be the cause, for people."""
        return self.run.hints

    def requirements(self, depth: str) -> tuple[Requirement, ...]:
        """What is required at a depth."""
        return requirements(self.contract, self.operation, depth)

    def preflight(self, requirements: tuple[Requirement, ...]) -> str | None:  # noqa: ARG002
        """See that the target answers and that its personas are set up. Raises SetupError."""
        if self.run.shared.pool is None:
            self._stack.enter_context(self.run.shared.working())
        self.run.preflight()
        return None

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        self.run.shared.check_time()

    def turned_away(self, findings: Sequence[Finding]) -> str | None:
        """Why findings are not held against the target, None where they are."""
        return turned_away(self.run, findings)

    def ready_for(self, requirement: Requirement) -> SuppliedRun:
        """The run, after what the requirement lives off was sent. Raises OutOfTimeError."""
        return self.run.ready_for(requirement)

    def foresee(self, requirements: tuple[Requirement, ...]) -> None:
        """What is judged next."""
        self.run.foresee(requirements)

    def unseen(self) -> frozenset[int]:
        """The documented statuses that can be provoked and were never seen."""
        return provoked(self.operation) - {sent.exchange.status for sent in self.run.log}

    def unknown(self, *, whole: bool) -> str | None:  # noqa: ARG002
        """What could not be said of the state, since reads were not understood."""
        return self.run.misread()

    def clean(self) -> None:
        """Remove what was made."""
        removal.clean(self.run)
        self._stack.close()


class Everything:
    """The profile `full`: every operation, with what an administrator's account makes, or as far as personas are given.

    Args:
        provisioner: supplies users, and what they act on; it stays its owner's.
        options: how it is judged.
    """

    profile = "full"

    def __init__(self, provisioner: Provisioner, options: Options) -> None:
        self.provisioner = provisioner
        self.account = provisioner.account
        self.contract = provisioner.contract
        self.options = options
        self.shared = Bench(options, account=self.account) if self.account else Shared(options)
        self.trials: dict[str, Trial | NotJudged] = {}
        self.operation: Operation | None = next(iter(judged_operations(self.contract)), None)
        self.documented: Documented | None = None
        self._why = ""
        self._stack = ExitStack()

    @property
    def target(self) -> str:
        """The base URL."""
        return self.provisioner.base_url

    @property
    def redactor(self) -> Redactor:
        """What knows every secret."""
        redactors = [self.account.redactor] if self.account else []
        redactors += [self.documented.redactor] if self.documented else []
        redactors += [trial.redactor for trial in self._supplied_trials()]
        return Redactor(
            {secret for redactor in redactors for secret in redactor.secrets},
            {name: secret for redactor in redactors for name, secret in redactor.variables.items()},
            {name: owner for redactor in redactors for name, owner in redactor.owners.items()},
        )

    @property
    def requests(self) -> int:
        """How many were sent."""
        sent = self.account.api.wire.sent if self.account else 0
        sent += sum(trial.api.wire.sent for trial in self._supplied_trials())
        return sent + (self.documented.requests if self.documented else 0)

    def _supplied_trials(self) -> list[SuppliedTrial]:
        return [trial for trial in self.trials.values() if isinstance(trial, SuppliedTrial)]

    @property
    def hints(self) -> list[str]:
        """What may be the cause, for people."""
        return self.documented.hints if self.documented else []

    def requirements(self, depth: str) -> tuple[Requirement, ...]:
        """What is required at a depth."""
        return all_requirements(self.contract, depth)

    def preflight(self, requirements: tuple[Requirement, ...]) -> str | None:
        """See whether the account may do what is needed, and make the personas of the documented operation.

        Why there can be no verdict, where those are not served. Raises CannotSetUpError.
        """
        if isinstance(self.shared, Bench):
            with cannot_set_up():
                self.shared.preflight(needed(self.contract))
        self._stack.enter_context(self.shared.working())
        caller = self.contract.find("get", CALLER)
        if caller and self.account:
            label = "see how many requests at once the target bears"
            path = self.account.api.path(caller, {})
            self.shared.begin(self.account.api.wire, Request(caller.method, path, self.account.auth, label=label))
        if self.operation is None or not any(
            requirement.operation == self.operation.id for requirement in requirements
        ):
            return None
        try:
            target = self.provisioner.target(self.operation)
        except (SetupError, OutOfTimeError) as error:
            if self.account is None and isinstance(error, CannotSetUpError):
                raise
            self._why = str(error)
            return None
        self.documented = Documented(self.contract, self.operation, target, self.options, self.shared)
        try:
            return self.documented.preflight(requirements)
        except SetupError as error:
            self._why = str(error)
            return self._why

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        self.shared.check_time()

    def turned_away(self, findings: Sequence[Finding]) -> str | None:
        """Why findings are not held against the target, None where they are."""
        return None if self.documented is None or self._why else self.documented.turned_away(findings)

    def ready_for(self, requirement: Requirement) -> Bench | Run:
        """The run in which a requirement is judged. Raises NotJudged where it cannot be."""
        if requirement.operation == ALL:
            if isinstance(self.shared, Bench):
                return self.shared
            raise NotJudged(f"sequences make users and groups: {GIVE}", blocked=True)
        if self.operation is None or requirement.operation != self.operation.id:
            return self._trial(requirement.operation).ready_for(requirement)
        if self.documented is None or self._why:
            raise NotJudged(self._why, blocked=True)
        return self.documented.ready_for(requirement)

    def _trial(self, name: str) -> Trial:
        """The trial of an operation around the documented one. Raises NotJudged, which says what to give."""
        if name not in self.trials:
            operation = self.contract.operations[name]
            if isinstance(self.shared, Bench):
                self.shared.shares.next_operation()
                self.trials[name] = AccountTrial(self.shared, operation)
            else:
                try:
                    target = supplied(self.provisioner, operation)
                    self.trials[name] = SuppliedTrial(self.shared, self.contract, operation, target)
                except SetupError as error:
                    self.trials[name] = NotJudged(str(error), blocked=True)
        trial = self.trials[name]
        if isinstance(trial, NotJudged):
            raise trial
        return trial

    def foresee(self, requirements: tuple[Requirement, ...]) -> None:
        """What is judged next, of one operation."""
        first = requirements[0].operation
        own = tuple(takewhile(lambda requirement: requirement.operation == first, requirements))
        trial = self.trials.get(first)
        if isinstance(trial, Trial) and trial.known_offered:
            trial.foresee(own)
        elif self.operation and first == self.operation.id and self.documented:
            self.documented.foresee(own)

    def unseen(self) -> frozenset[int]:
        """The documented statuses that can be provoked and were never seen."""
        return self.documented.unseen() if self.documented else frozenset()

    def unknown(self, *, whole: bool) -> str | None:
        """Reads that were not understood; or that nothing was offered but the documented operation."""
        misread = self.documented.unknown(whole=whole) if self.documented else None
        for operation, exchange in self.account.misread.items() if self.account else ():
            misread = misread or f"what {operation} was answered was not understood: {exchange.summary(self.redactor)}"
        if (
            misread is None
            and whole
            and not any(isinstance(trial, Trial) and trial.known_offered for trial in self.trials.values())
        ):
            return "the target offers none of the operations beside the documented one"
        return misread

    def clean(self) -> None:
        """Remove what the documented operation made; the account removes the rest when it is closed."""
        if self.documented:
            self.documented.clean()
            if self.account and self.operation:
                self.account.take(self.operation.effect.resource, self.documented.run.target.created)
        for trial in self._supplied_trials():
            trial.api.wire.close_all()
        self._stack.close()
