"""What is judged at a target: the documented operation with its personas, or every operation by an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import takewhile

from onezone_spec import Contract, Operation

from onezone_contracts.bench import Bench
from onezone_contracts.derive import judged_operations, provoked, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.exchange import Redactor
from onezone_contracts.options import Options
from onezone_contracts.personas import personas
from onezone_contracts.requirement import Finding, NotJudged, OutOfTimeError, Requirement
from onezone_contracts.run import Run
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.documented import core_target
from onezone_contracts.target.file import SetupError, Target
from onezone_contracts.target.skeleton import needed
from onezone_contracts.turned_away import turned_away
from onezone_contracts.wanted import cannot_set_up


class Documented:
    """The profile `core`: the documented operation.

    Args:
        contract: the edition.
        operation: the documented operation.
        target: where it is, with its personas.
        options: how it is judged.
    """

    profile = "core"

    def __init__(self, contract: Contract, operation: Operation, target: Target, options: Options) -> None:
        self.contract = contract
        self.operation = operation
        self.options = options
        self.run = Run(contract, operation, target, options)

    @property
    def edition(self) -> str:
        """The edition's name."""
        return self.contract.edition

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

    def preflight(self, wanted: tuple[Requirement, ...]) -> str | None:  # noqa: ARG002
        """See that the target answers and that its personas are set up. Raises SetupError."""
        self.run.preflight()
        return None

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        self.run.check_time()

    def turned_away(self, found: Sequence[Finding]) -> str | None:
        """Why findings are not held against the target, None where they are."""
        return turned_away(self.run, found)

    def of(self, requirement: Requirement) -> Run:
        """The run, after what the requirement lives off was sent. Raises OutOfTimeError."""
        return self.run.of(requirement)

    def foresee(self, requirements: tuple[Requirement, ...]) -> None:
        """What is judged next."""
        self.run.together.foresee(requirements)

    def unseen(self) -> frozenset[int]:
        """The documented statuses that can be provoked and were never seen."""
        return provoked(self.operation) - {one.status for one in self.run.exchanges() if one.status}

    def unknown(self, *, whole: bool) -> str | None:  # noqa: ARG002
        """What could not be said of the state, since reads were not understood."""
        return self.run.misread()

    def clean(self) -> None:
        """Remove what was made."""
        self.run.clean()


class Everything:
    """The profile `full`: every operation, with what an administrator's account makes. The account stays its owner's.

    Args:
        account: an administrator's, opened.
        options: how it is judged.
    """

    profile = "full"

    def __init__(self, account: Account, options: Options) -> None:
        self.account = account
        self.contract = account.contract
        self.options = options
        self.bench = Bench(account, options)
        self.operation: Operation = judged_operations(self.contract)[0]
        self.documented: Documented | None = None
        self._why = ""
        self._stack = ExitStack()

    @property
    def edition(self) -> str:
        """The edition's name."""
        return self.contract.edition

    @property
    def target(self) -> str:
        """The base URL."""
        return self.account.api.base_url

    @property
    def redactor(self) -> Redactor:
        """What knows every secret."""
        both = [self.account.redactor, *([self.documented.redactor] if self.documented else [])]
        return Redactor(
            {secret for one in both for secret in one.secrets},
            {name: secret for one in both for name, secret in one.variables.items()},
            {name: owner for one in both for name, owner in one.owners.items()},
        )

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.account.api.wire.sent + (self.documented.requests if self.documented else 0)

    @property
    def hints(self) -> list[str]:
        """What may be the cause, for people."""
        return self.documented.hints if self.documented else []

    def requirements(self, depth: str) -> tuple[Requirement, ...]:
        """What is required at a depth."""
        return all_requirements(self.contract, depth)

    def preflight(self, wanted: tuple[Requirement, ...]) -> str | None:
        """See whether the account may do what is needed, and make the personas of the documented operation.

        Why there can be no verdict, where those are not served. Raises CannotSetUpError.
        """
        with cannot_set_up():
            self.bench.preflight(needed(self.contract))
        self._stack.enter_context(self.bench.working())
        if not any(one.operation == self.operation.id for one in wanted):
            return None
        try:
            target = core_target(self.account, personas(self.contract, self.operation))
        except (SetupError, OutOfTimeError) as error:
            self._why = str(error)
            return None
        self.documented = Documented(self.contract, self.operation, target, self.options)
        try:
            return self.documented.preflight(wanted)
        except SetupError as error:
            self._why = str(error)
            return self._why

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        self.bench.check_time()

    def turned_away(self, found: Sequence[Finding]) -> str | None:
        """Why findings are not held against the target, None where they are."""
        return None if self.documented is None or self._why else self.documented.turned_away(found)

    def of(self, requirement: Requirement) -> Bench | Run:
        """The run in which a requirement is judged. Raises NotJudged where it cannot be."""
        if requirement.operation != self.operation.id:
            return self.bench.of(requirement)
        if self.documented is None or self._why:
            raise NotJudged(self._why, blocked=True)
        return self.documented.of(requirement)

    def foresee(self, requirements: tuple[Requirement, ...]) -> None:
        """What is judged next, of one operation."""
        first = requirements[0].operation
        own = tuple(takewhile(lambda one: one.operation == first, requirements))
        if first != self.operation.id:
            self.bench.foresee(own)
        elif self.documented:
            self.documented.foresee(own)

    def unseen(self) -> frozenset[int]:
        """The documented statuses that can be provoked and were never seen."""
        return self.documented.unseen() if self.documented else frozenset()

    def unknown(self, *, whole: bool) -> str | None:
        """Reads that were not understood; or that nothing was offered but the documented operation."""
        misread = self.documented.unknown(whole=whole) if self.documented else None
        for operation, exchange in self.account.misread.items():
            misread = misread or f"what {operation} was answered was not understood: {exchange.came(self.redactor)}"
        if misread is None and whole and not self.bench.offered():
            return "the target offers none of the operations beside the documented one"
        return misread

    def clean(self) -> None:
        """Remove what the documented operation made; the account removes the rest when it is closed."""
        self._stack.close()
        if self.documented:
            self.documented.clean()
            self.account.take(self.operation.effect.resource, self.documented.run.target.created)
