"""Faults' vocabulary for who somebody is, and for who may: other routes than the contract's, and other rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from onezone_spec import AccessRule, Route

from onezone_mockserver.access import Guard
from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.faults.fault import Hook, Point
from onezone_mockserver.faults.requests import refused

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.faults.answers import Where
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User, World

CREATE, RELATE, MEMBER = "oz_handle_services_create", "oz_groups_add_relationships", "group_create_handle_service"
Rule = Callable[[bool, frozenset[str], frozenset[str] | None], bool]
"""Whether somebody may, by whether the right rule allows it, the zone privileges and those in the group."""
Routes = tuple[Route, ...]


# --- other routes -----------------------------------------------------------------------------------------------


def access(change: Callable[[Routes], Routes]) -> Hook:
    """Other routes than the contract's."""

    def around(inner: Check, state: MockState) -> Check:
        guards: dict[str, Guard] = {}

        def check(exchange: Exchange) -> None:
            operation = exchange.operation
            if operation is None:
                inner(exchange)
                return
            if operation.id not in guards:
                rule = AccessRule(change(operation.access.routes), operation.access.source)
                guards[operation.id] = Guard(replace(operation, access=rule), state.contract)
            guard = guards[operation.id]
            if not guard.decide(exchange.world, exchange.user, exchange.params, exchange.value).allowed:
                raise refused("forbidden" if exchange.user else "unauthorized")

        return check

    return Hook(Point.AUTHORIZATION, around)


def also(**needs: list[str]) -> Hook:
    """One more route."""
    route = Route("also", {scope: frozenset(names) for scope, names in needs.items()})
    return access(lambda routes: (*routes, route))


def anybody() -> Hook:
    """Any user with credentials may."""
    return also(caller=[])


def without_route(name: str) -> Hook:
    """One route less."""
    return access(lambda routes: tuple(route for route in routes if route.name != name))


def without_need(scope: str, privilege: str = "") -> Hook:
    """Routes that do not ask for that privilege, or (without one) not for that scope at all."""

    def less(route: Route) -> Route:
        needs = {where: names - {privilege} for where, names in route.needs.items() if privilege or where != scope}
        return replace(route, needs=needs)

    return access(lambda routes: tuple(less(route) for route in routes))


def nothing_extra() -> Hook:
    """Routes without the additional needs of keys in the body."""
    return access(lambda routes: tuple(replace(route, given={}) for route in routes))


def only_credentials() -> Hook:
    """Routes that ask for credentials, and for nothing else."""
    return access(lambda routes: tuple(Route("user", {"caller": frozenset()}) for _ in routes))


# --- other rules ------------------------------------------------------------------------------------------------


def rule(allows: Rule) -> Hook:
    """Another access rule for whoever has shown who they are."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            if exchange.user is None:
                inner(exchange)
                return
            user, group = exchange.user.id, exchange.params["id"]
            zone = exchange.world.zone_privileges("user", user)
            privileges = exchange.world.effective_privileges("user", user, "group", group)
            if not allows(_right(inner, exchange), zone, privileges):
                raise refused("forbidden")

        return check

    return Hook(Point.AUTHORIZATION, around)


def _right(inner: Check, exchange: Exchange) -> bool:
    try:
        inner(exchange)
    except Refusal:
        return False
    return True


# --- who somebody is --------------------------------------------------------------------------------------------


def user_who_may(world: World) -> User | None:
    """A user of the world who may create."""
    zones = [(user, world.own_zone("user", user.id)) for user in world.users.values()]
    able = [user for user, zone in zones if {CREATE, RELATE} <= zone] + [user for user, zone in zones if CREATE in zone]
    return able[0] if able else None


def as_user_who_may(where: Where) -> Hook:
    """Serve these requests as those of a user who may."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            if where(exchange):
                exchange.user = user_who_may(exchange.world)
            else:
                inner(exchange)

        return check

    return Hook(Point.SECURITY, around)
