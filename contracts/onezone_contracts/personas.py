"""Personas: the users that single out an access rule among all the rules that it could be mistaken for.

An access rule is monotone: who holds more is never allowed less. Such a rule is known by its smallest allowed sets of
grants and its largest forbidden ones, so one persona each is enough and none can be spared. A grant is a privilege, a
membership of an entity of the path, or a condition that is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from onezone_spec import AccessRule, Contract, Grants, Level, Operation, Route
from onezone_spec.model import CONDITIONS

OUTSIDER = "outsider"
ZONE = "zone"
CALLER = "caller"
SELF = "self"
USER = "user"

Atom = tuple[str, str]
"""A privilege in a scope; the privilege "" stands for membership alone, or for a condition."""
Privileges = Mapping[str, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Persona:
    """A user defined by exactly its grants: by scope the privileges held, None for an entity it is no member of.

    `level` says how binding the answer is: a route that the edition leaves open binds nobody.
    """

    name: str
    grants: Grants
    allowed: bool
    level: Level = Level.MUST
    allowed_anywhere: bool = False
    """Whether a route that needs no membership allows it: then it may act on a group that it does not belong to."""

    @property
    def met(self) -> dict[str, frozenset[str]]:
        """What it holds, without the entities that it is no member of."""
        return {scope: privileges for scope, privileges in self.grants.items() if privileges is not None}


def personas(contract: Contract, operation: Operation, keys: Iterable[str] = ()) -> tuple[Persona, ...]:
    """The personas of an operation for a body with these keys; none where a request without credentials is allowed.

    Args:
        contract: the edition.
        operation: the operation.
        keys: keys of the body that routes may ask more for.
    """
    rule, effect = operation.access.with_body(keys), operation.effect
    if rule.public:
        return ()
    roles = [parameter.entity for parameter in operation.parameters if parameter.entity]
    scopes = dict.fromkeys([*roles, *(scope for route in rule.routes for scope in route.needs)])
    privileges = {
        scope: contract.privileges.get(contract.kind(scope), ()) for scope in scopes if scope not in CONDITIONS
    }
    places = [scope for scope in roles if privileges[scope]]
    oneself = effect.resource == USER and effect.within in {None, ZONE} and bool(roles)
    return derive(rule, {**privileges, ZONE: contract.privileges[ZONE]}, places, oneself=oneself)


def derive(
    rule: AccessRule, privileges: Privileges, scopes: Iterable[str] = (), *, oneself: bool = False
) -> tuple[Persona, ...]:
    """The personas that tell `rule` from every other monotone rule over the same privileges.

    Args:
        rule: who may call the operation.
        privileges: every privilege that exists, by scope.
        scopes: entities of the operation's path that the rule may not speak of: nobody is a member there.
        oneself: whether who is forbidden may be the user of the path where the rule does not speak of that.
    """
    spoken = tuple(dict.fromkeys(scope for route in rule.routes for scope in route.needs if scope != ZONE))
    entities = tuple(dict.fromkeys([*(scope for scope in spoken if scope != CALLER), *scopes]))
    always: Grants = {CALLER: frozenset()} if CALLER in spoken else {}
    besides: Grants = {SELF: frozenset()} if oneself and SELF not in spoken else {}
    nothing: Grants = {**dict.fromkeys(entities), ZONE: frozenset(), **always}
    everybody = [
        *_smallest_allowed(rule, nothing),
        *_largest_forbidden(rule, privileges, entities, {**always, **besides}),
    ]
    if rule.allowed_by(nothing) is None:
        everybody.append(Persona(OUTSIDER, nothing, allowed=False))
    return tuple({persona.name: persona for persona in reversed(everybody)}.values())[::-1]


def _closed(route: Route) -> frozenset[Atom]:
    """All that a route asks for, with the membership that a privilege implies."""
    atoms = {(scope, name) for scope, needed in route.needs.items() for name in needed}
    return frozenset(atoms | {(scope, "") for scope in route.needs if scope not in {ZONE, CALLER}})


def _smallest_allowed(rule: AccessRule, nothing: Grants) -> Iterator[Persona]:
    binding = [_closed(route) for route in rule.routes if route.level is Level.MUST]
    for route in rule.routes:
        if not any(other < _closed(route) for other in binding):
            anywhere = set(route.needs) <= {ZONE}
            yield Persona(route.name, {**nothing, **route.needs}, True, route.level, anywhere)  # noqa: FBT003


def _largest_forbidden(
    rule: AccessRule, privileges: Privileges, entities: tuple[str, ...], always: Grants
) -> Iterator[Persona]:
    """One persona for each largest set of grants that no route allows, not even one that is left open.

    Where the rule asks nothing of an entity, the persona is no member of it: membership could not help.
    """
    spoken = {scope for route in rule.routes for scope in route.needs}
    everything = {(ZONE, name) for name in privileges[ZONE]}
    for scope in spoken - {ZONE, CALLER}:
        everything |= {(scope, ""), *((scope, name) for name in privileges.get(scope, ()))}
    lacking: dict[frozenset[Atom], tuple[Atom, ...]] = {}
    for lost in product(*(sorted(_losable(route)) for route in rule.routes)):
        outside = {scope for scope, name in lost if not name}
        atoms = frozenset(atom for atom in everything if atom not in lost and atom[0] not in outside)
        lacking.setdefault(atoms, tuple(sorted(set(lost))))
    largest = [atoms for atoms in lacking if not any(atoms < other for other in lacking)]
    for atoms in sorted(largest, key=lambda atoms: lacking[atoms]):
        gone = [atom for atom in lacking[atoms] if not atom[1] or (atom[0], "") not in lacking[atoms]]
        name = "without-" + "-".join(privilege or scope for scope, privilege in gone)
        grants = {scope: _privileges_of(atoms, scope) for scope in (*entities, ZONE)}
        yield Persona(name, {**grants, **always}, allowed=False)


def _losable(route: Route) -> set[Atom]:
    """What somebody who calls can lack of a route: a privilege, or the membership where no privilege is asked."""
    needs = {
        scope: needed or {""} for scope, needed in route.needs.items() if scope != CALLER and (needed or scope != ZONE)
    }
    return {(scope, name) for scope, needed in needs.items() for name in needed}


def _privileges_of(atoms: frozenset[Atom], scope: str) -> frozenset[str] | None:
    if scope != ZONE and (scope, "") not in atoms:
        return None
    return frozenset(name for where, name in atoms if where == scope and name)
