"""The verbs that only look: list, get, privileges, intermediaries, catalogue, show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.effects.places import ZONE, Perform, empty_answer, naming, place, related
from onezone_mockserver.exchange import Answer, Exchange, json_answer
from onezone_mockserver.world import World

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation


SAME_AS, ABSENT = "x-onezone-same-as", "x-onezone-absent"
Ids = Callable[[Exchange], Iterable[str]]
Show = Callable[[bytes], bytes]


def list_(contract: Contract, operation: Operation) -> Perform:
    """The ids of what the effect names, or another key of each, in no order."""
    ids = _ids(contract, operation)
    kind, key = contract.kind(operation.effect.resource), operation.effect.by

    def listed(exchange: Exchange) -> list[str]:
        if not key:
            return list(ids(exchange))
        return [orjson.loads(exchange.world.details(kind, identity))[key] for identity in ids(exchange)]

    return _listing(contract, operation, listed)


def _ids(contract: Contract, operation: Operation) -> Ids:
    effect = operation.effect
    roles = related(contract, operation)
    kind, key = contract.kind(effect.resource), naming(contract, operation)
    if roles is None and key is None:
        return lambda exchange: exchange.world.ids(kind)
    whose = place(contract, operation, effect.within or "")
    if roles is None or key:
        return lambda exchange: exchange.world.naming(kind, key or "", whose.find(exchange))
    if roles[0] == effect.resource != effect.within:  # members of an entity
        members = World.effective_members if effect.effective else World.members
        return lambda exchange: members(exchange.world, kind, whose.kind, whose.find(exchange))
    owned = World.effective_memberships if effect.effective else World.memberships
    return lambda exchange: owned(exchange.world, whose.kind, whose.find(exchange), kind)


def get(contract: Contract, operation: Operation) -> Perform:
    """What is stored of an entity, as far as the documented schema shows it."""
    what, answer = place(contract, operation, operation.effect.resource), _answering(operation)
    show = _projection(contract, operation, what.kind)

    def perform(exchange: Exchange) -> Answer:
        return answer(show(exchange.world.details(what.kind, what.find(exchange))))

    return perform


def _projection(contract: Contract, operation: Operation, kind: str) -> Show:
    """What makes the answer's text of the stored one: the same, where the schema shows all of the entity as it is."""
    whole = contract.find("get", kind)
    shown = {name: contract.resolve(schema) for name, schema in _properties(contract, operation).items()}
    keys = {name: schema.get(SAME_AS, name) for name, schema in shown.items()}
    absent = {name: schema[ABSENT] for name, schema in shown.items() if ABSENT in schema}
    plain = not absent and all(name == key for name, key in keys.items())
    if plain and (whole is None or set(shown) >= set(_properties(contract, whole))):
        return lambda text: text

    def some(text: bytes) -> bytes:
        stored = absent | orjson.loads(text)
        return orjson.dumps({name: stored[key] for name, key in keys.items() if key in stored})

    return some


def privileges(contract: Contract, operation: Operation) -> Perform:
    """The privileges of a member, sorted: own or effective, in an entity or in the zone."""
    names = _privilege_names(contract, operation)
    return _listing(contract, operation, lambda exchange: sorted(names(exchange)))


def _privilege_names(contract: Contract, operation: Operation) -> Ids:
    effect = operation.effect
    member = place(contract, operation, effect.resource)
    if effect.within == ZONE:
        zone = World.zone_privileges if effect.effective else World.own_zone
        return lambda exchange: zone(exchange.world, member.kind, member.find(exchange))
    container = place(contract, operation, effect.within or "")
    ask = World.effective_privileges if effect.effective else World.related

    def names(exchange: Exchange) -> Iterable[str]:
        return ask(exchange.world, member.kind, member.find(exchange), container.kind, container.find(exchange)) or ()

    return names


def intermediaries(contract: Contract, operation: Operation) -> Perform:
    """Through what a user belongs to a group: direct children of it, and what stands for a direct member."""
    direct = dict(operation.direct) if operation.direct else None
    user = place(contract, operation, operation.effect.resource)
    group = place(contract, operation, operation.effect.within or "")

    def listed(exchange: Exchange) -> list[dict[str, str]]:
        through = exchange.world.intermediaries(user.find(exchange), group.find(exchange))
        return [
            direct if direct and kind == user.kind else {"type": kind, "id": identity} for kind, identity in through
        ]

    return _listing(contract, operation, listed)


def catalogue(contract: Contract, operation: Operation) -> Perform:
    """The sets of privileges that usually go together in a scope."""
    text = orjson.dumps(contract.privilege_sets[operation.effect.resource])
    answer = _answering(operation)
    return lambda _exchange: answer(text)


def show(contract: Contract, operation: Operation) -> Perform:
    """What the zone is: the example of the documented answer; where that has no body, that requests are served."""
    success = operation.success
    if success.schema is None:
        return lambda _exchange: empty_answer(success)
    text, answer = orjson.dumps(contract.resolve(success.schema)["example"]), _answering(operation)
    return lambda _exchange: answer(text)


def _listing(contract: Contract, operation: Operation, listed: Callable[[Exchange], list[Any]]) -> Perform:
    """Answers with the list that is found, under the one key of the documented schema."""
    answer, key = _answering(operation), next(iter(_properties(contract, operation)))

    def perform(exchange: Exchange) -> Answer:
        return answer(orjson.dumps({key: listed(exchange)}))

    return perform


def _answering(operation: Operation) -> Callable[[bytes], Answer]:
    """What makes the documented success of a JSON text."""
    status, media_type = operation.success.status, operation.success.media_type.encode()
    return lambda text: json_answer(status, text, media_type)


def _properties(contract: Contract, operation: Operation) -> dict[str, Any]:
    properties: dict[str, Any] = contract.resolve(operation.success.schema or {})["properties"]
    return properties
