"""One operation at the target: its stages, what was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from onezone_spec import Operation

from onezone_contracts.exchange import Auth, Exchange, basic
from onezone_contracts.full.account import Person
from onezone_contracts.full.api import NOT_OFFERED, new_id
from onezone_contracts.full.apply import apply
from onezone_contracts.full.attempt import Ask, Attempt, Leak, Traces
from onezone_contracts.full.look import Difference, differences, misread, probes
from onezone_contracts.full.mirror import CALLER, Ref
from onezone_contracts.full.people import people
from onezone_contracts.full.samples import privileges_of
from onezone_contracts.full.stage import READING, Stage, pair
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Level, NotJudged
from onezone_contracts.target import SetupError

if TYPE_CHECKING:
    from onezone_contracts.full.run import Bench

CONSUMING = frozenset({"attach", "detach", "delete", "revoke"})
"""Verbs after which the same request has nothing left to do."""
FORBIDDEN = 403
NOBODY = Auth(who="nobody")
WRONG_WORD = "no-such-password-7d1"


class Trial:
    """Sends one operation in every way that its requirements ask for, each way once."""

    def __init__(self, bench: Bench, operation: Operation) -> None:
        self.bench = bench
        self.account = bench.account
        self.operation = operation
        self.log: list[Attempt] = []
        self.traces = Traces(bench.account, operation)
        self._sent: dict[object, Attempt] = {}
        self._stage: Stage | None = None
        self._offered: bool | None = None

    @property
    def reading(self) -> bool:
        """Whether the operation changes nothing."""
        return self.operation.effect.verb in READING

    def personas(self, keys: Iterable[str] = ()) -> dict[str, tuple[Persona, Level]]:
        """The personas for a body with these keys, by name."""
        return {one.name: (one, level) for one, level in people(self.account.contract, self.operation, keys)}

    # --- is it there at all -------------------------------------------------------------------------------

    def offered(self) -> bool:
        """Whether the target has the operation: somebody who must be allowed is not answered as if it were not there.

        Raises NotJudged where nobody could be set up.
        """
        if self._offered is None:
            self._offered = self._answered()
        return self._offered

    @property
    def known_offered(self) -> bool:
        """Whether the operation was seen to be offered."""
        return bool(self._offered)

    def _answered(self) -> bool:
        if self.operation.access.public:
            return self.once("none", self._anonymous).exchange.status not in NOT_OFFERED
        last: NotJudged | None = None
        seen = False
        for name, (persona, level) in self.personas().items():
            if not persona.allowed or level is not Level.MUST:
                continue
            try:
                seen = True
                if self.access(name).exchange.status not in NOT_OFFERED:
                    return True
            except NotJudged as reason:
                last = reason
        if last is not None and self.by_administrator:
            return self.valid().exchange.status not in NOT_OFFERED
        if last is not None or not seen:
            raise last or NotJudged("nobody is known to be allowed", blocked=True)
        return False

    # --- who and where ------------------------------------------------------------------------------------

    def stage(self) -> Stage:
        """The stage for what changes nothing. Raises NotJudged where it cannot be built."""
        if self._stage is None or self._stage.spoiled:
            self._stage = self.bench.shared(self.operation) if self.reading else self.new_stage()
        return self._stage

    def new_stage(self) -> Stage:
        """A stage of its own. Raises NotJudged where it cannot be built."""
        try:
            return Stage(self.account, self.operation).build()
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None

    def actor(self, stage: Stage, *, fresh: bool = False) -> tuple[Auth, Person | None, dict[str, Ref]]:
        """Somebody who may, with the roles as they are for them: the administrator where a route is for such."""
        allowed = self._allowed()
        if self.by_administrator:
            return self.account.auth, None, dict(stage.roles)
        try:
            person = stage.enter(allowed[0], fresh=fresh)
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None
        return person.auth, person, stage.cast(allowed[0], person)

    def _allowed(self) -> list[Persona]:
        return [one for one, level in self.personas(self.given()).values() if one.allowed and level is Level.MUST]

    @property
    def by_administrator(self) -> bool:
        """Whether the administrator's account may do this, as it holds every zone privilege."""
        allowed = self._allowed()
        return not allowed or any(self._zone_only(one) for one in allowed)

    def _zone_only(self, persona: Persona) -> bool:
        """Whether zone privileges alone are enough, and it is not about the caller."""
        others = {scope for scope, held in persona.grants.items() if held is not None} - {"zone", CALLER}
        return not others and CALLER not in {self.operation.effect.resource, self.operation.effect.within}

    def given(self) -> tuple[str, ...]:
        """The keys of the body that routes may ask more for."""
        return tuple(sorted({key for route in self.operation.access.routes for key in route.given}))

    # --- what is sent -------------------------------------------------------------------------------------

    def once(self, key: object, make: Any) -> Attempt:
        """The attempt of that name, made now if it was not before. Raises NotJudged."""
        if key not in self._sent:
            self.bench.check_time()
            try:
                self._sent[key] = make()
            except SetupError as error:
                raise NotJudged(str(error), blocked=True) from None
        return self._sent[key]

    def access(self, name: str, keys: tuple[str, ...] = ()) -> Attempt:
        """A valid request of a persona."""
        persona, _ = self.personas(keys)[name]
        return self.once(("access", name, keys), lambda: self._access(persona, keys))

    def _access(self, persona: Persona, keys: tuple[str, ...]) -> Attempt:
        alone = not self.reading and persona.allowed and self.operation.effect.verb in CONSUMING
        changes_itself = not self.reading and (
            CALLER in {self.operation.effect.resource, self.operation.effect.within}
            or persona.grants.get("self") is not None
        )
        stage = self.new_stage() if alone else self.stage()
        person = stage.enter(persona, fresh=changes_itself and persona.allowed)
        roles = stage.cast(persona, person)
        value = self.body(roles, person, keys)
        label = f"a valid request of the persona {persona.name}" + (f" with {', '.join(keys)}" if keys else "")
        return self.send(stage, Ask(label, roles, person.auth, value, person, persona.allowed))

    def _anonymous(self) -> Attempt:
        stage = self.stage()
        allowed = self.operation.access.public
        return self.send(
            stage, Ask("no credentials", stage.roles, NOBODY, self.body(stage.roles, None), allowed=allowed)
        )

    def anonymous(self) -> Attempt:
        """A valid request without credentials."""
        return self.once("none", self._anonymous)

    def wrong(self) -> Attempt:
        """A valid request of a known user with a wrong password."""

        def make() -> Attempt:
            stage, victim = self.stage(), self.bench.victim()
            pair_of = basic(victim.username, WRONG_WORD)
            auth = Auth((("Authorization", pair_of),), f'-u "{victim.username}:***"', "a user with a wrong password")
            return self.send(stage, Ask("a wrong password", stage.roles, auth, self.body(stage.roles, None)))

        return self.once("wrong", make)

    def unknown(self, role: str) -> Attempt:
        """A valid request of somebody who may, with an id that nothing has."""

        def make() -> Attempt:
            stage = self.stage()
            auth, person, roles = self.actor(stage)
            nothing = (self.account.contract.kind(role), self.bench.missing)
            changed = {**roles, role: nothing}
            label = f"an unknown {role.replace('_', ' ')}"
            kept = not self.operation.locate_at_effect
            return self.send(stage, Ask(label, changed, auth, self.body(roles, person), person, pending=kept))

        return self.once(("unknown", role), make)

    def unrelated(self) -> Attempt:
        """A valid request of somebody who may, with something that is there and belongs elsewhere."""

        def make() -> Attempt:
            stage = self.stage()
            auth, person, roles = self.actor(stage)
            role = self.operation.effect.resource
            value = self.body(roles, person)
            changed = {**roles, role: self.bench.stranger(self.account.contract.kind(role))}
            return self.send(stage, Ask(f"a {role} that belongs elsewhere", changed, auth, value, person))

        return self.once("unrelated", make)

    def again(self) -> Attempt:
        """The same relation a second time, with other privileges; refused, it changes nothing."""

        def make() -> Attempt:
            first = self.valid()
            if not first.exchange.succeeded:
                raise NotJudged("the first time was refused", blocked=True)
            ask = first.ask
            known = self.operation.body.properties if self.operation.body else ()
            value = self.body(ask.roles, ask.person, tuple(one.name for one in known if privileges_of(one)))
            again = Ask("the same again", ask.roles, ask.auth, value, ask.person)
            attempt = self.send(self.new_stage(), again)
            if not attempt.exchange.succeeded:
                self.traces.see(attempt)
            return attempt

        return self.once("again", make)

    def itself(self) -> Attempt:
        """The container as its own member."""

        def make() -> Attempt:
            stage = self.stage()
            auth, person, roles = self.actor(stage)
            changed = {**roles, self.operation.effect.resource: roles[self.operation.effect.within or ""]}
            return self.send(stage, Ask("a member of itself", changed, auth, None, person))

        return self.once("itself", make)

    def valid(self, keys: tuple[str, ...] | None = None) -> Attempt:
        """A valid request of somebody who may, on a stage of its own; `keys` are those of the body."""

        def make() -> Attempt:
            stage = self.new_stage()
            auth, person, roles = self.actor(stage, fresh=True)
            value = self.body(roles, person, keys)
            label = "a valid request" + (f" with {', '.join(keys)}" if keys else "")
            return self.send(stage, Ask(label, roles, auth, value, person, allowed=True))

        return self.once(("valid", keys), make)

    def broken(self, key: object, change: Any, label: str) -> Attempt:
        """A request of somebody who may, its body changed: `change` gets a valid one and gives a value or bytes."""

        def make() -> Attempt:
            stage = self.stage()
            auth, person, roles = self.actor(stage)
            keys = [one.name for one in self.operation.body.properties] if self.operation.body else []
            value = change(self.body(roles, person, tuple(keys)))
            raw = value if isinstance(value, bytes) else None
            return self.send(stage, Ask(label, roles, auth, None if raw else value, person, raw=raw))

        return self.once(("broken", key), make)

    def body(self, roles: Mapping[str, Ref], person: Person | None, keys: tuple[str, ...] | None = None) -> Any:
        """A valid body for these roles; where none is needed and no key is asked for, None."""
        body = self.operation.body
        if body is None or (not body.required and not keys):
            return None
        if self.operation.effect.verb == "grant":
            return self._grant(roles, person)
        return self.account.samples.body(self.operation, keys or None)

    def _grant(self, roles: Mapping[str, Ref], person: Person | None) -> dict[str, list[str]]:
        """Two new privileges and one that is held; one goes, and a new one, too: what is added wins."""
        effect, mirror = self.operation.effect, self.account.mirror
        caller = person.ref if person else None
        about = pair(self.account.contract, self.operation, roles, caller)
        ref = roles.get(effect.resource) or caller
        old = (mirror.privileges(*about) if about else mirror.zone_privileges(ref) if ref else None) or frozenset()
        assert self.operation.body is not None
        scope = next(filter(None, map(privileges_of, self.operation.body.properties)))
        new = [one for one in sorted(self.account.contract.privileges[scope]) if one not in old][:2]
        return {"grant": [*new, *sorted(old)[2:3]], "revoke": [*sorted(old)[:1], *new[1:]]}

    def send(self, stage: Stage, ask: Ask) -> Attempt:
        """Send the operation and see what came of it."""
        if ask.allowed and not self.reading:
            self.traces.flush(stage)
        elif not self.reading:
            self.traces.remember()
        attempt = Attempt(ask, self._send(ask))
        self.log.append(attempt)
        if attempt.exchange.succeeded:
            self._succeeded(stage, attempt)
        elif not ask.pending:
            self.traces.forgive()
        elif not self.reading:
            stage.pending.append(attempt)
        return attempt

    def _send(self, ask: Ask) -> Exchange:
        """The exchange; one that must be allowed is tried again as long as privileges may be late."""
        last: list[Exchange] = []

        def settled() -> bool:
            last.append(
                self.account.api.send(self.operation, ask.roles, ask.auth, ask.value, raw=ask.raw, label=ask.label)
            )
            return not ask.allowed or last[-1].status != FORBIDDEN

        self.account.until(settled)
        return last[-1]

    # --- what came of it ----------------------------------------------------------------------------------

    def _succeeded(self, stage: Stage, attempt: Attempt) -> None:
        ask, effect = attempt.ask, self.operation.effect
        if self.reading:
            attempt.differences = self._reread(attempt) if ask.allowed else []
            return
        made = new_id(attempt.exchange) if effect.verb == "create" else None
        if ask.person and (effect.resource == CALLER or ask.caller in ask.roles.values()):
            stage.dismiss(ask.person)
        if not ask.allowed:
            stage.spoiled = True
            if made:
                self.account.adopt((self.account.contract.kind(effect.resource), made))
            return
        wanted = [*stage.witnesses, *probes(self.account.contract, self.operation, ask.roles, ask.caller)]
        wanted += apply(self.account, self.operation, ask.roles, ask.caller, ask.value, made)
        attempt.differences = differences(self.account, wanted)
        stage.spoiled = stage.spoiled or bool(attempt.differences)

    def _reread(self, attempt: Attempt) -> list[Difference]:
        """What is wrong with an answer, once the target had time to show what was set up."""
        ask, answers = attempt.ask, [attempt.exchange]
        found: list[Difference] = []

        def right() -> bool:
            found[:] = misread(self.account, self.operation, ask.roles, ask.caller, answers[-1])
            if found:
                answers.append(self.account.api.send(self.operation, ask.roles, ask.auth, label=ask.label))
            return not found

        self.account.until(right)
        return found

    def leaks(self) -> list[Leak]:
        """Everything that refused requests left behind."""
        if self._stage is not None:
            self.traces.flush(self._stage)
        return self.traces.all(tuple(one for one in self.log if not one.exchange.succeeded))
