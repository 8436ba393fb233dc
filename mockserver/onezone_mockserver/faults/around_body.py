"""Faults of what bodies the operations on users, groups and handle services take."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.fault import Hook, Point, fault, on
from onezone_mockserver.faults.requests import after, mended, parsed, shaped

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState

USER, GROUP = "user", "group"
GRANT = on("grant", USER, GROUP)
CHILD = on("create", "child", GROUP)


UNNAMED = {"name": "unnamed"}


def _duplicate_name_allowed() -> Hook:
    """A user name that is somebody's is forgotten."""

    def act(exchange: Exchange, _state: MockState) -> None:
        name = orjson.loads(exchange.data.get("username", b"null"))
        if name is not None and exchange.world.user_of_name(name):
            exchange.data.pop("username")

    return after(Point.VALIDATION, act)


def _short_name(data: dict[str, Any]) -> None:
    if data.get("username") and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,30}[a-zA-Z0-9]", str(data["username"])):
        data["username"] = f"user-{secrets.token_hex(6)}"


FAULTS = (
    fault(
        "around-malformed",
        "What is not JSON makes a child without a name of its own.",
        parsed(lambda _body: True, UNNAMED).of(CHILD),
        "create_group_child.body.malformed",
    ),
    fault(
        "around-non-object",
        "A list makes a child without a name of its own.",
        shaped(lambda _value: True, UNNAMED).of(CHILD),
        "create_group_child.body.non-object",
    ),
    fault(
        "around-empty-name",
        "An empty name is a name.",
        mended(lambda data: data.update(name="unnamed") if data.get("name") == "" else None).of(CHILD),
        "create_group_child.body.name.empty",
    ),
    fault(
        "around-any-user-name",
        "A user name may have any characters.",
        mended(_short_name).of(on("create", USER)),
        "create_user.body.username.pattern",
    ),
    fault(
        "around-taken-name",
        "A user name that somebody has can be asked for.",
        _duplicate_name_allowed().of(on("update", "caller")),
        "update_current_user.body.username.taken",
    ),
    fault(
        "around-password-alone",
        "A password needs no user name.",
        mended(lambda data: None if "username" in data else data.pop("password", None)).of(on("create", USER)),
        "create_user.body.password.needs",
    ),
    fault(
        "around-unknown-privilege",
        "Privileges that there are not are taken away silently.",
        mended(
            lambda data: data.update(
                {
                    key: [
                        privilege
                        for privilege in data[key]
                        if isinstance(privilege, str) and privilege.startswith("group_")
                    ]
                    for key in ("grant", "revoke")
                    if isinstance(data.get(key), list)
                }
            )
        ).of(GRANT),
        "update_group_user_privileges.body.*",
    ),
    fault(
        "around-nothing-to-grant",
        "A change of privileges without any is fine.",
        mended(lambda data: None if {"grant", "revoke"} & data.keys() else data.update(grant=[])).of(GRANT),
        "update_group_user_privileges.body*",
    ),
    fault(
        "around-grant-text",
        "A text counts for a list of privileges.",
        mended(lambda data: data.update({key: [] for key in ("grant", "revoke") if isinstance(data.get(key), str)})).of(
            on("grant", USER, "zone")
        ),
        "update_user_privileges.body.*",
    ),
    fault(
        "around-group-any-type",
        "Any type of group is taken.",
        mended(lambda data: data.update(type="team") if "type" in data else None).of(on("create", GROUP)),
        "create_group.body.type*",
    ),
    fault(
        "around-group-without-name",
        "A group needs no name.",
        mended(lambda data: data.setdefault("name", "unnamed")).of(on("create", GROUP)),
        "create_group.body.name*",
    ),
    fault(
        "around-group-number-name",
        "A number is a name.",
        mended(
            lambda data: data.update(name=f"n {data['name']}") if isinstance(data.get("name"), int | float) else None
        ).of(on("update", GROUP)),
        "update_group.body.name*",
    ),
    fault(
        "around-blocked-text",
        "A text blocks a user.",
        mended(lambda data: data.update(blocked=bool(data["blocked"])) if "blocked" in data else None).of(
            on("update", USER, part="access_block")
        ),
        "update_user_access_block.body.blocked*",
    ),
)
