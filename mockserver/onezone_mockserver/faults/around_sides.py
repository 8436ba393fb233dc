"""Faults of what an operation on users, groups and handle services does beside what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from onezone_mockserver.exchange import Answer, Refusal
from onezone_mockserver.faults.around import Perform, afterwards, effect, fault, member, mended, named, on
from onezone_mockserver.faults.tools import write
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.world import World

GROUP, USER = "group", "user"
ATTACH, GRANT = on("attach", USER, GROUP), on("grant", USER, GROUP)


def _shows_password(inner: Perform, world: World, exchange: Exchange) -> Answer:
    answer = inner(exchange)
    password = world.users[exchange.params["id"]].password
    write(answer, orjson.dumps({**orjson.loads(answer.body), "password": password}))
    return answer


def _conflict_counts(inner: Perform, world: World, exchange: Exchange) -> Answer:
    user, group = member(exchange)
    try:
        return inner(exchange)
    except Refusal:
        if world.exists(USER, user) and world.related(USER, user, GROUP, group) is not None:
            world.relate(USER, user, GROUP, group, named(exchange, "privileges"))
        raise


def _children_too(inner: Perform, world: World, exchange: Exchange) -> Answer:
    children = list(world.members(GROUP, GROUP, exchange.params["id"]))
    answer = inner(exchange)
    for one in children:
        world.remove(GROUP, one)
    return answer


def _held_already(inner: Perform, world: World, exchange: Exchange) -> Answer:
    user, group = member(exchange)
    if (world.related(USER, user, GROUP, group) or NOTHING) & named(exchange, "grant"):
        raise Refusal("alreadyExists", "a fault of the mock")
    return inner(exchange)


def _still_enabled(world: World, exchange: Exchange) -> None:
    world.change_user(exchange.params["id"], basic_auth=True)


FAULTS = (
    fault(
        "around-password-shown",
        "A user's password is shown.",
        effect(on("get", USER), _shows_password),
        "get_user.success.body",
    ),
    fault(
        "around-conflict-counts",
        "A second joining is a conflict, and yet changes what the member may.",
        effect(ATTACH, _conflict_counts),
        "add_group_user.unchanged",
    ),
    fault(
        "around-group-takes-children",
        "The children of a deleted group go with it.",
        effect(on("delete", GROUP), _children_too),
        "delete_group.effect*",
    ),
    fault(
        "around-grant-held",
        "What is held already cannot be granted with something new.",
        effect(GRANT, _held_already),
        "update_group_user_privileges.*",
    ),
    fault(
        "around-password-still-serves",
        "A user who may not log in with a password still may.",
        afterwards(on("update", USER, part="basic_auth"), _still_enabled),
        "update_user_basic_auth.effect*",
    ),
    fault(
        "around-usual-type",
        "A group without a type is a unit, not a team.",
        mended(on("create", GROUP), lambda data: data.setdefault("type", "unit") and None),
        "create_group.effect.defaults",
    ),
)
