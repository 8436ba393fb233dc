"""Faults of what the operations on users, groups and handle services answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.around import answers, fault, on, shown, status, without
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook
from onezone_mockserver.faults.tools import body, put, refused, rescue
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.exchange import Answer, Exchange, Refusal
    from onezone_mockserver.faults.tools import Meant
    from onezone_mockserver.state import MockState

CREATE_SERVICE, CREATE_CHILD = on("create", "handle_service", "caller"), on("create", "child", "group")
CREATE_GROUP = on("create", "group")


def _location(change: Callable[[bytes], bytes | None]) -> Callable[[Exchange, Answer], None]:
    def act(_exchange: Exchange, answer: Answer) -> None:
        put(answer, b"location", change(dict(answer.headers).get(b"location", b"")))

    return act


def _text(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update({key: str(data[key])})


def _refused(meant: Meant, stage: str, old: str, new: str) -> Hook:
    """Another error in the place of one that a stage raises."""

    def act(refusal: Refusal, _exchange: Exchange, _state: MockState) -> None:
        raise refused(new) if refusal.error == old else refusal

    return rescue(stage, act, meant)


def _let_through(meant: Meant, stage: str, error: str) -> Hook:
    """A stage that does not raise one of its errors."""

    def act(refusal: Refusal, _exchange: Exchange, _state: MockState) -> None:
        if refusal.error != error:
            raise refusal

    return rescue(stage, act, meant)


def _anyway(meant: Meant) -> Hook:
    """Who cannot show who they are is somebody nevertheless."""

    def act(_refusal: Refusal, exchange: Exchange, state: MockState) -> None:
        everything = state.contract.privileges["zone"].keys()
        users = exchange.world.users.values()
        exchange.user = next(one for one in users if exchange.world.own_zone("user", one.id) >= everything)

    return rescue("security", act, meant)


def _idempotent(meant: Meant) -> Hook:
    """Ending the membership of a group in a service that it is no member of is fine."""

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if "has no such" not in refusal.reason:
            raise refusal
        exchange.world.relate("group", exchange.params["gid"], "handle_service", exchange.params["id"], NOTHING)

    return rescue("existence", act, meant)


FAULTS = (
    fault(
        "around-service-location-lost",
        "A service that somebody registers for itself has no Location.",
        answers(CREATE_SERVICE, _location(lambda _old: None), 201),
        "create_user_handle_service.success.location",
    ),
    fault(
        "around-child-location-collection",
        "A new child's Location names the collection.",
        answers(CREATE_CHILD, _location(lambda old: old.rpartition(b"/")[0]), 201),
        "create_group_child.success.location",
    ),
    fault(
        "around-group-location-other",
        "A new group's Location names another id.",
        answers(CREATE_GROUP, _location(lambda old: old + b"0"), 201),
        "create_group.*",
    ),
    fault(
        "around-member-location-lost",
        "A new member has no Location.",
        answers(on("attach", "user", "group"), _location(lambda _old: None), 201),
        "add_group_user.success.location",
    ),
    fault(
        "around-create-200",
        "A new group is answered 200.",
        status(CREATE_GROUP, 201, 200),
        "create_group.success.status",
    ),
    fault(
        "around-update-200",
        "A change of a group is answered 200.",
        status(on("update", "group"), 204, 200),
        "update_group.success.status",
    ),
    fault(
        "around-delete-202",
        "A deleted user is answered 202.",
        status(on("delete", "user"), 204, 202),
        "delete_user.success.status",
    ),
    fault(
        "around-grant-200",
        "A change of privileges is answered 200.",
        status(on("grant", "child", "group"), 204, 200),
        "update_group_child_privileges.success.status",
    ),
    fault(
        "around-list-key",
        "The list of groups stands under another key.",
        shown(on("list", "group"), lambda data: data.update(items=data.pop("groups"))),
        "list_groups.success.body",
    ),
    fault(
        "around-user-without-name",
        "A user has no full name.",
        shown(on("get", "user"), without("fullName")),
        "get_user.success.body",
    ),
    fault(
        "around-shared-without-id",
        "A member's data have no id.",
        shown(on("get", "user", "group"), without("userId")),
        "get_group_user.success.body",
    ),
    fault(
        "around-time-as-text",
        "A creation time is a text.",
        shown(on("get", "group"), _text("creationTime")),
        "get_group.success.body",
    ),
    fault(
        "around-public-without-name",
        "The public details have no name.",
        shown(on("get", "handle_service", part="public"), without("name")),
        "get_handle_service_public.success.body",
    ),
    fault(
        "around-sets-without-member",
        "The list of group privileges has no members' set.",
        shown(on("catalogue", "group"), without("member")),
        "get_group_privilege_sets.success.body",
    ),
    fault(
        "around-unknown-user-403",
        "An unknown user is answered 403.",
        _refused(on("get", "user"), "existence", "notFound", "forbidden"),
        "get_user.unknown.user",
    ),
    fault(
        "around-unknown-group-400",
        "An unknown group is answered 400.",
        _refused(on("list", "user", "group"), "existence", "notFound", "malformedData"),
        "list_group_users.unknown.group",
    ),
    fault(
        "around-unknown-service-500",
        "An unknown service is answered 500.",
        _refused(on("update", "handle_service"), "existence", "notFound", "internalServerError"),
        "update_handle_service.unknown.handle_service",
    ),
    fault(
        "around-forbidden-404",
        "Who may not is told that a service is not there.",
        _refused(on("delete", "handle_service"), "authorization", "forbidden", "notFound"),
        "delete_handle_service.access.*",
    ),
    fault(
        "around-forbidden-401",
        "Who may not see a list of users is told to log in.",
        _refused(on("list", "user"), "authorization", "forbidden", "unauthorized"),
        "list_users.access.*",
    ),
    fault(
        "around-anonymous-403",
        "Nobody in particular is forbidden.",
        _refused(on("create", "group"), "authorization", "unauthorized", "forbidden"),
        "create_group.authentication.none",
    ),
    fault(
        "around-anonymous-lists",
        "Groups are listed without credentials.",
        _let_through(on("list", "group"), "authorization", "unauthorized"),
        "list_groups.authentication.none",
    ),
    fault(
        "around-error-bare",
        "A refused change of a group has no error.",
        answers(on("update", "group"), body(b"{}"), 400, 401, 403, 404),
        "update_group.error*",
    ),
    fault(
        "around-error-without-id",
        "The error of a refused user has no id.",
        answers(on("get", "user"), body(b'{"error":{"description":"no"}}'), 401, 403, 404),
        "get_user.error*",
        editions=NEWER,
    ),
    fault(
        "around-error-html",
        "The errors of a list are pages.",
        answers(on("list", "child", "group"), body(b"<p>no</p>", b"text/html"), 401, 403, 404),
        "list_group_children.error*",
    ),
    fault(
        "around-wrong-password",
        "A wrong password counts for none, and none is enough to see a group.",
        _anyway(on("get", "group")),
        "get_group.authentication.wrong",
    ),
    fault(
        "around-unknown-child-400",
        "An unknown child is answered 400.",
        _refused(on("get", "child", "group"), "existence", "notFound", "malformedData"),
        "get_group_child.unknown.child",
    ),
    fault(
        "around-detach-anything",
        "Somebody who is no member can be removed.",
        _idempotent(on("detach", "group", "handle_service")),
        "remove_handle_service_group.relation",
    ),
    fault(
        "around-conflict-bare",
        "The error of a second joining is empty.",
        answers(on("attach", "group", "handle_service"), body(b"{}"), 409),
        "add_handle_service_group.error.shape.409",
        editions=DEPLOYED,
    ),
)
