"""What an operation's cases are sent with: entities that play the roles of its path, who acts on them, and bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from typing import Any, Protocol

from onezone_spec import Contract, Operation

from onezone_contracts.cases import (
    BARE,
    BEFORE,
    DIRECT,
    FOREIGN,
    ITSELF,
    MISSING,
    NOBODY,
    UNRELATED,
    VICTIM,
    WRITER,
    Case,
)
from onezone_contracts.derive.build import CONSUMING
from onezone_contracts.exchange import Auth
from onezone_contracts.generate.values import privileges_of
from onezone_contracts.hangs import Hangs
from onezone_contracts.options import Options
from onezone_contracts.people import people
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Level, NotJudged
from onezone_contracts.state.expected import CALLER, READING, Ref, pair
from onezone_contracts.target.administrator import Account, Person
from onezone_contracts.target.file import Credentials, Identity, SetupError
from onezone_contracts.target.fixture import Stage


class Shared(Protocol):
    """What the runs of all operations at a target share."""

    account: Account
    options: Options
    missing: str
    pool: Executor | None
    hangs: Hangs

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""

    def shared(self, operation: Operation) -> Stage:
        """The stage of all reading operations with the same roles and relations. Raises NotJudged."""

    def stranger(self, kind: str) -> Ref:
        """Something of a kind that is related to nothing. Raises SetupError."""

    def victim(self) -> Person:
        """A user with whose name wrong passwords are sent. Raises SetupError."""

    def offers(self, operation: Operation) -> bool:
        """Whether an operation was seen to be offered."""


class Fixtures:
    """The stages of one operation, and who plays there."""

    def __init__(self, bench: Shared, operation: Operation) -> None:
        self.bench = bench
        self.account = bench.account
        self.operation = operation
        self._personas: dict[tuple[str, ...], dict[str, tuple[Persona, Level]]] = {}
        self._stage: Stage | None = None

    @property
    def contract(self) -> Contract:
        """The edition."""
        return self.account.contract

    @property
    def reading(self) -> bool:
        """Whether the operation changes nothing."""
        return self.operation.effect.verb in READING

    def personas(self, keys: Iterable[str] = ()) -> dict[str, tuple[Persona, Level]]:
        """The personas for a body with these keys, by name."""
        key = tuple(keys)
        if key not in self._personas:
            known = people(self.contract, self.operation, key)
            self._personas[key] = {one.name: (one, level) for one, level in known}
        return self._personas[key]

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
        if self.by_administrator:
            return self.account.auth, None, dict(stage.roles)
        allowed = self._allowed()
        try:
            person = stage.enter(allowed[0], fresh=fresh)
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None
        return person.auth, person, stage.cast(allowed[0], person)

    def identity(self, who: str) -> Identity:
        """Who sends a case, with their credentials. Raises NotJudged."""
        if who in {VICTIM, NOBODY}:
            return _identity(who, self.bench.victim().credentials)
        stage = self.stage()
        if who != WRITER:
            return _identity(who, stage.enter(self.personas()[who][0]).credentials)
        _, person, _ = self.actor(stage)
        return _identity(who, person.credentials if person else self.account.credentials)

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

    def cast(self, case: Case) -> tuple[Stage, Auth, Person | None, dict[str, Ref]]:
        """Where a case is sent, by whom, and who plays the roles."""
        if case.who in {NOBODY, VICTIM}:
            stage = self.new_stage() if case.apart else self.stage()
            return stage, Auth(), None, dict(stage.roles)
        if case.who == WRITER:
            stage = self.new_stage() if case.apart else self.stage()
            return stage, *self.actor(stage, fresh=case.apart)
        persona, _ = self.personas(case.keys or ())[case.who]
        acting = not self.reading and persona.allowed and case.valid
        touched = {self.operation.effect.resource, self.operation.effect.within}
        changes_itself = CALLER in touched or persona.grants.get("self") is not None
        alone = case.apart or (acting and self.operation.effect.verb in CONSUMING)
        stage = self.new_stage() if alone else self.stage()
        person = stage.enter(persona, fresh=acting and changes_itself)
        return stage, person.auth, person, stage.cast(persona, person)

    def credentials(self, case: Case) -> Auth:
        """The credentials that a case makes of somebody's own."""
        assert case.auth is not None
        made = case.auth(self.identity(case.who), {name: self.identity(name) for name in (VICTIM, WRITER)})
        self.account.redactor.learn_basic(value for _, value in made.headers)
        return made

    def played(self, role: str, word: str, roles: Mapping[str, Ref], stage: Stage, caller: Ref | None = None) -> Ref:
        """What a word of a case stands for. Raises NotJudged and SetupError."""
        kind = self.contract.kind(role)
        if word in {DIRECT, BARE, FOREIGN}:
            place = {**roles, CALLER: caller}.get(self.operation.effect.within or "")
            return stage.special(word, kind, place)
        if word.startswith(BEFORE):
            old = self.account.before(kind)[int(word.removeprefix(BEFORE)) :]
            if not old:
                raise NotJudged(f"no more of the kind {kind} was there before")
            return kind, old[0]
        if word == MISSING:
            return kind, self.bench.missing
        if word == UNRELATED:
            return self.bench.stranger(kind)
        return roles[self.operation.effect.within or ""] if word == ITSELF else (kind, word)

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
        about = pair(self.contract, self.operation, roles, caller)
        ref = roles.get(effect.resource) or caller
        old = (mirror.privileges(*about) if about else mirror.zone_privileges(ref) if ref else None) or frozenset()
        assert self.operation.body is not None
        scope = next(filter(None, map(privileges_of, self.operation.body.properties)))
        new = [one for one in sorted(self.contract.privileges[scope]) if one not in old][:2]
        return {"grant": [*new, *sorted(old)[2:3]], "revoke": [*sorted(old)[:1], *new[1:]]}


def _identity(name: str, credentials: Credentials) -> Identity:
    return Identity(Persona(name, {}, allowed=False), credentials, "")
