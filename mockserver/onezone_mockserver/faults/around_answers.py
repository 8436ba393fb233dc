"""Faults of what the operations on users, groups and handle services answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.answers import answers, body, changed_answer, located, status
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook, Point, fault, on
from onezone_mockserver.faults.requests import instead, rescue, without
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Exchange, Refusal
    from onezone_mockserver.state import MockState

CREATE_SERVICE, CREATE_CHILD = on("create", "handle_service", "caller"), on("create", "child", "group")
CREATE_GROUP = on("create", "group")


def _text(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update({key: str(data[key])})


def _anonymous_as_user() -> Hook:
    """Who cannot show who they are is somebody nevertheless."""

    def act(_refusal: Refusal, exchange: Exchange, state: MockState) -> None:
        everything = state.contract.privileges["zone"].keys()
        users = exchange.world.users.values()
        exchange.user = next(user for user in users if exchange.world.own_zone("user", user.id) >= everything)

    return rescue(Point.SECURITY, act)


def _idempotent() -> Hook:
    """Ending the membership of a group in a service that it is no member of is fine."""

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if "has no such" not in refusal.reason:
            raise refusal
        exchange.world.relate("group", exchange.params["gid"], "handle_service", exchange.params["id"], NOTHING)

    return rescue(Point.EXISTENCE, act)


FAULTS = (
    fault(
        "around-service-location-lost",
        "A service that somebody registers for itself has no Location.",
        located(lambda _old: None).of(CREATE_SERVICE),
        "create_user_handle_service.success.location",
    ),
    fault(
        "around-child-location-collection",
        "A new child's Location names the collection.",
        located(lambda old: old.rpartition(b"/")[0]).of(CREATE_CHILD),
        "create_group_child.success.location",
    ),
    fault(
        "around-group-location-other",
        "A new group's Location names another id.",
        located(lambda old: old + b"0").of(CREATE_GROUP),
        "create_group.*",
    ),
    fault(
        "around-member-location-lost",
        "A new member has no Location.",
        located(lambda _old: None).of(on("attach", "user", "group")),
        "add_group_user.success.location",
    ),
    fault(
        "around-create-200",
        "A new group is answered 200.",
        answers(status(200), 201).of(CREATE_GROUP),
        "create_group.success.status",
    ),
    fault(
        "around-update-200",
        "A change of a group is answered 200.",
        answers(status(200), 204).of(on("update", "group")),
        "update_group.success.status",
    ),
    fault(
        "around-delete-202",
        "A deleted user is answered 202.",
        answers(status(202), 204).of(on("delete", "user")),
        "delete_user.success.status",
    ),
    fault(
        "around-grant-200",
        "A change of privileges is answered 200.",
        answers(status(200), 204).of(on("grant", "child", "group")),
        "update_group_child_privileges.success.status",
    ),
    fault(
        "around-list-key",
        "The list of groups stands under another key.",
        changed_answer(lambda data: data.update(items=data.pop("groups"))).of(on("list", "group")),
        "list_groups.success.body",
    ),
    fault(
        "around-user-without-name",
        "A user has no full name.",
        changed_answer(without("fullName")).of(on("get", "user")),
        "get_user.success.body",
    ),
    fault(
        "around-shared-without-id",
        "A member's data have no id.",
        changed_answer(without("userId")).of(on("get", "user", "group")),
        "get_group_user.success.body",
    ),
    fault(
        "around-time-as-text",
        "A creation time is a text.",
        changed_answer(_text("creationTime")).of(on("get", "group")),
        "get_group.success.body",
    ),
    fault(
        "around-public-without-name",
        "The public details have no name.",
        changed_answer(without("name")).of(on("get", "handle_service", part="public")),
        "get_handle_service_public.success.body",
    ),
    fault(
        "around-sets-without-member",
        "The list of group privileges has no members' set.",
        changed_answer(without("member")).of(on("catalogue", "group")),
        "get_group_privilege_sets.success.body",
    ),
    fault(
        "around-unknown-user-403",
        "An unknown user is answered 403.",
        instead(Point.EXISTENCE, "notFound", "forbidden").of(on("get", "user")),
        "get_user.unknown.user",
    ),
    fault(
        "around-unknown-group-400",
        "An unknown group is answered 400.",
        instead(Point.EXISTENCE, "notFound", "malformedData").of(on("list", "user", "group")),
        "list_group_users.unknown.group",
    ),
    fault(
        "around-unknown-service-500",
        "An unknown service is answered 500.",
        instead(Point.EXISTENCE, "notFound", "internalServerError").of(on("update", "handle_service")),
        "update_handle_service.unknown.handle_service",
    ),
    fault(
        "around-forbidden-404",
        "Who may not is told that a service is not there.",
        instead(Point.AUTHORIZATION, "forbidden", "notFound").of(on("delete", "handle_service")),
        "delete_handle_service.access.*",
    ),
    fault(
        "around-forbidden-401",
        "Who may not see a list of users is told to log in.",
        instead(Point.AUTHORIZATION, "forbidden", "unauthorized").of(on("list", "user")),
        "list_users.access.*",
    ),
    fault(
        "around-anonymous-403",
        "Nobody in particular is forbidden.",
        instead(Point.AUTHORIZATION, "unauthorized", "forbidden").of(on("create", "group")),
        "create_group.authentication.none",
    ),
    fault(
        "around-anonymous-lists",
        "Groups are listed without credentials.",
        instead(Point.AUTHORIZATION, "unauthorized", None).of(on("list", "group")),
        "list_groups.authentication.none",
    ),
    fault(
        "around-error-bare",
        "A refused change of a group has no error.",
        answers(body(b"{}"), 400, 401, 403, 404).of(on("update", "group")),
        "update_group.error*",
    ),
    fault(
        "around-error-without-id",
        "The error of a refused user has no id.",
        answers(body(b'{"error":{"description":"no"}}'), 401, 403, 404).of(on("get", "user")),
        "get_user.error*",
        editions=NEWER,
    ),
    fault(
        "around-error-html",
        "The errors of a list are pages.",
        answers(body(b"<p>no</p>", b"text/html"), 401, 403, 404).of(on("list", "child", "group")),
        "list_group_children.error*",
    ),
    fault(
        "around-wrong-password",
        "A wrong password counts for none, and none is enough to see a group.",
        _anonymous_as_user().of(on("get", "group")),
        "get_group.authentication.wrong",
    ),
    fault(
        "around-unknown-child-400",
        "An unknown child is answered 400.",
        instead(Point.EXISTENCE, "notFound", "malformedData").of(on("get", "child", "group")),
        "get_group_child.unknown.child",
    ),
    fault(
        "around-detach-anything",
        "Somebody who is no member can be removed.",
        _idempotent().of(on("detach", "group", "handle_service")),
        "remove_handle_service_group.relation",
    ),
    fault(
        "around-conflict-bare",
        "The error of a second joining is empty.",
        answers(body(b"{}"), 409).of(on("attach", "group", "handle_service")),
        "add_handle_service_group.error.shape.409",
        editions=DEPLOYED,
    ),
)
