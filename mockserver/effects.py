"""The effects: the verbs that operations name. Each is prepared once for an operation and works on any resource."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.exchange import KEY, Answer, Exchange, Receive, Refusal, Scope, Send, json_answer
from mockserver.location import LocationMaker
from mockserver.world import new_id

if TYPE_CHECKING:
    from mockserver.world import World
    from spec import Contract, Operation

Perform = Callable[[Exchange], Answer]
"""Does what an operation is for and gives the answer. Raises Refusal, and then has changed nothing."""


def create(contract: Contract, world: World, operation: Operation) -> Perform:
    """Make a resource and relate the entity of the path to it, with every privilege that the resource knows.

    Source: Onezone 20.02 documentation, Description; effective privileges as deployed. The entity may be looked for
    only here: then an unknown one is refused before anything is made.
    """
    kind, holder = operation.effect.resource, operation.effect.within or ""
    parameter = _parameter(operation, holder)
    everything = frozenset(contract.privileges[kind])
    location, status = LocationMaker(contract, operation), operation.success.status
    id_key = f'{{"{id_name(kind)}":"'.encode()
    keys = [(one.name, f',"{one.name}":'.encode()) for one in operation.body.properties] if operation.body else []

    def perform(exchange: Exchange) -> Answer:
        owner = exchange.params[parameter]
        if not world.exists(holder, owner):
            raise Refusal("notFound", f"effect: there is no such {holder}")
        identity = new_id()
        data = exchange.data
        known = b"".join([key + data[name] for name, key in keys if name in data])
        world.add(kind, identity, b'%b%b"%b%b}' % (id_key, identity.encode(), known, _origin(exchange)))
        world.share(holder, owner, kind, identity, everything)
        answer = Answer(status, [(b"location", location.make(exchange, exchange.params, identity))])
        return answer if status == 204 else _empty(answer)  # noqa: PLR2004

    return perform


def list_(contract: Contract, world: World, operation: Operation) -> Perform:
    """The ids of the resources that the entity of the path has directly, under the one key of the documented schema."""
    kind, holder = operation.effect.resource, operation.effect.within or ""
    parameter = _parameter(operation, holder)
    schema = contract.resolve(operation.success.schema or {})
    key, status = next(iter(schema["properties"])), operation.success.status

    def perform(exchange: Exchange) -> Answer:
        ids = world.held(holder, exchange.params[parameter], kind)
        return json_answer(status, orjson.dumps({key: list(ids)}))

    return perform


def get(_contract: Contract, world: World, operation: Operation) -> Perform:
    """The stored resource as it is."""
    kind, status = operation.effect.resource, operation.success.status
    parameter = _parameter(operation, kind)

    def perform(exchange: Exchange) -> Answer:
        return json_answer(status, world.details(kind, exchange.params[parameter]))

    return perform


def detach(_contract: Contract, world: World, operation: Operation) -> Perform:
    """End the relation between the entity and the resource of the path; the resource itself stays."""
    kind, holder = operation.effect.resource, operation.effect.within or ""
    owner, held = _parameter(operation, holder), _parameter(operation, kind)
    status = operation.success.status

    def perform(exchange: Exchange) -> Answer:
        world.unshare(holder, exchange.params[owner], kind, exchange.params[held])
        return Answer(status)

    return perform


def verbs() -> dict[str, Callable[[Contract, World, Operation], Perform]]:
    """Every verb that an operation may name as its effect."""
    return {"create": create, "list": list_, "get": get, "detach": detach}


class Effects:
    """The application inside the stages: performs the routed operation and sends the answer."""

    def __init__(self, contract: Contract, world: World) -> None:
        known = verbs()
        self.performers = {one.id: known[one.effect.verb](contract, world, one) for one in contract.operations.values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Perform and answer. Raises Refusal where only the effect can tell."""
        exchange: Exchange = scope[KEY]
        exchange.stage = "effect"
        answer = self.performers[exchange.operation.id](exchange)  # type: ignore[union-attr]  # routing comes first
        await answer.send(send)


def id_name(kind: str) -> str:
    """The key under which a resource shows its id: `handleServiceId` for handle_service."""
    first, *rest = kind.split("_")
    return first + "".join(word.capitalize() for word in rest) + "Id"


def _parameter(operation: Operation, entity: str) -> str:
    return next(one.name for one in operation.parameters if one.entity == entity)


def _origin(exchange: Exchange) -> bytes:
    """Who made a resource, and when: the end of its stored form."""
    creator: Any = exchange.user.as_json if exchange.user else b'{"type":"root","id":"root"}'
    return b',"creator":%b,"creationTime":%d' % (creator, int(time.time()))


def _empty(answer: Answer) -> Answer:
    answer.headers.append((b"content-length", b"0"))
    return answer
