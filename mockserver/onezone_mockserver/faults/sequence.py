"""Faults that only a sequence of requests shows: what was left comes into what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from onezone_spec import Effect

from onezone_mockserver.faults.fault import NEWER, Fault, Hook, fault
from onezone_mockserver.faults.tools import plant, put, refused, rescue, unknown_group

if TYPE_CHECKING:
    from onezone_spec import Operation

    from onezone_mockserver.exchange import Answer, Exchange, Refusal
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import World

KIND, GROUP = "handle_service", "group"
CREATED, UNCHANGED, LEFT, FRESH = "sequence.created", "sequence.refused", "sequence.left", "sequence.fresh"
Act = Callable[["MockState", str, "Exchange"], None]
Perform = Callable[["Exchange"], "Answer"]


def _services(world: World, group: str) -> list[str]:
    """The services of a group, oldest first."""
    return list(world.memberships(GROUP, group, KIND))


def _left(world: World) -> list[str]:
    """The services that were left: those that no group has, oldest first."""
    return [one for one in world.ids(KIND) if not world.members(GROUP, KIND, one)]


def _details(world: World, service: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(world.details(KIND, service))
    return found


def _write(world: World, service: str, details: dict[str, Any]) -> None:
    world.replace(KIND, service, orjson.dumps({**details, "handleServiceId": service}))


def _share(state: MockState, world: World, group: str, service: str) -> None:
    world.relate(GROUP, group, KIND, service, frozenset(state.contract.privileges[KIND]))


def _part(world: World, group: str, service: str) -> None:
    world.unrelate(GROUP, group, KIND, service)


# --- creating after something was left ------------------------------------------------------------------------


def _creating(change: Callable[[Perform, MockState, Exchange], Answer]) -> Hook:
    """Create otherwise."""

    def around(inner: Perform, state: MockState) -> Perform:
        return lambda exchange: change(inner, state, exchange)

    return Hook("effect", around)


def _service(answer: Answer) -> str:
    return dict(answer.headers)[b"location"].rpartition(b"/")[2].decode()


def _relocated(answer: Answer, old: str, new: str) -> Answer:
    put(answer, b"location", dict(answer.headers)[b"location"].replace(old.encode(), new.encode()))
    return answer


def _same_id(inner: Perform, state: MockState, exchange: Exchange) -> Answer:
    free, answer = _left(exchange.world), inner(exchange)
    if not free:
        return answer
    group, made, old = exchange.params["id"], _service(answer), free[-1]
    _write(exchange.world, old, _details(exchange.world, made))
    _share(state, exchange.world, group, old)
    exchange.world.remove(KIND, made)
    return _relocated(answer, made, old)


def _revived(inner: Perform, state: MockState, exchange: Exchange) -> Answer:
    name = orjson.loads(exchange.data["name"])
    old = next((one for one in _left(exchange.world) if _details(exchange.world, one).get("name") == name), None)
    answer = inner(exchange)
    if old is None:
        return answer
    group, made = exchange.params["id"], _service(answer)
    _part(exchange.world, group, made)
    _share(state, exchange.world, group, old)
    return _relocated(answer, made, old)


def _third_lost() -> Hook:
    count = {"left": 0, "since": 0}

    def change(inner: Perform, _state: MockState, exchange: Exchange) -> Answer:
        gone, answer = len(_left(exchange.world)), inner(exchange)
        if gone != count["left"]:
            count.update(left=gone, since=0)
        count["since"] += bool(gone)
        if count["since"] == 3:  # noqa: PLR2004
            _part(exchange.world, exchange.params["id"], _service(answer))
            count["left"] += 1
        return answer

    return _creating(change)


def _comes_back(inner: Perform, state: MockState, exchange: Exchange) -> Answer:
    gone, answer = _left(exchange.world), inner(exchange)
    if gone:
        _share(state, exchange.world, exchange.params["id"], gone[-1])
    return answer


def _name_taken(inner: Perform, _state: MockState, exchange: Exchange) -> Answer:
    name = orjson.loads(exchange.data["name"])
    if any(_details(exchange.world, one).get("name") == name for one in _left(exchange.world)):
        raise refused("badValueString")
    return inner(exchange)


def _details_of_left(inner: Perform, _state: MockState, exchange: Exchange) -> Answer:
    gone, answer = _left(exchange.world), inner(exchange)
    if gone:
        made = _service(answer)
        _write(exchange.world, made, {**_details(exchange.world, made), **_details(exchange.world, gone[-1])})
    return answer


def _swapped() -> Hook:
    """Who creates after somebody else writes over the service of that other, too."""
    last: list[tuple[str, str]] = []

    def change(inner: Perform, _state: MockState, exchange: Exchange) -> Answer:
        answer, user = inner(exchange), exchange.user.id if exchange.user else ""
        made = _service(answer)
        if last and last[0][0] != user and exchange.world.exists(KIND, last[0][1]):
            _write(exchange.world, last[0][1], _details(exchange.world, made))
        last[:] = [(user, made)]
        return answer

    return _creating(change)


# --- what a refusal does after something was left -------------------------------------------------------------


def _refusing(act: Act, *statuses: int) -> Hook:
    """Do something when a creation is refused."""

    def around(inner: Any, state: MockState) -> Any:
        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            if answer.status in statuses and exchange.operation and not unknown_group(exchange):
                act(state, exchange.params["id"], exchange)
            return answer

        return changed

    return Hook("answer", around)


def _made_nevertheless(state: MockState, group: str, exchange: Exchange) -> None:
    if _left(exchange.world):
        plant(state, exchange.world, group)


def _undone(state: MockState, group: str, exchange: Exchange) -> None:
    for service in _left(exchange.world)[-1:]:
        _share(state, exchange.world, group, service)


# --- leaving --------------------------------------------------------------------------------------------------


def _newest_too(_state: MockState, group: str, exchange: Exchange) -> None:
    for service in _services(exchange.world, group)[-1:]:
        _part(exchange.world, group, service)


def _leaving(act: Act) -> Hook:
    """Do something after a service was left."""

    def around(inner: Perform, state: MockState) -> Perform:
        def perform(exchange: Exchange) -> Answer:
            answer = inner(exchange)
            act(state, exchange.params["id"], exchange)
            return answer

        return perform

    return Hook("effect", around, _leave)


def _refused_leaving(stage: str, act: Act) -> Hook:
    """Do something where a stage refuses to let a service be left."""

    def acted(refusal: Refusal, exchange: Exchange, state: MockState) -> None:
        act(state, exchange.params["id"], exchange)
        raise refusal

    return rescue(stage, acted, _leave)


def _left_nevertheless(_state: MockState, group: str, exchange: Exchange) -> None:
    if exchange.user is None and exchange.params["hsid"] in _services(exchange.world, group):
        _part(exchange.world, group, exchange.params["hsid"])


def _still_read() -> Hook:
    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if exchange.params.get("hsid") not in _left(exchange.world)[1::2]:
            raise refusal

    return rescue("existence", act, _read)


def _leave(operation: Operation) -> bool:
    return operation.effect == Effect("detach", KIND, GROUP)


def _read(operation: Operation) -> bool:
    return operation.effect == Effect("get", KIND, GROUP)


def _after(name: str, text: str, hook: Hook, *noticed_by: str, editions: tuple[str, ...] | None = None) -> Fault:
    more = {"editions": editions} if editions else {}
    return fault(f"sequence-{name}", text, hook, *noticed_by, **more)


FAULTS = (
    _after("same-id", "A new service gets the id of one that left.", _creating(_same_id), FRESH),
    _after("revived", "The name of a service that left gives that service again.", _creating(_revived), FRESH),
    _after("third-lost", "The third creation after a service left is lost.", _third_lost(), CREATED),
    _after("comes-back", "A creation brings back the service that left last.", _creating(_comes_back), CREATED),
    _after("name-taken", "The name of a service that left cannot be used again.", _creating(_name_taken), CREATED),
    _after("old-details", "A new service shows the data of one that left.", _creating(_details_of_left), CREATED),
    _after(
        "swapped", "A user's creation overwrites the one before, if another's.", _swapped(), CREATED, editions=NEWER
    ),
    _after(
        "refused-made", "Once a service left, what is forbidden is made.", _refusing(_made_nevertheless, 403), UNCHANGED
    ),
    _after("undone", "A bad body brings back the service that left last.", _refusing(_undone, 400), UNCHANGED),
    _after("leave-two", "Leaving a service leaves the newest one, too.", _leaving(_newest_too), LEFT),
    _after(
        "leave-again",
        "Leaving a service twice leaves the newest one.",
        _refused_leaving("existence", _newest_too),
        LEFT,
    ),
    _after(
        "leave-nobody",
        "Nobody may leave a service: 401, yet it is left.",
        _refused_leaving("authorization", _left_nevertheless),
        LEFT,
    ),
    _after("still-read", "Every second service that left can still be read.", _still_read(), LEFT),
)
