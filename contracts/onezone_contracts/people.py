"""Personas of an access rule with roles of the path and conditions: smallest allowed, largest forbidden sets.

As in `personas.py`, but what is held may also be a membership of another entity of the path, or a condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from onezone_spec import Contract, Grants, Level, Operation, Route
from onezone_spec.model import CONDITIONS

from onezone_contracts.personas import OUTSIDER, ZONE, Atom, Persona

CALLER = "caller"
SELF = "self"
USER = "user"
Ranked = tuple[Persona, Level]
"""A persona with how binding its answer is: a route that the edition leaves open binds nobody."""


def people(contract: Contract, operation: Operation, keys: Iterable[str] = ()) -> tuple[Ranked, ...]:
    """The personas of an operation for a body with these keys; none where everybody may.

    Args:
        contract: the edition.
        operation: the operation.
        keys: keys of the body that routes may ask more for.
    """
    routes = operation.access.with_body(keys).routes
    if operation.access.public:
        return ()
    made = [*_allowed(routes), *_forbidden(contract, routes, _besides(operation, routes))]
    nobody: Grants = {**dict.fromkeys(_scopes(routes)), ZONE: frozenset(), CALLER: frozenset()}
    if not any(not route.lacks(nobody) for route in routes):
        made.append((Persona(OUTSIDER, nobody, allowed=False), Level.MUST))
    return tuple({persona.name: (persona, level) for persona, level in reversed(made)}.values())[::-1]


def _scopes(routes: tuple[Route, ...]) -> list[str]:
    return [scope for scope in dict.fromkeys(s for route in routes for s in route.needs) if scope not in {ZONE, CALLER}]


def _besides(operation: Operation, routes: tuple[Route, ...]) -> dict[str, frozenset[str]]:
    """Conditions that help nobody: the largest forbidden sets meet them. Who is in no other entity may be oneself."""
    effect = operation.effect
    alone = effect.resource == USER and effect.within in {None, ZONE} and operation.parameters
    return {SELF: frozenset()} if alone and SELF not in _scopes(routes) else {}


def _closed(route: Route) -> frozenset[Atom]:
    """All that a route asks for, with the membership that a privilege implies."""
    atoms = {(scope, name) for scope, needed in route.needs.items() for name in needed}
    return frozenset(atoms | {(scope, "") for scope in route.needs if scope not in {ZONE, CALLER}})


def _allowed(routes: tuple[Route, ...]) -> Iterator[Ranked]:
    binding = [_closed(route) for route in routes if route.level is Level.MUST]
    for route in routes:
        if any(other < _closed(route) for other in binding):
            continue
        grants: dict[str, frozenset[str] | None] = {**dict.fromkeys(_scopes(routes)), ZONE: frozenset()}
        grants |= {CALLER: frozenset(), **route.needs}
        yield Persona(route.name, grants, allowed=True), route.level


def _forbidden(contract: Contract, routes: tuple[Route, ...], besides: dict[str, frozenset[str]]) -> Iterator[Ranked]:
    """One persona for each largest set of grants that no route allows, not even one that is left open."""
    scopes = _scopes(routes)
    found: dict[frozenset[Atom], tuple[Atom, ...]] = {}
    for lost in product(*(sorted(_losable(route)) for route in routes)):
        found.setdefault(_held(contract, scopes, frozenset(lost)), tuple(sorted(set(lost))))
    largest = [held for held in found if not any(held < other for other in found)]
    for held in sorted(largest, key=lambda one: found[one]):
        gone = [one for one in found[held] if not one[1] or (one[0], "") not in found[held]]
        name = "without-" + "-".join(privilege or scope for scope, privilege in gone)
        grants = {scope: _of(held, scope) for scope in scopes}
        always: dict[str, frozenset[str] | None] = {
            ZONE: _of(held, ZONE) or frozenset(),
            CALLER: frozenset(),
            **besides,
        }
        yield Persona(name, {**grants, **always}, allowed=False), Level.MUST


def _losable(route: Route) -> set[Atom]:
    """What somebody who calls can lack of a route: a privilege, or the membership where no privilege is asked."""
    needs = {
        scope: needed or {""} for scope, needed in route.needs.items() if scope != CALLER and (needed or scope != ZONE)
    }
    return {(scope, name) for scope, needed in needs.items() for name in needed}


def _held(contract: Contract, scopes: list[str], lost: frozenset[Atom]) -> frozenset[Atom]:
    """Everything but what is lost; who is no member holds no privilege there."""
    held: set[Atom] = {(ZONE, name) for name in contract.privileges[ZONE]}
    for scope in scopes:
        if (scope, "") not in lost:
            held.add((scope, ""))
            held |= {(scope, name) for name in _privileges(contract, scope)}
    return frozenset(held - lost)


def _privileges(contract: Contract, scope: str) -> Iterable[str]:
    return () if scope in CONDITIONS else contract.privileges.get(contract.kind(scope), ())


def _of(held: frozenset[Atom], scope: str) -> frozenset[str] | None:
    if scope != ZONE and (scope, "") not in held:
        return None
    return frozenset(name for where, name in held if where == scope and name)
