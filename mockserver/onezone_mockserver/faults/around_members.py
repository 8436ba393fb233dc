"""Faults of who is let in or becomes a member: by a group alone, by an invitation, by a token, without a password."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Answer, Refusal
from onezone_mockserver.faults.answers import answers, changed_answer, write
from onezone_mockserver.faults.effects import (
    CALLER,
    CHILD,
    GROUP,
    SERVICE,
    USER,
    Inner,
    afterwards,
    beforehand,
    effect,
    method,
)
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook, Point, fault, on
from onezone_mockserver.faults.requests import instead, member, rescue
from onezone_mockserver.jsontext import joined, members
from onezone_mockserver.world import TOKEN, User, World

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState

PARENT = "parent"
INVITATIONS = "delete_group.effect.invitations"
SOON = 60


def _indirect(kind: str) -> Hook:
    """Who is a member through a group alone is as good as a direct member."""

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        user, identity = member(exchange)
        if exchange.world.effective_privileges(USER, user, kind, identity) is None:
            raise refusal

    return rescue(Point.EXISTENCE, act)


def _still_listed() -> tuple[Hook, ...]:
    """A group's list of services keeps those that it was removed from, and those that are deleted."""
    left: dict[str, list[str]] = {}

    def remember(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        service = exchange.params["id"]
        of_all = list(exchange.world.members(GROUP, SERVICE, service))
        groups = [exchange.params["gid"]] if "gid" in exchange.params else of_all
        answer = inner(exchange)
        for group in groups:
            left.setdefault(group, []).append(service)
        return answer

    def add(exchange: Exchange, answer: Answer) -> None:
        group = exchange.params["id"]
        services = [*exchange.world.memberships(GROUP, group, SERVICE), *left.get(group, ())]
        write(answer, orjson.dumps({"handle_services": services}))

    ends = (on("detach", GROUP, SERVICE), on("delete", SERVICE))
    return (*(effect(remember).of(end) for end in ends), answers(add, 200).of(on("list", SERVICE, GROUP)))


def _invitations_stay(inner: Any) -> Any:
    def remove(world: World, kind: str, identity: str) -> None:
        kept = dict(world.invitations)
        inner(world, kind, identity)
        world.invitations.update(kept)

    return remove


def _invitations_go(exchange: Exchange, _state: MockState) -> None:
    exchange.world.invitations.clear()


def _invites_any(kind: str) -> Hook:
    """An invitation is for whoever takes it."""

    def act(exchange: Exchange, _state: MockState) -> None:
        text = exchange.value["token"]
        invitation = exchange.world.invitation(text)
        if invitation is not None:
            exchange.world.invite(text, replace(invitation, member_kind=kind))

    return beforehand(act)


def _itself(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    try:
        return inner(exchange)
    except Refusal as refusal:
        if refusal.error != "cannotAddRelationToSelf":
            raise
        return Answer(201, [(b"content-length", b"0")])


def _no_cycle(exchange: Exchange, _state: MockState) -> None:
    group, child = exchange.params["id"], exchange.params["cid"]
    if exchange.world.effective_privileges(GROUP, group, GROUP, child) is not None:
        raise Refusal("cannotAddRelationToSelf", "a fault of the mock")


def _own_users(exchange: Exchange, answer: Answer) -> None:
    """A group that contains one that it is in has its own users alone."""
    world, group = exchange.world, exchange.params["id"]
    if world.effective_privileges(GROUP, group, GROUP, group) is not None:
        write(answer, orjson.dumps({"users": list(world.members(USER, GROUP, group))}))


def _by_nothing(inner: Any) -> Any:
    """Who has no password is let in by one of no characters."""

    def login(world: World, name: str, password: str) -> User | None:
        user: User | None = world.user_of_name(name)
        return user if user is not None and user.password is None and not password else inner(world, name, password)

    return login


def _renamed_others(exchange: Exchange, _state: MockState) -> None:
    """A token gets a name that another one has: that one gets another."""
    world, name = exchange.world, exchange.data.get("name")
    owner = world.named_token(exchange.params["id"]).user
    for identity in world.memberships(USER, owner, TOKEN):
        details = members(world.details(TOKEN, identity))
        if name is not None and identity != exchange.params["id"] and bytes(details["name"]) == name:
            world.replace(TOKEN, identity, joined({**details, "name": orjson.dumps(f"old {identity[:8]}")}))


def _for_good(inner: Any) -> Any:
    """A token that was revoked once never counts again, whatever is shown."""

    def change_token(world: World, identity: str, *, revoked: bool) -> None:
        inner(world, identity, revoked=revoked or world.named_token(identity).revoked)

    return change_token


def _sooner(exchange: Exchange, _state: MockState) -> None:
    """A temporary token may be asked for with any end: an earlier one is set for it."""
    caveats = orjson.loads(exchange.data.get("caveats", b"[]"))
    for caveat in caveats:
        if caveat["type"] == "time":
            caveat["validUntil"] = min(caveat["validUntil"], exchange.run.clock.now() + SOON)
    exchange.data["caveats"] = orjson.dumps(caveats)


def _inherited(inner: Any) -> Any:
    """Temporary tokens of a user who is removed let in whoever is the first of all."""

    def remove(world: World, kind: str, identity: str) -> None:
        tokens = world.temporary_tokens(identity) if kind == USER else []
        inner(world, kind, identity)
        heir = next(iter(world.users), None)
        for token in tokens if heir else ():
            world.keep_token(replace(token, user=str(heir)))

    return remove


FAULTS = (
    fault(
        "around-indirect-granted",
        "Who belongs to a group through another one alone can be given privileges of its own.",
        _indirect(GROUP).of(on("grant", USER, GROUP)),
        "update_group_user_privileges.relation.indirect",
    ),
    fault(
        "around-indirect-shown",
        "Who belongs to a service through a group alone is shown as a direct member.",
        _indirect(SERVICE).of(on("privileges", USER, SERVICE)),
        "get_handle_service_user_privileges.relation.indirect",
    ),
    fault(
        "around-service-still-listed",
        "A group still lists the services that it was removed from, and those that are deleted.",
        _still_listed(),
        "remove_handle_service_group.effect*",
        "delete_handle_service.effect*",
    ),
    fault(
        "around-cycle-refused",
        "A group cannot be let into one that is in it.",
        beforehand(_no_cycle).of(on("attach", CHILD, GROUP)),
        "add_group_child.effect.each-other",
    ),
    fault(
        "around-cycle-lost",
        "Groups that contain each other have their own users alone.",
        answers(_own_users, 200).of(on("list", USER, GROUP, effective=True)),
        "add_group_child.effect.each-other",
    ),
    fault(
        "around-invitation-outlives",
        "An invitation still counts when the group is deleted.",
        method("remove", _invitations_stay),
        INVITATIONS,
        editions=NEWER,
    ),
    fault(
        "around-invitations-withdrawn",
        "With a group every invitation goes, to whatever it is.",
        afterwards(_invitations_go).of(on("delete", GROUP)),
        INVITATIONS,
        editions=NEWER,
    ),
    fault(
        "around-invitation-of-child",
        "A user may take an invitation of a group.",
        _invites_any(USER).of(on("join", GROUP, CALLER)),
        "join_group.body.token.of-child",
        editions=NEWER,
    ),
    fault(
        "around-invitation-of-user",
        "A group may take an invitation of a user.",
        _invites_any(GROUP).of(on("join", PARENT, GROUP)),
        "join_group_parent.body.token.of-user",
        editions=NEWER,
    ),
    fault(
        "around-joins-itself",
        "A group that joins itself is told that it is done.",
        effect(_itself).of(on("join", PARENT, GROUP)),
        "join_group_parent.itself",
        editions=NEWER,
    ),
    fault(
        "around-no-password-serves",
        "A user without a password is let in by one of no characters.",
        method("login", _by_nothing),
        "create_user.effect.no-password",
    ),
    fault(
        "around-created-at-zero",
        "Services are shown as made in 1970.",
        changed_answer(lambda data: data.update(creationTime=0)).of(on("get", SERVICE)),
        "get_handle_service.effect*",
        editions=NEWER,
    ),
    fault(
        "token-end-hidden",
        "No access token is said to end.",
        changed_answer(lambda data: data.update(validUntil=None)).of(on("infer", TOKEN)),
        "infer_access_token_scope.effect.limited",
        editions=DEPLOYED,
    ),
    fault(
        "token-for-reading-changes",
        "A token for reading alone changes its user.",
        instead(Point.AUTHORIZATION, "tokenCaveatUnverified", None).of(on("update", CALLER)),
        "create_own_named_token.effect.read-only",
        "create_user_named_token.effect.read-only",
        editions=NEWER,
    ),
    fault(
        "token-revoked-for-good",
        "A token that was revoked once never counts again.",
        method("change_token", _for_good),
        "update_named_token.effect.restored",
        editions=NEWER,
    ),
    fault(
        "token-renamed-twice",
        "A token can get the name of another one.",
        beforehand(_renamed_others).of(on("update", TOKEN)),
        "update_named_token.body.name.taken",
        editions=NEWER,
    ),
    fault(
        "token-temporary-long",
        "A temporary token may be asked for with an end that is far away.",
        tuple(beforehand(_sooner).of(on("issue", TOKEN, whose)) for whose in (CALLER, USER)),
        "create_own_temporary_token.body.caveats.late",
        "create_user_temporary_token.body.caveats.late",
        editions=NEWER,
    ),
    fault(
        "token-temporary-outlives-its-user",
        "The temporary tokens of a user who is deleted let in another.",
        method("remove", _inherited),
        "delete_user.effect*",
        editions=NEWER,
    ),
)
