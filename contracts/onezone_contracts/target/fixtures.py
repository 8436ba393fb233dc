"""What an operation's cases are sent with: entities that play the roles of its path, who acts on them, and bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from onezone_spec import Contract, Operation

from onezone_contracts.cases import (
    BARE,
    BEFORE,
    DIRECT,
    FOREIGN,
    INDIRECT,
    ITSELF,
    LOCKABLE,
    MISSING,
    NOBODY,
    UNRELATED,
    WRITER,
    Case,
)
from onezone_contracts.derive.build import CONSUMING
from onezone_contracts.exchange import Auth, Exchange
from onezone_contracts.generate.values import privileges_of
from onezone_contracts.personas import Persona, personas
from onezone_contracts.requirement import Level, NotJudged
from onezone_contracts.sent import Sent
from onezone_contracts.shared import Shared
from onezone_contracts.state.expected import CALLER, READING, SHARE, USER, ZONE, Ref, pair
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError, TestUser, missing_id
from onezone_contracts.target.fixture import Stage
from onezone_contracts.target.invitations import invitation
from onezone_contracts.target.owned import own
from onezone_contracts.target.shares import Shares

FORBIDDEN = 403


@dataclass(slots=True)
class Stages(Shared):
    """What the runs of all operations share that an administrator's account makes fixtures for."""

    account: Account = field(kw_only=True)
    missing: str = field(default_factory=missing_id)
    offered: set[str] = field(default_factory=set)
    """The operations that were seen to be offered."""
    shares: Shares = field(init=False)
    _stages: dict[object, Stage] = field(default_factory=dict)
    _unrelated: dict[str, Ref] = field(default_factory=dict)
    _lockable: TestUser | None = None

    def __post_init__(self) -> None:
        self.shares = Shares(self.account)
        self.account.samples.refer = self.refer
        self.account.samples.invite = lambda role: invitation(self.account, role)

    def refer(self, kind: str) -> str:
        """The id of something new that a body can name. Raises SetupError."""
        return self.shares.free() if kind == SHARE else self.account.create(kind)[1]

    def shared(self, operation: Operation) -> Stage:
        """The stage of all reading operations with the same roles and relations. Raises SetupError."""
        effect = operation.effect
        scopes = {scope for route in operation.access.routes for scope in route.needs}
        roles = tuple(sorted(parameter.entity or parameter.name for parameter in operation.parameters))
        listed = effect.verb in {"list", "get"} and effect.verb, effect.by
        key = (roles, effect.resource, effect.within, effect.effective, listed, "creator" in scopes)
        if key not in self._stages:
            with self.shares.reserved():
                self._stages[key] = Stage(self.account, operation).build()
        return self._stages[key]

    def unrelated(self, kind: str) -> Ref:
        """Something of a kind that is related to nothing. Raises SetupError."""
        if kind in self._unrelated:
            return self._unrelated[kind]
        with self.shares.reserved():
            owned = kind in self.account.contract.owners
            person = self.account.person().ref if owned or kind == USER else None
            self._unrelated[kind] = (
                own(self.account, person) if owned and person else person or self.account.create(kind)
            )
        return self._unrelated[kind]

    def lockable_user(self) -> TestUser:
        """A user with whose name wrong passwords are sent, and who does nothing else. Raises SetupError."""
        self._lockable = self._lockable or self.account.person()
        return self._lockable


