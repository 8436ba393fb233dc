"""The forms that most hooks take: a change of answers, of data, of who may, of what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Answer, Exchange, Refusal
from onezone_mockserver.faults.fault import Hook, documented

if TYPE_CHECKING:
    from onezone_spec import Operation

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User, World

CREATE, RELATE, MEMBER = "oz_handle_services_create", "oz_groups_add_relationships", "group_create_handle_service"
Change = Callable[[Exchange, Answer], None]
Where = Callable[[Exchange], bool]
Meant = Callable[["Operation"], bool]
GOOD: dict[str, Any] = {
    "name": "unnamed",
    "proxyEndpoint": "https://proxy.example.org",
    "serviceProperties": {"type": "DOI", "host": "https://mds.example.org", "doiEndpoint": "/doi"},
}


def anywhere(_exchange: Exchange) -> bool:
    """Every request."""
    return True


# --- answers --------------------------------------------------------------------------------------------------


def answers(change: Change, *statuses: int, where: Where = anywhere) -> Hook:
    """Change the answers of these statuses (all, where none is named) to these requests."""

    def around(inner: Callable[[Exchange, Answer], Answer], _state: MockState) -> Any:
        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            if (not statuses or answer.status in statuses) and where(exchange):
                change(exchange, answer)
            return answer

        return changed

    return Hook("answer", around)


def successes(change: Change, where: Where = anywhere) -> Hook:
    """Change the answers to accepted requests, also where another fault changed their status before."""
    return answers(change, 200, 201, 202, 204, where=where)


def status(new: int) -> Change:
    """Answer with another status; an error that becomes a success loses its body, and gets a Location."""

    def change(_exchange: Exchange, answer: Answer) -> None:
        answer.status = new
        if new == 204:  # noqa: PLR2004
            answer.body = b""
            drop(answer, b"content-length", b"content-type")
        elif not answer.body:
            put(answer, b"content-length", b"0")

    return change


def drop(answer: Answer, *names: bytes) -> None:
    """Take headers away."""
    answer.headers = [one for one in answer.headers if one[0] not in names]


def put(answer: Answer, name: bytes, value: bytes | None) -> None:
    """Give a header another value; None takes it away."""
    drop(answer, name)
    if value is not None:
        answer.headers.append((name, value))


def write(answer: Answer, text: bytes) -> None:
    """Give the answer another body, of the length that it then has."""
    answer.body = text
    put(answer, b"content-length", str(len(text)).encode())


def header(name: bytes, value: bytes | None) -> Change:
    """Give a header another value; None takes it away."""
    return lambda _exchange, answer: put(answer, name, value)


def body(text: bytes, media: bytes | None = None) -> Change:
    """Give the answer another body."""

    def change(_exchange: Exchange, answer: Answer) -> None:
        write(answer, text)
        if media is not None:
            put(answer, b"content-type", media)

    return change


def refused(error: str = "malformedData") -> Refusal:
    """A refusal that nobody should have met."""
    return Refusal(error, "a fault of the mock", details={"key": "name"} if error.startswith("badValue") else None)


# --- requests -------------------------------------------------------------------------------------------------


def before(stage: str, act: Callable[[Exchange, MockState], None]) -> Hook:
    """Do something before a stage; it may raise a Refusal, or change what the stage sees."""

    def around(inner: Check, state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            act(exchange, state)
            inner(exchange)

        return check

    return Hook(stage, around)


def after(stage: str, act: Callable[[Exchange, MockState], None]) -> Hook:
    """Do something after a stage has let the request pass."""

    def around(inner: Check, state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            inner(exchange)
            act(exchange, state)

        return check

    return Hook(stage, around)


def rescue(stage: str, act: Callable[[Refusal, Exchange, MockState], None], meant: Meant = documented) -> Hook:
    """Let what a stage refuses pass, once something was done; `act` may raise that refusal, or another one."""

    def around(inner: Check, state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            try:
                inner(exchange)
            except Refusal as refusal:
                act(refusal, exchange, state)

        return check

    return Hook(stage, around, meant)


def unless(stage: str, where: Where) -> Hook:
    """Leave a stage out for these requests."""

    def around(inner: Check, _state: MockState) -> Check:
        return lambda exchange: None if where(exchange) else inner(exchange)

    return Hook(stage, around)


def refuse(where: Where, error: str = "malformedData", stage: str = "validation") -> Hook:
    """Refuse requests that deserve better, after a stage."""

    def act(exchange: Exchange, _state: MockState) -> None:
        if where(exchange):
            raise refused(error)

    return after(stage, act)


def crash(where: Where, stage: str = "body") -> Hook:
    """Answer these requests with a 500 before a stage."""

    def act(exchange: Exchange, _state: MockState) -> None:
        if where(exchange):
            raise refused("internalServerError")

    return before(stage, act)


# --- data -----------------------------------------------------------------------------------------------------


def mended(mend: Callable[[dict[str, Any]], None]) -> Hook:
    """Make good data of bad data before it is validated: what is wrong is then never noticed."""

    def act(exchange: Exchange, _state: MockState) -> None:
        if isinstance(exchange.value, dict):
            value = dict(exchange.value)
            mend(value)
            if value != exchange.value:
                replace(exchange, value)

    return before("validation", act)


def replace(exchange: Exchange, value: Any) -> None:
    """Go on as though this value had been sent."""
    exchange.value, exchange.body = value, orjson.dumps(value)


def stored(change: Callable[[dict[str, Any]], None]) -> Hook:
    """Store other data than was sent; `change` sees the keys that the contract knows."""

    def act(exchange: Exchange, _state: MockState) -> None:
        value = {name: orjson.loads(data) for name, data in exchange.data.items()}
        kept = dict(value)
        change(kept)
        exchange.data = {
            name: exchange.data[name] if name in value and repr(value[name]) == repr(new) else orjson.dumps(new)
            for name, new in kept.items()
        }

    return after("validation", act)


def texts(change: Callable[[str], str]) -> Hook:
    """Store every string inside serviceProperties, and the name, changed."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, dict):
            return {key: walk(one) for key, one in value.items()}
        return [walk(one) for one in value] if isinstance(value, list) else value

    def all_of_it(data: dict[str, Any]) -> None:
        data.update({name: walk(value) for name, value in data.items()})

    return stored(all_of_it)


