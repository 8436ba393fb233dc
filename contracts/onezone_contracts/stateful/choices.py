"""Steps to choose from: every way to send an operation in the state that a sequence is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Operation

from onezone_contracts.generate.values import privileges_of, secret
from onezone_contracts.state.expected import READING, USER
from onezone_contracts.stateful.play import Play
from onezone_contracts.stateful.step import ADMIN, NEW, NOBODY, Body, Step

TRIES = 60
STRIDE = 7919
"""A prime: going on by it reaches every way there is."""
CREATE, DELETE = "create", "delete"


def chosen(play: Play, operation: Operation, pick: int, good: Callable[[Step], bool]) -> Step | None:
    """A step of the operation that fits and is good, None where a few dozen tries find none.

    Args:
        play: the sequence so far.
        operation: what is to be sent.
        pick: a number that chooses among all ways.
        good: whether a step that fits is wanted.
    """
    actors = [ADMIN, NOBODY, *(number for number, ref in play.entities.items() if ref[0] == USER)]
    pools = [_of_kind(play, parameter.entity or parameter.name) for parameter in operation.parameters]
    total = len(actors)
    for pool in pools:
        total *= len(pool)
    bodies = _bodies(play.account.contract, operation, pick)
    for attempt in range(min(TRIES, total)):
        left = (pick + attempt * STRIDE) % total
        left, at = divmod(left, len(actors))
        roles = []
        for pool in pools:
            left, role = divmod(left, len(pool))
            roles.append(pool[role])
        gives = play.setting.last + 1 if operation.effect.verb == CREATE else 0
        step = Step(operation.id, actors[at], tuple(roles), bodies[(pick + attempt) % len(bodies)], gives)
        if play.fits(step) and good(step):
            if gives:
                play.setting.number()
            return step
    return None


def readings(play: Play) -> Iterator[Step]:
    """Everything that can be read: by the administrator, and by each user of what is said of the caller."""
    contract = play.account.contract
    for operation in play.setting.operations.values():
        if operation.effect.verb not in READING or (operation.effect.verb == "get" and operation.effect.within):
            continue
        pools = [_of_kind(play, parameter.entity or parameter.name) for parameter in operation.parameters]
        users = _of_kind(play, USER) if not pools and contract.kind(operation.effect.within or "") == USER else []
        for actor in (ADMIN, *users):
            for roles in _product(pools):
                step = Step(operation.id, actor, roles)
                if play.fits(step):
                    yield step


def _product(pools: list[list[int]]) -> Iterator[tuple[int, ...]]:
    if not pools:
        yield ()
        return
    for rest in _product(pools[1:]):
        for number in pools[0]:
            yield (number, *rest)


def _of_kind(play: Play, role: str) -> list[int]:
    kind = play.account.contract.kind(role)
    return [number for number, ref in play.entities.items() if ref[0] == kind]


def _bodies(contract: Contract, operation: Operation, pick: int) -> list[Body]:
    """A few bodies to choose from."""
    if operation.body is None:
        return [None]
    properties = operation.body.properties
    scope = next(filter(None, map(privileges_of, properties)), None)
    if scope is None:
        return _plain_bodies(operation)
    useful = used(contract, scope)
    some = [tuple(sorted({useful[(pick + at * step) % len(useful)] for at in range(3)})) for step in (1, 5)]
    if operation.effect.verb == "grant":
        less = tuple(sorted(set(some[1]) - set(some[0])))
        taken = [(("grant", ()), ("revoke", gone)) for gone in (some[1], tuple(useful))]
        return [(("grant", some[0]), ("revoke", less)), *taken]
    return [None, (("privileges", some[0]),)]


def _plain_bodies(operation: Operation) -> list[Body]:
    assert operation.body is not None
    properties = operation.body.properties
    flags = [prop.name for prop in properties if prop.types == ("boolean",)]
    words = tuple((prop.name, NEW) for prop in properties if prop.name not in flags)
    if flags and any(secret(prop) for prop in properties):
        return [((flags[0], True), *words), ((flags[0], False),)]
    if flags:
        return [((flags[0], True),), ((flags[0], False),)]
    return [words] if operation.effect.verb == CREATE or len(words) == 1 else [words, *((word,) for word in words)]


def used(contract: Contract, scope: str) -> list[str]:
    """The privileges of a scope that routes ask for."""
    routes = [route for operation in contract.operations.values() for route in operation.access.routes]
    routes += [route.with_body(route.given) for route in routes]
    needs = [names for route in routes for role, names in route.needs.items() if scope in {role, contract.kind(role)}]
    return sorted({name for names in needs for name in names}) or sorted(contract.privileges[scope])
