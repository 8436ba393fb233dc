"""What the faults of the operations around the documented one are made of. Operations are meant by what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from onezone_spec import AccessRule, Effect, Route

from onezone_mockserver.access import Guard
from onezone_mockserver.exchange import Answer, Exchange, Refusal
from onezone_mockserver.faults import tools
from onezone_mockserver.faults.fault import Fault, Hook
from onezone_mockserver.faults.tools import Meant

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import World

Perform = Callable[[Exchange], Answer]
Act = Callable[["World", Exchange], None]
FULL = "full"


def on(verb: str, resource: str, within: str | None = None, *, effective: bool = False, part: str = "") -> Meant:
    """The operation with that effect."""
    wanted = Effect(verb, resource, within, effective, part)
    return lambda operation: operation.effect == wanted


def fault(name: str, text: str, hook: Hook, *noticed_by: str, editions: tuple[str, ...] | None = None) -> Fault:
    """A fault that is seen by judging every operation; `noticed_by` has whole ids of requirements, as patterns."""
    made = Fault(name, text, hook, noticed_by, profile=FULL)
    return made if editions is None else replace(made, editions=editions)


# --- what a request says ----------------------------------------------------------------------------------------


def member(exchange: Exchange) -> tuple[str, str]:
    """The user and the group whose relation the path names."""
    return exchange.params["uid"], exchange.params["id"]


def named(exchange: Exchange, key: str) -> frozenset[str]:
    """The privileges under a key of the body, none where it is not there."""
    return frozenset(orjson.loads(exchange.data.get(key, b"[]")))


def without(key: str) -> Callable[[dict[str, Any]], None]:
    """Take a key away from an object."""
    return lambda data: (data.pop(key, None), None)[1]


# --- who may --------------------------------------------------------------------------------------------------


def access(meant: Meant, change: Callable[[list[Route]], list[Route]]) -> Hook:
    """Other routes than the contract's."""

    def around(inner: Check, state: MockState) -> Check:
        guards: dict[str, Guard] = {}

        def check(exchange: Exchange) -> None:
            operation = exchange.operation
            if operation is None:
                inner(exchange)
                return
            if operation.id not in guards:
                rule = AccessRule(tuple(change(list(operation.access.routes))), operation.access.source)
                guards[operation.id] = Guard(replace(operation, access=rule), state.contract.roles)
            guard = guards[operation.id]
            if not guard.decide(exchange.world, exchange.user, exchange.params, exchange.value).allowed:
                raise Refusal("forbidden" if exchange.user else "unauthorized", "a fault of the mock")

        return check

    return Hook("authorization", around, meant)


def anybody(meant: Meant) -> Hook:
    """Whoever has credentials may."""
    return access(meant, lambda routes: [*routes, Route("anybody", {"caller": frozenset()})])


def also(meant: Meant, **needs: list[str]) -> Hook:
    """One more route."""
    route = Route("also", {scope: frozenset(names) for scope, names in needs.items()})
    return access(meant, lambda routes: [*routes, route])


def without_route(meant: Meant, name: str) -> Hook:
    """One route less."""
    return access(meant, lambda routes: [one for one in routes if one.name != name])


def not_asked(meant: Meant, scope: str, privilege: str = "") -> Hook:
    """Routes that do not ask for that privilege, or (without one) not for that scope at all."""

    def less(route: Route) -> Route:
        needs = {where: names - {privilege} for where, names in route.needs.items() if privilege or where != scope}
        return replace(route, needs=needs)

    return access(meant, lambda routes: [less(one) for one in routes])


def nothing_extra(meant: Meant) -> Hook:
    """Routes that no key of the body makes dearer."""
    return access(meant, lambda routes: [replace(one, given={}) for one in routes])


# --- what it does ---------------------------------------------------------------------------------------------


def effect(meant: Meant, perform: Callable[[Perform, World, Exchange], Answer]) -> Hook:
    """Another effect; `perform` is given the right one."""

    def around(inner: Perform, _state: MockState) -> Perform:
        return lambda exchange: perform(inner, exchange.world, exchange)

    return Hook("effect", around, meant)


def afterwards(meant: Meant, act: Act) -> Hook:
    """Do something more when it is done."""

    def perform(inner: Perform, world: World, exchange: Exchange) -> Answer:
        answer = inner(exchange)
        act(world, exchange)
        return answer

    return effect(meant, perform)


def nothing(meant: Meant, status: int = 204) -> Hook:
    """Say that it is done, and do nothing."""
    return effect(meant, lambda _inner, _world, _exchange: Answer(status, _lengths(status)))


def early(meant: Meant) -> Hook:
    """Do it before asking who may: the refusal comes too late."""

    def act(refusal: Refusal, exchange: Exchange, state: MockState) -> None:
        _anyway(state, exchange)
        raise refusal

    return tools.rescue("authorization", act, meant)


def _anyway(state: MockState, exchange: Exchange) -> None:
    from onezone_mockserver.effects import verbs

    operation = exchange.operation
    if operation is None or exchange.user is None:
        return
    value = exchange.value if isinstance(exchange.value, dict) else {}
    known = [one.name for one in operation.body.properties] if operation.body else []
    exchange.data = {name: orjson.dumps(value[name]) for name in known if name in value}
    verbs()[operation.effect.verb](state.contract, operation)(exchange)


def sent(meant: Meant, change: Callable[[dict[str, Any]], None]) -> Hook:
    """Other data than was sent, after it was found good."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            inner(exchange)
            data = {name: orjson.loads(text) for name, text in exchange.data.items()}
            change(data)
            exchange.data = {name: orjson.dumps(value) for name, value in data.items()}

        return check

    return Hook("validation", around, meant)


def mended(meant: Meant, change: Callable[[dict[str, Any]], None]) -> Hook:
    """Make good data of bad data before anybody looks."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            if isinstance(exchange.value, dict):
                value = dict(exchange.value)
                change(value)
                exchange.value, exchange.body = value, orjson.dumps(value)
            inner(exchange)

        return check

    return Hook("validation", around, meant)


# --- what it answers ------------------------------------------------------------------------------------------


def answers(meant: Meant, change: Callable[[Exchange, Answer], None], *statuses: int) -> Hook:
    """Change the finished answers of these statuses."""

    def around(inner: Callable[[Exchange, Answer], Answer], _state: MockState) -> Any:
        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            if answer.status in statuses:
                change(exchange, answer)
            return answer

        return changed

    return Hook("answer", around, meant)


def shown(meant: Meant, change: Callable[[dict[str, Any]], None]) -> Hook:
    """Change the JSON object that an answer of success shows."""

    def act(_exchange: Exchange, answer: Answer) -> None:
        value = orjson.loads(answer.body)
        change(value)
        tools.write(answer, orjson.dumps(value))

    return answers(meant, act, 200)


def status(meant: Meant, old: int, new: int) -> Hook:
    """Another status."""
    return answers(meant, tools.status(new), old)


def _lengths(code: int) -> list[tuple[bytes, bytes]]:
    return [] if code == 204 else [(b"content-length", b"0")]  # noqa: PLR2004
