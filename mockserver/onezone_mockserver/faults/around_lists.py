"""Faults of what is listed of users, groups and handle services, directly and through groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.around import Perform, effect, fault, on, shown
from onezone_mockserver.faults.tools import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Answer, Exchange
    from onezone_mockserver.faults.fault import Hook
    from onezone_mockserver.faults.tools import Meant
    from onezone_mockserver.world import World

GROUP, USER, SERVICE = "group", "user", "handle_service"


def _shorter(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda shown_: shown_.update({key: shown_[key][:-1]})


def _reversed(data: dict[str, Any]) -> None:
    data["privileges"] = data["privileges"][::-1]


def _direct(meant: Meant, ids: Callable[[World, Exchange], list[str]], key: str) -> Hook:
    """Give what is direct for what is effective."""

    def perform(inner: Perform, world: World, exchange: Exchange) -> Answer:
        answer = inner(exchange)
        write(answer, orjson.dumps({key: ids(world, exchange)}))
        return answer

    return effect(meant, perform)


FAULTS = (
    fault(
        "around-newest-user-hidden",
        "The newest user is missing in the list.",
        shown(on("list", USER), _shorter("users")),
        "list_users.effect*",
    ),
    fault(
        "around-newest-member-hidden",
        "The newest user of a group is missing in the list.",
        shown(on("list", USER, GROUP), _shorter("users")),
        "list_group_users.effect*",
    ),
    fault(
        "around-effective-users-direct",
        "Effective users are the direct ones.",
        _direct(
            on("list", USER, GROUP, effective=True),
            lambda world, one: list(world.members(USER, GROUP, one.params["id"])),
            "users",
        ),
        "list_group_effective_users.effect*",
    ),
    fault(
        "around-effective-services-direct",
        "Effective services of a group are the direct ones.",
        _direct(
            on("list", SERVICE, GROUP, effective=True),
            lambda world, one: list(world.memberships(GROUP, one.params["id"], SERVICE)),
            "handle_services",
        ),
        "list_group_effective_handle_services.effect*",
    ),
    fault(
        "around-effective-privileges-direct",
        "Effective privileges in a group are the direct ones.",
        _direct(
            on("privileges", USER, GROUP, effective=True),
            lambda world, one: sorted(world.related(USER, one.params["uid"], GROUP, one.params["id"]) or ()),
            "privileges",
        ),
        "get_group_effective_user_privileges.effect*",
    ),
    fault(
        "around-zone-not-inherited",
        "Effective zone privileges are one's own.",
        _direct(
            on("privileges", USER, "zone", effective=True),
            lambda world, one: sorted(world.own_zone(USER, one.params["id"])),
            "privileges",
        ),
        "get_user_effective_privileges.effect*",
    ),
    fault(
        "around-intermediaries-short",
        "The last way into a group is missing.",
        shown(on("intermediaries", USER, GROUP, effective=True), _shorter("intermediaries")),
        "get_group_user_membership.effect*",
    ),
    fault(
        "around-privileges-unsorted",
        "Privileges are listed in no order.",
        shown(on("privileges", USER, GROUP), _reversed),
        "get_group_user_privileges.*",
    ),
)
