"""Faults in the effects of operations on users, groups and handle services, and in what reads show afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Answer
from onezone_mockserver.faults.effects import (
    GROUP,
    SERVICE,
    USER,
    Inner,
    Perform,
    afterwards,
    details,
    early,
    effect,
    nothing,
    services,
)
from onezone_mockserver.faults.fault import fault, on
from onezone_mockserver.faults.requests import member, privileges_at, stored, without
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import World

ATTACH, DETACH = on("attach", USER, GROUP), on("detach", USER, GROUP)
GRANT = on("grant", USER, GROUP)


def _new(world: World, kind: str) -> str:
    return list(world.ids(kind))[-1]


def _creator_views(exchange: Exchange, _state: MockState) -> None:
    if exchange.user:
        exchange.world.relate(USER, exchange.user.id, GROUP, _new(exchange.world, GROUP), frozenset({"group_view"}))


def _caller_leaves(exchange: Exchange, _state: MockState) -> None:
    if exchange.user:
        exchange.world.unrelate(USER, exchange.user.id, GROUP, _new(exchange.world, GROUP))


def _parent_not_linked(exchange: Exchange, _state: MockState) -> None:
    exchange.world.unrelate(GROUP, _new(exchange.world, GROUP), GROUP, exchange.params["id"])


def _more_privileges(exchange: Exchange, _state: MockState) -> None:
    if "privileges" not in exchange.data:
        user, group = member(exchange)
        exchange.world.relate(USER, user, GROUP, group, frozenset({"group_view", "group_update", "group_delete"}))


def _from_everywhere(exchange: Exchange, _state: MockState) -> None:
    for group in list(exchange.world.memberships(USER, exchange.params["uid"], GROUP)):
        exchange.world.unrelate(USER, exchange.params["uid"], GROUP, group)


def _revoke_wins(exchange: Exchange, _state: MockState) -> None:
    user, group = member(exchange)
    privileges = exchange.world.related(USER, user, GROUP, group) or NOTHING
    exchange.world.relate(USER, user, GROUP, group, privileges - privileges_at(exchange, "revoke"))


def _grant_replaces(exchange: Exchange, _state: MockState) -> None:
    user, group = member(exchange)
    exchange.world.relate(USER, user, GROUP, group, privileges_at(exchange, "grant"))


def _zone_grant_replaces(exchange: Exchange, _state: MockState) -> None:
    exchange.world.set_zone(USER, exchange.params["id"], privileges_at(exchange, "grant"))


def _type_lost(exchange: Exchange, _state: MockState) -> None:
    _change(exchange.world, GROUP, exchange.params["id"], lambda data: data.update(type="team"))


def _change(world: World, kind: str, identity: str, change: Callable[[dict[str, Any]], Any]) -> None:
    data = details(world, kind, identity)
    change(data)
    world.replace(kind, identity, orjson.dumps(data))


def _merged(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    before = details(exchange.world, SERVICE, exchange.params["id"])["serviceProperties"]
    answer = inner(exchange)
    _change(
        exchange.world,
        SERVICE,
        exchange.params["id"],
        lambda data: data.update(serviceProperties={**before, **data["serviceProperties"]}),
    )
    return answer


def _services_too(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    service_ids = services(exchange.world, exchange.params["id"])
    answer = inner(exchange)
    for service in service_ids:
        exchange.world.remove(SERVICE, service)
    return answer


def _members_too(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    users = [
        user
        for user in exchange.world.members(USER, GROUP, exchange.params["id"])
        if exchange.user and user != exchange.user.id
    ]
    answer = inner(exchange)
    for user in users:
        exchange.world.remove(USER, user)
    return answer


def _restored(kind: str) -> Perform:
    """The entity is still there after it was deleted, without its members."""

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        data = exchange.world.details(kind, exchange.params["id"])
        answer = inner(exchange)
        exchange.world.add(kind, exchange.params["id"], data)
        return answer

    return perform


def _overwrites(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    user, group = member(exchange)
    if exchange.world.exists(USER, user) and exchange.world.related(USER, user, GROUP, group) is not None:
        exchange.world.unrelate(USER, user, GROUP, group)
    return inner(exchange)


def _old_password(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    old = exchange.world.users[exchange.params["id"]].password
    answer = inner(exchange)
    exchange.world.change_user(exchange.params["id"], password=old)
    return answer


def _unblocked(exchange: Exchange, _state: MockState) -> None:
    exchange.world.change_user(exchange.params["id"], blocked=False)


def _itself(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """Joining oneself is fine, and does nothing."""
    if exchange.params["id"] == exchange.params["cid"]:
        return Answer(201, [(b"location", b"/"), (b"content-length", b"0")])
    return inner(exchange)


FAULTS = (
    fault(
        "around-full-name-not-set",
        "A new user's full name is forgotten.",
        stored(without("fullName")).of(on("create", USER)),
        "create_user.effect*",
    ),
    fault(
        "around-creator-joins",
        "Who creates a group at /groups becomes a member.",
        afterwards(_creator_views).of(on("create", GROUP)),
        "create_group.effect*",
    ),
    fault(
        "around-caller-not-member",
        "Who creates a group at /user/groups is no member.",
        afterwards(_caller_leaves).of(on("create", GROUP, "caller")),
        "create_user_group.effect*",
    ),
    fault(
        "around-caller-only-views",
        "Who creates a group at /user/groups may only view it.",
        afterwards(_creator_views).of(on("create", GROUP, "caller")),
        "create_user_group.effect*",
    ),
    fault(
        "around-type-ignored",
        "A new group is a team, whatever was asked for.",
        stored(without("type")).of(on("create", GROUP)),
        "create_group.effect*",
    ),
    fault(
        "around-child-not-related",
        "A new child belongs to nothing.",
        afterwards(_parent_not_linked).of(on("create", "child", GROUP)),
        "create_group_child.effect*",
    ),
    fault(
        "around-attach-ignores-privileges",
        "A new member's privileges are forgotten.",
        stored(without("privileges")).of(ATTACH),
        "add_group_user.effect*",
    ),
    fault(
        "around-attach-gives-more",
        "A new member without named privileges may change and delete the group.",
        afterwards(_more_privileges).of(ATTACH),
        "add_group_user.effect*",
    ),
    fault("around-attach-does-nothing", "A new member is none.", nothing(201).of(ATTACH), "add_group_user.effect*"),
    fault(
        "around-attach-overwrites",
        "Who is a member already gets other privileges.",
        effect(_overwrites).of(ATTACH),
        "add_group_user.*",
        editions=("deployed",),
    ),
    fault(
        "around-child-of-itself",
        "A group may be told to join itself.",
        effect(_itself).of(on("attach", "child", GROUP)),
        "add_group_child.itself",
    ),
    fault(
        "around-attach-child-does-nothing",
        "A new child is none.",
        nothing(201).of(on("attach", "child", GROUP)),
        "add_group_child.effect*",
    ),
    fault("around-detach-does-nothing", "A removed member stays.", nothing().of(DETACH), "remove_group_user.effect*"),
    fault(
        "around-detach-everywhere",
        "A removed member is removed from every group.",
        afterwards(_from_everywhere).of(DETACH),
        "remove_group_user.effect*",
    ),
    fault(
        "around-detach-service-does-nothing",
        "A group stays in the service that it was removed from.",
        nothing().of(on("detach", GROUP, SERVICE)),
        "remove_handle_service_group.effect*",
    ),
    fault(
        "around-revoke-wins",
        "What is granted and revoked at once is gone.",
        afterwards(_revoke_wins).of(GRANT),
        "update_group_user_privileges.effect*",
    ),
    fault(
        "around-grant-replaces",
        "What is granted is all that is left.",
        afterwards(_grant_replaces).of(GRANT),
        "update_group_user_privileges.effect*",
    ),
    fault(
        "around-revoke-ignored",
        "Nothing is revoked.",
        stored(without("revoke")).of(GRANT),
        "update_group_user_privileges.effect*",
    ),
    fault(
        "around-zone-grant-replaces",
        "Granted zone privileges are all that is left.",
        afterwards(_zone_grant_replaces).of(on("grant", USER, "zone")),
        "update_user_privileges.effect*",
    ),
    fault(
        "around-zone-revoke-does-nothing",
        "Zone privileges stay when they are taken away.",
        nothing().of(on("revoke", GROUP, "zone")),
        "remove_group_privileges.effect*",
    ),
    fault(
        "around-group-update-ignored",
        "A group keeps its name.",
        stored(without("name")).of(on("update", GROUP)),
        "update_group.effect*",
    ),
    fault(
        "around-group-update-resets",
        "A group that is changed becomes a team.",
        afterwards(_type_lost).of(on("update", GROUP)),
        "update_group.effect*",
    ),
    fault(
        "around-service-update-merges",
        "ServiceProperties are merged, not replaced.",
        effect(_merged).of(on("update", SERVICE)),
        "update_handle_service.effect*",
    ),
    fault(
        "around-group-stays",
        "A deleted group is still there.",
        effect(_restored(GROUP)).of(on("delete", GROUP)),
        "delete_group.effect*",
    ),
    fault(
        "around-group-takes-services",
        "The services of a deleted group go with it.",
        effect(_services_too).of(on("delete", GROUP)),
        "delete_group.effect*",
    ),
    fault(
        "around-group-takes-users",
        "The users of a deleted group go with it.",
        effect(_members_too).of(on("delete", GROUP)),
        "delete_group.effect*",
    ),
    fault(
        "around-service-stays",
        "A deleted service is still there.",
        effect(_restored(SERVICE)).of(on("delete", SERVICE)),
        "delete_handle_service.effect*",
    ),
    fault(
        "around-block-does-nothing",
        "A blocked user may still do everything.",
        afterwards(_unblocked).of(on("update", USER, part="access_block")),
        "update_user_access_block.effect*",
    ),
    fault(
        "around-old-password",
        "The old password stays.",
        effect(_old_password).of(on("update", USER, part="basic_auth")),
        "update_user_basic_auth.effect*",
    ),
    fault(
        "around-refused-grant-counts",
        "Privileges change before anybody asks who may.",
        early().of(GRANT),
        "update_group_user_privileges.unchanged*",
    ),
    fault(
        "around-refused-update-counts",
        "A group changes before anybody asks who may.",
        early().of(on("update", GROUP)),
        "update_group.unchanged*",
    ),
    fault(
        "around-refused-delete-counts",
        "A service goes before anybody asks who may.",
        early().of(on("delete", SERVICE)),
        "delete_handle_service.*",
    ),
)
