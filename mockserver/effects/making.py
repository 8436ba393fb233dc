"""The verb that makes entities: create."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.effects.places import Perform, Place, done, place, related
from mockserver.exchange import Answer, Exchange, Refusal
from mockserver.location import LocationMaker
from mockserver.world import USER, User, id_name, new_id

if TYPE_CHECKING:
    from mockserver.world import World
    from spec import Contract, Operation

DEFAULT = "x-onezone-default"
Make = Callable[[Exchange, str], None]
"""Stores a new entity under its id. Raises Refusal."""


def create(contract: Contract, world: World, operation: Operation) -> Perform:
    """Make an entity and relate it to the one that the effect names.

    Where that one becomes a member, it gets every privilege there is in the new one; where the new one becomes its
    member, the new one gets the privileges of a plain member. Source: Onezone 20.02 documentation, Description;
    effective privileges as deployed. The entity may be looked for only here: then an unknown one is refused before
    anything is made.
    """
    made = place(contract, operation, operation.effect.resource)
    make = _user(contract, world, operation) if made.kind == USER else _document(world, operation, made.kind)
    relate = _relate(contract, world, operation, made)
    location, status = LocationMaker(contract, operation), operation.success.status
    whose = place(contract, operation, operation.effect.within) if operation.effect.within else None

    def perform(exchange: Exchange) -> Answer:
        if whose and not world.exists(whose.kind, whose.find(exchange)):
            raise Refusal("notFound", f"effect: there is no such {whose.role}")
        identity = new_id()
        make(exchange, identity)
        relate(exchange, identity)
        answer = done(status)
        answer.headers.append((b"location", location.make(exchange, exchange.params, identity)))
        return answer

    return perform


def _document(world: World, operation: Operation, kind: str) -> Make:
    """Stores the known keys of the body as they were sent, with the id, the creator and the time."""
    id_key = f'{{"{id_name(kind)}":"'.encode()
    keys = [(one.name, f',"{one.name}":'.encode(), _default(one.schema)) for one in _properties(operation)]

    def make(exchange: Exchange, identity: str) -> None:
        data = exchange.data
        known = b"".join([key + (data.get(name) or default) for name, key, default in keys if name in data or default])
        world.add(kind, identity, b'%b%b"%b%b}' % (id_key, identity.encode(), known, _origin(exchange)))

    return make


def _user(contract: Contract, world: World, operation: Operation) -> Make:
    """Stores a user with its credentials; what is shown of it never has the password."""
    defaults = {one.name: one.schema[DEFAULT] for one in _properties(operation) if DEFAULT in one.schema}
    unique = {one.name: one.unique for one in _properties(operation) if one.unique}

    def make(exchange: Exchange, identity: str) -> None:
        given = defaults | {key: orjson.loads(text) for key, text in exchange.data.items()}
        refuse_taken(world, unique, given, identity)
        user = User(identity, given.get("username"), given.get("password"), basic_auth="password" in given)
        named = {key: given[key] for key in ("fullName", "username") if key in given}
        flags = {"basicAuthEnabled": user.basic_auth, "blocked": user.blocked, "creationTime": int(time.time())}
        world.add_user(user, orjson.dumps({id_name(contract.kind(USER)): identity, **named, **flags}))

    return make


def refuse_taken(world: World, unique: dict[str, str], given: dict[str, Any], identity: str) -> None:
    """Raises Refusal where another user has the name."""
    for name, error in unique.items():
        owner = world.named(given[name]) if name in given else None
        if owner is not None and owner.id != identity:
            raise Refusal(error, f"effect: {name} is taken", details={"key": name})


def _relate(contract: Contract, world: World, operation: Operation, made: Place) -> Callable[[Exchange, str], None]:
    roles = related(contract, operation)
    if roles is None:
        return lambda _exchange, _identity: None
    whose = place(contract, operation, operation.effect.within or "")
    if roles[0] == operation.effect.resource:
        usual = frozenset(contract.privilege_sets[whose.kind]["member"])
        return lambda exchange, identity: world.relate(made.kind, identity, whose.kind, whose.find(exchange), usual)
    everything = frozenset(contract.privileges[made.kind])
    return lambda exchange, identity: world.relate(whose.kind, whose.find(exchange), made.kind, identity, everything)


def _properties(operation: Operation) -> tuple[Any, ...]:
    return operation.body.properties if operation.body else ()


def _default(schema: Any) -> bytes:
    return orjson.dumps(schema[DEFAULT]) if DEFAULT in schema else b""


def _origin(exchange: Exchange) -> bytes:
    """Who made an entity, and when: the end of its stored form."""
    creator: Any = exchange.user.as_json if exchange.user else b'{"type":"root","id":"root"}'
    return b',"creator":%b,"creationTime":%d' % (creator, int(time.time()))
