"""The verbs that only tokens have: issue, expire, clear, generation, infer; and what others do to tokens.

Source: Onezone 21.02 as deployed, Tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.caveats import valid_until
from onezone_mockserver.effects.places import Perform, Place, empty_answer, place
from onezone_mockserver.exchange import Answer, Exchange, Refusal, json_answer
from onezone_mockserver.jsontext import joined, members
from onezone_mockserver.stages.security import user_of
from onezone_mockserver.world import TOKEN, USER, Token

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.world import World

LONGEST = 7 * 24 * 3600
"""For so many seconds a temporary token counts at most."""
DEFAULT = "x-onezone-default"
CUSTOM, METADATA = "customMetadata", "metadata"
ANY_SCOPE = {"readonly": False, "spaces": {}, "providers": {}}
"""The data that an access token opens where there are no spaces."""


def store_token(operation: Operation, exchange: Exchange, identity: str, owner: str) -> None:
    """Store a named token for its owner. Raises Refusal where another of the owner's has the name."""
    given = _token_values(operation, exchange)
    text = exchange.world.fresh.token()
    name = given.get("name", f"token {identity[:8]}")
    refuse_name(operation, exchange.world, owner, name, identity)
    token = _token(text, owner, given, identity)
    shown = {
        "id": identity,
        "name": name,
        "subject": {"type": USER, "id": owner},
        "type": {token.type: {}},
        "caveats": list(token.caveats),
        METADATA: {"creationTime": exchange.run.clock.now(), "custom": given.get(CUSTOM, {})},
        "revoked": token.revoked,
        "token": text,
    }
    exchange.world.add_token(token, orjson.dumps(shown))


def refuse_name(operation: Operation, world: World, owner: str, name: str, identity: str) -> None:
    """Raises Refusal where another token of the owner has the name."""
    properties = operation.body.properties if operation.body else ()
    error = next((prop.unique_of_owner for prop in properties if prop.unique_of_owner and prop.name == "name"), None)
    if error and world.find_token(owner, "name", name) not in {None, identity}:
        raise Refusal(error, "effect: another token of the user has the name", details={"key": "name"})


def change(operation: Operation, exchange: Exchange, identity: str) -> None:
    """Change a named token by the body. Raises Refusal where another of the owner's has the name."""
    world, given = exchange.world, dict(exchange.data)
    details = members(world.details(TOKEN, identity))
    if "name" in given:
        refuse_name(operation, world, world.named_token(identity).user, orjson.loads(given["name"]), identity)
    if CUSTOM in given:
        changed = members(bytes(details[METADATA])) | {"custom": given.pop(CUSTOM)}
        given[METADATA] = joined(changed)
    if "revoked" in given:
        world.change_token(identity, revoked=orjson.loads(given["revoked"]))
    world.replace(TOKEN, identity, joined({**details, **given}))


def issue(contract: Contract, operation: Operation) -> Perform:
    """Make a temporary token, which is stored nowhere. It must end within a week."""
    owner, status = place(contract, operation, operation.effect.within or ""), operation.success.status

    def perform(exchange: Exchange) -> Answer:
        user = _owner(exchange, owner)
        given = _token_values(operation, exchange)
        token = _token(exchange.world.fresh.token(), user, given, None, exchange.world.generation(user))
        end, latest = valid_until(token.caveats), exchange.run.clock.now() + LONGEST
        if end is None or end > latest:
            raise Refusal(
                "tokenTimeCaveatRequired", "effect: the token does not end in time", details={"maxTtl": LONGEST}
            )
        exchange.world.keep_token(token)
        return json_answer(status, orjson.dumps({"token": token.text}))

    return perform


def expire(contract: Contract, operation: Operation) -> Perform:
    """Have no temporary token count any more that was issued for somebody."""
    owner, success = place(contract, operation, operation.effect.within or ""), operation.success

    def perform(exchange: Exchange) -> Answer:
        exchange.world.outdate_tokens(_owner(exchange, owner))
        return empty_answer(success)

    return perform


def clear(contract: Contract, operation: Operation) -> Perform:
    """Delete everything of a kind that somebody owns."""
    kind = contract.kind(operation.effect.resource)
    owner, success = place(contract, operation, operation.effect.within or ""), operation.success

    def perform(exchange: Exchange) -> Answer:
        for identity in list(exchange.world.memberships(owner.kind, _owner(exchange, owner), kind)):
            exchange.world.remove(kind, identity)
        return empty_answer(success)

    return perform


def generation(contract: Contract, operation: Operation) -> Perform:
    """The generation of somebody's temporary tokens."""
    owner, status = place(contract, operation, operation.effect.within or ""), operation.success.status

    def perform(exchange: Exchange) -> Answer:
        number = exchange.world.generation(_owner(exchange, owner))
        return json_answer(status, orjson.dumps({"generation": number}))

    return perform


def infer(_contract: Contract, operation: Operation) -> Perform:
    """Until when an access token counts, and what data it opens: none here. Its caveats of services do not matter."""
    status = operation.success.status

    def perform(exchange: Exchange) -> Answer:
        text: str = exchange.value["token"]
        token = exchange.world.token(text)
        if token is None and exchange.world.holder_of(text) is None:
            raise Refusal("badValueToken", "effect: nobody has this token", details={"key": "token"})
        if token is not None:
            caveats = tuple(caveat for caveat in token.caveats if caveat["type"] == "time")
            user_of(exchange, token, caveats)
        end = valid_until(token.caveats) if token else None
        return json_answer(status, orjson.dumps({"validUntil": end, "dataAccessScope": ANY_SCOPE}))

    return perform


def _owner(exchange: Exchange, owner: Place) -> str:
    """The id of whom the tokens belong to. Raises Refusal where there is no such user."""
    identity = owner.find(exchange)
    if not exchange.world.exists(owner.kind, identity):
        raise Refusal("notFound", f"effect: there is no such {owner.role}")
    return identity


def _token_values(operation: Operation, exchange: Exchange) -> dict[str, Any]:
    """The values of the body, and the usual ones of keys that it leaves out."""
    properties = operation.body.properties if operation.body else ()
    usual = {prop.name: prop.schema[DEFAULT] for prop in properties if DEFAULT in prop.schema}
    return usual | {key: orjson.loads(text) for key, text in exchange.data.items()}


def _token(text: str, user: str, given: dict[str, Any], identity: str | None, number: int = 0) -> Token:
    what = next(iter(given.get("type", {"accessToken": {}})))
    caveats = tuple(given.get("caveats", ()))
    return Token(text, user, identity, what, caveats, given.get("revoked", False), number)
