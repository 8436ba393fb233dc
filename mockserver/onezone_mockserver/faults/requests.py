"""Faults' vocabulary for requests: hooks before, after and instead of a stage, and for the data that was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.faults.fault import Hook, Point

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.faults.answers import Where
    from onezone_mockserver.state import MockState

Act = Callable[[Exchange, "MockState"], None]
GOOD: dict[str, Any] = {
    "name": "unnamed",
    "proxyEndpoint": "https://proxy.example.org",
    "serviceProperties": {"type": "DOI", "host": "https://mds.example.org", "doiEndpoint": "/doi"},
}


def refused(error: str = "malformedData") -> Refusal:
    """A refusal that nobody should have met."""
    return Refusal(error, "a fault of the mock", details={"key": "name"} if error.startswith("badValue") else None)


# --- stages -----------------------------------------------------------------------------------------------------


def before(stage: Point, act: Act) -> Hook:
    """Do something before a stage; it may raise a Refusal, or change what the stage sees."""

    def around(inner: Check, state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            act(exchange, state)
            inner(exchange)

        return check

    return Hook(stage, around)


def after(stage: Point, act: Act) -> Hook:
    """Do something after a stage has let the request pass."""

    def around(inner: Check, state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            inner(exchange)
            act(exchange, state)

        return check

    return Hook(stage, around)


def rescue(stage: Point, act: Callable[[Refusal, Exchange, MockState], None]) -> Hook:
    """Let what a stage refuses pass, once something was done; `act` may raise that refusal, or another one."""

    def around(inner: Check, state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            try:
                inner(exchange)
            except Refusal as refusal:
                act(refusal, exchange, state)

        return check

    return Hook(stage, around)


def unless(stage: Point, where: Where) -> Hook:
    """Leave a stage out for these requests."""

    def around(inner: Check, _state: MockState) -> Check:
        return lambda exchange: None if where(exchange) else inner(exchange)

    return Hook(stage, around)


def refuse(where: Where, error: str = "malformedData", stage: Point = Point.VALIDATION) -> Hook:
    """Refuse requests that deserve better, after a stage."""
    return after(stage, _refusing(where, error))


def crash(where: Where, stage: Point = Point.BODY) -> Hook:
    """Answer these requests with a 500 before a stage."""
    return refuse_early(where, "internalServerError", stage)


def refuse_early(where: Where, error: str, stage: Point) -> Hook:
    """Refuse these requests before a stage."""
    return before(stage, _refusing(where, error))


def _refusing(where: Where, error: str) -> Act:
    def act(exchange: Exchange, _state: MockState) -> None:
        if where(exchange):
            raise refused(error)

    return act


def instead(stage: Point, old: str, new: str | None) -> Hook:
    """Another error in the place of one that a stage raises; with None it is not raised at all."""

    def act(refusal: Refusal, _exchange: Exchange, _state: MockState) -> None:
        if refusal.error != old:
            raise refusal
        if new is not None:
            raise refused(new)

    return rescue(stage, act)


# --- data -------------------------------------------------------------------------------------------------------


def mended(mend: Callable[[dict[str, Any]], object]) -> Hook:
    """Make good data of bad data before it is validated: what is wrong is then never noticed."""

    def act(exchange: Exchange, _state: MockState) -> None:
        if isinstance(exchange.value, dict):
            value = dict(exchange.value)
            mend(value)
            if value != exchange.value:
                replace(exchange, value)

    return before(Point.VALIDATION, act)


def parsed(where: Callable[[bytes], bool], good: dict[str, Any]) -> Hook:
    """Bodies that are not JSON count as a valid one."""

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if not where(exchange.body):
            raise refusal
        replace(exchange, dict(good))

    return rescue(Point.BODY, act)


def shaped(where: Callable[[Any], bool], good: dict[str, Any]) -> Hook:
    """JSON that is not an object counts as a valid one."""

    def act(exchange: Exchange, _state: MockState) -> None:
        if not isinstance(exchange.value, dict) and where(exchange.value):
            replace(exchange, dict(good))

    return before(Point.VALIDATION, act)


def replace(exchange: Exchange, value: Any) -> None:
    """Go on as though this value had been sent."""
    exchange.value, exchange.body = value, orjson.dumps(value)


def stored(change: Callable[[dict[str, Any]], object]) -> Hook:
    """Store other data than was sent; `change` sees the keys that the contract knows."""

    def act(exchange: Exchange, _state: MockState) -> None:
        value = {name: orjson.loads(data) for name, data in exchange.data.items()}
        kept = dict(value)
        change(kept)
        exchange.data = {
            name: exchange.data[name] if name in value and repr(value[name]) == repr(new) else orjson.dumps(new)
            for name, new in kept.items()
        }

    return after(Point.VALIDATION, act)


def texts(change: Callable[[str], str]) -> Hook:
    """Store every string inside serviceProperties, and the name, changed."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, dict):
            return {key: walk(nested) for key, nested in value.items()}
        return [walk(nested) for nested in value] if isinstance(value, list) else value

    return stored(lambda data: data.update({name: walk(value) for name, value in data.items()}))


def properties(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook:
    """Store other serviceProperties."""

    def act(data: dict[str, Any]) -> None:
        if isinstance(data.get("serviceProperties"), dict):
            data["serviceProperties"] = change(data["serviceProperties"])

    return stored(act)


def without(key: str) -> Callable[[dict[str, Any]], object]:
    """Take a key away from an object."""
    return lambda data: data.pop(key, None)


def privileges_at(exchange: Exchange, key: str) -> frozenset[str]:
    """The privileges under a key of the body, none where it is not there."""
    return frozenset(orjson.loads(exchange.data.get(key, b"[]")))


def member(exchange: Exchange) -> tuple[str, str]:
    """The user, and the group or service, whose relation the path names."""
    return exchange.params["uid"], exchange.params["id"]
