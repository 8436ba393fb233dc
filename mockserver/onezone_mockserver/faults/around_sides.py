"""Faults of what an operation on users, groups and handle services does beside what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from onezone_mockserver.exchange import Answer, Refusal
from onezone_mockserver.faults.answers import write
from onezone_mockserver.faults.effects import GROUP, USER, Inner, afterwards, effect
from onezone_mockserver.faults.fault import fault, on
from onezone_mockserver.faults.requests import member, mended, privileges_at
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState

ATTACH, GRANT = on("attach", USER, GROUP), on("grant", USER, GROUP)


def _shows_password(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    answer = inner(exchange)
    password = exchange.world.users[exchange.params["id"]].password
    write(answer, orjson.dumps({**orjson.loads(answer.body), "password": password}))
    return answer


def _conflict_counts(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    user, group = member(exchange)
    try:
        return inner(exchange)
    except Refusal:
        if exchange.world.exists(USER, user) and exchange.world.related(USER, user, GROUP, group) is not None:
            exchange.world.relate(USER, user, GROUP, group, privileges_at(exchange, "privileges"))
        raise


def _children_too(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    children = list(exchange.world.members(GROUP, GROUP, exchange.params["id"]))
    answer = inner(exchange)
    for child in children:
        exchange.world.remove(GROUP, child)
    return answer


def _has_already(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    user, group = member(exchange)
    if (exchange.world.related(USER, user, GROUP, group) or NOTHING) & privileges_at(exchange, "grant"):
        raise Refusal("alreadyExists", "a fault of the mock")
    return inner(exchange)


def _still_enabled(exchange: Exchange, _state: MockState) -> None:
    exchange.world.change_user(exchange.params["id"], basic_auth=True)


FAULTS = (
    fault(
        "around-password-shown",
        "A user's password is shown.",
        effect(_shows_password).of(on("get", USER)),
        "get_user.success.body",
    ),
    fault(
        "around-conflict-counts",
        "A second joining is a conflict, and yet changes what the member may.",
        effect(_conflict_counts).of(ATTACH),
        "add_group_user.unchanged",
    ),
    fault(
        "around-group-takes-children",
        "The children of a deleted group go with it.",
        effect(_children_too).of(on("delete", GROUP)),
        "delete_group.effect*",
    ),
    fault(
        "around-grant-held",
        "What is held already cannot be granted with something new.",
        effect(_has_already).of(GRANT),
        "update_group_user_privileges.*",
    ),
    fault(
        "around-password-still-serves",
        "A user who may not log in with a password still may.",
        afterwards(_still_enabled).of(on("update", USER, part="basic_auth")),
        "update_user_basic_auth.effect*",
    ),
    fault(
        "around-usual-type",
        "A group without a type is a unit, not a team.",
        mended(lambda data: data.setdefault("type", "unit")).of(on("create", GROUP)),
        "create_group.effect.defaults",
    ),
)
