"""Faults of what users and groups look like: what a mock of Onezone gets wrong that knows only its own entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import KEY, Answer, App, Exchange, Message, Receive, Scope, Send
from onezone_mockserver.faults.answers import answers, changed_answer, header, write
from onezone_mockserver.faults.effects import CALLER, CHILD, GROUP, SERVICE, USER, Inner, effect
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook, Point, fault, on
from onezone_mockserver.faults.requests import without

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_mockserver.state import MockState

ROOT = {"type": "root", "id": "root"}
NOT_ALLOWED, NOT_FOUND = 405, 404


def _absent(key: str) -> Callable[[dict[str, Any]], None]:
    """A key without a value is not there."""

    def change(data: dict[str, Any]) -> None:
        if data.get(key) is None:
            data.pop(key, None)

    return change


def _by_root(data: dict[str, Any]) -> None:
    if data["creator"]["id"] is None:
        data["creator"] = ROOT


def _by_whoever_asks(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    answer = inner(exchange)
    data = orjson.loads(answer.body)
    if exchange.user and data["creator"]["type"] == USER:
        data["creator"]["id"] = exchange.user.id
    write(answer, orjson.dumps(data))
    return answer


def _by_oneself(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """A direct member belongs through itself."""
    answer = inner(exchange)
    data = orjson.loads(answer.body)
    for intermediary in data["intermediaries"]:
        if intermediary["id"] == "self":
            intermediary.update(type=USER, id=exchange.params["uid"])
    write(answer, orjson.dumps(data))
    return answer


def _through_groups_only(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """Who belongs directly, and through no group, may nothing."""
    answer, world = inner(exchange), exchange.world
    ways = world.intermediaries(exchange.params["uid"], exchange.params["id"])
    if all(kind == USER for kind, _ in ways):
        write(answer, orjson.dumps({"privileges": []}))
    return answer


def _ends(change: Callable[[dict[str, Any]], object]) -> Hook:
    """Change the details of a conflict."""

    def act(_exchange: Exchange, answer: Answer) -> None:
        data = orjson.loads(answer.body)
        change(data["error"]["details"])
        write(answer, orjson.dumps(data))

    return answers(act, 409)


def _unknown_as_missing() -> Hook:
    """An unknown path is 404 for every method."""

    def around(app: App, _state: MockState) -> App:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            async def pass_on(message: Message) -> None:
                nowhere = scope[KEY].operation is None and not scope[KEY].siblings
                if nowhere and message.get("status") == NOT_ALLOWED:
                    message["status"] = NOT_FOUND
                await send(message)

            await app(scope, receive, pass_on)

        return changed

    return Hook(Point.APPLICATION, around)


FAULTS = (
    fault(
        "around-user-without-emails",
        "A user has no list of addresses.",
        changed_answer(without("emails")).of(on("get", USER)),
        "get_user.success.body",
        editions=NEWER,
    ),
    fault(
        "around-caller-without-accounts",
        "The caller has no list of linked accounts.",
        changed_answer(without("linkedAccounts")).of(on("get", CALLER)),
        "get_current_user.success.body",
        editions=NEWER,
    ),
    fault(
        "around-user-without-old-names",
        "The deprecated keys of a user are gone.",
        changed_answer(without("alias")).of(on("get", USER)),
        "get_user.success.deprecated",
        editions=NEWER,
    ),
    fault(
        "around-user-with-another-name",
        "The deprecated name of a user is the user name.",
        changed_answer(lambda data: data.update(name=data["username"])).of(on("get", USER, GROUP)),
        "get_group_user.effect*",
        editions=NEWER,
    ),
    fault(
        "around-shared-user-without-time",
        "A member's data have no creation time.",
        changed_answer(without("creationTime")).of(on("get", USER, SERVICE, effective=True)),
        "get_handle_service_effective_user.success.body",
        editions=NEWER,
    ),
    fault(
        "around-shared-group-without-time",
        "A child's data have no creation time.",
        changed_answer(without("creationTime")).of(on("get", CHILD, GROUP)),
        "get_group_child.success.body",
        editions=NEWER,
    ),
    fault(
        "around-direct-by-oneself",
        "A direct member belongs to a group through itself.",
        effect(_by_oneself).of(on("intermediaries", USER, GROUP, effective=True)),
        "get_group_user_membership.effect.direct",
    ),
    fault(
        "around-direct-not-effective",
        "Who belongs to a group directly has no effective privileges in it.",
        effect(_through_groups_only).of(on("privileges", USER, GROUP, effective=True)),
        "get_group_effective_user_privileges.effect.direct",
    ),
    fault(
        "around-made-by-root",
        "What the zone itself made was made by root.",
        changed_answer(_by_root).of(on("get", GROUP)),
        "get_group.effect.before",
    ),
    fault(
        "around-made-by-whoever-asks",
        "The creator of a service is whoever looks at it.",
        effect(_by_whoever_asks).of(on("get", SERVICE)),
        "get_handle_service.effect.foreign",
    ),
    fault(
        "around-nameless-user-without-key",
        "A user without a user name does not have the key.",
        changed_answer(_absent("username")).of(on("get", USER)),
        "get_user.effect.bare",
    ),
    fault(
        "around-nameless-member-without-key",
        "A member without a user name does not have the key.",
        changed_answer(_absent("username")).of(on("get", USER, GROUP)),
        "get_group_user.effect.bare",
    ),
    fault(
        "around-conflict-in-our-words",
        "The error of a second joining calls a service handle_service.",
        _ends(lambda details: details.update(parentType=SERVICE)).of(on("attach", USER, SERVICE)),
        "add_handle_service_user.conflict.details",
        editions=DEPLOYED,
    ),
    fault(
        "around-made-without-label",
        "The answer to a creation has no media type.",
        answers(header(b"content-type", None), 201).of(on("create", GROUP)),
        "create_group.success.labelled",
        editions=DEPLOYED,
    ),
    fault(
        "around-unknown-path-404",
        "An unknown path is answered 404, whatever the method.",
        _unknown_as_missing().of(on("get", CALLER)),
        "get_current_user.unknown.path",
        editions=DEPLOYED,
    ),
)
