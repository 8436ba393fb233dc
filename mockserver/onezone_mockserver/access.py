"""Access rule x world x user -> decision: by which route a request is allowed, or what the closest route lacks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from onezone_mockserver.reach import reached
from onezone_mockserver.world import GROUP, NOTHING, USER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onezone_spec import AccessRule, Contract, Operation, Route

    from onezone_mockserver.world import Privileges, User, World

    Params = Mapping[str, str]
    Condition = Callable[[World, User, Params], bool]

MEMBER_KINDS = {"zone", "caller", "self", "creator"}
"""The scopes beside groups in which nothing changes but along with users and groups."""
BELONGS = "belongs"
LIMIT = 4096
CONDITION_WORDS = {
    "caller": "credentials",
    "self": "being the user of the path",
    "creator": "that the user of the path made it",
    "belongs": "membership of the group in what the body names",
}


@dataclass(frozen=True)
class Decision:
    """`route` is the route that allows, or where `lacks` is not empty the one that comes closest to allowing."""

    route: str
    lacks: frozenset[tuple[str, str]]

    @property
    def allowed(self) -> bool:
        """Whether the route allows."""
        return not self.lacks

    def __str__(self) -> str:
        return self.in_words

    @cached_property
    def in_words(self) -> str:
        """The route, and the privileges that it lacks."""
        missing = ", ".join(sorted(_privilege_in_words(scope, privilege) for scope, privilege in self.lacks))
        return f"route {self.route}: lacks {missing}" if missing else f"route {self.route}"


def _privilege_in_words(scope: str, privilege: str) -> str:
    return CONDITION_WORDS.get(scope, f"{scope} {privilege or 'membership'}")


class Guard:
    """The access rule of one operation, ready to be asked.

    `contract` says of which kind the roles are that are no kinds, and what names what.
    """

    def __init__(self, operation: Operation, contract: Contract | None = None) -> None:
        self.rule: AccessRule = operation.access
        roles = contract.roles if contract else {}
        kinds = {
            parameter.entity or "": roles.get(parameter.entity or "", parameter.entity or "")
            for parameter in operation.parameters
        }
        names = {parameter.entity or "": parameter.name for parameter in operation.parameters}
        scopes = {scope for route in self.rule.routes for scope in _scopes(route)}
        self.entities = [(scope, kinds[scope], names[scope]) for scope in sorted(scopes & names.keys())]
        self.reached = reached(contract, operation, scopes) if contract else {}
        self.belongs = next(iter(self.reached), None) if BELONGS in scopes else None
        self.conditions = [pair for pair in _conditions(names, kinds).items() if pair[0] in scopes]
        self.lasting = all(scope in MEMBER_KINDS or kinds.get(scope) == GROUP for scope in scopes)
        self.keys = sorted({key for route in self.rule.routes for key in route.given})
        self.anonymous = _decide(self.rule, {})
        self.memory: dict[tuple[str, ...], tuple[object, Decision]] = {}

    def grants(self, world: World, user: User | None, params: Params, body: Any = None) -> dict[str, Privileges | None]:
        """What `user` holds in each scope that the rule names; None is no member. Anonymous holds nothing."""
        if user is None:
            return {}
        grants: dict[str, Privileges | None] = {"zone": world.zone_privileges(USER, user.id)}
        for scope, kind, name in self.entities:
            grants[scope] = world.effective_privileges(USER, user.id, kind, params[name])
        for scope, place in self.reached.items():
            identity = place.find(world, params, body) or ""
            grants[scope] = world.effective_privileges(USER, user.id, place.kind, identity)
            if scope == self.belongs:
                privileges = world.effective_privileges(GROUP, next(iter(params.values())), place.kind, identity)
                grants[BELONGS] = None if privileges is None else NOTHING
        for scope, met in self.conditions:
            grants[scope] = NOTHING if met(world, user, params) else None
        return grants

    def decide(self, world: World, user: User | None, params: Params, body: Any = None) -> Decision:
        """The decision on a request in `world` by `user` with these path parameters and this body.

        One that depends on users and groups alone is remembered until they change.
        """
        if self.keys:
            given = [key for key in self.keys if isinstance(body, dict) and key in body]
            return _decide(self.rule.with_body(given), self.grants(world, user, params, body))
        if user is None:
            return self.anonymous
        if not self.lasting:
            return _decide(self.rule, self.grants(world, user, params, body))
        key = (user.id, *params.values())
        remembered, epoch = self.memory.get(key), world.epoch
        if remembered is not None and remembered[0] is epoch:
            return remembered[1]
        if len(self.memory) >= LIMIT:
            self.memory.clear()
        decision = _decide(self.rule, self.grants(world, user, params))
        self.memory[key] = (epoch, decision)
        return decision


def _decide(rule: AccessRule, grants: Mapping[str, Privileges | None]) -> Decision:
    route = rule.allowed_by(grants)
    if route:
        return Decision(route.name, frozenset())
    lacking = [Decision(route.name, route.lacks(grants)) for route in rule.routes]
    return min(lacking, key=lambda decision: len(decision.lacks))


def _scopes(route: Route) -> set[str]:
    return set(route.needs).union(*route.given.values())


def _conditions(names: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Condition]:
    """How it is seen whether a condition of a route is met."""
    first, user = next(iter(names), ""), names.get(USER, "")

    def is_creator(world: World, _user: User, params: Params) -> bool:
        return world.creator(kinds[first], params[names[first]]) == params[user]

    return {
        "caller": lambda _world, _user, _params: True,
        "self": lambda _world, caller, params: params[user] == caller.id,
        "creator": is_creator,
    }
