"""A case that was sent to one operation, what came of it, and what refused ones left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from onezone_spec import Operation

from onezone_contracts.attempt import Attempt
from onezone_contracts.generate.values import is_ours
from onezone_contracts.requirement import Finding
from onezone_contracts.state.expected import USER, Ref
from onezone_contracts.state.observe import Difference, differences, probes
from onezone_contracts.state.probe import Probe
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.fixture import Stage

SUSPECTS = 60
"""So many refused requests, at most, are sent again to see which of them made something."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What was not as before after refused requests: one that was seen to do it, or several of which none was."""

    attempts: tuple[Attempt, ...]
    difference: Difference

    def finding(self) -> Finding:
        """What was left behind, by the one that was seen to do it; else by all that were sent, and none is accused."""
        what, last = self.difference.what, self.attempts[-1]
        if len(self.attempts) == 1:
            return self.difference.finding(f"after {last.case.label}: {what}", last.exchange)
        words = f"after {len(self.attempts)} refused requests, none of which did it alone: {what}"
        found = self.difference.finding(words, last.exchange)
        return replace(found, steps=tuple(one.exchange for one in self.attempts))


class Newcomers:
    """Sees what came to be of the kind that an operation creates, where nothing should have."""

    def __init__(self, account: Account, operation: Operation) -> None:
        self.account = account
        self.operation = operation
        self._listed: set[str] | None = None

    def remember(self) -> None:
        """What there is of that kind, before anything is refused."""
        if self.operation.effect.verb == "create" and self._listed is None:
            self._listed = self.account.everything(self.account.contract.kind(self.operation.effect.resource))

    def found(self) -> list[Difference]:
        """What came to be since; each is told once."""
        return [Difference(f"a {kind} came to be", "nothing new", one, None) for kind, one in self._appeared()]

    def _appeared(self) -> Iterator[Ref]:
        """New entities that the kit's users must have made; each is told once, and removed in the end."""
        if self._listed is None:
            return
        account = self.account
        kind = account.contract.kind(self.operation.effect.resource)
        ours = {ref[1] for ref in account.made if ref[0] == USER}
        known = self._listed | {ref[1] for ref in account.made}
        for one in sorted((account.everything(kind) or set()) - known):
            self._listed.add(one)
            if is_ours(account.details((kind, one)) or {}, ours, account.samples.run_id):
                account.made[kind, one] = None
                yield kind, one


class Traces:
    """Sees that refused requests of one operation leave nothing behind.

    `replay` sends the case of an attempt again, alone and to a fixture of its own: who is accused was seen to do it.
    """

    def __init__(self, account: Account, operation: Operation, replay: Callable[[Attempt], Attempt]) -> None:
        self.account = account
        self.operation = operation
        self.replay = replay
        self.leaks: list[Leak] = []
        self.newcomers = Newcomers(account, operation)

    def flush(self, stage: Stage) -> None:
        """See that the refused requests on a stage changed nothing of it."""
        pending, stage.pending = stage.pending, []
        if not pending:
            return
        wanted = dict.fromkeys(probe for one in pending for probe in self._touched(one))
        found = differences(self.account, [*stage.witnesses, *wanted])
        stage.spoiled = stage.spoiled or bool(found)
        if found:
            seen = [leak for one in pending for leak in self._alone(one)] if len(pending) > 1 else []
            self.leaks += seen or [Leak(tuple(pending), one) for one in found]

    def _alone(self, attempt: Attempt) -> list[Leak]:
        """What the same request leaves behind when nothing else was sent."""
        again = self.replay(attempt)
        if again.exchange.succeeded:
            return []
        return [Leak((again,), one) for one in differences(self.account, self._touched(again))]

    def see(self, attempt: Attempt) -> None:
        """See that one refused request changed nothing of what it named."""
        self.leaks += [Leak((attempt,), one) for one in differences(self.account, self._touched(attempt))]

    def _touched(self, attempt: Attempt) -> list[Probe]:
        known = all(ref in self.account.mirror.details for ref in attempt.roles.values())
        return probes(self.account.contract, self.operation, attempt.roles, attempt.caller) if known else []

    def all(self, refused: tuple[Attempt, ...]) -> list[Leak]:
        """Everything that was left behind, with what came to be and belongs nowhere."""
        appeared = self.newcomers.found()
        if appeared and len(refused) > 1:
            alone = [Leak((again,), one) for again, found in map(self._makes, refused[:SUSPECTS]) for one in found]
            self.leaks += alone or [Leak(refused, one) for one in appeared]
        elif refused:
            self.leaks += [Leak(refused, one) for one in appeared]
        return self.leaks

    def _makes(self, attempt: Attempt) -> tuple[Attempt, list[Difference]]:
        """What comes to be by the same request when nothing else was sent."""
        again = self.replay(attempt)
        found = self.newcomers.found()
        return again, [] if again.exchange.succeeded else found
