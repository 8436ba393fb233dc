"""Faults of who may do what with users, groups and handle services."""

from __future__ import annotations

from onezone_mockserver.faults.concurrency import other_user, together
from onezone_mockserver.faults.fault import fault, on
from onezone_mockserver.faults.permissions import (
    also,
    anybody,
    nothing_extra,
    only_credentials,
    without_need,
    without_route,
)

MEMBER = "group_view"
IN_GROUP, IN_SERVICE = on("get", "user", "group"), on("get", "user", "handle_service")
ADD_USER, ADD_CHILD = on("attach", "user", "group"), on("attach", "child", "group")


FAULTS = (
    fault(
        "around-users-for-all", "Any user may list all users.", anybody().of(on("list", "user")), "list_users.access.*"
    ),
    fault("around-user-for-all", "Any user may see any user.", anybody().of(on("get", "user")), "get_user.access.*"),
    fault(
        "around-user-of-another",
        "Requests that look at the same time get one another's user.",
        together(other_user, "GET"),
        "list_group_users.concurrent.access",
    ),
    fault(
        "around-user-not-self",
        "A user may not see itself.",
        without_route("oneself").of(on("get", "user")),
        "get_user.access.*",
    ),
    fault(
        "around-create-user-for-all",
        "Any user may create users.",
        anybody().of(on("create", "user")),
        "create_user.access.*",
    ),
    fault(
        "around-delete-user-for-all",
        "Any user may delete any user.",
        anybody().of(on("delete", "user")),
        "delete_user.access.*",
    ),
    fault(
        "around-password-by-oneself",
        "A user may set its own password by the administrator's operation.",
        also(self=[]).of(on("update", "user", part="basic_auth")),
        "update_user_basic_auth.access.*",
    ),
    fault(
        "around-block-by-viewer",
        "Whoever may view users may block them.",
        also(zone=["oz_users_view"]).of(on("update", "user", part="access_block")),
        "update_user_access_block.access.*",
    ),
    fault(
        "around-zone-grant-by-viewer",
        "Whoever may see zone privileges may change them.",
        also(zone=["oz_view_privileges"]).of(on("grant", "user", "zone")),
        "update_user_privileges.access.*",
    ),
    fault(
        "around-zone-grant-by-oneself",
        "A user may give itself zone privileges.",
        also(self=[]).of(on("grant", "user", "zone")),
        "update_user_privileges.access.*",
    ),
    fault(
        "around-own-grant-for-all",
        "Any user may give itself zone privileges at /user.",
        anybody().of(on("grant", "caller", "zone")),
        "update_current_user_privileges.access.*",
    ),
    fault(
        "around-groups-for-all",
        "Any user may list all groups.",
        anybody().of(on("list", "group")),
        "list_groups.access.*",
    ),
    fault(
        "around-group-for-all", "Any user may see any group.", anybody().of(on("get", "group")), "get_group.access.*"
    ),
    fault(
        "around-group-only-admin",
        "Members may not see their group.",
        without_route("member").of(on("get", "group")),
        "get_group.access.*",
    ),
    fault(
        "around-group-update-by-member",
        "Any member may change the group.",
        also(group=[]).of(on("update", "group")),
        "update_group.access.*",
    ),
    fault(
        "around-group-delete-by-updater",
        "Whoever may change the group may delete it.",
        also(group=["group_update"]).of(on("delete", "group")),
        "delete_group.access.*",
    ),
    fault(
        "around-group-delete-zone",
        "Whoever may change any group may delete any.",
        also(zone=["oz_groups_update"]).of(on("delete", "group")),
        "delete_group.access.*",
    ),
    fault(
        "around-add-anyone",
        "A member may add others, not just itself.",
        without_need("self").of(ADD_USER),
        "add_group_user.access.*",
    ),
    fault(
        "around-add-with-privileges",
        "A new member's privileges cost nothing more.",
        nothing_extra().of(ADD_USER),
        "add_group_user.access.*",
    ),
    fault(
        "around-add-one-zone-privilege",
        "An administrator may add users with one of both zone privileges.",
        without_need("zone", "oz_users_add_relationships").of(ADD_USER),
        "add_group_user.access.*",
    ),
    fault(
        "around-remove-one-zone-privilege",
        "An administrator may remove users with one of both zone privileges.",
        without_need("zone", "oz_groups_remove_relationships").of(on("detach", "user", "group")),
        "remove_group_user.access.*",
    ),
    fault(
        "around-members-for-members",
        "Any member may list the users of the group.",
        also(group=[]).of(on("list", "user", "group")),
        "list_group_users.access.*",
    ),
    fault(
        "around-effective-members-for-all",
        "Any user may list the effective users of a group.",
        anybody().of(on("list", "user", "group", effective=True)),
        "list_group_effective_users.access.*",
    ),
    fault(
        "around-creator-hidden",
        "Members may not see who made the group.",
        without_route("creator").of(IN_GROUP),
        "get_group_user.access.*",
    ),
    fault(
        "around-self-hidden",
        "A member may not see itself in the group.",
        without_route("oneself").of(IN_GROUP),
        "get_group_user.access.*",
    ),
    fault(
        "around-privileges-for-viewers",
        "Whoever may view the group sees everybody's privileges.",
        also(group=[MEMBER]).of(on("privileges", "user", "group")),
        "get_group_user_privileges.access.*",
    ),
    fault(
        "around-grant-by-viewer",
        "Whoever may see privileges in a group may change them.",
        also(group=["group_view_privileges"]).of(on("grant", "user", "group")),
        "update_group_user_privileges.access.*",
    ),
    fault(
        "around-child-uninvited",
        "A group joins without anybody of it being asked.",
        without_need("child").of(ADD_CHILD),
        "add_group_child.access.*",
        editions=("deployed",),
    ),
    fault(
        "around-child-by-adder-of-users",
        "Whoever may add users may create children.",
        also(group=["group_add_user"]).of(on("create", "child", "group")),
        "create_group_child.access.*",
    ),
    fault(
        "around-service-update-by-viewer",
        "Whoever may view a service may change it.",
        also(handle_service=["handle_service_view"]).of(on("update", "handle_service")),
        "update_handle_service.access.*",
    ),
    fault(
        "around-service-delete-by-updater",
        "Whoever may change a service may delete it.",
        also(handle_service=["handle_service_update"]).of(on("delete", "handle_service")),
        "delete_handle_service.access.*",
    ),
    fault(
        "around-service-members-for-all",
        "Any user may list the groups of a service.",
        anybody().of(on("list", "group", "handle_service")),
        "list_handle_service_groups.access.*",
    ),
    fault(
        "around-service-add-one-zone-privilege",
        "An administrator may add users to a service with one of both zone privileges.",
        without_need("zone", "oz_users_add_relationships").of(on("attach", "user", "handle_service")),
        "add_handle_service_user.access.*",
    ),
    fault(
        "around-service-creator-hidden",
        "Members may not see who made the service.",
        without_route("creator").of(IN_SERVICE),
        "get_handle_service_user.access.*",
    ),
    fault(
        "around-public-asks-credentials",
        "The public details ask for credentials.",
        only_credentials().of(on("get", "handle_service", part="public")),
        "get_handle_service_public.authentication.none",
    ),
    fault(
        "around-sets-ask-credentials",
        "The list of zone privileges asks for credentials.",
        only_credentials().of(on("catalogue", "zone")),
        "get_zone_privilege_sets.authentication.none",
    ),
    fault(
        "around-own-service-for-all",
        "Any user may register services for itself.",
        anybody().of(on("create", "handle_service", "caller")),
        "create_user_handle_service.access.*",
    ),
)
