"""Faults of the stored state, and of refusals that leave something behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.answers import answered, write
from onezone_mockserver.faults.effects import (
    GROUP,
    SERVICE,
    Inner,
    Memory,
    created_id,
    details,
    effect,
    part,
    plant,
    services,
    unknown_group,
)
from onezone_mockserver.faults.fault import Fault, Hook, Point, fault, on
from onezone_mockserver.faults.requests import GOOD, properties, replace, stored, texts, without

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Check, Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import World

NEW, DATA, STAYS = "state.created-one", "state.data", "state.kept"
Act = Callable[["MockState", "World", str, str], None]
"""What is done to a world after a creation, with the group and the new service."""


def _after_create(act: Act) -> Hook:
    """Do something after a creation: with the world, the group, and the new service."""

    def perform(inner: Inner, exchange: Exchange, state: MockState) -> Answer:
        answer = inner(exchange)
        act(state, exchange.world, exchange.params["id"], created_id(answer))
        return answer

    return effect(perform)


def _service_lost(_state: MockState, world: World, _group: str, service: str) -> None:
    world.remove(SERVICE, service)


def _not_listed(_state: MockState, world: World, group: str, service: str) -> None:
    part(world, group, [service])


def _overwritten(_state: MockState, world: World, group: str, service: str) -> None:
    part(world, group, [other for other in services(world, group) if other != service])


def _oldest_forgotten(_state: MockState, world: World, group: str, _service: str) -> None:
    """Only the last twenty are remembered."""
    part(world, group, services(world, group)[:-20])


def _in_every_group(_state: MockState, world: World, group: str, service: str) -> None:
    privileges = world.memberships(GROUP, group, SERVICE)[service]
    for other in world.ids(GROUP):
        world.relate(GROUP, other, SERVICE, service, privileges)


def _in_another_group(_state: MockState, world: World, group: str, service: str) -> None:
    privileges = world.memberships(GROUP, group, SERVICE)[service]
    other = next(candidate for candidate in world.ids(GROUP) if candidate != group)
    world.relate(GROUP, other, SERVICE, service, privileges)
    part(world, group, [service])


def _renamed(_state: MockState, world: World, group: str, service: str) -> None:
    """A new service gives its name to the others of the group."""
    name = details(world, SERVICE, service).get("name")
    for other in services(world, group):
        world.replace(SERVICE, other, orjson.dumps({**details(world, SERVICE, other), "name": name}))


def _second_service(state: MockState, world: World, group: str, _service: str) -> None:
    plant(state, world, group)


def _third(act: Act) -> Act:
    count = [0]

    def third(state: MockState, world: World, group: str, service: str) -> None:
        count[0] += 1
        if count[0] % 7 == 0:
            act(state, world, group, service)

    return third


def _planted(exchange: Exchange, _answer: Answer, state: MockState) -> None:
    if exchange.operation and not unknown_group(exchange):
        plant(state, exchange.world, exchange.params["id"])


def _removed(exchange: Exchange, answer: Answer, _state: MockState) -> None:
    """What is forbidden removes every service of the group, a bad body the newest."""
    if exchange.operation and not unknown_group(exchange):
        group = exchange.params["id"]
        part(exchange.world, group, services(exchange.world, group)[0 if answer.status == 403 else -1 :])  # noqa: PLR2004


def _repeated() -> Hook:
    """A name that is there is updated instead."""

    def around(inner: Callable[[Exchange], Answer], _state: MockState) -> Any:
        memory: Memory[dict[tuple[str, bytes], Answer]] = Memory(dict)

        def perform(exchange: Exchange) -> Answer:
            names = memory.of(exchange.world)
            key = exchange.params["id"], exchange.data["name"]
            if key not in names:
                names[key] = inner(exchange)
            first = names[key]
            return type(first)(first.status, list(first.headers), first.body)

        return perform

    return Hook(Point.EFFECT, around)


def _unlisted() -> tuple[Hook, ...]:
    """One service in twenty can be read and is missing in the list."""
    memory: Memory[list[str]] = Memory(list)

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer = inner(exchange)
        memory.of(exchange.world).append(created_id(answer))
        return answer

    def conceal(exchange: Exchange, answer: Answer, _state: MockState) -> None:
        hidden = memory.of(exchange.world)[19::20]
        ids = orjson.loads(answer.body)["handle_services"]
        write(answer, orjson.dumps({"handle_services": [identity for identity in ids if identity not in hidden]}))

    return effect(perform), answered(conceal, 200).of(on("list", SERVICE, GROUP))


def _leaking() -> Hook:
    """What a body lacks is taken from the request before."""

    def around(inner: Check, _state: MockState) -> Check:
        last: dict[str, Any] = {}

        def check(exchange: Exchange) -> None:
            if isinstance(exchange.value, dict):
                replace(exchange, {**last, **exchange.value})
            inner(exchange)
            last.update({name: exchange.value[name] for name in GOOD if name in exchange.value})

        return check

    return Hook(Point.VALIDATION, around)


def _shared_properties() -> Hook:
    """Properties of earlier services show in later ones."""
    seen: dict[str, Any] = {}

    def change(data: dict[str, Any]) -> dict[str, Any]:
        seen.update(data)
        return dict(seen)

    return properties(change)


def _set(**more: Any) -> Hook:
    return stored(lambda data: data.update(more))


def _data(name: str, text: str, hook: Hook, *noticed_by: str) -> Fault:
    return fault(f"state-{name}", text, hook, *(noticed_by or (DATA,)))


FAULTS = (
    fault("state-lost", "Nothing is remembered.", _after_create(_service_lost), "location.resolves"),
    fault("state-not-listed", "The service is not the group's.", _after_create(_not_listed), "location.resolves"),
    fault("state-two", "Each request makes two services.", _after_create(_second_service), NEW),
    fault(
        "state-sometimes-two", "One request in seven makes two services.", _after_create(_third(_second_service)), NEW
    ),
    fault(
        "state-sometimes-lost",
        "One service in seven is lost.",
        _after_create(_third(_service_lost)),
        "location.resolves",
    ),
    fault(
        "state-unlisted",
        "One service in twenty is missing in the list of its group.",
        _unlisted(),
        "location.resolves",
        NEW,
    ),
    fault("state-overwrites", "A new service takes the place of the group's others.", _after_create(_overwritten), NEW),
    fault(
        "state-forgets",
        "Only the last twenty services of a group are remembered.",
        _after_create(_oldest_forgotten),
        NEW,
        STAYS,
    ),
    fault("state-renames", "A new service gives its name to the group's others.", _after_create(_renamed), STAYS),
    fault(
        "state-everywhere",
        "A service is registered for all groups.",
        _after_create(_in_every_group),
        "state.other-group",
    ),
    fault(
        "state-elsewhere",
        "A service is registered for another group.",
        _after_create(_in_another_group),
        "location.resolves",
    ),
    fault("state-by-name", "A name that is there gives the service that has it.", _repeated(), "location.fresh"),
    fault(
        "state-refused-403", "Whatever is forbidden is made nevertheless.", answered(_planted, 403), "state.unchanged"
    ),
    fault("state-refused-400", "A bad body is made nevertheless.", answered(_planted, 400), "state.unchanged"),
    fault(
        "state-refused-401",
        "Who cannot show who they are makes one nevertheless.",
        answered(_planted, 401),
        "state.unchanged",
    ),
    fault("state-refused-removes", "A refusal removes services.", answered(_removed, 403, 400), "state.unchanged"),
    _data("name-fixed", "Every service has the same name.", _set(name="handle service")),
    _data("name-lost", "The name is not remembered.", stored(without("name"))),
    _data("endpoint-lost", "The endpoint is not remembered.", stored(without("proxyEndpoint"))),
    _data("properties-lost", "The properties are not remembered.", _set(serviceProperties={})),
    fault("state-leaks", "What a body lacks is taken from the request before.", _leaking(), DATA),
    _data("properties-shared", "Properties of earlier services show in later ones.", _shared_properties()),
    _data(
        "properties-text",
        "The properties are remembered as JSON in a string.",
        stored(lambda d: d.update(serviceProperties=orjson.dumps(d["serviceProperties"]).decode())),
    ),
    _data(
        "properties-type",
        "Only the type of the properties is remembered.",
        properties(lambda p: {"type": p.get("type")}),
    ),
    _data(
        "properties-lower",
        "The keys of the properties are in lower case.",
        properties(lambda p: {key.lower(): value for key, value in p.items()}),
    ),
    _data(
        "endpoint-slash",
        "The endpoint gets a slash at its end.",
        stored(lambda d: d.update(proxyEndpoint=f"{d['proxyEndpoint']}/")),
    ),
    _data(
        "endpoint-http",
        "The endpoint loses its TLS.",
        stored(lambda d: d.update(proxyEndpoint=d["proxyEndpoint"].replace("https", "http"))),
    ),
    _data("name-lower", "Names are in lower case.", stored(lambda d: d.update(name=d["name"].lower())), "edges.names"),
    _data("name-32", "Names are cut to 32 characters.", stored(lambda d: d.update(name=d["name"][:32]))),
    _data(
        "name-ascii",
        "Names lose what is no ASCII.",
        stored(lambda d: d.update(name=d["name"].encode("ascii", "replace").decode())),
    ),
    _data(
        "name-digits",
        "A name of digits becomes a number.",
        stored(lambda d: d.update(name=int(d["name"]) if d["name"].isdigit() else d["name"])),
    ),
    _data(
        "numbers-text",
        "Numbers become strings.",
        properties(lambda p: {k: str(v) if type(v) in {int, float} else v for k, v in p.items()}),
    ),
    _data(
        "numbers-whole",
        "Numbers are cut to whole ones.",
        properties(lambda p: {k: int(v) if type(v) is float else v for k, v in p.items()}),
        "edges.values",
        "generated.valid",
    ),
    _data("text-titled", "Words begin with capitals.", texts(str.title)),
)
