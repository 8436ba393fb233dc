"""The verbs that change what is there: update, delete, attach, detach, grant, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.effects.making import refuse_taken
from onezone_mockserver.effects.places import ZONE, Perform, Place, empty_answer, place, refuse_member, related
from onezone_mockserver.effects.tokens import change
from onezone_mockserver.exchange import Answer, Exchange, Refusal
from onezone_mockserver.jsontext import joined, members
from onezone_mockserver.location import LocationMaker
from onezone_mockserver.world import NOTHING, TOKEN, USER, id_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_spec import Contract, Operation

    from onezone_mockserver.world import Privileges

ACCOUNT = {"username": "name", "newPassword": "password", "basicAuthEnabled": "basic_auth", "blocked": "blocked"}
"""Keys of bodies that change how a user logs in, each with the field of its account."""
SECRET = {"newPassword"}


def update(contract: Contract, operation: Operation) -> Perform:
    """Change the keys that are given; each is replaced as a whole."""
    what, success = place(contract, operation, operation.effect.resource), operation.success
    properties = operation.body.properties if operation.body else ()
    unique = {prop.name: prop.unique for prop in properties if prop.unique}

    def perform(exchange: Exchange) -> Answer:
        world, identity = exchange.world, what.find(exchange)
        if what.kind == TOKEN:
            change(operation, exchange, identity)
            return empty_answer(success)
        if what.kind == USER:
            given = {key: orjson.loads(text) for key, text in exchange.data.items()}
            refuse_taken(world, unique, given, identity)
            world.change_user(identity, **{ACCOUNT[key]: value for key, value in given.items() if key in ACCOUNT})
        shown = {key: text for key, text in exchange.data.items() if key not in SECRET}
        world.replace(what.kind, identity, joined({**members(world.details(what.kind, identity)), **shown}))
        return empty_answer(success)

    return perform


def delete(contract: Contract, operation: Operation) -> Perform:
    """Delete an entity with all its memberships. What may not be named by anything then is refused while it is."""
    what, success = place(contract, operation, operation.effect.resource), operation.success
    keeping = [(kind, contract.reference(kind, what.kind) or "", error) for kind, error in operation.kept_by.items()]

    def perform(exchange: Exchange) -> Answer:
        world, identity = exchange.world, what.find(exchange)
        for kind, key, error in keeping:
            if world.naming(kind, key, identity):
                raise Refusal(error, f"effect: there is a {kind} that names it")
        world.remove(what.kind, identity)
        return empty_answer(success)

    return perform


def attach(contract: Contract, operation: Operation) -> Perform:
    """Make an entity a member of another, with the given privileges or those of a plain member.

    Source: Onezone 21.02 as deployed, Error ids: an unknown member is a bad value, one that belongs already a conflict.
    """
    member, container = _ends(contract, operation)
    usual = frozenset(contract.privilege_sets[container.kind].get("member", ()))
    answer = _attached(contract, operation)

    def perform(exchange: Exchange) -> Answer:
        world, who, what = exchange.world, member.find(exchange), container.find(exchange)
        if not world.exists(member.kind, who):
            key = id_name(member.kind)
            raise Refusal("badValueIdNotFound", f"effect: there is no such {member.role}", details={"key": key})
        refuse_member(world, member, who, container.kind, what)
        given = exchange.data.get("privileges")
        world.relate(member.kind, who, container.kind, what, _set(given) if given else usual)
        return answer(exchange)

    return perform


def _attached(contract: Contract, operation: Operation) -> Callable[[Exchange], Answer]:
    success = operation.success
    if not operation.success.location:
        return lambda _exchange: empty_answer(success)
    maker = LocationMaker(contract, operation)

    def answer(exchange: Exchange) -> Answer:
        response = empty_answer(success)
        response.headers.append((b"location", maker.make(exchange, exchange.params, "")))
        return response

    return answer


def detach(contract: Contract, operation: Operation) -> Perform:
    """End a direct membership; both entities stay."""
    member, container = _ends(contract, operation)
    success = operation.success

    def perform(exchange: Exchange) -> Answer:
        exchange.world.unrelate(member.kind, member.find(exchange), container.kind, container.find(exchange))
        return empty_answer(success)

    return perform


def grant(contract: Contract, operation: Operation) -> Perform:
    """Change direct privileges: what is granted stays, also where it is revoked in the same request."""
    success = operation.success
    hold = _holding(contract, operation)

    def perform(exchange: Exchange) -> Answer:
        more, less = (_set(exchange.data.get(key)) for key in ("grant", "revoke"))
        hold(exchange, lambda privileges: (privileges - less) | more)
        return empty_answer(success)

    return perform


def revoke(contract: Contract, operation: Operation) -> Perform:
    """Take every privilege of one's own away."""
    success = operation.success
    hold = _holding(contract, operation)

    def perform(exchange: Exchange) -> Answer:
        hold(exchange, lambda _held: NOTHING)
        return empty_answer(success)

    return perform


def _holding(
    contract: Contract, operation: Operation
) -> Callable[[Exchange, Callable[[Privileges], Privileges]], None]:
    """What changes the direct privileges that the operation speaks of."""
    member = place(contract, operation, operation.effect.resource)
    if operation.effect.within == ZONE:

        def in_zone(exchange: Exchange, change: Callable[[Privileges], Privileges]) -> None:
            world, who = exchange.world, member.find(exchange)
            world.set_zone(member.kind, who, change(world.own_zone(member.kind, who)))

        return in_zone
    container = place(contract, operation, operation.effect.within or "")

    def inside(exchange: Exchange, change: Callable[[Privileges], Privileges]) -> None:
        ends = member.kind, member.find(exchange), container.kind, container.find(exchange)
        exchange.world.relate(*ends, change(exchange.world.related(*ends) or NOTHING))

    return inside


def _ends(contract: Contract, operation: Operation) -> tuple[Place, Place]:
    member, container = related(contract, operation) or ("", "")
    return place(contract, operation, member), place(contract, operation, container)


def _set(text: Any) -> Privileges:
    return frozenset(orjson.loads(text)) if text else NOTHING
