"""Faults of access and unknown groups."""

from collections.abc import Callable
from typing import Any

from second_registry import NEWER, App, Call, Refusal, Table
from second_rules import CREATE
from second_world import User

ACCESS = Table()
add, rule, refused = ACCESS.add, ACCESS.rule, ACCESS.refused
CLASSIC = ("classic",)
OTHER = "oz_groups_add_relationships"
INSIDE = "group_create_handle_service"


def member(app: App, user: User, group: str) -> bool:
    """Whether the user belongs to the group."""
    return app.world.member(user, group)


def inside(app: App, user: User, group: str, privilege: str = INSIDE) -> bool:
    """Whether the user holds a privilege in the group."""
    return app.world.in_group(user, group, privilege)


def correct(app: App, user: User, group: str) -> bool:
    """The rule as documented."""
    return app.member_may(user, group) or app.admin_may(user, group)


# --- who may create
ACCESS.topic = "access"
rule("access-anybody", "Everybody who is somebody may create.", lambda _a, _u, _g: True)
rule("access-any-admin", "Any zone privilege is enough.", lambda a, u, g: bool(u.zone) or correct(a, u, g))
rule(
    "access-no-admin",
    "Administrators who are not members may not.",
    lambda a, u, g: member(a, u, g) and correct(a, u, g),
)
rule("access-nobody", "Nobody may create.", lambda _a, _u, _g: False)
rule("access-membership", "Membership is enough.", lambda a, u, g: member(a, u, g) or correct(a, u, g), NEWER)
rule(
    "access-group-only",
    "A member's zone privilege is not checked.",
    lambda a, u, g: inside(a, u, g) or correct(a, u, g),
    NEWER,
)
rule(
    "access-zone-only",
    "A member's group privilege is not checked.",
    lambda a, u, g: (member(a, u, g) and CREATE in u.zone) or correct(a, u, g),
    NEWER,
)
rule("access-create-enough", "The zone privilege to create is enough.", lambda _a, u, _g: CREATE in u.zone, NEWER)
rule(
    "access-relate-enough",
    "The zone privilege to add relationships is enough.",
    lambda a, u, g: OTHER in u.zone or correct(a, u, g),
    NEWER,
)
rule(
    "access-admin-or",
    "One of an administrator's two privileges is enough.",
    lambda a, u, g: bool({OTHER, CREATE} & u.zone) or correct(a, u, g),
    NEWER,
)
rule(
    "access-any-of-three",
    "Any of the three privileges is enough.",
    lambda a, u, g: bool({OTHER, CREATE} & u.zone) or inside(a, u, g),
    NEWER,
)
rule("access-no-member", "Members may not, only administrators.", lambda a, u, g: a.admin_may(u, g), NEWER)
rule(
    "access-members-only",
    "Administrators must have the group's privilege, too.",
    lambda a, u, g: inside(a, u, g) and CREATE in u.zone,
    NEWER,
)
rule(
    "access-all-three",
    "All three privileges are needed.",
    lambda a, u, g: inside(a, u, g) and {OTHER, CREATE} <= u.zone,
    NEWER,
)
rule(
    "access-member-admin-pair",
    "Members need the administrators' pair.",
    lambda _a, u, _g: {OTHER, CREATE} <= u.zone,
    NEWER,
)
rule(
    "access-member-view",
    "Members must be allowed to view the group, too.",
    lambda a, u, g: a.admin_may(u, g) or (a.member_may(u, g) and inside(a, u, g, "group_view")),
    NEWER,
)
rule(
    "access-member-update",
    "The privilege to update the group is asked of members.",
    lambda a, u, g: a.admin_may(u, g) or (inside(a, u, g, "group_update") and CREATE in u.zone),
    NEWER,
)
rule(
    "access-handle-privilege",
    "The privilege to create handles is asked of members.",
    lambda a, u, g: a.admin_may(u, g) or (inside(a, u, g, "group_create_handle") and CREATE in u.zone),
    NEWER,
)
rule(
    "access-leave-privilege",
    "The privilege to leave services passes for that to create.",
    lambda a, u, g: correct(a, u, g) or (inside(a, u, g, "group_leave_handle_service") and CREATE in u.zone),
    NEWER,
)
rule(
    "access-other-group",
    "Privileges in any group count.",
    lambda a, u, g: (
        correct(a, u, g) or (CREATE in u.zone and any(INSIDE in (m.get(u.name) or ()) for m in a.world.groups.values()))
    ),
    NEWER,
)
rule(
    "access-admin-groups-view",
    "Administrators must be allowed to view groups, too.",
    lambda a, u, g: a.member_may(u, g) or (a.admin_may(u, g) and "oz_groups_view" in u.zone),
    NEWER,
)
rule(
    "access-admin-view",
    "Administrators must be allowed to view services, too.",
    lambda a, u, g: a.member_may(u, g) or (a.admin_may(u, g) and "oz_handle_services_view" in u.zone),
)
rule(
    "access-admin-relate-services",
    "Another privilege to add relationships is asked.",
    lambda a, u, g: a.member_may(u, g) or {CREATE, "oz_handle_services_add_relationships"} <= u.zone,
    NEWER,
)
rule(
    "access-user-relationships",
    "The privilege to add relationships of users passes for that of groups.",
    lambda a, u, g: correct(a, u, g) or {CREATE, "oz_users_add_relationships"} <= u.zone,
    NEWER,
)
rule(
    "access-prefix",
    "Any privilege on handle services passes for that to create them.",
    lambda a, u, g: (
        correct(a, u, g)
        or (any(p.startswith("oz_handle_services_") for p in u.zone) and (inside(a, u, g) or OTHER in u.zone))
    ),
    NEWER,
)
rule(
    "access-count",
    "Whoever holds more than ten zone privileges is an administrator.",
    lambda a, u, g: len(u.zone) > 10 or correct(a, u, g),
)
rule(
    "access-group-count",
    "Whoever holds most privileges in the group owns it.",
    lambda a, u, g: len(a.world.groups.get(g, {}).get(u.name, ())) > 10 or correct(a, u, g),
    NEWER,
)
rule(
    "access-xor",
    "Members who are administrators, too, may not.",
    lambda a, u, g: a.member_may(u, g) != a.admin_may(u, g),
    NEWER,
)
rule(
    "access-outsider-create",
    "Whoever is not a member needs one privilege only.",
    lambda a, u, g: correct(a, u, g) or (not member(a, u, g) and CREATE in u.zone),
    NEWER,
)
rule(
    "access-update",
    "The zone privilege to update passes for that to create.",
    lambda a, u, g: correct(a, u, g) or "oz_handle_services_update" in u.zone,
)
rule(
    "access-list",
    "The zone privilege to list services is enough.",
    lambda a, u, g: correct(a, u, g) or "oz_handle_services_list" in u.zone,
)
rule(
    "access-set-privileges",
    "Whoever may set privileges may do anything.",
    lambda a, u, g: correct(a, u, g) or "oz_set_privileges" in u.zone,
)
rule(
    "access-group-owner",
    "Whoever may set the group's privileges may do anything in it.",
    lambda a, u, g: correct(a, u, g) or inside(a, u, g, "group_set_privileges"),
    NEWER,
)
rule(
    "access-groups-create",
    "The privilege to create groups passes for that to create services.",
    lambda a, u, g: correct(a, u, g) or "oz_groups_create" in u.zone,
)
rule(
    "access-newer-pair",
    "Administrators need the newer document's pair.",
    lambda _a, u, _g: {CREATE, OTHER} <= u.zone,
    CLASSIC,
)
rule(
    "access-everything-needed",
    "Administrators need every privilege on services.",
    lambda a, u, g: correct(a, u, g) and all(f"oz_handle_services_{v}" in u.zone for v in ("list", "view", "update")),
    CLASSIC,
)


