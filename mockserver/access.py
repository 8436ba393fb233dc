"""Access rule x world x user -> decision: by which route a request is allowed, or what the closest route lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.world import User, World
    from spec import AccessRule, Operation


PEOPLE = {"zone", "group"}
"""The scopes in which privileges change only along with users and groups."""
LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Decision:
    """`route` is the route that allows, or where `lacks` is not empty the one that comes closest to allowing."""

    route: str
    lacks: frozenset[tuple[str, str]]

    @property
    def allowed(self) -> bool:
        """Whether the route allows."""
        return not self.lacks

    def __str__(self) -> str:
        missing = ", ".join(sorted(f"{scope} {privilege or 'membership'}" for scope, privilege in self.lacks))
        return f"route {self.route}: lacks {missing}" if missing else f"route {self.route}"


class Guard:
    """The access rule of one operation, ready to be asked."""

    def __init__(self, operation: Operation, world: World) -> None:
        self.rule: AccessRule = operation.access
        self.world = world
        scopes = {scope for route in self.rule.routes for scope in route.needs}
        names = {one.entity: one.name for one in operation.parameters}
        self.entities = [(scope, names[scope]) for scope in sorted(scopes) if scope in names]
        self.lasting = scopes <= PEOPLE
        self.memory: dict[tuple[str, ...], Decision] = {}
        self.epoch = world.epoch

    def grants(self, user: User | None, params: Mapping[str, str]) -> dict[str, frozenset[str] | None]:
        """What `user` holds in each scope that the rule names; None is no member. Anonymous holds nothing."""
        if user is None:
            return {}
        grants: dict[str, frozenset[str] | None] = {"zone": self.world.zone_privileges(user.id)}
        for scope, name in self.entities:
            grants[scope] = self.world.privileges(user.id, scope, params[name])
        return grants

    def decide(self, user: User | None, params: Mapping[str, str]) -> Decision:
        """The decision on a request by `user` with these path parameters.

        One that depends on users and groups alone is remembered until they change.
        """
        if user is None or not self.lasting:
            return self._decide(user, params)
        if self.epoch is not self.world.epoch or len(self.memory) > LIMIT:
            self.memory.clear()
            self.epoch = self.world.epoch
        key = (user.id, *params.values())
        known = self.memory.get(key)
        if known is None:
            known = self.memory[key] = self._decide(user, params)
        return known

    def _decide(self, user: User | None, params: Mapping[str, str]) -> Decision:
        grants = self.grants(user, params)
        route = self.rule.allowed_by(grants)
        if route:
            return Decision(route.name, frozenset())
        lacking = [Decision(one.name, one.lacks(grants)) for one in self.rule.routes]
        return min(lacking, key=lambda one: len(one.lacks))
