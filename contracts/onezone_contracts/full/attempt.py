"""What is asked of one operation, what came of it, and what it left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onezone_spec import Operation

from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.full.account import Account, Person, is_ours
from onezone_contracts.full.look import Difference, differences, probes
from onezone_contracts.full.mirror import USER, Ref
from onezone_contracts.full.probe import Probe

if TYPE_CHECKING:
    from onezone_contracts.full.stage import Stage


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of the operation: as whom, on what, with which value or bytes as the body.

    `allowed` says that it must succeed; `pending` that a look at its traces follows where it is refused.
    """

    label: str
    roles: Mapping[str, Ref]
    auth: Auth
    value: Any = None
    person: Person | None = None
    allowed: bool = False
    raw: bytes | None = None
    pending: bool = True

    @property
    def caller(self) -> Ref | None:
        """The kit's own user who asks."""
        return self.person.ref if self.person else None


@dataclass(slots=True)
class Attempt:
    """What was asked and what came of it.

    `differences` tell how the state afterwards, or the answer of a reading operation, is not what it should be.
    """

    ask: Ask
    exchange: Exchange
    differences: list[Difference] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What it was for."""
        return self.ask.label


@dataclass(frozen=True, slots=True)
class Leak:
    """Refused requests after which something was not as before."""

    attempts: tuple[Attempt, ...]
    difference: Difference


class Traces:
    """Sees that refused requests of one operation leave nothing behind."""

    def __init__(self, account: Account, operation: Operation) -> None:
        self.account = account
        self.operation = operation
        self.leaks: list[Leak] = []
        self._listed: set[str] | None = None

    @property
    def _kind(self) -> str:
        return self.account.contract.kind(self.operation.effect.resource)

    def remember(self) -> None:
        """What there is of the kind that the operation creates, before anything is refused."""
        if self.operation.effect.verb == "create" and self._listed is None:
            self._listed = self.account.everything(self._kind)

    def forgive(self) -> None:
        """Take what there is now for given: released servers keep what they could not relate."""
        for _ in self._appeared():
            pass

    def flush(self, stage: Stage) -> None:
        """See that the refused requests on a stage changed nothing of it."""
        pending, stage.pending = stage.pending, []
        if not pending:
            return
        wanted = dict.fromkeys(probe for one in pending for probe in self._touched(one.ask))
        found = differences(self.account, [*stage.witnesses, *wanted])
        self.leaks += [Leak(tuple(pending), one) for one in found]
        stage.spoiled = stage.spoiled or bool(found)

    def see(self, attempt: Attempt) -> None:
        """See that one refused request changed nothing of what it named."""
        self.leaks += [Leak((attempt,), one) for one in differences(self.account, self._touched(attempt.ask))]

    def _touched(self, ask: Ask) -> list[Probe]:
        known = all(ref in self.account.mirror.details for ref in ask.roles.values())
        return probes(self.account.contract, self.operation, ask.roles, ask.caller) if known else []

    def all(self, refused: tuple[Attempt, ...]) -> list[Leak]:
        """Everything that was left behind, with what came to be and belongs nowhere."""
        for kind, one in self._appeared():
            self.leaks.append(Leak(refused[-1:], Difference(f"a {kind} came to be", "nothing new", one, None)))
        return self.leaks

    def _appeared(self) -> Iterator[Ref]:
        """New entities that the kit's users must have made; each is told once, and removed in the end."""
        if self._listed is None:
            return
        kind, account = self._kind, self.account
        ours = {ref[1] for ref in account.made if ref[0] == USER}
        known = self._listed | {ref[1] for ref in account.made}
        for one in sorted((account.everything(kind) or set()) - known):
            self._listed.add(one)
            if is_ours(account.details((kind, one)) or {}, ours, account.samples.run_id):
                account.made[kind, one] = None
                yield kind, one