def cached_rule(*, allow: bool) -> Any:
    """The first verdict that goes one way is remembered for everybody."""

    def change(app: App) -> None:
        seen: list[bool] = []

        def may(inner: Any, user: User, group: str) -> bool:
            if inner(user, group) == allow:
                seen.append(allow)
            return allow if seen else not allow

        app.around("may_create", may)

    return change


add("access-cached", "Once somebody was allowed, everybody is.", cached_rule(allow=True))
add("access-cached-denial", "Once somebody was denied, everybody is.", cached_rule(allow=False))


def forbidden_creates(inner: Any, call: Call) -> None:
    """Answer 403, and create nevertheless."""
    try:
        inner(call)
    except Refusal:
        if isinstance(call.doc, dict) and call.group in call.notes["app"].world.groups:
            call.notes["app"].create(call)
            call.created = None
        raise


def with_app(change: Any) -> Any:
    """Let a stage know the application."""

    def around(app: App) -> None:
        app.around("authorize", lambda inner, call: (call.notes.update(app=app), change(inner, call))[1])

    return around


add("access-403-creates", "A request is refused with 403, and done nevertheless.", with_app(forbidden_creates))


def status(new: int) -> Callable[[Call, Any], Any]:
    """Another status."""
    return lambda _call, response: setattr(response, "status", new)


