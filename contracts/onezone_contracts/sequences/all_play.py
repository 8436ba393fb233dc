"""Take the steps of one sequence, and compare what the target answers and holds with the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from onezone_spec import Operation

from onezone_contracts.api import new_id
from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.sequences.all_setting import AllSetting
from onezone_contracts.sequences.play import Play
from onezone_contracts.sequences.predict import Expected
from onezone_contracts.sequences.step import (
    ADMIN,
    ALLOWED,
    FORBIDDEN,
    NEW,
    NOBODY,
    STATE,
    UNCHANGED,
    Step,
    StoppedError,
    ViolationError,
)
from onezone_contracts.state.effects import apply
from onezone_contracts.state.expected import CALLER, READING, USER, ZONE, Mirror, Ref, removal, role_of
from onezone_contracts.state.observe import differences, misread, probes
from onezone_contracts.state.probe import Difference, Probe
from onezone_contracts.state.side_effects import Newcomers
from onezone_contracts.target.administrator import NOT_THERE

BUSY = frozenset({TOO_MANY, 503})
UNAUTHORIZED = 401
ANONYMOUS = Auth(who="nobody")


class _SpoiledError(Exception):
    """Something is wrong that was told before: nobody else is blamed for it."""


class AllPlay(Play):
    """One sequence, from an empty model on, which is the account's until its end; a `spoiled` one goes no further.

    Args:
        setting: what the target offers.
    """

    def __init__(self, setting: AllSetting) -> None:
        super().__init__(setting)
        self.setting = setting
        self.account = setting.account
        self._outside = self.account.mirror, self.account.removed
        self.account.mirror, self.account.removed = Mirror(), set()
        self.entities: dict[int, Ref] = {}
        self.exchanges: list[Exchange] = []
        self.spoiled = False
        self._changes = 0
        self._settled: dict[tuple[int, tuple[int, ...]], int] = {}

    # --- what a step speaks of ----------------------------------------------------------------------------

    def operation(self, step: Step) -> Operation:
        """The operation of a step."""
        return self.account.contract.operations[step.operation]

    def roles(self, step: Step) -> dict[str, Ref]:
        """The entities of the path."""
        parameters = self.operation(step).parameters
        return {
            parameter.entity or parameter.name: self.entities[number]
            for parameter, number in zip(parameters, step.roles, strict=True)
        }

    def caller(self, step: Step) -> Ref | None:
        """The user of the sequence who asks."""
        return self.entities.get(step.actor)

    def fits(self, step: Step) -> bool:
        """Whether a step can be taken: what it names was made by a step, and what comes of it is determined."""
        return step.operation in self.setting.operations and not self.spoiled and self._fits(step)

    def _fits(self, step: Step) -> bool:
        operation = self.setting.offered.get(step.operation)
        if operation is None or any(number not in self.entities for number in step.roles):
            return False
        if step.actor not in {ADMIN, NOBODY} and self.entities.get(step.actor) not in self.account.users:
            return False
        if (step.actor == ADMIN and of_caller(operation)) or len(set(step.roles)) < len(step.roles):
            return False
        roles = self.roles(step)
        if any(ref[0] != self.account.contract.kind(role) for role, ref in roles.items()):
            return False
        determined = self.setting.prediction.determined(operation, roles, self.caller(step))
        return determined or self.expected(step) not in {Expected.ALLOWED, Expected.OPEN}

    def expected(self, step: Step) -> Expected:
        """What must come of a step that fits."""
        predict, operation, roles = self.setting.prediction, self.operation(step), self.roles(step)
        if step.actor == ADMIN:
            return predict.of_administrator(operation, roles, step.keys)
        if step.actor == NOBODY:
            return predict.of_nobody(operation, roles)
        return predict.of_user(operation, self.entities[step.actor], roles, step.keys)

    def name(self, number: int) -> str:
        """An actor or an entity in words."""
        if number in {ADMIN, NOBODY}:
            return "the administrator" if number == ADMIN else "nobody"
        return f"{self.entities[number][0].replace('_', ' ')} {number}"

    # --- taking it ----------------------------------------------------------------------------------------

    def take(self, step: Step) -> None:
        """Take a step, and compare what comes of it with what is predicted."""
        self.account.lag.check_time()
        expected = self.expected(step)
        try:
            if self.operation(step).effect.verb in READING:
                self._read(step, expected)
            else:
                self._change(step, expected)
        except _SpoiledError:
            self.spoiled = True

    def end(self) -> None:
        """Remove what the steps made, services first; the account's model is the same as before then."""
        try:
            for ref in sorted(self.entities.values(), key=lambda ref: removal(self.account.contract, ref[0])):
                if ref in self.account.mirror.details:
                    exchange = self.account.delete(ref)
                    if exchange and (exchange.succeeded or exchange.status in NOT_THERE):
                        self.account.created.pop(ref, None)
        finally:
            self.account.mirror, self.account.removed = self._outside

    def _auth(self, step: Step) -> Auth:
        if step.actor == NOBODY:
            return ANONYMOUS
        person = self.account.users[self.entities[step.actor]][-1] if step.actor != ADMIN else None
        return replace(person.auth if person else self.account.auth, who=self.name(step.actor))

    def _send(self, step: Step, value: Any) -> Exchange:
        operation = self.operation(step)
        about = ", ".join(self.name(number) for number in step.roles)
        if step.gives:
            kind = self.account.contract.kind(operation.effect.resource).replace("_", " ")
            about = ", ".join(filter(None, (about, f"gives {kind} {step.gives}")))
        label = operation.id + (f" ({about})" if about else "")
        exchange = self.account.api.send(operation, self.roles(step), self._auth(step), value, label=label)
        if exchange.response is None:
            raise StoppedError(f"the target gives no answer any more: {exchange.failure}")
        if exchange.status in BUSY:
            raise StoppedError("the target asks to slow down")
        return exchange

    def _value(self, step: Step) -> Any:
        """The body with its new values."""
        operation = self.operation(step)
        if step.body is None or operation.body is None:
            return None
        properties = {prop.name: prop for prop in operation.body.properties}
        new = {key: self.account.samples.value(properties[key]) for key, given in step.body if given == NEW}
        return {key: new[key] if key in new else _plain(given) for key, given in step.body}

    def _violated(self, kind: str, difference: Difference) -> ViolationError:
        shown = [difference.exchange] if difference.exchange and difference.exchange not in self.exchanges else []
        return ViolationError(kind, difference, self.actions, [*self.exchanges, *shown])

    # --- reading ------------------------------------------------------------------------------------------

    def _read(self, step: Step, expected: Expected) -> None:
        """Ask until the answer is right, or the time for that is over."""
        wrong: list[tuple[str, Difference]] = []
        self.exchanges.append(self._send(step, None))

        def right() -> bool:
            if wrong:
                self.exchanges[-1] = self._send(step, None)
            wrong[:] = self._misread(step, expected, self.exchanges[-1])
            return not wrong

        if not self.account.lag.until(right):
            kind, difference = wrong[0]
            if kind != STATE:
                self._settle(step, again=True)
            raise self._violated(kind, difference)

    def _misread(self, step: Step, expected: Expected, exchange: Exchange) -> list[tuple[str, Difference]]:
        if expected in {Expected.ALLOWED, Expected.OPEN} and exchange.succeeded:
            problems = misread(self.account, self.operation(step), self.roles(step), self.caller(step), exchange)
            return [(STATE, difference) for difference in problems]
        problem = self._misanswered(expected, exchange)
        if problem is None:
            return []
        if expected is Expected.ALLOWED and exchange.status in NOT_THERE:
            return [(STATE, replace(problem[1], what="what this names is there, and is not found"))]
        return [(STATE if expected is Expected.ABSENT else problem[0], problem[1])]

    def _misanswered(self, expected: Expected, exchange: Exchange) -> tuple[str, Difference] | None:
        """How the status differs from what is predicted."""
        if expected is Expected.OPEN:
            return None
        came = exchange.answer()
        if expected is Expected.ALLOWED:
            what = "by what is held now this must be allowed"
            return None if exchange.succeeded else (ALLOWED, Difference(what, "2xx", came, exchange))
        assert exchange.response is not None
        if expected is Expected.UNAUTHENTICATED:
            what = "without credentials this must be refused"
            return None if exchange.status == UNAUTHORIZED else (FORBIDDEN, Difference(what, "401", came, exchange))
        what = "what this names is not there, or does not belong there (any more)"
        if expected is Expected.FORBIDDEN:
            what = "by what is held now this must be refused"
        return None if exchange.response.refusal else (FORBIDDEN, Difference(what, "4xx", came, exchange))

    def _look(self, step: Step) -> None:
        """Take a reading step that is no part of the sequence, unless it shows something."""
        if not self._fits(step):
            return
        self.actions.append(step)
        try:
            self._read(step, self.expected(step))
        except ViolationError:
            if step.operation in self.setting.operations:
                raise
            raise _SpoiledError from None
        self.actions.pop()
        self.exchanges.pop()

    # --- changing -----------------------------------------------------------------------------------------

    def _change(self, step: Step, expected: Expected) -> None:
        operation, roles, caller = self.operation(step), self.roles(step), self.caller(step)
        refused = expected not in {Expected.ALLOWED, Expected.OPEN}
        if refused or self.setting.careful:
            self.actions.pop()
            if refused:
                self._settle(step)
            if not step.quiet:
                self._before(step, operation, roles)
            self.actions.append(step)
        newcomers = Newcomers(self.account, operation) if refused and expected is not Expected.ABSENT else None
        if newcomers and not step.quiet:
            newcomers.remember()
        value = self._value(step)
        self._ask(step, value, retried=expected is Expected.ALLOWED)
        exchange = self.exchanges[-1]
        created_id = new_id(exchange) if operation.effect.verb == "create" and exchange.succeeded else None
        self._judge(step, expected, created_id)
        if exchange.succeeded:
            self._succeeded(step, (operation, roles, caller, value), created_id)
        elif not step.quiet:
            self._unchanged(probes(self.account.contract, operation, roles, caller), newcomers)

    def _ask(self, step: Step, value: Any, *, retried: bool) -> None:
        """Send it; what must be allowed is tried again as long as privileges may be late."""
        self.exchanges.append(self._send(step, value))

        def settled() -> bool:
            if not first:
                self.exchanges[-1] = self._send(step, value)
            first.clear()
            return not retried or self.exchanges[-1].status not in {403, 404}

        first = [True]
        self.account.lag.until(settled)

    def _judge(self, step: Step, expected: Expected, created_id: str | None) -> None:
        """Raises ViolationError where the answer is not the predicted one."""
        exchange = self.exchanges[-1]
        problem = self._misanswered(expected, exchange)
        if problem is None:
            return
        if created_id:
            self.account.adopt((self.account.contract.kind(self.operation(step).effect.resource), created_id))
        if problem[0] == ALLOWED:
            self._settle(step, again=True)
            self._see(step)
        raise self._violated(*problem)

    def _succeeded(
        self, step: Step, done: tuple[Operation, Mapping[str, Ref], Ref | None, Any], created_id: str | None
    ) -> None:
        operation, roles, caller, _ = done
        kind = self.account.contract.kind(operation.effect.resource)
        if operation.effect.verb == "create":
            if created_id is None or (kind, created_id) in self.account.mirror.details:
                difference = Difference(
                    "what was made has no id of its own", "a Location with a new id", str(created_id), None
                )
                raise self._violated(STATE, difference)
            self.entities[step.gives] = (kind, created_id)
        touched = probes(self.account.contract, operation, roles, caller)
        more = apply(self.account, *done, created_id, self.exchanges[-1])
        self._changes += 1
        if not step.quiet:
            self._agree(STATE, [*touched, *more])

    def _unchanged(self, touched: Iterable[Probe], newcomers: Newcomers | None) -> None:
        self._agree(UNCHANGED, [probe for probe in touched if self._is_there(probe)])
        for difference in newcomers.differences() if newcomers else ():
            raise self._violated(UNCHANGED, difference)

    def _agree(self, kind: str, touched: list[Probe]) -> None:
        problems = differences(self.account, touched)
        if problems:
            raise self._violated(kind, problems[0])

    # --- who is to blame ----------------------------------------------------------------------------------

    def _before(self, step: Step, operation: Operation, roles: Mapping[str, Ref]) -> None:
        """See that what a step may touch is as it should be before it is taken."""
        numbers = {ref: number for number, ref in self.entities.items()}
        for probe in probes(self.account.contract, operation, roles, self.caller(step)):
            if self._is_there(probe):
                self._look_at(probe, numbers)

    def _see(self, step: Step) -> None:
        """See that what a step names is there, after it was taken."""
        mine, exchanges = list(self.actions), list(self.exchanges)
        self.actions.pop()
        self.exchanges.pop()
        for number in step.roles:
            operation = self.setting.find("get", self.entities[number][0])
            if operation:
                self._look(Step(operation.id, ADMIN, (number,)))
        self.actions, self.exchanges = mine, exchanges

    def _is_there(self, probe: Probe) -> bool:
        details = self.account.mirror.details
        return probe.ref in details and (probe.other is None or probe.other in details)

    def _look_at(self, probe: Probe, numbers: Mapping[Ref, int]) -> None:
        setting, ref = self.setting, probe.ref
        if probe.what == "details":
            operation, path = setting.find("get", ref[0]), (ref,)
        elif probe.what == "members":
            operation, path = setting.find("list", role_of(probe.kind, ref[0]), ref[0]), (ref,)
        elif probe.what == "zone":
            operation, path = setting.find("privileges", ref[0], ZONE), (ref,)
        elif probe.what == "privileges" and probe.other:
            operation = setting.find("privileges", role_of(ref[0], probe.other[0]), probe.other[0])
            path = (probe.other, ref)  # type: ignore[assignment]
        else:
            return
        if operation and all(entity in numbers for entity in path):
            self._look(Step(operation.id, ADMIN, tuple(numbers[entity] for entity in path)))

    def _settle(self, step: Step, *, again: bool = False) -> None:
        """See that the privileges of who acts are shown as they should be, since the last change, or once `again`.

        Where they are not, a decision that follows them is not to blame.
        """
        user = self.caller(step)
        if user is None or user not in self.account.mirror.details:
            return
        place = (step.actor, step.roles)
        if not again and self._settled.get(place) == self._changes:
            return
        mine, exchanges = list(self.actions), list(self.exchanges)
        if again:
            self.actions.pop()
            self.exchanges.pop()
        for look in self._effective(step.actor, step.roles):
            self._look(look)
        self.actions, self.exchanges = mine, exchanges
        self._settled[place] = self._changes

    def _effective(self, user: int, places: Iterable[int]) -> Iterator[Step]:
        zone = self.setting.find("privileges", USER, ZONE, effective=True)
        if zone:
            yield Step(zone.id, ADMIN, (user,))
        for place in places:
            kind = self.entities[place][0]
            inside = self.setting.find("privileges", USER, kind, effective=True) if kind != USER else None
            if inside:
                yield Step(inside.id, ADMIN, (place, user))


def _plain(given: Any) -> Any:
    return list(given) if isinstance(given, tuple) else given


def of_caller(operation: Operation) -> bool:
    """Whether an operation is about who asks."""
    return CALLER in {operation.effect.resource, operation.effect.within}
