"""Faults of what bodies the operations on users, groups and handle services take."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.around import fault, mended, on
from onezone_mockserver.faults.fault import Hook
from onezone_mockserver.faults.tools import replace, rescue

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check, Exchange
    from onezone_mockserver.faults.tools import Meant
    from onezone_mockserver.state import MockState

USER, GROUP = "user", "group"
GRANT = on("grant", USER, GROUP)

CHILD = on("create", "child", GROUP)


def _parsed(meant: Meant) -> Hook:
    """What is not JSON counts for an empty object."""
    return rescue("body", lambda _refusal, exchange, _mock: replace(exchange, {"name": "unnamed"}), meant)


def _object(meant: Meant) -> Hook:
    """What is no object counts for one."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            if not isinstance(exchange.value, dict):
                replace(exchange, {"name": "unnamed"})
            inner(exchange)

        return check

    return Hook("validation", around, meant)


def _taken(meant: Meant) -> Hook:
    """A user name that is somebody's is forgotten."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            inner(exchange)
            name = orjson.loads(exchange.data.get("username", b"null"))
            if name is not None and exchange.world.named(name):
                exchange.data.pop("username")

        return check

    return Hook("validation", around, meant)


def _short_name(data: dict[str, Any]) -> None:
    if data.get("username") and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,30}[a-zA-Z0-9]", str(data["username"])):
        data["username"] = f"user-{secrets.token_hex(6)}"


FAULTS = (
    fault(
        "around-malformed",
        "What is not JSON makes a child without a name of its own.",
        _parsed(CHILD),
        "create_group_child.body.malformed",
    ),
    fault(
        "around-non-object",
        "A list makes a child without a name of its own.",
        _object(CHILD),
        "create_group_child.body.non-object",
    ),
    fault(
        "around-empty-name",
        "An empty name is a name.",
        mended(CHILD, lambda data: data.update(name="unnamed") if data.get("name") == "" else None),
        "create_group_child.body.name.empty",
    ),
    fault(
        "around-any-user-name",
        "A user name may have any characters.",
        mended(on("create", USER), _short_name),
        "create_user.body.username.pattern",
    ),
    fault(
        "around-taken-name",
        "A user name that somebody has can be asked for.",
        _taken(on("update", "caller")),
        "update_current_user.body.username.taken",
    ),
    fault(
        "around-password-alone",
        "A password needs no user name.",
        mended(on("create", USER), lambda data: None if "username" in data else data.pop("password", None)),
        "create_user.body.password.needs",
    ),
    fault(
        "around-unknown-privilege",
        "Privileges that there are not are taken away silently.",
        mended(
            GRANT,
            lambda data: data.update(
                {
                    key: [one for one in data[key] if isinstance(one, str) and one.startswith("group_")]
                    for key in ("grant", "revoke")
                    if isinstance(data.get(key), list)
                }
            ),
        ),
        "update_group_user_privileges.body.*",
    ),
    fault(
        "around-nothing-to-grant",
        "A change of privileges without any is fine.",
        mended(GRANT, lambda data: None if {"grant", "revoke"} & data.keys() else data.update(grant=[])),
        "update_group_user_privileges.body*",
    ),
    fault(
        "around-grant-text",
        "A text counts for a list of privileges.",
        mended(
            on("grant", USER, "zone"),
            lambda data: data.update({key: [] for key in ("grant", "revoke") if isinstance(data.get(key), str)}),
        ),
        "update_user_privileges.body.*",
    ),
    fault(
        "around-group-any-type",
        "Any type of group is taken.",
        mended(on("create", GROUP), lambda data: data.update(type="team") if "type" in data else None),
        "create_group.body.type*",
    ),
    fault(
        "around-group-without-name",
        "A group needs no name.",
        mended(on("create", GROUP), lambda data: data.setdefault("name", "unnamed") and None),
        "create_group.body.name*",
    ),
    fault(
        "around-group-number-name",
        "A number is a name.",
        mended(
            on("update", GROUP),
            lambda data: data.update(name=f"n {data['name']}") if isinstance(data.get("name"), int | float) else None,
        ),
        "update_group.body.name*",
    ),
    fault(
        "around-blocked-text",
        "A text blocks a user.",
        mended(
            on("update", USER, part="access_block"),
            lambda data: data.update(blocked=bool(data["blocked"])) if "blocked" in data else None,
        ),
        "update_user_access_block.body.blocked*",
    ),
)
