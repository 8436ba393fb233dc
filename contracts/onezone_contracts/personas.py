"""Personas: the users that single out an access rule among all the rules that it could be mistaken for.

An access rule is monotone: who holds more is never allowed less. Such a rule is known by its smallest allowed sets
of privileges and its largest forbidden ones, so one persona each is enough and none can be spared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from onezone_spec import AccessRule, Contract, Grants, Operation

OUTSIDER = "outsider"
ZONE = "zone"

Atom = tuple[str, str]
"""A privilege in a scope; the privilege "" stands for membership alone."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A user defined by exactly its grants: by scope the privileges held, None for an entity it is no member of."""

    name: str
    grants: Mapping[str, frozenset[str] | None]
    allowed: bool
    allowed_anywhere: bool = False
    """Whether a route that needs no membership allows it: then it may act on a group that it does not belong to."""


def personas(contract: Contract, operation: Operation) -> tuple[Persona, ...]:
    """The personas of an operation's access rule: smallest allowed, largest forbidden, and a user who holds nothing."""
    return derive(operation.access, contract.privileges, scopes_of(operation))


def scopes_of(operation: Operation) -> tuple[str, ...]:
    """The entities of the operation's path that users can be members of."""
    return tuple(dict.fromkeys(one.entity for one in operation.parameters if one.entity))


def derive(
    rule: AccessRule, privileges: Mapping[str, Iterable[str]], scopes: Iterable[str] = ()
) -> tuple[Persona, ...]:
    """The personas that tell `rule` from every other monotone rule over the same privileges.

    Args:
        rule: who may call the operation.
        privileges: every privilege that exists, by scope.
        scopes: entities of the operation's path beside those that the rule names.
    """
    entities = tuple(dict.fromkeys([*scopes, *(s for route in rule.routes for s in route.needs)]))
    entities = tuple(scope for scope in entities if scope != ZONE)
    made = [*_smallest_allowed(rule, entities), *_largest_forbidden(rule, privileges, entities)]
    nothing: Grants = {**dict.fromkeys(entities), ZONE: frozenset()}
    if rule.allowed_by(nothing) is None:
        made.append(Persona(OUTSIDER, nothing, allowed=False))
    return tuple(_unique(made))


def _unique(made: Iterable[Persona]) -> Iterator[Persona]:
    seen: set[str] = set()
    for persona in made:
        if persona.name not in seen:
            seen.add(persona.name)
            yield persona


def _atoms(needs: Mapping[str, frozenset[str]]) -> frozenset[Atom]:
    """A route as a set: its privileges, and for an entity without any the membership itself."""
    return frozenset(
        (scope, name) for scope, needed in needs.items() for name in (needed or (("",) if scope != ZONE else ()))
    )


def _minimal(sets: Iterable[frozenset[Atom]]) -> list[frozenset[Atom]]:
    """The sets that contain no other one, in a stable order."""
    kept = list(dict.fromkeys(sets))
    return [one for one in kept if not any(other < one for other in kept)]


def _smallest_allowed(rule: AccessRule, entities: tuple[str, ...]) -> Iterator[Persona]:
    smallest = _minimal(_atoms(route.needs) for route in rule.routes)
    for route in rule.routes:
        if _atoms(route.needs) in smallest:
            grants: Grants = {
                **{scope: route.needs.get(scope) for scope in entities},
                ZONE: route.needs.get(ZONE, frozenset()),
            }
            yield Persona(route.name, grants, allowed=True, allowed_anywhere=set(route.needs) <= {ZONE})


def _largest_forbidden(
    rule: AccessRule, privileges: Mapping[str, Iterable[str]], entities: tuple[str, ...]
) -> Iterator[Persona]:
    """One persona for each smallest set of privileges whose loss breaks every route.

    Where the rule asks nothing of an entity, the persona is no member of it: membership could not help.
    """
    routes = [_atoms(route.needs) for route in rule.routes]
    used = {scope for route in rule.routes for scope in route.needs}
    for lost in sorted(_minimal(map(frozenset, product(*routes))), key=sorted):
        grants: dict[str, frozenset[str] | None] = {}
        for scope in (*entities, ZONE):
            gone = {name for where, name in lost if where == scope}
            outside = "" in gone or (scope != ZONE and scope not in used)
            grants[scope] = None if outside else frozenset(privileges[scope]) - gone
        yield Persona("without-" + "-".join(name or scope for scope, name in sorted(lost)), grants, allowed=False)
