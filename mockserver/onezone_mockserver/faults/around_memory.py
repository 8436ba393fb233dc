"""Faults of what happens the second time: what went before comes into what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Refusal
from onezone_mockserver.faults.answers import write
from onezone_mockserver.faults.effects import (
    CALLER,
    CHILD,
    GROUP,
    SERVICE,
    USER,
    ZONE,
    Inner,
    Memory,
    beforehand,
    effect,
    method,
)
from onezone_mockserver.faults.fault import Hook, Point, fault, on
from onezone_mockserver.faults.requests import member, privileges_at, rescue
from onezone_mockserver.world import NOTHING

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Check, Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User, World

PREFIX = "all_operations.sequence"
ALLOWED, FORBIDDEN = f"{PREFIX}.allowed", f"{PREFIX}.forbidden"
STATE, UNCHANGED = f"{PREFIX}.state", f"{PREFIX}.unchanged"
ATTACH, DETACH = on("attach", USER, GROUP), on("detach", USER, GROUP)
RENAME = on("update", GROUP)
Pairs = Memory[dict[tuple[str, str], frozenset[str]]]


def _removed(memory: Pairs) -> Hook:
    """Remember who was removed from which group, with its privileges."""

    def act(exchange: Exchange, _state: MockState) -> None:
        user, group = member(exchange)
        memory.of(exchange.world)[user, group] = exchange.world.related(USER, user, GROUP, group) or NOTHING

    return beforehand(act).of(DETACH)


# --- members that come and go ------------------------------------------------------------------------------------


def _lingering_after_return() -> tuple[Hook, ...]:
    memory: Pairs = Memory(dict)

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer, ends = inner(exchange), member(exchange)
        if old := memory.of(exchange.world).get(ends):
            exchange.world.relate(
                USER, ends[0], GROUP, ends[1], old | (exchange.world.related(USER, ends[0], GROUP, ends[1]) or NOTHING)
            )
        return answer

    return effect(perform).of(ATTACH), _removed(memory)


def _refused_rejoins() -> tuple[Hook, ...]:
    memory: Pairs = Memory(dict)

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        world, (user, group) = exchange.world, member(exchange)
        if (user, group) in memory.of(world) and world.exists(USER, user):
            world.relate(USER, user, GROUP, group, memory.of(world).pop((user, group)))
        raise refusal

    return rescue(Point.AUTHORIZATION, act).of(ATTACH), _removed(memory)


def _drops_its_groups(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    user, service = member(exchange)
    answer = inner(exchange)
    for group in list(exchange.world.members(GROUP, SERVICE, service)):
        if user in exchange.world.effective_members(USER, GROUP, group):
            exchange.world.unrelate(GROUP, group, SERVICE, service)
    return answer


def _former_children() -> tuple[Hook, ...]:
    memory: Memory[dict[str, list[str]]] = Memory(dict)

    def parted(exchange: Exchange, _state: MockState) -> None:
        memory.of(exchange.world).setdefault(exchange.params["id"], []).append(exchange.params["cid"])

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer = inner(exchange)
        for child in memory.of(exchange.world).pop(exchange.params["id"], ()):
            if exchange.world.exists(GROUP, child):
                exchange.world.remove(GROUP, child)
        return answer

    return effect(perform).of(on("delete", GROUP)), beforehand(parted).of(on("detach", CHILD, GROUP))


def _two_levels_unlisted(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    answer, group = inner(exchange), exchange.params["id"]
    near = set(exchange.world.members(USER, GROUP, group)).union(
        *(exchange.world.members(USER, GROUP, child) for child in exchange.world.members(GROUP, GROUP, group))
    )
    write(answer, orjson.dumps({"users": [user for user in orjson.loads(answer.body)["users"] if user in near]}))
    return answer


def _two_levels_refused(inner: Check, _state: MockState) -> Check:
    def check(exchange: Exchange) -> None:
        inner(exchange)
        world, group, user = exchange.world, exchange.params["id"], exchange.user
        inside = world.intermediaries(user.id, group) if user else []
        near = [
            identity
            for kind, identity in inside
            if kind == USER or user.id in world.members(USER, GROUP, identity)  # type: ignore[union-attr]
        ]
        if inside and not near:
            raise Refusal("forbidden", "a fault of the mock")

    return check


def _still_listed() -> tuple[Hook, ...]:
    memory: Memory[dict[str, list[str]]] = Memory(dict)

    def act(exchange: Exchange, _state: MockState) -> None:
        for group in exchange.world.memberships(USER, exchange.params["id"], GROUP):
            memory.of(exchange.world).setdefault(group, []).append(exchange.params["id"])

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer = inner(exchange)
        users = [*orjson.loads(answer.body)["users"], *memory.of(exchange.world).get(exchange.params["id"], ())]
        write(answer, orjson.dumps({"users": users}))
        return answer

    return effect(perform).of(on("list", USER, GROUP, effective=True)), beforehand(act).of(on("delete", USER))


# --- privileges ----------------------------------------------------------------------------------------------------


def _later_replaces() -> tuple[Hook, ...]:
    """Once all were revoked, the second grant takes away what the first one gave."""
    memory: Memory[dict[str, int]] = Memory(dict)

    def revoked(exchange: Exchange, _state: MockState) -> None:
        memory.of(exchange.world)[exchange.params["id"]] = 0

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer, user, grants = inner(exchange), exchange.params["id"], memory.of(exchange.world)
        if user in grants:
            grants[user] += 1
            if grants[user] > 1:
                exchange.world.set_zone(USER, user, privileges_at(exchange, "grant"))
        return answer

    return effect(perform).of(on("grant", USER, ZONE)), beforehand(revoked).of(on("revoke", USER, ZONE))


def _takes_anothers() -> tuple[Hook, ...]:
    memory: Memory[list[str]] = Memory(list)

    def granted(exchange: Exchange, _state: MockState) -> None:
        memory.of(exchange.world).append(exchange.params["id"])

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer, last = inner(exchange), memory.of(exchange.world)[-1:]
        if last and exchange.world.exists(USER, last[0]):
            exchange.world.set_zone(USER, last[0], NOTHING)
        return answer

    return effect(perform).of(on("revoke", USER, ZONE)), beforehand(granted).of(on("grant", USER, ZONE))


def _decided_once(*, allowed: bool) -> Hook:
    """What was decided first about who may change which group stands ever after."""
    memory: Memory[dict[tuple[str, str], bool]] = Memory(dict)

    def around(inner: Check, _state: MockState) -> Check:
        def check(exchange: Exchange) -> None:
            key = (exchange.user.id if exchange.user else "", exchange.params["id"])
            decisions = memory.of(exchange.world)
            if decisions.get(key) is allowed and key[0]:
                if not allowed:
                    raise Refusal("forbidden", "a fault of the mock")
                return
            decisions[key] = False
            inner(exchange)
            decisions[key] = True

        return check

    return Hook(Point.AUTHORIZATION, around).of(RENAME)


# --- names and logins ------------------------------------------------------------------------------------------------


def _old_name() -> Hook:
    memory: Memory[dict[str, Any]] = Memory(dict)

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        answer = inner(exchange)
        shown = orjson.loads(answer.body)
        shown["name"] = memory.of(exchange.world).setdefault(exchange.params["cid"], shown["name"])
        write(answer, orjson.dumps(shown))
        return answer

    return effect(perform).of(on("get", CHILD, GROUP, effective=True))


def _first_name_again() -> tuple[Hook, ...]:
    """The name that a user had before the last two serves again."""
    memory: Memory[dict[str, list[str]]] = Memory(dict)

    def act(exchange: Exchange, _state: MockState) -> None:
        user = exchange.user
        if user and user.name and "username" in exchange.data:
            memory.of(exchange.world).setdefault(user.id, []).append(user.name)

    def change(inner: Callable[..., User | None]) -> Any:
        def login(world: World, name: str, password: str) -> User | None:
            former = (
                identity
                for identity, names in memory.of(world).items()
                if name in names[:-1] and identity in world.users
            )
            user = world.users.get(next(former, ""))
            return inner(world, user.name if user else name, password)

        return login

    return beforehand(act).of(on("update", CALLER)), method("login", change)


def _deleted_logs_in() -> tuple[Hook, ...]:
    memory: Memory[dict[tuple[str | None, str | None], User]] = Memory(dict)

    def act(exchange: Exchange, _state: MockState) -> None:
        user = exchange.world.users[exchange.params["id"]]
        memory.of(exchange.world)[user.name, user.password] = user

    def change(inner: Callable[..., User | None]) -> Any:
        return lambda world, name, password: inner(world, name, password) or memory.of(world).get((name, password))

    return beforehand(act).of(on("delete", USER)), method("login", change)


def _password_unblocks(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    answer, user = inner(exchange), exchange.params["id"]
    exchange.world.change_user(user, blocked=False)
    return answer


FAULTS = (
    fault(
        "around-memory-readded",
        "Who is removed and added again has the old privileges, too.",
        _lingering_after_return(),
        STATE,
    ),
    fault(
        "around-memory-refused-rejoins",
        "Who was removed and asks in vain to join is a member again.",
        _refused_rejoins(),
        UNCHANGED,
    ),
    fault(
        "around-memory-groups-leave-along",
        "A user that is removed from a service takes its groups along.",
        effect(_drops_its_groups).of(on("detach", USER, SERVICE)),
        STATE,
    ),
    fault(
        "around-memory-former-children",
        "A deleted group takes along the groups that it contained once.",
        _former_children(),
        STATE,
    ),
    fault(
        "around-memory-two-levels-unlisted",
        "Effective users through more than one group are missing.",
        effect(_two_levels_unlisted).of(on("list", USER, GROUP, effective=True)),
        STATE,
    ),
    fault(
        "around-memory-two-levels-refused",
        "Who belongs to a group through more than one group may not list its users.",
        Hook(Point.AUTHORIZATION, _two_levels_refused).of(on("list", USER, GROUP)),
        ALLOWED,
    ),
    fault(
        "around-memory-deleted-listed",
        "Deleted users stay in the lists of the effective users of their groups.",
        _still_listed(),
        STATE,
    ),
    fault(
        "around-memory-second-grant",
        "Once zone privileges were revoked, each grant replaces those before.",
        _later_replaces(),
        STATE,
    ),
    fault(
        "around-memory-takes-anothers",
        "Revoking a user's zone privileges takes those of who got some last.",
        _takes_anothers(),
        STATE,
    ),
    fault(
        "around-memory-allowed-ever-after",
        "Who could change a group once may do so ever after.",
        _decided_once(allowed=True),
        FORBIDDEN,
    ),
    fault(
        "around-memory-refused-ever-after",
        "Who could not change a group once may not do so ever after.",
        _decided_once(allowed=False),
        ALLOWED,
    ),
    fault(
        "around-memory-old-name", "A nested group is shown by the name that it was first seen with.", _old_name(), STATE
    ),
    fault(
        "around-memory-first-name",
        "A user that is renamed twice can log in by the first name again.",
        _first_name_again(),
        STATE,
    ),
    fault("around-memory-deleted-logs-in", "A deleted user can still log in.", _deleted_logs_in(), FORBIDDEN),
    fault(
        "around-memory-password-unblocks",
        "A blocked user who gets a new password is let in.",
        effect(_password_unblocks).of(on("update", USER, part="basic_auth")),
        STATE,
    ),
)
