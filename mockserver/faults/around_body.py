"""Faults of what bodies the operations on users, groups and handle services take."""

from __future__ import annotations

from mockserver.faults.around import fault, mended, on

USER, GROUP = "user", "group"
GRANT = on("grant", USER, GROUP)

FAULTS = (
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
