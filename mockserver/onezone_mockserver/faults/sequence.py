"""Faults that only a sequence of requests shows: what was left comes into what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.answers import answered, set_header
from onezone_mockserver.faults.effects import (
    GROUP,
    SERVICE,
    Inner,
    afterwards,
    created_id,
    details,
    effect,
    part,
    plant,
    services,
    share,
    unknown_group,
)
from onezone_mockserver.faults.fault import ALL, DEPLOYED, NEWER, Fault, Hook, Point, fault, on
from onezone_mockserver.faults.requests import Act, refused, rescue

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange, Refusal
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import World

CREATED, UNCHANGED, LEFT, FRESH = "sequence.created", "sequence.refused", "sequence.left", "sequence.fresh"
LEAVE, READ = on("detach", SERVICE, GROUP), on("get", SERVICE, GROUP)


def _orphans(world: World) -> list[str]:
    """The services that were left: those that no group has, oldest first."""
    return [service for service in world.ids(SERVICE) if not world.members(GROUP, SERVICE, service)]


def _write(world: World, service: str, data: dict[str, Any]) -> None:
    world.replace(SERVICE, service, orjson.dumps({**data, "handleServiceId": service}))


def _relocated(answer: Answer, old: str, new: str) -> Answer:
    set_header(answer, b"location", dict(answer.headers)[b"location"].replace(old.encode(), new.encode()))
    return answer


# --- creating after something was left ------------------------------------------------------------------------


def _same_id(inner: Inner, exchange: Exchange, state: MockState) -> Answer:
    free, answer = _orphans(exchange.world), inner(exchange)
    if not free:
        return answer
    group, new, old = exchange.params["id"], created_id(answer), free[-1]
    _write(exchange.world, old, details(exchange.world, SERVICE, new))
    share(state, exchange.world, group, old)
    exchange.world.remove(SERVICE, new)
    return _relocated(answer, new, old)


def _revived(inner: Inner, exchange: Exchange, state: MockState) -> Answer:
    name = orjson.loads(exchange.data["name"])
    old = next(
        (
            service
            for service in _orphans(exchange.world)
            if details(exchange.world, SERVICE, service).get("name") == name
        ),
        None,
    )
    answer = inner(exchange)
    if old is None:
        return answer
    group, new = exchange.params["id"], created_id(answer)
    part(exchange.world, group, [new])
    share(state, exchange.world, group, old)
    return _relocated(answer, new, old)


def _third_lost() -> Hook:
    count = {"left": 0, "since": 0}

    def change(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        gone, answer = len(_orphans(exchange.world)), inner(exchange)
        if gone != count["left"]:
            count.update(left=gone, since=0)
        count["since"] += bool(gone)
        if count["since"] == 3:  # noqa: PLR2004
            part(exchange.world, exchange.params["id"], [created_id(answer)])
            count["left"] += 1
        return answer

    return effect(change)


def _comes_back(inner: Inner, exchange: Exchange, state: MockState) -> Answer:
    gone, answer = _orphans(exchange.world), inner(exchange)
    if gone:
        share(state, exchange.world, exchange.params["id"], gone[-1])
    return answer


def _name_taken(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    name = orjson.loads(exchange.data["name"])
    if any(details(exchange.world, SERVICE, service).get("name") == name for service in _orphans(exchange.world)):
        raise refused("badValueString")
    return inner(exchange)


def _details_of_left(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    gone, answer = _orphans(exchange.world), inner(exchange)
    if gone:
        new = created_id(answer)
        _write(
            exchange.world, new, {**details(exchange.world, SERVICE, new), **details(exchange.world, SERVICE, gone[-1])}
        )
    return answer


def _overwrites_others() -> Hook:
    """Who creates after somebody else writes over the service of that other, too."""
    last: list[tuple[str, str]] = []

    def change(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer, user = inner(exchange), exchange.user.id if exchange.user else ""
        new = created_id(answer)
        if last and last[0][0] != user and exchange.world.exists(SERVICE, last[0][1]):
            _write(exchange.world, last[0][1], details(exchange.world, SERVICE, new))
        last[:] = [(user, new)]
        return answer

    return effect(change)


# --- what a refusal does after something was left -------------------------------------------------------------


def _created_nevertheless(exchange: Exchange, _answer: Answer, state: MockState) -> None:
    if exchange.operation and not unknown_group(exchange) and _orphans(exchange.world):
        plant(state, exchange.world, exchange.params["id"])


def _undone(exchange: Exchange, _answer: Answer, state: MockState) -> None:
    if exchange.operation and not unknown_group(exchange):
        for service in _orphans(exchange.world)[-1:]:
            share(state, exchange.world, exchange.params["id"], service)


# --- leaving --------------------------------------------------------------------------------------------------


def _newest_too(exchange: Exchange, _state: MockState) -> None:
    part(exchange.world, exchange.params["id"], services(exchange.world, exchange.params["id"])[-1:])


def _left_nevertheless(exchange: Exchange, _state: MockState) -> None:
    group, service = exchange.params["id"], exchange.params["hsid"]
    if exchange.user is None and service in services(exchange.world, group):
        part(exchange.world, group, [service])


def _refused_leaving(stage: Point, act: Act) -> Hook:
    """Do something where a stage refuses to let a service be left."""

    def acted(refusal: Refusal, exchange: Exchange, state: MockState) -> None:
        act(exchange, state)
        raise refusal

    return rescue(stage, acted).of(LEAVE)


def _still_read() -> Hook:
    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if exchange.params.get("hsid") not in _orphans(exchange.world)[1::2]:
            raise refusal

    return rescue(Point.EXISTENCE, act).of(READ)


def _sequence_fault(name: str, text: str, hook: Hook, *noticed_by: str, editions: tuple[str, ...] = ALL) -> Fault:
    return fault(f"sequence-{name}", text, hook, *noticed_by, editions=editions)


FAULTS = (
    _sequence_fault(
        "same-id", "A new service gets the id of one that left.", effect(_same_id), FRESH, editions=DEPLOYED
    ),
    _sequence_fault(
        "revived",
        "The name of a service that left gives that service again.",
        effect(_revived),
        FRESH,
        editions=DEPLOYED,
    ),
    _sequence_fault("third-lost", "The third creation after a service left is lost.", _third_lost(), CREATED),
    _sequence_fault("comes-back", "A creation brings back the service that left last.", effect(_comes_back), CREATED),
    _sequence_fault(
        "name-taken", "The name of a service that left cannot be used again.", effect(_name_taken), CREATED
    ),
    _sequence_fault("old-details", "A new service shows the data of one that left.", effect(_details_of_left), CREATED),
    _sequence_fault(
        "swapped",
        "A user's creation overwrites the one before, if another's.",
        _overwrites_others(),
        CREATED,
        editions=NEWER,
    ),
    _sequence_fault(
        "refused-made",
        "Once a service left, what is forbidden is made.",
        answered(_created_nevertheless, 403),
        UNCHANGED,
    ),
    _sequence_fault("undone", "A bad body brings back the service that left last.", answered(_undone, 400), UNCHANGED),
    _sequence_fault(
        "leave-two",
        "Leaving a service leaves the newest one, too.",
        afterwards(_newest_too).of(LEAVE),
        LEFT,
        editions=DEPLOYED,
    ),
    _sequence_fault(
        "leave-again",
        "Leaving a service twice leaves the newest one.",
        _refused_leaving(Point.EXISTENCE, _newest_too),
        LEFT,
        editions=DEPLOYED,
    ),
    _sequence_fault(
        "leave-nobody",
        "Nobody may leave a service: 401, yet it is left.",
        _refused_leaving(Point.AUTHORIZATION, _left_nevertheless),
        LEFT,
        editions=DEPLOYED,
    ),
    _sequence_fault(
        "still-read", "Every second service that left can still be read.", _still_read(), LEFT, editions=DEPLOYED
    ),
)
