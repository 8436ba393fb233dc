"""Faults of who may do what with users, groups and handle services."""

from __future__ import annotations

from onezone_spec import Route

from onezone_mockserver.faults.around import access, also, anybody, fault, not_asked, nothing_extra, on, without_route

MEMBER = "group_view"
IN_GROUP, IN_SERVICE = on("get", "user", "group"), on("get", "user", "handle_service")
ADD_USER, ADD_CHILD = on("attach", "user", "group"), on("attach", "child", "group")


def _asks_credentials(routes: list[Route]) -> list[Route]:
    return [Route("user", {"caller": frozenset()}) for _ in routes]


FAULTS = (
    fault("around-users-for-all", "Any user may list all users.", anybody(on("list", "user")), "list_users.access.*"),
    fault("around-user-for-all", "Any user may see any user.", anybody(on("get", "user")), "get_user.access.*"),
    fault(
        "around-user-not-self",
        "A user may not see itself.",
        without_route(on("get", "user"), "oneself"),
        "get_user.access.*",
    ),
    fault(
        "around-create-user-for-all",
        "Any user may create users.",
        anybody(on("create", "user")),
        "create_user.access.*",
    ),
    fault(
        "around-delete-user-for-all",
        "Any user may delete any user.",
        anybody(on("delete", "user")),
        "delete_user.access.*",
    ),
    fault(
        "around-password-by-oneself",
        "A user may set its own password by the administrator's operation.",
        also(on("update", "user", part="basic_auth"), self=[]),
        "update_user_basic_auth.access.*",
    ),
    fault(
        "around-block-by-viewer",
        "Whoever may view users may block them.",
        also(on("update", "user", part="access_block"), zone=["oz_users_view"]),
        "update_user_access_block.access.*",
    ),
    fault(
        "around-zone-grant-by-viewer",
        "Whoever may see zone privileges may change them.",
        also(on("grant", "user", "zone"), zone=["oz_view_privileges"]),
        "update_user_privileges.access.*",
    ),
    fault(
        "around-zone-grant-by-oneself",
        "A user may give itself zone privileges.",
        also(on("grant", "user", "zone"), self=[]),
        "update_user_privileges.access.*",
    ),
    fault(
        "around-own-grant-for-all",
        "Any user may give itself zone privileges at /user.",
        anybody(on("grant", "caller", "zone")),
        "update_current_user_privileges.access.*",
    ),
    fault(
        "around-groups-for-all", "Any user may list all groups.", anybody(on("list", "group")), "list_groups.access.*"
    ),
    fault("around-group-for-all", "Any user may see any group.", anybody(on("get", "group")), "get_group.access.*"),
    fault(
        "around-group-only-admin",
        "Members may not see their group.",
        without_route(on("get", "group"), "member"),
        "get_group.access.*",
    ),
    fault(
        "around-group-update-by-member",
        "Any member may change the group.",
        also(on("update", "group"), group=[]),
        "update_group.access.*",
    ),
    fault(
        "around-group-delete-by-updater",
        "Whoever may change the group may delete it.",
        also(on("delete", "group"), group=["group_update"]),
        "delete_group.access.*",
    ),
    fault(
        "around-group-delete-zone",
        "Whoever may change any group may delete any.",
        also(on("delete", "group"), zone=["oz_groups_update"]),
        "delete_group.access.*",
    ),
    fault(
        "around-add-anyone",
        "A member may add others, not just itself.",
        not_asked(ADD_USER, "self"),
        "add_group_user.access.*",
    ),
    fault(
        "around-add-with-privileges",
        "A new member's privileges cost nothing more.",
        nothing_extra(ADD_USER),
        "add_group_user.access.*",
    ),
    fault(
        "around-add-one-zone-privilege",
        "An administrator may add users with one of both zone privileges.",
        not_asked(ADD_USER, "zone", "oz_users_add_relationships"),
        "add_group_user.access.*",
    ),
    fault(
        "around-remove-one-zone-privilege",
        "An administrator may remove users with one of both zone privileges.",
        not_asked(on("detach", "user", "group"), "zone", "oz_groups_remove_relationships"),
        "remove_group_user.access.*",
    ),
    fault(
        "around-members-for-members",
        "Any member may list the users of the group.",
        also(on("list", "user", "group"), group=[]),
        "list_group_users.access.*",
    ),
    fault(
        "around-effective-members-for-all",
        "Any user may list the effective users of a group.",
        anybody(on("list", "user", "group", effective=True)),
        "list_group_effective_users.access.*",
    ),
    fault(
        "around-creator-hidden",
        "Members may not see who made the group.",
        without_route(IN_GROUP, "creator"),
        "get_group_user.access.*",
    ),
    fault(
        "around-self-hidden",
        "A member may not see itself in the group.",
        without_route(IN_GROUP, "oneself"),
        "get_group_user.access.*",
    ),
    fault(
        "around-privileges-for-viewers",
        "Whoever may view the group sees everybody's privileges.",
        also(on("privileges", "user", "group"), group=[MEMBER]),
        "get_group_user_privileges.access.*",
    ),
    fault(
        "around-grant-by-viewer",
        "Whoever may see privileges in a group may change them.",
        also(on("grant", "user", "group"), group=["group_view_privileges"]),
        "update_group_user_privileges.access.*",
    ),
    fault(
        "around-child-uninvited",
        "A group joins without anybody of it being asked.",
        not_asked(ADD_CHILD, "child"),
        "add_group_child.access.*",
        editions=("deployed",),
    ),
    fault(
        "around-child-by-adder-of-users",
        "Whoever may add users may create children.",
        also(on("create", "child", "group"), group=["group_add_user"]),
        "create_group_child.access.*",
    ),
    fault(
        "around-service-update-by-viewer",
        "Whoever may view a service may change it.",
        also(on("update", "handle_service"), handle_service=["handle_service_view"]),
        "update_handle_service.access.*",
    ),
    fault(
        "around-service-delete-by-updater",
        "Whoever may change a service may delete it.",
        also(on("delete", "handle_service"), handle_service=["handle_service_update"]),
        "delete_handle_service.access.*",
    ),
    fault(
        "around-service-members-for-all",
        "Any user may list the groups of a service.",
        anybody(on("list", "group", "handle_service")),
        "list_handle_service_groups.access.*",
    ),
    fault(
        "around-service-add-one-zone-privilege",
        "An administrator may add users to a service with one of both zone privileges.",
        not_asked(on("attach", "user", "handle_service"), "zone", "oz_users_add_relationships"),
        "add_handle_service_user.access.*",
    ),
    fault(
        "around-service-creator-hidden",
        "Members may not see who made the service.",
        without_route(IN_SERVICE, "creator"),
        "get_handle_service_user.access.*",
    ),
    fault(
        "around-public-asks-credentials",
        "The public details ask for credentials.",
        access(on("get", "handle_service", part="public"), _asks_credentials),
        "get_handle_service_public.authentication.none",
    ),
    fault(
        "around-sets-ask-credentials",
        "The list of zone privileges asks for credentials.",
        access(on("catalogue", "zone"), _asks_credentials),
        "get_zone_privilege_sets.authentication.none",
    ),
    fault(
        "around-own-service-for-all",
        "Any user may register services for itself.",
        anybody(on("create", "handle_service", "caller")),
        "create_user_handle_service.access.*",
    ),
)
