"""The verb that makes entities: create."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.effects.naming import filled, refuse_named, show_naming
from onezone_mockserver.effects.places import Perform, Place, empty_answer, place, related
from onezone_mockserver.effects.tokens import store_token
from onezone_mockserver.exchange import Answer, Exchange, Refusal, json_answer
from onezone_mockserver.location import LocationMaker
from onezone_mockserver.world import NOBODY, TOKEN, USER, User, id_name

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.world import World

DEFAULT = "x-onezone-default"
_NOBODY = orjson.dumps(NOBODY)
"""Who made what nobody in particular made, as it shows."""
Make = Callable[[Exchange, str, str], None]
"""Stores a new entity under its id, and relates it to the one with the other id. Raises Refusal."""
Store = Callable[["World", str, str, bytes], None]
"""Stores an entity in a world: its id, the id of the one that it is related to, its details."""


def create(contract: Contract, operation: Operation) -> Perform:
    """Make an entity and relate it to the one that the effect names.

    Where that one becomes a member, it gets every privilege there is in the new one; where the new one becomes its
    member, the new one gets the privileges of a plain member. Source: Onezone 20.02 documentation, Description;
    effective privileges as deployed. The entity may be looked for only here: then an unknown one is refused before
    anything is made.
    """
    entity = place(contract, operation, operation.effect.resource)
    if entity.kind == USER:
        make = _user(contract, operation)
    elif entity.kind == TOKEN:
        make = partial(store_token, operation)
    else:
        make = _document(contract, operation, entity.kind, _store(contract, operation, entity))
    answer = _creation_answer(contract, operation, entity)
    whose = place(contract, operation, operation.effect.within) if operation.effect.within else None

    def perform(exchange: Exchange) -> Answer:
        owner = whose.find(exchange) if whose else ""
        if whose and not exchange.world.exists(whose.kind, owner):
            raise Refusal("notFound", f"effect: there is no such {whose.role}")
        identity = exchange.world.fresh.new()
        make(exchange, identity, owner)
        return answer(exchange, identity)

    return perform


def _creation_answer(contract: Contract, operation: Operation, entity: Place) -> Callable[[Exchange, str], Answer]:
    """What makes the answer for a new entity: its Location, and its keys that the documented schema shows."""
    bare, success = empty_answer(operation.success), operation.success
    location = LocationMaker(contract, operation) if success.location else None
    shown = contract.resolve(success.schema)["properties"] if success.schema else None

    def answer(exchange: Exchange, identity: str) -> Answer:
        response = Answer(bare.status, bare.headers.copy())
        if shown is not None:
            details = {**orjson.loads(exchange.world.details(entity.kind, identity)), id_name(entity.kind): identity}
            text = orjson.dumps({key: details[key] for key in shown})
            response = json_answer(bare.status, text, success.media_type.encode())
        if location:
            response.headers.append((b"location", location.make(exchange, exchange.params, identity)))
        return response

    return answer


def _document(contract: Contract, operation: Operation, kind: str, store: Store) -> Make:
    """Stores the known keys of the body as they were sent, with the id, the creator and the time."""
    start = f'{{"{id_name(kind)}":"'.encode()
    fill = filled(contract, kind)
    named = [prop for prop in _properties(operation) if prop.refers and prop.refers.key]
    keys = [(prop.name, f',"{prop.name}":'.encode(), _default(prop.schema)) for prop in _properties(operation)]

    def make(exchange: Exchange, identity: str, owner: str) -> None:
        given = exchange.data
        if named:
            refuse_named(named, exchange)
        parts = [start, identity.encode(), b'"']
        for name, key, default in keys:
            value = given.get(name, default)
            if value:
                parts += key, value
        if fill:
            parts += fill(exchange, identity)
        parts += (
            b',"creator":',
            exchange.user.as_json if exchange.user else _NOBODY,
            b',"creationTime":%d}' % exchange.run.clock.now(),
        )
        store(exchange.world, identity, owner, b"".join(parts))
        if named:
            show_naming(named, exchange, identity)

    return make


def _store(contract: Contract, operation: Operation, entity: Place) -> Store:
    """What stores an entity and relates it to the one that the effect names, if it names any."""
    roles = related(contract, operation)
    if roles is None:
        return lambda world, identity, _owner, details: world.add(entity.kind, identity, details)
    whose = place(contract, operation, operation.effect.within or "")
    if roles[0] == operation.effect.resource:
        usual = frozenset(contract.privilege_sets[whose.kind]["member"])

        def as_member(world: World, identity: str, owner: str, details: bytes) -> None:
            world.add(entity.kind, identity, details)
            world.relate(entity.kind, identity, whose.kind, owner, usual)

        return as_member
    everything = frozenset(contract.privileges[entity.kind])

    def as_container(world: World, identity: str, owner: str, details: bytes) -> None:
        world.add_resource(entity.kind, identity, details, whose.kind, owner, everything)

    return as_container


def _user(contract: Contract, operation: Operation) -> Make:
    """Stores a user with its credentials; what is shown of it never has the password."""
    defaults = {prop.name: prop.schema[DEFAULT] for prop in _properties(operation) if DEFAULT in prop.schema}
    unique = {prop.name: prop.unique for prop in _properties(operation) if prop.unique}

    def make(exchange: Exchange, identity: str, _owner: str) -> None:
        given = defaults | {key: orjson.loads(text) for key, text in exchange.data.items()}
        refuse_taken(exchange.world, unique, given, identity)
        user = User(identity, given.get("username"), given.get("password"), basic_auth="password" in given)
        named = {key: given[key] for key in ("fullName", "username") if key in given}
        flags = {"basicAuthEnabled": user.basic_auth, "blocked": user.blocked, "creationTime": exchange.run.clock.now()}
        exchange.world.add_user(user, orjson.dumps({id_name(contract.kind(USER)): identity, **named, **flags}))

    return make


def refuse_taken(world: World, unique: dict[str, str], given: dict[str, Any], identity: str) -> None:
    """Raises Refusal where another user has the name."""
    for name, error in unique.items():
        owner = world.user_of_name(given[name]) if name in given else None
        if owner is not None and owner.id != identity:
            raise Refusal(error, f"effect: {name} is taken", details={"key": name})


def _properties(operation: Operation) -> tuple[Any, ...]:
    return operation.body.properties if operation.body else ()


def _default(schema: Any) -> bytes:
    return orjson.dumps(schema[DEFAULT]) if DEFAULT in schema else b""
