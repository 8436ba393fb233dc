"""Steps to choose from: every way to send an operation in the state that a sequence is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from onezone_spec import Contract, Operation

from onezone_contracts.generate.values import privileges_of, secret
from onezone_contracts.sequences.all_play import AllPlay
from onezone_contracts.sequences.all_setting import AllSetting
from onezone_contracts.sequences.layout import nested
from onezone_contracts.sequences.predict import Expected
from onezone_contracts.sequences.step import ADMIN, NEW, NOBODY, Body, Step
from onezone_contracts.state.expected import READING, USER

TRIES = 60
STRIDE = 7919
"""A prime: going on by it reaches every way there is."""
CREATE = "create"
WATCHED = 2
"""How many ways to send each operation are watched."""
DECIDED = frozenset({Expected.ALLOWED, Expected.FORBIDDEN})


class FreePlay(AllPlay):
    """A sequence that chooses steps, too.

    Args:
        setting: what the target offers.
    """

    def __init__(self, setting: AllSetting) -> None:
        super().__init__(setting)
        self._watched: dict[Step, Expected] = {}

    def chosen(self, operation: Operation, pick: int, good: Callable[[Step], bool]) -> Step | None:
        """A step of the operation that fits and is good, None where a few dozen tries find none.

        Args:
            operation: what is to be sent.
            pick: a number that chooses among all ways.
            good: whether a step that fits is wanted.
        """
        actors = [ADMIN, NOBODY, *(number for number, ref in self.entities.items() if ref[0] == USER)]
        pools = [self._of_kind(parameter.entity or parameter.name) for parameter in operation.parameters]
        total = len(actors)
        for pool in pools:
            total *= len(pool)
        bodies = _bodies(self.account.contract, operation, pick)
        for attempt in range(min(TRIES, total)):
            left = (pick + attempt * STRIDE) % total
            left, at = divmod(left, len(actors))
            roles = []
            for pool in pools:
                left, role = divmod(left, len(pool))
                roles.append(pool[role])
            gives = self.setting.last + 1 if operation.effect.verb == CREATE else 0
            step = Step(operation.id, actors[at], tuple(roles), bodies[(pick + attempt) % len(bodies)], gives)
            if self.fits(step) and good(step):
                if gives:
                    self.setting.number()
                return step
        return None

    def choose(self, name: str, pick: int, expected: tuple[Expected, ...]) -> Step | None:
        """A step of the operation of which that is to be expected; else any of one of the users."""
        operation = self.setting.operations[name]
        if expected:
            return self.chosen(operation, pick, lambda step: self.expected(step) in expected)
        return self.chosen(operation, pick, lambda step: step.actor > 0)

    def opening(self, pick: int) -> Iterator[Step]:
        """A group in a group in a group; then it is noted what users may do and what not."""
        yield from (replace(first, quiet=True) for first in nested(self.account.contract))
        for operation in self.setting.operations.values():
            for shift in range(WATCHED):
                step = self.chosen(
                    operation,
                    pick + shift,
                    lambda candidate: candidate.actor > 0 and self.expected(candidate) in DECIDED,
                )
                if step:
                    self._watched[step] = self.expected(step)

    def changed(self, pick: int) -> Step | None:
        """As a user, what was allowed and is not any more, or the other way round."""
        now = {step: self.expected(step) for step in self._watched if self.fits(step)}
        changed = [step for step, expected in now.items() if self._watched[step] is not expected]
        changed = [step for step in changed if now[step] in DECIDED] or changed
        if not changed:
            return None
        step = changed[pick % len(changed)]
        self._watched[step] = now[step]
        return replace(step, gives=self.setting.number()) if step.gives else step

    def readings(self) -> Iterator[Step]:
        """Everything that can be read: by the administrator, and by each user of what is said of the caller."""
        contract = self.account.contract
        for operation in self.setting.operations.values():
            if operation.effect.verb not in READING or (operation.effect.verb == "get" and operation.effect.within):
                continue
            pools = [self._of_kind(parameter.entity or parameter.name) for parameter in operation.parameters]
            users = self._of_kind(USER) if not pools and contract.kind(operation.effect.within or "") == USER else []
            steps = (Step(operation.id, actor, roles) for actor in (ADMIN, *users) for roles in product(*pools))
            yield from filter(self.fits, steps)

    def _of_kind(self, role: str) -> list[int]:
        kind = self.account.contract.kind(role)
        return [number for number, ref in self.entities.items() if ref[0] == kind]


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