class AccountFixtures:
    """The stages of one operation, and who plays there."""

    def __init__(self, shared: Stages, operation: Operation) -> None:
        self.shared = shared
        self.account = shared.account
        self.operation = operation
        self._personas: dict[tuple[str, ...], dict[str, Persona]] = {}
        self._stage: Stage | None = None

    @property
    def contract(self) -> Contract:
        """The edition."""
        return self.account.contract

    @property
    def reading(self) -> bool:
        """Whether the operation changes nothing."""
        return self.operation.effect.verb in READING

    def note_allowed(self, name: str) -> None:
        """Who was seen to be allowed is made anew where that is needed."""

    def personas(self, keys: Iterable[str] = ()) -> dict[str, Persona]:
        """The personas for a body with these keys, by name."""
        key = tuple(keys)
        if key not in self._personas:
            self._personas[key] = {persona.name: persona for persona in personas(self.contract, self.operation, key)}
        return self._personas[key]

    # --- who and where ------------------------------------------------------------------------------------

    def stage(self) -> Stage:
        """The stage for what changes nothing. Raises SetupError if it cannot be built."""
        if self._stage is None or self._stage.spoiled:
            self._stage = self.shared.shared(self.operation) if self.reading else self.new_stage()
        return self._stage

    def new_stage(self) -> Stage:
        """A stage of its own. Raises SetupError if it cannot be built."""
        return Stage(self.account, self.operation).build()

    def assign_follower(self, sent: Sent) -> tuple[Stage, Auth, TestUser | None, dict[str, Ref]]:
        """Where a case is sent that follows another, by the same user."""
        return self.new_stage(), sent.auth, sent.user, dict(sent.roles)

    def wait_until_allowed(self, send: Callable[[], Exchange]) -> Exchange:
        """What is answered to who must be allowed, once privileges had the time that they may take."""
        answers: list[Exchange] = []

        def settled() -> bool:
            answers.append(send())
            return answers[-1].status != FORBIDDEN

        self.account.lag.until(settled)
        return answers[-1]

    def actor(self, stage: Stage, *, fresh: bool = False) -> tuple[Auth, TestUser | None, dict[str, Ref]]:
        """Somebody who may, with the roles as they are for them: the administrator where a route is for such."""
        if self.by_administrator:
            return self.account.auth, None, dict(stage.roles)
        allowed = self._allowed()
        person = stage.enter(allowed[0], fresh=fresh)
        return person.auth, person, stage.roles_for(allowed[0], person)

    def credential_holder(self, kind: str, who: str) -> str | None:
        """Themselves, where they have that kind of credentials: whom the kit makes all have the same."""
        return who if self.identity(who).credentials.has(kind) else None

    def identity(self, who: str) -> TestUser:
        """Who sends a case, with their credentials. Raises NotJudged."""
        try:
            return replace(self._user(who), name=who)
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None

    def _user(self, who: str) -> TestUser:
        if who in {LOCKABLE, NOBODY}:
            return self.shared.lockable_user()
        if who != WRITER:
            return self.stage().enter(self.personas()[who])
        _, person, _ = self.actor(self.stage())
        return person or TestUser(who, self.account.credentials, (USER, who))

    def _allowed(self) -> list[Persona]:
        return [
            persona
            for persona in self.personas(self.conditional_keys()).values()
            if persona.allowed and persona.level is Level.MUST
        ]

    @property
    def by_administrator(self) -> bool:
        """Whether the administrator's account may do this, as it holds every zone privilege."""
        allowed = self._allowed()
        return not allowed or any(self._zone_only(persona) for persona in allowed)

    def _zone_only(self, persona: Persona) -> bool:
        """Whether zone privileges alone are enough, and it is not about the caller."""
        others = persona.met.keys() - {ZONE, CALLER}
        return not others and CALLER not in {self.operation.effect.resource, self.operation.effect.within}

    def conditional_keys(self) -> tuple[str, ...]:
        """The keys of the body that routes may ask more for."""
        return tuple(sorted({key for route in self.operation.access.routes for key in route.given}))

    def assign(self, case: Case) -> tuple[Stage, Auth, TestUser | None, dict[str, Ref]]:
        """Where a case is sent, by whom, and who plays the roles."""
        if case.who in {NOBODY, LOCKABLE}:
            stage = self.new_stage() if case.apart else self.stage()
            return stage, Auth(), None, dict(stage.roles)
        if case.who == WRITER:
            stage = self.new_stage() if case.apart else self.stage()
            return stage, *self.actor(stage, fresh=case.apart)
        persona = self.personas(case.keys or ())[case.who]
        acting = not self.reading and persona.allowed and case.valid
        touched = {self.operation.effect.resource, self.operation.effect.within}
        changes_itself = CALLER in touched or persona.grants.get("self") is not None
        alone = case.apart or (acting and self.operation.effect.verb in CONSUMING)
        stage = self.new_stage() if alone else self.stage()
        person = stage.enter(persona, fresh=acting and changes_itself)
        return stage, person.auth, person, stage.roles_for(persona, person)

    def credentials(self, case: Case) -> Auth:
        """The credentials that a case makes of somebody's own."""
        assert case.auth is not None
        auth = case.auth(self.identity(case.who), {name: self.identity(name) for name in (LOCKABLE, WRITER)})
        self.account.redactor.learn_basic(value for _, value in auth.headers)
        return auth

    def entity(self, role: str, word: str, roles: Mapping[str, Ref], stage: Any, caller: Ref | None) -> Ref:
        """What a word of a case stands for. Raises NotJudged and SetupError."""
        kind = self.contract.kind(role)
        if word in {DIRECT, INDIRECT, BARE, FOREIGN}:
            place = {**roles, CALLER: caller}.get(self.operation.effect.within or "")
            assert isinstance(stage, Stage)
            return stage.special(word, kind, place)
        if word.startswith(BEFORE):
            old = self.account.before(kind)[int(word.removeprefix(BEFORE)) :]
            if not old:
                raise NotJudged(f"no more of the kind {kind} was there before")
            return kind, old[0]
        if word == MISSING:
            return kind, self.shared.missing
        if word == UNRELATED:
            return self.shared.unrelated(kind)
        return roles[self.operation.effect.within or ""] if word == ITSELF else (kind, word)

    def body(self, roles: Mapping[str, Ref], person: TestUser | None, keys: tuple[str, ...] | None = None) -> Any:
        """A valid body for these roles; where none is needed and no key is asked for, None."""
        body = self.operation.body
        if body is None or (not body.required and not keys):
            return None
        if self.operation.effect.verb == "grant":
            return self._grant(roles, person)
        names = {ref[0]: ref[1] for ref in roles.values()}
        return self.account.samples.body(self.operation, keys or None, names)

    def _grant(self, roles: Mapping[str, Ref], person: TestUser | None) -> dict[str, list[str]]:
        """Two new privileges and one that is held; one goes, and a new one, too: what is added wins."""
        effect, mirror = self.operation.effect, self.account.mirror
        caller = person.ref if person else None
        about = pair(self.contract, self.operation, roles, caller)
        ref = roles.get(effect.resource) or caller
        old = (mirror.privileges(*about) if about else mirror.zone_privileges(ref) if ref else None) or frozenset()
        assert self.operation.body is not None
        scope = next(filter(None, map(privileges_of, self.operation.body.properties)))
        new = [privilege for privilege in sorted(self.contract.privileges[scope]) if privilege not in old][:2]
        return {"grant": [*new, *sorted(old)[2:3]], "revoke": [*sorted(old)[:1], *new[1:]]}
