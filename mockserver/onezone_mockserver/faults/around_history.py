"""Faults of what stays in effect after it was taken away: only who asks again later sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.effects import CHILD, GROUP, SERVICE, USER, ZONE, Memory, beforehand, method
from onezone_mockserver.faults.fault import Hook, Selector, fault, on
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import Privileges, World

STATE, FORBIDDEN = "all_operations.sequence.state", "all_operations.sequence.forbidden"
Ghosts = dict[tuple[str, str, str], frozenset[str]]
"""Privileges that should be gone, by user, kind and id of the container."""
Record = Callable[["World", "Exchange", Ghosts], None]


def users_inside(world: World, group: str) -> list[str]:
    """Everybody who belongs to a group by some way."""
    return list(world.effective_members(USER, GROUP, group))


# --- privileges in groups and services ----------------------------------------------------------------------------


def _lingering_privileges(selector: Selector, record: Record, *, rejoin: bool = False) -> tuple[Hook, ...]:
    """Privileges that `record` notes before an effect stay effective for decisions.

    With `rejoin`, only for who still belongs there.
    """
    memory: Memory[Ghosts] = Memory(dict)

    def change(inner: Callable[..., Privileges | None]) -> Any:
        def effective(world: World, member_kind: str, member: str, kind: str, identity: str) -> Privileges | None:
            privileges = inner(world, member_kind, member, kind, identity)
            ghost = memory.of(world).get((member, kind, identity)) if member_kind == USER else None
            if ghost is None or (privileges is None and rejoin) or not world.exists(USER, member):
                return privileges
            return ghost | (privileges or NOTHING)

        return effective

    def act(exchange: Exchange, _state: MockState) -> None:
        record(exchange.world, exchange, memory.of(exchange.world))

    return beforehand(act).of(selector), method("effective_privileges", change)


def _keep(world: World, ghosts: Ghosts, user: str, kind: str, identity: str) -> None:
    privileges = world.effective_privileges(USER, user, kind, identity)
    if privileges:
        ghosts[user, kind, identity] = privileges


def _of_member(world: World, exchange: Exchange, ghosts: Ghosts) -> None:
    _keep(world, ghosts, exchange.params["uid"], GROUP, exchange.params["id"])


def _of_child(world: World, exchange: Exchange, ghosts: Ghosts) -> None:
    for user in users_inside(world, exchange.params["cid"]):
        _keep(world, ghosts, user, GROUP, exchange.params["id"])


def _of_groups_services(world: World, exchange: Exchange, ghosts: Ghosts) -> None:
    for service in world.memberships(GROUP, exchange.params["id"], SERVICE):
        for user in users_inside(world, exchange.params["id"]):
            _keep(world, ghosts, user, SERVICE, service)


def _of_parents(world: World, exchange: Exchange, ghosts: Ghosts) -> None:
    for group in world.memberships(GROUP, exchange.params["id"], GROUP):
        for user in users_inside(world, exchange.params["id"]):
            _keep(world, ghosts, user, GROUP, group)


def _of_service_group(world: World, exchange: Exchange, ghosts: Ghosts) -> None:
    for user in users_inside(world, exchange.params["gid"]):
        _keep(world, ghosts, user, SERVICE, exchange.params["id"])


# --- zone privileges --------------------------------------------------------------------------------------------


def _zone_stays(selector: Selector, who: Callable[[World, Exchange], list[str]]) -> tuple[Hook, ...]:
    """Zone privileges that users inherit before an effect stay theirs for decisions."""
    memory: Memory[dict[str, frozenset[str]]] = Memory(dict)

    def change(inner: Callable[..., Privileges]) -> Any:
        def zone(world: World, member_kind: str, member: str) -> Privileges:
            ghost = memory.of(world).get(member, NOTHING) if member_kind == USER else NOTHING
            return inner(world, member_kind, member) | ghost

        return zone

    def act(exchange: Exchange, _state: MockState) -> None:
        for user in who(exchange.world, exchange):
            memory.of(exchange.world)[user] = exchange.world.zone_privileges(USER, user)

    return beforehand(act).of(selector), method("zone_privileges", change)


FAULTS = (
    fault(
        "around-history-member-stays",
        "Who was removed from a group may there what it could before.",
        _lingering_privileges(on("detach", USER, GROUP), _of_member),
        STATE,
    ),
    fault(
        "around-history-child-stays",
        "What a nested group gave stays when the group is removed.",
        _lingering_privileges(on("detach", CHILD, GROUP), _of_child),
        STATE,
    ),
    fault(
        "around-history-deleted-child-stays",
        "What a nested group gave stays when the group is deleted.",
        _lingering_privileges(on("delete", GROUP), _of_parents),
        STATE,
    ),
    fault(
        "around-history-deleted-services",
        "The services of a deleted group stay open to its users.",
        _lingering_privileges(on("delete", GROUP), _of_groups_services),
        STATE,
    ),
    fault(
        "around-history-service-group-stays",
        "Users of a group that was removed from a service may there what they could.",
        _lingering_privileges(on("detach", GROUP, SERVICE), _of_service_group),
        STATE,
    ),
    fault(
        "around-history-revoked-counts",
        "Decisions go by the privileges in a group that were revoked.",
        _lingering_privileges(on("grant", USER, GROUP), _of_member, rejoin=True),
        FORBIDDEN,
    ),
    fault(
        "around-history-service-revoked-counts",
        "Decisions go by the privileges in a service that were revoked.",
        _lingering_privileges(
            on("grant", USER, SERVICE),
            lambda world, exchange, ghosts: _keep(
                world, ghosts, exchange.params["uid"], SERVICE, exchange.params["id"]
            ),
            rejoin=True,
        ),
        FORBIDDEN,
    ),
    fault(
        "around-history-left-zone",
        "Who was removed from a group keeps the zone privileges that it inherited.",
        _zone_stays(on("detach", USER, GROUP), lambda _world, exchange: [exchange.params["uid"]]),
        FORBIDDEN,
    ),
    fault(
        "around-history-deleted-zone",
        "Zone privileges that were inherited from a deleted group stay.",
        _zone_stays(on("delete", GROUP), lambda world, exchange: users_inside(world, exchange.params["id"])),
        FORBIDDEN,
    ),
    fault(
        "around-history-nested-zone",
        "Zone privileges that were inherited through a nested group stay when it is removed.",
        _zone_stays(on("detach", CHILD, GROUP), lambda world, exchange: users_inside(world, exchange.params["cid"])),
        FORBIDDEN,
    ),
    fault(
        "around-history-group-zone-revoked",
        "Zone privileges that were revoked of a group stay with its users.",
        _zone_stays(on("revoke", GROUP, ZONE), lambda world, exchange: users_inside(world, exchange.params["id"])),
        FORBIDDEN,
    ),
)