for code in (200, 204, 400, 401, 404, 409, 500):
    refused(f"access-403-as-{code}", f"Lacking privileges are answered {code}.", status(code), 403)
refused("access-403-as-302", "Lacking privileges redirect to a page.", status(302), 403)

# --- groups that do not exist
ACCESS.topic = "unknown group"


def for_unknown(act: Callable[[App, Call], None]) -> Any:
    """Do something else than refuse an unknown group."""

    def change(app: App) -> None:
        def group(inner: Any, call: Call) -> None:
            if call.op != "create" or call.group in app.world.groups:
                inner(call)
            else:
                act(app, call)

        app.around("group", group)

    return change


def refuse(code: int, identifier: str) -> Callable[[App, Call], None]:
    """Refuse with a status."""

    def act(_app: App, _call: Call) -> None:
        raise Refusal(code, identifier, "There is no such group.")

    return act


add(
    "unknown-created",
    "An unknown group is made on the way.",
    for_unknown(lambda app, call: app.world.groups.update({call.group: {}})),
)
add("unknown-accepted", "An unknown group is not noticed.", for_unknown(lambda _app, _call: None))
for code, identifier in (
    (400, "badValueIdNotFound"),
    (401, "unauthorized"),
    (403, "forbidden"),
    (409, "conflict"),
    (410, "gone"),
    (422, "badData"),
    (500, "internalServerError"),
    (503, "temporaryFailure"),
):
    add(
        f"unknown-{code}", f"An unknown group is answered {code} to whoever may.", for_unknown(refuse(code, identifier))
    )


def only_hex(_app: App, call: Call) -> None:
    """Notice ids of the usual form only."""
    if len(call.group) >= 32 and all(c in "0123456789abcdefABCDEF" for c in call.group):
        raise Refusal(404, "notFound", "The resource could not be found.")


def hex_alone(_app: App, call: Call) -> None:
    """Crash at ids of another form than the usual."""
    usual = len(call.group) >= 32 and all(c in "0123456789abcdefch" for c in call.group)
    raise Refusal(404 if usual else 500, "notFound", "The resource could not be found.")


add("unknown-other-form", "An id of an unusual form is taken for a group.", for_unknown(only_hex))
add("unknown-other-form-500", "An id of an unusual form crashes the server.", for_unknown(hex_alone))
add(
    "unknown-redirect",
    "The service goes to the user's own group instead.",
    for_unknown(lambda app, call: setattr(call, "group", next(iter(app.world.groups)))),
)
refused("unknown-404-as-200", "404 is answered 200, with the error inside.", status(200), 404)
refused("unknown-404-as-204", "404 is answered 204.", status(204), 404)


def create_nevertheless(app: App, call: Call) -> None:
    """Leave the group behind, then refuse."""
    app.world.groups[call.group] = {}
    raise Refusal(404, "notFound", "The resource could not be found.")


add(
    "unknown-404-leaves-group",
    "An unknown group is refused, and there the next time.",
    for_unknown(create_nevertheless),
)
