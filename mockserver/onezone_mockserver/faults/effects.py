"""Faults' vocabulary for what an operation does, what is remembered of it, and what the world says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import orjson

from onezone_mockserver.exchange import Answer, Exchange, Refusal
from onezone_mockserver.faults.fault import Hook, Point
from onezone_mockserver.faults.requests import GOOD, Act, rescue

if TYPE_CHECKING:
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import World

GROUP, USER, SERVICE, CHILD, ZONE, CALLER = "group", "user", "handle_service", "child", "zone", "caller"
Inner = Callable[[Exchange], Answer]
Perform = Callable[[Inner, Exchange, "MockState"], Answer]
V = TypeVar("V")


def effect(perform: Perform) -> Hook:
    """Another effect; `perform` is given the right one."""
    return Hook(Point.EFFECT, lambda inner, state: lambda exchange: perform(inner, exchange, state))


def beforehand(act: Act) -> Hook:
    """Do something before it is done."""

    def perform(inner: Inner, exchange: Exchange, state: MockState) -> Answer:
        act(exchange, state)
        return inner(exchange)

    return effect(perform)


def afterwards(act: Act) -> Hook:
    """Do something more when it is done."""

    def perform(inner: Inner, exchange: Exchange, state: MockState) -> Answer:
        answer = inner(exchange)
        act(exchange, state)
        return answer

    return effect(perform)


def nothing(status: int = 204) -> Hook:
    """Say that it is done, and do nothing."""
    headers = [] if status == 204 else [(b"content-length", b"0")]  # noqa: PLR2004
    return effect(lambda _inner, _exchange, _state: Answer(status, list(headers)))


def early() -> Hook:
    """Do it before asking who may: the refusal comes too late."""

    def act(refusal: Refusal, exchange: Exchange, state: MockState) -> None:
        _effect_despite_refusal(exchange, state)
        raise refusal

    return rescue(Point.AUTHORIZATION, act)


def _effect_despite_refusal(exchange: Exchange, state: MockState) -> None:
    from onezone_mockserver.effects import verbs

    operation = exchange.operation
    if operation is None or exchange.user is None:
        return
    value = exchange.value if isinstance(exchange.value, dict) else {}
    names = [prop.name for prop in operation.body.properties] if operation.body else []
    exchange.data = {name: orjson.dumps(value[name]) for name in names if name in value}
    verbs()[operation.effect.verb](state.contract, operation)(exchange)


# --- the world --------------------------------------------------------------------------------------------------


class Memory(Generic[V]):
    """What a fault remembers, of each world apart."""

    def __init__(self, empty: Callable[[], V]) -> None:
        self._empty = empty
        self._worlds: WeakKeyDictionary[World, V] = WeakKeyDictionary()

    def of(self, world: World) -> V:
        """What is remembered of a world."""
        return self._worlds.setdefault(world, self._empty())


def method(name: str, change: Callable[[Any], Any]) -> Hook:
    """Another method of the world; `change` makes it of the right one, anew for each world."""
    return Hook(Point.WORLD, lambda inner, _state: change(inner), method=name)


def unknown_group(exchange: Exchange) -> bool:
    """Whether the group of the path does not exist."""
    return not exchange.world.exists(GROUP, exchange.params.get("id", ""))


def services(world: World, group: str) -> list[str]:
    """The services of a group, oldest first."""
    return list(world.memberships(GROUP, group, SERVICE))


def details(world: World, kind: str, identity: str) -> dict[str, Any]:
    """What is stored of an entity."""
    data: dict[str, Any] = orjson.loads(world.details(kind, identity))
    return data


def share(state: MockState, world: World, group: str, service: str) -> None:
    """Give a group a service, with every privilege."""
    world.relate(GROUP, group, SERVICE, service, frozenset(state.contract.privileges[SERVICE]))


def part(world: World, group: str, gone: Iterable[str]) -> None:
    """Take services away from a group."""
    for service in gone:
        world.unrelate(GROUP, group, SERVICE, service)


def plant(state: MockState, world: World, group: str) -> str:
    """A service of a group that nobody asked for; gives its id."""
    from onezone_mockserver.world import new_id

    identity = new_id()
    world.add(
        SERVICE, identity, orjson.dumps({"handleServiceId": identity, **GOOD, "name": "planted", "creationTime": 0})
    )
    share(state, world, group, identity)
    return identity


def created_id(answer: Answer) -> str:
    """The id that the Location of an answer ends in."""
    return dict(answer.headers)[b"location"].rpartition(b"/")[2].decode()
