"""Faults of handles, of invitations and of parents: what names what, and who becomes a member by a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Answer, Exchange, Refusal
from onezone_mockserver.faults.answers import answers, changed_answer, write
from onezone_mockserver.faults.effects import CALLER, CHILD, GROUP, SERVICE, USER, Inner, beforehand, effect, nothing
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook, Point, fault, on
from onezone_mockserver.faults.requests import rescue

if TYPE_CHECKING:
    from onezone_mockserver.state import MockState

HANDLE, PARENT = "handle", "parent"


def _free_again(exchange: Exchange, _state: MockState) -> None:
    """The share of the body has no handle, whatever there is."""
    exchange.world.set_key("share", orjson.loads(exchange.data["resourceId"]), "handleId", None)


def _done_nevertheless(_inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    exchange.world.remove(SERVICE, exchange.params["id"])
    return Answer(204)


def _every_handle(exchange: Exchange, answer: Answer) -> None:
    write(answer, orjson.dumps({"handles": list(exchange.world.ids(HANDLE))}))


def _children(exchange: Exchange, answer: Answer) -> None:
    write(answer, orjson.dumps({"groups": list(exchange.world.members(GROUP, GROUP, exchange.params["id"]))}))


def _invitation_forgotten(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """The token that is made invites nobody."""
    answer = inner(exchange)
    exchange.world.invitations.popitem()
    return answer


def _not_joined(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """Who takes an invitation is no member afterwards."""
    answer = inner(exchange)
    group = exchange.world.invitations[exchange.value["token"]].id
    kind, member = (
        (GROUP, exchange.params["id"]) if exchange.params else (USER, exchange.user.id if exchange.user else "")
    )
    exchange.world.unrelate(kind, member, GROUP, group)
    return answer


def _any_token(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """Any token is taken, and nothing is joined."""
    try:
        return inner(exchange)
    except Refusal:
        return Answer(201, [(b"location", b"/user/groups/none"), (b"content-length", b"0")])


def _of_any_service(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
    """A service that the body names is not looked for; the share is."""
    body: Any = exchange.value if isinstance(exchange.value, dict) else {}
    service, share = body.get("handleServiceId"), body.get("resourceId")
    there = isinstance(share, str) and exchange.world.exists("share", share)
    if refusal.details.get("key") != "handleServiceId" or not isinstance(service, str) or not there:
        raise refusal


def _unrelated_allowed() -> Hook:
    """Whether what the path names belongs together is not looked at."""
    return Hook(Point.EXISTENCE, lambda _inner, _state: lambda _exchange: None)


FAULTS = (
    fault(
        "handle-share-twice",
        "A share gets a second handle.",
        beforehand(_free_again).of(on("create", HANDLE)),
        "create_handle.body.resourceId.taken",
        editions=DEPLOYED,
    ),
    fault(
        "handle-of-no-service",
        "A handle may name a service that is not there.",
        rescue(Point.REFERENCES, _of_any_service).of(on("create", HANDLE)),
        "create_handle.body.handleServiceId.unknown",
        editions=NEWER,
    ),
    fault(
        "handle-service-deleted-with-handles",
        "A service that has handles is deleted.",
        effect(_done_nevertheless).of(on("delete", SERVICE)),
        "delete_handle_service.effect.kept",
        editions=DEPLOYED,
    ),
    fault(
        "handle-list-of-all",
        "The handles of a service are all that there are.",
        answers(_every_handle, 200).of(on("list", HANDLE, SERVICE)),
        "list_handle_service_handles.effect*",
        editions=NEWER,
    ),
    fault(
        "handle-of-another-service",
        "A service shows handles of others.",
        _unrelated_allowed().of(on("get", HANDLE, SERVICE)),
        "get_handle_service_handle.relation",
        editions=NEWER,
    ),
    fault(
        "handle-metadata-stays",
        "The metadata of a handle cannot be changed.",
        nothing().of(on("update", HANDLE)),
        "update_handle.effect*",
        editions=NEWER,
    ),
    fault(
        "handle-of-another-share",
        "A handle is shown with another share.",
        changed_answer(lambda data: data.update(resourceId="another")).of(on("get", HANDLE)),
        "get_handle.effect*",
        editions=NEWER,
    ),
    fault(
        "invitation-of-user-forgotten",
        "The token that invites a user is not taken.",
        effect(_invitation_forgotten).of(on("invite", USER, GROUP)),
        "invite_group_user.effect*",
        editions=NEWER,
    ),
    fault(
        "invitation-of-child-forgotten",
        "The token that invites a group is not taken.",
        effect(_invitation_forgotten).of(on("invite", CHILD, GROUP)),
        "invite_group_child.effect*",
        editions=NEWER,
    ),
    fault(
        "invitation-without-membership",
        "A user who takes an invitation is no member.",
        effect(_not_joined).of(on("join", GROUP, CALLER)),
        "join_group.effect*",
        editions=NEWER,
    ),
    fault(
        "invitation-without-parent",
        "A group that takes an invitation has no new parent.",
        effect(_not_joined).of(on("join", PARENT, GROUP)),
        "join_group_parent.effect*",
        editions=NEWER,
    ),
    fault(
        "invitation-by-any-token",
        "A token that nobody gave is taken.",
        effect(_any_token).of(on("join", GROUP, CALLER)),
        "join_group.body.token.unknown",
        editions=NEWER,
    ),
    fault(
        "parents-are-children",
        "The list of parents has the children.",
        answers(_children, 200).of(on("list", PARENT, GROUP)),
        "list_group_parents.effect*",
    ),
    fault(
        "parent-stays",
        "A group cannot leave its parent.",
        nothing().of(on("detach", PARENT, GROUP)),
        "leave_group_parent.effect*",
    ),
    fault(
        "configuration-without-build",
        "The configuration does not say which build it is.",
        changed_answer(lambda data: data.pop("build")).of(on("show", "configuration")),
        "get_configuration.success.body",
        editions=NEWER,
    ),
    fault(
        "health-failing",
        "The health is never good.",
        effect(lambda _inner, _exchange, _state: Answer(500, [(b"content-length", b"0")])).of(on("show", "health")),
        "get_health.authentication.none",
        editions=DEPLOYED,
    ),
)
