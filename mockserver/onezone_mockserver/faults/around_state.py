"""Faults of what the operations on users, groups and handle services do, and of what they tell afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Answer
from onezone_mockserver.faults.around import (
    Perform,
    afterwards,
    early,
    effect,
    fault,
    member,
    named,
    nothing,
    on,
    sent,
    without,
)
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.faults.fault import Hook
    from onezone_mockserver.faults.tools import Meant
    from onezone_mockserver.world import World

GROUP, USER, SERVICE = "group", "user", "handle_service"
ATTACH, DETACH = on("attach", USER, GROUP), on("detach", USER, GROUP)
GRANT = on("grant", USER, GROUP)


def _new(world: World, kind: str) -> str:
    return list(world.ids(kind))[-1]


def _creator_views(world: World, exchange: Exchange) -> None:
    if exchange.user:
        world.relate(USER, exchange.user.id, GROUP, _new(world, GROUP), frozenset({"group_view"}))


def _caller_leaves(world: World, exchange: Exchange) -> None:
    if exchange.user:
        world.unrelate(USER, exchange.user.id, GROUP, _new(world, GROUP))


def _orphan(world: World, exchange: Exchange) -> None:
    world.unrelate(GROUP, _new(world, GROUP), GROUP, exchange.params["id"])


def _everything(world: World, exchange: Exchange) -> None:
    if "privileges" not in exchange.data:
        user, group = member(exchange)
        world.relate(USER, user, GROUP, group, frozenset({"group_view", "group_update", "group_delete"}))


def _from_everywhere(world: World, exchange: Exchange) -> None:
    for group in list(world.memberships(USER, exchange.params["uid"], GROUP)):
        world.unrelate(USER, exchange.params["uid"], GROUP, group)


def _revoke_wins(world: World, exchange: Exchange) -> None:
    user, group = member(exchange)
    world.relate(
        USER, user, GROUP, group, (world.related(USER, user, GROUP, group) or NOTHING) - named(exchange, "revoke")
    )


def _grant_replaces(world: World, exchange: Exchange) -> None:
    user, group = member(exchange)
    world.relate(USER, user, GROUP, group, named(exchange, "grant"))


def _zone_grant_replaces(world: World, exchange: Exchange) -> None:
    world.set_zone(USER, exchange.params["id"], named(exchange, "grant"))


def _type_lost(world: World, exchange: Exchange) -> None:
    _change(world, GROUP, exchange.params["id"], lambda details: details.update(type="team"))


def _change(world: World, kind: str, identity: str, change: Callable[[dict[str, Any]], Any]) -> None:
    details = orjson.loads(world.details(kind, identity))
    change(details)
    world.replace(kind, identity, orjson.dumps(details))


def _merged(inner: Perform, world: World, exchange: Exchange) -> Answer:
    before = orjson.loads(world.details(SERVICE, exchange.params["id"]))["serviceProperties"]
    answer = inner(exchange)
    _change(
        world,
        SERVICE,
        exchange.params["id"],
        lambda one: one.update(serviceProperties={**before, **one["serviceProperties"]}),
    )
    return answer


def _services_too(inner: Perform, world: World, exchange: Exchange) -> Answer:
    held = list(world.memberships(GROUP, exchange.params["id"], SERVICE))
    answer = inner(exchange)
    for one in held:
        world.remove(SERVICE, one)
    return answer


def _members_too(inner: Perform, world: World, exchange: Exchange) -> Answer:
    users = [
        one for one in world.members(USER, GROUP, exchange.params["id"]) if exchange.user and one != exchange.user.id
    ]
    answer = inner(exchange)
    for one in users:
        world.remove(USER, one)
    return answer


def _restored(kind: str) -> Callable[[Perform, World, Exchange], Answer]:
    """The entity is still there after it was deleted, without its members."""

    def perform(inner: Perform, world: World, exchange: Exchange) -> Answer:
        details = world.details(kind, exchange.params["id"])
        answer = inner(exchange)
        world.add(kind, exchange.params["id"], details)
        return answer

    return perform


def _overwrites(inner: Perform, world: World, exchange: Exchange) -> Answer:
    user, group = member(exchange)
    if world.exists(USER, user) and world.related(USER, user, GROUP, group) is not None:
        world.unrelate(USER, user, GROUP, group)
    return inner(exchange)


def _old_password(inner: Perform, world: World, exchange: Exchange) -> Answer:
    old = world.users[exchange.params["id"]].password
    answer = inner(exchange)
    world.change_user(exchange.params["id"], password=old)
    return answer


def _unblocked(world: World, exchange: Exchange) -> None:
    world.change_user(exchange.params["id"], blocked=False)


def _itself(meant: Meant) -> Hook:
    """Joining oneself is fine, and does nothing."""

    def perform(inner: Perform, _world: World, exchange: Exchange) -> Answer:
        params = exchange.params
        return (
            Answer(201, [(b"location", b"/"), (b"content-length", b"0")])
            if params["id"] == params["cid"]
            else inner(exchange)
        )

    return effect(meant, perform)


FAULTS = (
    fault(
        "around-full-name-not-set",
        "A new user's full name is forgotten.",
        sent(on("create", USER), without("fullName")),
        "create_user.effect*",
    ),
    fault(
        "around-creator-joins",
        "Who creates a group at /groups becomes a member.",
        afterwards(on("create", GROUP), _creator_views),
        "create_group.effect*",
    ),
    fault(
        "around-caller-not-member",
        "Who creates a group at /user/groups is no member.",
        afterwards(on("create", GROUP, "caller"), _caller_leaves),
        "create_user_group.effect*",
    ),
    fault(
        "around-caller-only-views",
        "Who creates a group at /user/groups may only view it.",
        afterwards(on("create", GROUP, "caller"), _creator_views),
        "create_user_group.effect*",
    ),
    fault(
        "around-type-ignored",
        "A new group is a team, whatever was asked for.",
        sent(on("create", GROUP), without("type")),
        "create_group.effect*",
    ),
    fault(
        "around-child-not-related",
        "A new child belongs to nothing.",
        afterwards(on("create", "child", GROUP), _orphan),
        "create_group_child.effect*",
    ),
    fault(
        "around-attach-ignores-privileges",
        "A new member's privileges are forgotten.",
        sent(ATTACH, without("privileges")),
        "add_group_user.effect*",
    ),
    fault(
        "around-attach-gives-more",
        "A new member without named privileges may change and delete the group.",
        afterwards(ATTACH, _everything),
        "add_group_user.effect*",
    ),
    fault("around-attach-does-nothing", "A new member is none.", nothing(ATTACH, 201), "add_group_user.effect*"),
    fault(
        "around-attach-overwrites",
        "Who is a member already gets other privileges.",
        effect(ATTACH, _overwrites),
        "add_group_user.*",
        editions=("deployed",),
    ),
    fault(
        "around-child-of-itself",
        "A group may be told to join itself.",
        _itself(on("attach", "child", GROUP)),
        "add_group_child.itself",
    ),
    fault(
        "around-attach-child-does-nothing",
        "A new child is none.",
        nothing(on("attach", "child", GROUP), 201),
        "add_group_child.effect*",
    ),
    fault("around-detach-does-nothing", "A removed member stays.", nothing(DETACH), "remove_group_user.effect*"),
    fault(
        "around-detach-everywhere",
        "A removed member is removed from every group.",
        afterwards(DETACH, _from_everywhere),
        "remove_group_user.effect*",
    ),
    fault(
        "around-detach-service-does-nothing",
        "A group stays in the service that it was removed from.",
        nothing(on("detach", GROUP, SERVICE)),
        "remove_handle_service_group.effect*",
    ),
    fault(
        "around-revoke-wins",
        "What is granted and revoked at once is gone.",
        afterwards(GRANT, _revoke_wins),
        "update_group_user_privileges.effect*",
    ),
    fault(
        "around-grant-replaces",
        "What is granted is all that is left.",
        afterwards(GRANT, _grant_replaces),
        "update_group_user_privileges.effect*",
    ),
    fault(
        "around-revoke-ignored",
        "Nothing is revoked.",
        sent(GRANT, without("revoke")),
        "update_group_user_privileges.effect*",
    ),
    fault(
        "around-zone-grant-replaces",
        "Granted zone privileges are all that is left.",
        afterwards(on("grant", USER, "zone"), _zone_grant_replaces),
        "update_user_privileges.effect*",
    ),
    fault(
        "around-zone-revoke-does-nothing",
        "Zone privileges stay when they are taken away.",
        nothing(on("revoke", GROUP, "zone")),
        "remove_group_privileges.effect*",
    ),
    fault(
        "around-group-update-ignored",
        "A group keeps its name.",
        sent(on("update", GROUP), without("name")),
        "update_group.effect*",
    ),
    fault(
        "around-group-update-resets",
        "A group that is changed becomes a team.",
        afterwards(on("update", GROUP), _type_lost),
        "update_group.effect*",
    ),
    fault(
        "around-service-update-merges",
        "ServiceProperties are merged, not replaced.",
        effect(on("update", SERVICE), _merged),
        "update_handle_service.effect*",
    ),
    fault(
        "around-group-stays",
        "A deleted group is still there.",
        effect(on("delete", GROUP), _restored(GROUP)),
        "delete_group.effect*",
    ),
    fault(
        "around-group-takes-services",
        "The services of a deleted group go with it.",
        effect(on("delete", GROUP), _services_too),
        "delete_group.effect*",
    ),
    fault(
        "around-group-takes-users",
        "The users of a deleted group go with it.",
        effect(on("delete", GROUP), _members_too),
        "delete_group.effect*",
    ),
    fault(
        "around-service-stays",
        "A deleted service is still there.",
        effect(on("delete", SERVICE), _restored(SERVICE)),
        "delete_handle_service.effect*",
    ),
    fault(
        "around-block-does-nothing",
        "A blocked user may still do everything.",
        afterwards(on("update", USER, part="access_block"), _unblocked),
        "update_user_access_block.effect*",
    ),
    fault(
        "around-old-password",
        "The old password stays.",
        effect(on("update", USER, part="basic_auth"), _old_password),
        "update_user_basic_auth.effect*",
    ),
    fault(
        "around-refused-grant-counts",
        "Privileges change before anybody asks who may.",
        early(GRANT),
        "update_group_user_privileges.unchanged*",
    ),
    fault(
        "around-refused-update-counts",
        "A group changes before anybody asks who may.",
        early(on("update", GROUP)),
        "update_group.unchanged*",
    ),
    fault(
        "around-refused-delete-counts",
        "A service goes before anybody asks who may.",
        early(on("delete", SERVICE)),
        "delete_handle_service.*",
    ),
)
