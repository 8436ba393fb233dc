"""Faults of who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.effects import Memory
from onezone_mockserver.faults.fault import ALL, CLASSIC, NEWER, Fault, Hook, Point, fault
from onezone_mockserver.faults.permissions import CREATE, MEMBER, RELATE, Rule, as_user_who_may, rule
from onezone_mockserver.faults.requests import refused, unless

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check, Exchange
    from onezone_mockserver.state import MockState

ADMINISTRATOR, MEMBERS, OUTSIDER = "access.administrator", "access.member", "access.outsider"
NO_CREATE, NO_RELATION = "access.without-oz_handle_services_create", "access.without-group_create_*"


def _rule(name: str, text: str, allows: Rule, *noticed_by: str, editions: tuple[str, ...] = ALL) -> Fault:
    return fault(f"access-{name}", text, rule(allows), *noticed_by, editions=editions)


def _members_of_any_group() -> Hook:
    """Members of any group may in every group."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            user = exchange.user.id if exchange.user else ""
            groups = exchange.world.effective_memberships("user", user, "group")
            privileges: set[str] = set().union(*groups.values())
            if MEMBER not in privileges or CREATE not in exchange.world.zone_privileges("user", user):
                inner(exchange)

        return check

    return Hook(Point.AUTHORIZATION, around)


def _first_group() -> Hook:
    """Each user may in one group alone."""

    def around(inner: Check, _state: MockState) -> Check:
        memory: Memory[dict[str, str]] = Memory(dict)

        def check(exchange: Exchange) -> None:
            inner(exchange)
            user = exchange.user.id if exchange.user else ""
            group = exchange.params["id"]
            if exchange.world.exists("group", group) and memory.of(exchange.world).setdefault(user, group) != group:
                raise refused("forbidden")

        return check

    return Hook(Point.AUTHORIZATION, around)


def _cached() -> Hook:
    def around(inner: Any, _state: MockState) -> Any:
        memory: Memory[set[str]] = Memory(set)

        def check(exchange: Exchange) -> None:
            seen = memory.of(exchange.world)
            if exchange.user is None or exchange.method not in seen:
                inner(exchange)
                seen.add(exchange.method)

        return check

    return Hook(Point.AUTHORIZATION, around)


FAULTS = (
    _rule("anybody", "Whoever has signed in may.", lambda _r, _z, _g: True, OUTSIDER, "access.without-*"),
    _rule("nobody", "Nobody may.", lambda _r, _z, _g: False, ADMINISTRATOR),
    _rule("some-zone-privilege", "Any zone privilege is enough.", lambda r, z, _g: r or bool(z), NO_CREATE),
    _rule("three-privileges", "Three zone privileges are enough.", lambda r, z, _g: r or len(z) > 2, NO_CREATE),  # noqa: PLR2004
    _rule("outsider", "Who holds nothing may.", lambda r, z, g: r or (not z and g is None), OUTSIDER),
    _rule(
        "create-enough",
        "The zone privilege to create is enough.",
        lambda r, z, _g: r or CREATE in z,
        NO_RELATION,
        editions=NEWER,
    ),
    _rule("relate-enough", "The privilege to add relations is enough.", lambda r, z, _g: r or RELATE in z, NO_CREATE),
    _rule("member-enough", "Members may.", lambda r, _z, g: r or g is not None, NO_CREATE, editions=NEWER),
    _rule(
        "group-enough",
        "The privilege in the group is enough.",
        lambda r, _z, g: r or MEMBER in (g or ()),
        NO_CREATE,
        editions=NEWER,
    ),
    _rule("no-members", "Members may not.", lambda r, z, _g: r and RELATE in z, MEMBERS, editions=NEWER),
    _rule(
        "members-only",
        "Administrators who are no members may not.",
        lambda r, _z, g: r and g is not None,
        ADMINISTRATOR,
    ),
    _rule(
        "all-three",
        "All three privileges are needed.",
        lambda r, z, g: r and RELATE in z and MEMBER in (g or ()),
        MEMBERS,
        ADMINISTRATOR,
        editions=NEWER,
    ),
    _rule(
        "member-without-zone",
        "Members need no zone privilege.",
        lambda r, z, g: r or (MEMBER in (g or ()) and CREATE not in z),
        NO_CREATE,
        editions=NEWER,
    ),
    _rule(
        "member-also-view",
        "Members need the privilege to see the group, too.",
        lambda r, z, g: r and (RELATE in z or "group_view" in (g or ())),
        MEMBERS,
        editions=NEWER,
    ),
    _rule(
        "administrator-also-list",
        "Administrators need the privilege to list services, too.",
        lambda r, z, g: r and (g is not None or "oz_handle_services_list" in z),
        ADMINISTRATOR,
    ),
    _rule(
        "administrator-relations",
        "Administrators need the privilege to add relations.",
        lambda r, z, _g: r and RELATE in z,
        ADMINISTRATOR,
        editions=CLASSIC,
    ),
    _rule(
        "prefix",
        "Any zone privilege over services is enough.",
        lambda r, z, _g: r or any(privilege.startswith("oz_handle_services") for privilege in z),
        NO_CREATE,
    ),
    _rule(
        "handles",
        "The privilege to register handles is enough.",
        lambda r, _z, g: r or "group_create_handle" in (g or ()),
        NO_RELATION,
        NO_CREATE,
        editions=NEWER,
    ),
    _rule(
        "owner",
        "Whoever may delete the group may.",
        lambda r, _z, g: r or "group_delete" in (g or ()),
        NO_RELATION,
        editions=NEWER,
    ),
    fault(
        "access-other-group",
        "Members of any group may in every group.",
        _members_of_any_group(),
        "access.other-group.member",
        editions=NEWER,
    ),
    fault(
        "access-first-group",
        "Whoever is no member may only in the group in which they did first.",
        _first_group(),
        "access.other-group.administrator",
    ),
    fault("access-cached", "Once somebody was allowed, everybody is.", _cached(), OUTSIDER, "access.without-*"),
    fault(
        "access-unchecked",
        "Nobody is asked for privileges, nor for credentials.",
        unless(Point.AUTHORIZATION, lambda _e: True),
        "access.anonymous",
        OUTSIDER,
    ),
    fault(
        "access-anonymous",
        "Who has no credentials may everything.",
        as_user_who_may(lambda e: not {b"authorization", b"x-auth-token"} & e.headers.keys()),
        "access.anonymous",
    ),
)
