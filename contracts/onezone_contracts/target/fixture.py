"""Stages: entities that play the roles of an operation's path, related as its effect asks, and who acts on them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from onezone_spec import Contract, Operation

from onezone_contracts.cases import BARE, DIRECT, FOREIGN, INDIRECT
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import NotJudged
from onezone_contracts.state.expected import (
    CALLER,
    GROUP,
    READING,
    SHARE,
    UNRELATED,
    USER,
    ZONE,
    Ref,
    holds,
    kinds,
    member_and_container,
    naming,
    rank,
    role_of,
)
from onezone_contracts.state.probe import Probe
from onezone_contracts.state.tokens import BLOCKED, by_text
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError, TestUser
from onezone_contracts.target.owned import furnish, issue, own

SEVERAL = 3
RELATIONS = {DIRECT: False, INDIRECT: True}
"""Whether something belongs there through a group, by its word; else as the effect asks."""


def harmless(contract: Contract, kind: str) -> frozenset[str]:
    """A few privileges that no operation of the contract asks for: they tell sets apart and open no route."""
    routes = [route for operation in contract.operations.values() for route in operation.access.routes]
    routes += [route.with_body(route.given) for route in routes]
    used = {name for route in routes for needed in route.needs.values() for name in needed}
    return frozenset(sorted(set(contract.privileges[kind]) - used)[:SEVERAL])


@dataclass(slots=True, eq=False)
class Stage:
    """The roles of an operation with the entities that play them.

    `actors` are the personas that act here; `creator` created what users of the path stand under; `witnesses` is what
    must stay as it is; a `spoiled` stage is in a state that nobody knows. `belongings` are tokens of the users who act.
    """

    account: Account
    operation: Operation
    roles: dict[str, Ref] = field(default_factory=dict)
    actors: dict[object, TestUser] = field(default_factory=dict)
    creator: TestUser | None = None
    belongings: dict[Ref, Ref] = field(default_factory=dict)
    witnesses: list[Probe] = field(default_factory=list)
    spoiled: bool = False

    @property
    def _contract(self) -> Contract:
        return self.account.contract

    # --- what is there ------------------------------------------------------------------------------------

    def build(self) -> Stage:
        """Make the entities. Raises SetupError."""
        effect = self.operation.effect
        scopes = {scope for route in self.operation.access.routes for scope in route.needs}
        for parameter in self.operation.parameters:
            role = parameter.entity or parameter.name
            self.roles[role] = self._player(self._contract.kind(role), created="creator" in scopes)
        for scope in sorted(scopes - self.roles.keys()):
            self._reach(scope)
        if effect.verb == "delete":
            self._inhabit()
        self._furnish(effect.within)
        return self

    def _furnish(self, within: str | None) -> None:
        """What the effect speaks of beside what plays a role."""
        effect = self.operation.effect
        if effect.resource in self._contract.owners:
            if within in self.roles:
                self.witnesses += furnish(self.account, self.operation, self.roles[within])
        elif within in self.roles and naming(self._contract, self.operation):
            if effect.resource not in self.roles:
                self._name(self._contract.kind(effect.resource))
        elif within in self.roles and effect.verb not in UNRELATED:
            self._related(within)
        elif within == ZONE and effect.resource in self.roles:
            self._empower(self.roles[effect.resource])
        elif self.operation.body and any(prop.name == BLOCKED for prop in self.operation.body.properties):
            self._let_in(self.roles[effect.resource])

    def _let_in(self, owner: Ref) -> None:
        """Tokens of somebody who is to be shut out: none may count then. A target may lack their operations."""
        with suppress(SetupError):
            own(self.account, owner)
            issue(self.account, owner)

    def _related(self, within: str) -> None:
        """Members and containers as the effect speaks of them."""
        resource = self.operation.effect.resource
        if resource not in self.roles or resource == within:
            self._fill(self.roles[within])
            return
        member, container = (self.roles[role] for role in member_and_container(self._contract, resource, within))
        self.relate(member, container)
        self._witness(member, container)

    def _name(self, kind: str) -> None:
        """Two of a kind that name what plays a role here, and one that names another."""
        for names in (self._names(), self._names(), None):
            self.account.create(kind, names=names)

    def _reach(self, scope: str) -> None:
        """Have something play a role that the access rule asks about: the body names it, or what the path names."""
        body = self.operation.body
        if body and any(prop.refers and prop.refers.kind == scope for prop in body.properties):
            self.roles[scope] = self.account.create(scope)
            return
        for ref in list(self.roles.values()):
            key = self._contract.reference(ref[0], scope)
            identity = self.account.mirror.details[ref].get(key) if key else None
            if identity:
                self.roles[scope] = (scope, identity)

    def _names(self) -> dict[str, str]:
        """The ids of what plays a role here, by kind."""
        return {ref[0]: ref[1] for ref in self.roles.values()}

    def _player(self, kind: str, *, created: bool) -> Ref:
        """Something of a kind to play a role; `created` by a user who is remembered."""
        if kind == USER:
            return self.account.person().ref
        if kind in self._contract.owners:
            owner = self.roles.get(self.operation.effect.within or "") or self.account.person().ref
            return own(self.account, owner, **self._as_asked())
        if created:
            self.creator = self.account.person(_needed(self._contract, kind))
        if kind == SHARE:
            self.account.mirror.add((SHARE, identity := self.account.samples.refer(SHARE)), {})
            return SHARE, identity
        return self.account.create(kind, by=self.creator if created else None, names=self._names())

    def relate(self, entity: Ref, other: Ref, *, effective: bool | None = None) -> None:
        """Make one belong to the other, or the other way round where only that is possible, as the effect asks."""
        member, container = _ordered(entity, other)
        given = harmless(self._contract, container[0])
        if self.operation.effect.effective if effective is None else effective:
            between = self.account.create(GROUP)
            self.account.attach(between, container, given)
            self.account.attach(member, between)
        else:
            self.account.attach(member, container, given)

    def special(self, word: str, kind: str, place: Ref | None) -> Ref:
        """Something that no fixture has by itself, in relation to a place where there is one. Raises SetupError."""
        if word == FOREIGN:
            creator = self.account.person(_needed(self._contract, kind))
            ref = self.account.create(kind, by=creator, names=self._names())
            self.account.mirror.details[ref]["creator"] = {"type": USER, "id": creator.ref[1]}
        elif word == BARE:
            ref = self.account.create(kind, self.account.samples.bare(kind))
        else:
            ref = self.account.person().ref if kind == USER else self.account.create(kind, names=self._names())
        if place and not naming(self._contract, self.operation):
            below = holds(self._contract, self.operation.effect.resource, self.operation.effect.within or "")
            ends = (ref, place) if below else (place, ref)
            self.relate(*ends, effective=RELATIONS.get(word))
        return ref

    def _witness(self, entity: Ref, other: Ref) -> None:
        """For what changes something: another membership of the member, and another member, which stay as they are."""
        if self.operation.effect.verb in READING:
            return
        member, container = _ordered(entity, other)
        place = self.account.create(container[0])
        self.account.attach(member, place, harmless(self._contract, place[0]))
        self.witnesses += [Probe("members", place, kind=member[0]), Probe("privileges", member, place)]
        if self._joins(USER, container[0]):
            another = self.account.person().ref
            self.account.attach(another, container, harmless(self._contract, container[0]))
            self.witnesses += [Probe("privileges", another, container)]

    def _joins(self, member: str, container: str) -> bool:
        """Whether the contract has an operation that makes members of that kind there."""
        return self._contract.find("attach", role_of(member, container), container) is not None

    def _inhabit(self) -> None:
        """What belongs to something, and what that belongs to: all of it stays when that is deleted."""
        for ref in self.roles.values():
            if ref[0] in self._contract.owners:
                continue
            if ref[0] in self._contract.owners.values():
                self._let_in(ref)
            if rank(ref[0]) > 0:
                able = [kind for kind in (USER, GROUP) if self._joins(kind, ref[0])]
                for inside in [
                    self.account.person().ref if kind == USER else self.account.create(kind) for kind in able
                ]:
                    self.account.attach(inside, ref)
                    self.witnesses += [Probe("details", inside), Probe("belonging", inside, ref)]
            for kind in self._above(ref[0]):
                place = self.account.create(kind)
                self.account.attach(ref, place)
                self.witnesses += [Probe("details", place), Probe("members", place, kind=ref[0])]
        for probe in self.witnesses:
            self.account.look(probe.ref)

    def _above(self, kind: str) -> list[str]:
        """What something of a kind can belong to, and what can be made without naming anything."""
        later = [name for name in kinds(self._contract) if rank(name) > rank(kind)]
        return [name for name in later if name not in self._contract.references and self._joins(kind, name)]

    def _fill(self, place: Ref) -> None:
        """What a list has to show: something that is related directly, and something through a group."""
        kind = self._contract.kind(self.operation.effect.resource)
        for effective in (False, True):
            ref = self.account.person().ref if kind == USER else self.account.create(kind)
            below = holds(self._contract, self.operation.effect.resource, self.operation.effect.within or "")
            entity, other = (ref, place) if below else (place, ref)
            member, container = _ordered(entity, other)
            if not effective or (self._joins(GROUP, container[0]) and self._joins(member[0], GROUP)):
                self.relate(entity, other, effective=effective)

    def _empower(self, ref: Ref) -> None:
        """Own zone privileges, and others that are inherited from a group."""
        some = sorted(harmless(self._contract, ZONE))
        self.account.grant_zone(ref, some[:2])
        if self._contract.find("grant", GROUP, ZONE):
            above = self.account.create(GROUP)
            self.account.grant_zone(above, some[2:])
            self.account.attach(ref, above)

    # --- who acts -----------------------------------------------------------------------------------------

    def enter(self, persona: Persona, *, fresh: bool = False) -> TestUser:
        """A user who holds exactly what the persona does. Raises NotJudged if that cannot be brought about."""
        key = tuple(sorted(item for item in persona.met.items() if item[0] != CALLER))
        if key in self.actors and not fresh:
            return self.actors[key]
        if self.account.shut:
            raise NotJudged(self.account.shut, blocked=True)
        person = self._person(persona, fresh=fresh)
        for role, privileges in persona.met.items():
            if role in self.roles and role not in self._contract.owners:
                self._join(person, self.roles[role], privileges, persona)
        self._relate_self(person, persona)
        if not self.account.settled(person.ref, self._containers(person.ref)):
            raise NotJudged(f"what the persona {persona.name} was given did not take effect in time", blocked=True)
        self.actors[key] = person
        return person

    def dismiss(self, person: TestUser) -> None:
        """Whoever has changed plays no persona here any more."""
        self.actors = {key: user for key, user in self.actors.items() if user is not person}

    def _containers(self, member: Ref) -> list[Ref]:
        inside = self.account.mirror
        return [ref for ref in self.roles.values() if member in inside.inside(ref, effective=True)]

    def _person(self, persona: Persona, *, fresh: bool) -> TestUser:
        zone = persona.grants.get(ZONE) or frozenset()
        effect = self.operation.effect
        changes = effect.resource == CALLER and effect.verb not in READING
        if fresh or changes or persona.grants.get("self") is not None or effect.within == CALLER:
            return self.account.person(zone)
        return self.account.pooled(zone, self.roles.values(), self.actors.values())

    def _join(self, person: TestUser, place: Ref, privileges: frozenset[str], persona: Persona) -> None:
        """A membership; for who is to be attached here directly later on, through a group."""
        if persona.grants.get("self") is not None and self.operation.effect.verb == "attach":
            between = self.account.create(GROUP)
            self.account.attach(between, place, privileges)
            self.account.attach(person.ref, between)
        else:
            self.account.attach(person.ref, place, privileges)

    def _relate_self(self, person: TestUser, persona: Persona) -> None:
        """What the operation says of oneself or of the caller has to be there."""
        effect, mirror = self.operation.effect, self.account.mirror
        if effect.resource in self._contract.owners:
            if effect.within == CALLER:
                self.witnesses += furnish(self.account, self.operation, person.ref)
        elif effect.resource == CALLER and effect.verb == "delete":
            self._let_in(person.ref)
        elif effect.within == CALLER and effect.verb not in UNRELATED:
            if effect.resource in self.roles:
                self.relate(person.ref, self.roles[effect.resource])
            else:
                for effective in (False, True):
                    self.relate(
                        person.ref, self.account.create(self._contract.kind(effect.resource)), effective=effective
                    )
        elif effect.resource == CALLER and effect.within == ZONE and effect.effective:
            self._empower(person.ref)
        elif persona.grants.get("self") is not None and effect.resource == USER and effect.verb not in UNRELATED:
            place = self.roles.get(effect.within or "")
            if place and person.ref not in mirror.inside(place, effective=True):
                self.relate(person.ref, place)

    def roles_for(self, persona: Persona, person: TestUser) -> dict[str, Ref]:
        """The roles as they are when this persona acts: it may be the user of the path itself."""
        roles = dict(self.roles)
        if persona.grants.get("self") is not None:
            roles[USER] = person.ref
        elif persona.grants.get("creator") is not None:
            if self.creator is None:
                raise NotJudged("nobody is known to have created what stands in the path", blocked=True)
            roles[USER] = self.creator.ref
        return roles | {role: self._own(person) for role in roles if self._is_own(role, persona)}

    def _is_own(self, role: str, persona: Persona) -> bool:
        """Whether what plays a role has to be the persona's own."""
        if role not in self._contract.owners:
            return False
        of_caller = self.operation.effect.within == CALLER or persona.grants.get("self") is not None
        return of_caller or persona.grants.get(role) is not None

    def _own(self, person: TestUser) -> Ref:
        """Something of the person's own."""
        ref = self.belongings.get(person.ref)
        if ref is None or ref not in self.account.mirror.details:
            ref = self.belongings[person.ref] = own(self.account, person.ref, **self._as_asked())
        return ref

    def _as_asked(self) -> dict[str, Any]:
        """What is owned shows all that it can where it is read."""
        return {"unnamed": by_text(self.operation), "whole": self.operation.effect.verb == "get"}


def _ordered(entity: Ref, other: Ref) -> tuple[Ref, Ref]:
    return (other, entity) if rank(entity[0]) > rank(other[0]) else (entity, other)


def _needed(contract: Contract, kind: str) -> frozenset[str]:
    """The zone privileges that it takes to create something of that kind for oneself. Raises SetupError."""
    operation = contract.find("create", kind, CALLER)
    if operation is None:
        raise SetupError(f"no operation creates a {kind} for the caller")
    return next((route.needs.get(ZONE, frozenset()) for route in operation.access.routes), frozenset())
