"""Faults of what is listed of users, groups and handle services, directly and through groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.answers import changed_answer, write
from onezone_mockserver.faults.effects import GROUP, SERVICE, USER, Inner, effect
from onezone_mockserver.faults.fault import Hook, fault, on

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Answer, Exchange
    from onezone_mockserver.state import MockState


def _shorter(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda shown_: shown_.update({key: shown_[key][:-1]})


def _reversed(data: dict[str, Any]) -> None:
    data["privileges"] = data["privileges"][::-1]


def _direct(key: str, ids: Callable[[Exchange], list[str]]) -> Hook:
    """Give what is direct for what is effective."""

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer = inner(exchange)
        write(answer, orjson.dumps({key: ids(exchange)}))
        return answer

    return effect(perform)


FAULTS = (
    fault(
        "around-newest-user-hidden",
        "The newest user is missing in the list.",
        changed_answer(_shorter("users")).of(on("list", USER)),
        "list_users.effect*",
    ),
    fault(
        "around-newest-member-hidden",
        "The newest user of a group is missing in the list.",
        changed_answer(_shorter("users")).of(on("list", USER, GROUP)),
        "list_group_users.effect*",
    ),
    fault(
        "around-effective-users-direct",
        "Effective users are the direct ones.",
        _direct("users", lambda exchange: list(exchange.world.members(USER, GROUP, exchange.params["id"]))).of(
            on("list", USER, GROUP, effective=True)
        ),
        "list_group_effective_users.effect*",
    ),
    fault(
        "around-effective-services-direct",
        "Effective services of a group are the direct ones.",
        _direct(
            "handle_services", lambda exchange: list(exchange.world.memberships(GROUP, exchange.params["id"], SERVICE))
        ).of(on("list", SERVICE, GROUP, effective=True)),
        "list_group_effective_handle_services.effect*",
    ),
    fault(
        "around-effective-privileges-direct",
        "Effective privileges in a group are the direct ones.",
        _direct(
            "privileges",
            lambda exchange: sorted(
                exchange.world.related(USER, exchange.params["uid"], GROUP, exchange.params["id"]) or ()
            ),
        ).of(on("privileges", USER, GROUP, effective=True)),
        "get_group_effective_user_privileges.effect*",
    ),
    fault(
        "around-zone-not-inherited",
        "Effective zone privileges are one's own.",
        _direct("privileges", lambda exchange: sorted(exchange.world.own_zone(USER, exchange.params["id"]))).of(
            on("privileges", USER, "zone", effective=True)
        ),
        "get_user_effective_privileges.effect*",
    ),
    fault(
        "around-intermediaries-short",
        "The last way into a group is missing.",
        changed_answer(_shorter("intermediaries")).of(on("intermediaries", USER, GROUP, effective=True)),
        "get_group_user_membership.effect*",
    ),
    fault(
        "around-privileges-unsorted",
        "Privileges are listed in no order.",
        changed_answer(_reversed).of(on("privileges", USER, GROUP)),
        "get_group_user_privileges.*",
    ),
)
