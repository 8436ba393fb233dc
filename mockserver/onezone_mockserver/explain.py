"""Why somebody may call an operation, or what is missing: every route, and through which groups each privilege comes.

Nothing of this runs while a request is served: it is asked for afterwards, by whoever reads the journal or the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.access import CONDITION_WORDS, Guard
from onezone_mockserver.world import GROUP, NOTHING, USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_spec import Contract, Operation, Route

    from onezone_mockserver.access import Params
    from onezone_mockserver.world import Privileges, User, World

ZONE = "zone"


def explain(
    contract: Contract,
    operation: Operation,
    world: World,
    user: User | None,
    params: Params,
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """Every route of the operation for `user` (None: anonymous) in the world as it is now, as JSON.

    Some keys of the body need more, and some name what the rule asks about. What is lacking comes with the grant that
    would do.
    """
    guard = Guard(operation, contract)
    rule = operation.access.with_body(body)
    grants = guard.grants(world, user, params, body)
    entities = {scope: (kind, printable(params[name])) for scope, kind, name in guard.entities}
    for scope, place in guard.reached.items():
        if identity := place.find(world, params, body):
            entities[scope] = (place.kind, printable(identity))
    reader = _Reader(world, user, entities, grants)
    allowing = rule.allowed_by(grants)
    return {
        "operation": operation.id,
        "user": user.name if user else None,
        "allowed": allowing is not None,
        "route": allowing.name if allowing else None,
        "routes": [reader.route(route) for route in rule.routes],
    }


class _Reader:
    """Reads out of a world what a user holds, and from where."""

    def __init__(
        self,
        world: World,
        user: User | None,
        entities: Mapping[str, tuple[str, str]],
        grants: Mapping[str, Privileges | None],
    ) -> None:
        self.world = world
        self.user = user
        self.entities = entities
        self.grants = grants
        self.paths = {} if user is None else paths_up(world, user.id)

    def route(self, route: Route) -> dict[str, Any]:
        """A route, and each thing that it needs."""
        lacks = route.lacks(self.grants)
        pairs = [(scope, name) for scope, names in route.needs.items() for name in (sorted(names) or [""])]
        needs = [self._need(scope, name, holds=(scope, name) not in lacks) for scope, name in pairs]
        return {"name": route.name, "allows": not lacks, "needs": needs}

    def _need(self, scope: str, privilege: str, *, holds: bool) -> dict[str, Any]:
        need: dict[str, Any] = {"scope": scope, "privilege": privilege or None, "held": holds}
        if scope in self.entities:
            need["of"] = _reference(self.world, *self.entities[scope])
        if holds and (scope == ZONE or scope in self.entities):
            need["through"] = [_reference(self.world, GROUP, group) for group in self._intermediaries(scope, privilege)]
        if not holds:
            need["grant"] = self._grant(scope, privilege)
        return need

    def _intermediaries(self, scope: str, privilege: str) -> tuple[str, ...]:
        """The shortest way through groups by which a privilege comes, the user's own group first; () for its own."""
        world, user = self.world, self.user
        if user is None:
            return ()
        if scope == ZONE:
            givers: Mapping[str, Privileges] = {group: world.own_zone(GROUP, group) for group in self.paths}
            own: Privileges | None = world.own_zone(USER, user.id)
        else:
            kind, identity = self.entities[scope]
            givers = world.members(GROUP, kind, identity)
            own = world.related(USER, user.id, kind, identity)
            if kind == GROUP and identity in self.paths and not privilege:
                return self.paths[identity][:-1]
        if own is not None and (not privilege or privilege in own):
            return ()
        ways = [
            self.paths[group]
            for group, privileges in givers.items()
            if group in self.paths and _has(privileges, privilege)
        ]
        return min(ways, key=len, default=())

    def _grant(self, scope: str, privilege: str) -> str:
        """What would have to be granted."""
        who = (self.user.name or self.user.id) if self.user else "the caller"
        if self.user is None:
            return "credentials of a user"
        if scope == ZONE:
            return f"the zone privilege {privilege} for {who}"
        if scope not in self.entities:
            return CONDITION_WORDS.get(scope, f"that the body names a {scope.replace('_', ' ')}")
        kind, identity = self.entities[scope]
        name = _reference(self.world, kind, identity)["name"]
        what = f"the {kind.replace('_', ' ')} {name}"
        if self.grants.get(scope) is None:
            return f"membership of {what} for {who}" + (f", with {privilege}" if privilege else "")
        return f"{privilege} in {what} for {who}"


def _has(privileges: Privileges, privilege: str) -> bool:
    return not privilege or privilege in (privileges or NOTHING)


def paths_up(world: World, user: str) -> dict[str, tuple[str, ...]]:
    """Every group that a user is in, with the shortest way there: its own group first, that group last."""
    paths: dict[str, tuple[str, ...]] = {group: (group,) for group in world.memberships(USER, user, GROUP)}
    todo = list(paths)
    for group in todo:
        for above in world.memberships(GROUP, group, GROUP):
            if above not in paths:
                paths[above] = (*paths[group], above)
                todo.append(above)
    return paths


def _reference(world: World, kind: str, identity: str) -> dict[str, str]:
    name = None
    if world.exists(kind, identity):
        details = orjson.loads(world.details(kind, identity))
        name = details.get("name") or details.get("username")
    return {"kind": kind, "id": identity, "name": name if isinstance(name, str) else identity}


def printable(value: str) -> str:
    """An id as JSON can have it: bytes that are no UTF-8 as escapes."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