def properties(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook:
    """Store other serviceProperties."""

    def act(data: dict[str, Any]) -> None:
        if isinstance(data.get("serviceProperties"), dict):
            data["serviceProperties"] = change(data["serviceProperties"])

    return stored(act)


# --- who may --------------------------------------------------------------------------------------------------

Rule = Callable[[bool, frozenset[str], frozenset[str] | None], bool]
"""Whether somebody may, by whether the right rule allows it, the zone privileges and those in the group."""


def rule(allows: Rule) -> Hook:
    """Another access rule for whoever has shown who they are."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            if exchange.user is None:
                inner(exchange)
                return
            user, group = exchange.user.id, exchange.params["id"]
            zone = exchange.world.zone_privileges("user", user)
            held = exchange.world.effective_privileges("user", user, "group", group)
            if not allows(_right(inner, exchange), zone, held):
                raise refused("forbidden")

        return check

    return Hook("authorization", around)


def _right(inner: Check, exchange: Exchange) -> bool:
    try:
        inner(exchange)
    except Refusal:
        return False
    return True


def somebody(world: World) -> User | None:
    """A user who may create, whoever asks."""
    held = [(one, world.own_zone("user", one.id)) for one in world.users.values()]
    able = [one for one, zone in held if {CREATE, RELATE} <= zone] + [one for one, zone in held if CREATE in zone]
    return able[0] if able else None


def guest(where: Where) -> Hook:
    """Take these requests for somebody's who may."""

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            if where(exchange):
                exchange.user = somebody(exchange.world)
            else:
                inner(exchange)

        return check

    return Hook("security", around)


def unknown_group(exchange: Exchange) -> bool:
    """Whether the group of the path does not exist."""
    return not exchange.world.exists("group", exchange.params.get("id", ""))


def plant(state: MockState, world: World, group: str, name: str = "planted") -> str:
    """A service of a group that nobody asked for; gives its id."""
    from onezone_mockserver.world import new_id

    identity = new_id()
    document = {"handleServiceId": identity, **GOOD, "name": name, "creationTime": 0}
    world.add("handle_service", identity, orjson.dumps(document))
    everything = frozenset(state.contract.privileges["handle_service"])
    world.relate("group", group, "handle_service", identity, everything)
    return identity
