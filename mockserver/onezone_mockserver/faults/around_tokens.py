"""Faults of tokens: what lets somebody in that should not, or the other way round, and what is shown of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.answers import answers, changed_answer, write
from onezone_mockserver.faults.effects import USER, Inner, afterwards, beforehand, effect, method
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook, Point, fault, on
from onezone_mockserver.faults.requests import refuse_early
from onezone_mockserver.jsontext import joined, members
from onezone_mockserver.world import ACCESS, TOKEN, Token, User, World

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange
    from onezone_mockserver.state import MockState

CALLER = "caller"
CREATED, CREATED_FOR = "create_own_named_token.effect*", "create_user_named_token.effect*"
EXPIRED = "revoke_own_temporary_tokens.effect*"
OLD_TEXT = "MDAxnobodys"
CARRIERS: dict[str, Callable[[Exchange], bool]] = {
    "X-Auth-Token": lambda exchange: b"x-auth-token" in exchange.headers,
    "Authorization": lambda exchange: exchange.headers.get(b"authorization", b"").startswith(b"Bearer "),
    "Macaroon": lambda exchange: b"macaroon" in exchange.headers,
}
"""The headers in which a token may come, each with whether a request has one there."""


def _token_as(change: Callable[[Token], Token]) -> Hook:
    """A token counts as another one than it is."""

    def around(inner: Any) -> Any:
        def token(world: World, text: str) -> Token | None:
            stored = inner(world, text)
            return None if stored is None else change(stored)

        return token

    return method("token", around)


def _without(kind: str) -> Hook:
    """Caveats of a type are not looked at."""
    return _token_as(
        lambda token: replace(token, caveats=tuple(each for each in token.caveats if each["type"] != kind))
    )


def _deleted_token_counts() -> Hook:
    """A named token still counts when it is deleted."""

    def perform(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
        identity = exchange.params.get("id") or exchange.params["tid"]
        token = exchange.world.named_token(identity)
        answer = inner(exchange)
        exchange.world.keep_token(replace(token, id=None, generation=exchange.world.generation(token.user)))
        return answer

    return effect(perform)


def _no_password(inner: Any) -> Any:
    """Who is blocked merely has no password that counts."""

    def change_user(world: World, identity: str, **changes: Any) -> User:
        if "blocked" in changes:
            changes["basic_auth"] = not changes.pop("blocked")
        user: User = inner(world, identity, **changes)
        return user

    return change_user


def _tokens_of_everybody(exchange: Exchange, answer: Answer) -> None:
    write(answer, orjson.dumps({"tokens": list(exchange.world.ids(TOKEN))}))


def _generation_alone(_inner: Any) -> Any:
    return lambda world, user: world.set_generation(user, world.generation(user) + 1)


def _named_too(exchange: Exchange, _state: MockState) -> None:
    assert exchange.user is not None
    for identity in exchange.world.memberships(USER, exchange.user.id, TOKEN):
        exchange.world.change_token(identity, revoked=True)


def _first_stays(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    assert exchange.user is not None
    first = next(iter(exchange.world.memberships(USER, exchange.user.id, TOKEN)), None)
    if first is None:
        return inner(exchange)
    token, details = exchange.world.named_token(first), exchange.world.details(TOKEN, first)
    answer = inner(exchange)
    exchange.world.add_token(token, details)
    return answer


def _everybodys_go(exchange: Exchange, _state: MockState) -> None:
    for identity in list(exchange.world.ids(TOKEN)):
        exchange.world.remove(TOKEN, identity)


def _other_text(exchange: Exchange, _state: MockState) -> None:
    """The newest token counts under another text than the one that is shown."""
    identity = list(exchange.world.ids(TOKEN))[-1]
    token = exchange.world.named_token(identity)
    exchange.world.keep_token(replace(token, text=f"{OLD_TEXT}{identity}"))
    exchange.world.keep_token(replace(token, revoked=True, id=None))


def _for_the_caller(exchange: Exchange, _state: MockState) -> None:
    """The newest token lets its maker in."""
    assert exchange.user is not None
    token = exchange.world.named_token(list(exchange.world.ids(TOKEN))[-1])
    exchange.world.keep_token(replace(token, user=exchange.user.id))


def _merged(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """The owner's notes are added to what was there."""
    identity = exchange.params["id"]
    old = orjson.loads(exchange.world.details(TOKEN, identity))["metadata"]["custom"]
    if "customMetadata" in exchange.data:
        exchange.data["customMetadata"] = orjson.dumps(
            {"kept": True, **old, **orjson.loads(exchange.data["customMetadata"])}
        )
    return inner(exchange)


def _name_stays(exchange: Exchange, _state: MockState) -> None:
    exchange.data.pop("name", None)


def _left_behind(inner: Any) -> Any:
    """Tokens of a user who is removed let in whoever is the first of all."""

    def remove(world: World, kind: str, identity: str) -> None:
        tokens = (
            [world.named_token(token_id) for token_id in world.memberships(USER, identity, TOKEN)]
            if kind == USER
            else []
        )
        inner(world, kind, identity)
        heir = next(iter(world.users), None)
        for token in tokens if heir else ():
            world.keep_token(replace(token, id=None, user=str(heir), generation=world.generation(str(heir))))

    return remove


def _listed(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """A temporary token is stored like a named one."""
    answer = inner(exchange)
    assert exchange.user is not None
    text, identity = orjson.loads(answer.body)["token"], exchange.world.fresh.new()
    details = {"id": identity, "name": identity, "subject": {"type": USER, "id": exchange.user.id}, "revoked": False}
    more: dict[str, Any] = {"type": {"accessToken": {}}, "caveats": [], "metadata": {"custom": {}}, "token": text}
    exchange.world.add_token(Token(text, exchange.user.id, identity), orjson.dumps(details | more))
    return answer


def _endless(inner: Inner, exchange: Exchange, _state: MockState) -> Answer:
    """A temporary token needs no end: one is set for it."""
    if orjson.loads(exchange.data.get("caveats", b"[]")) == []:
        end = exchange.run.clock.now() + 60
        exchange.data["caveats"] = orjson.dumps([{"type": "time", "validUntil": end}])
    return inner(exchange)


def _hidden_name(exchange: Exchange, _state: MockState) -> None:
    """The newest token of that name is the second of its owner."""
    owner = exchange.user.id if exchange.user else ""
    name = orjson.loads(exchange.data["name"])
    world = exchange.world
    for identity in world.memberships(USER, owner, TOKEN):
        details = members(world.details(TOKEN, identity))
        if orjson.loads(details["name"]) == name:
            world.replace(TOKEN, identity, joined({**details, "name": orjson.dumps(f"{name} (old)")}))


FAULTS = (
    *(
        fault(
            f"token-not-in-{header.lower()}",
            f"A token in the header {header} counts nothing.",
            refuse_early(in_header, "unauthorized", Point.SECURITY).of(on("get", CALLER)),
            f"get_current_user.authentication.carrier-{header.lower()}",
            editions=DEPLOYED,
        )
        for header, in_header in CARRIERS.items()
    ),
    fault(
        "token-revoked-counts",
        "A revoked token still lets its user in.",
        _token_as(lambda token: replace(token, revoked=token.revoked and token.id is None)),
        "update_named_token.effect*",
        editions=NEWER,
    ),
    fault(
        "token-ended-counts",
        "A token whose time is over still lets its user in.",
        _without("time"),
        "create_own_named_token.effect.ended",
        editions=NEWER,
    ),
    fault(
        "token-api-caveat-ignored",
        "A token that is not for reading lets its user read.",
        _without("api"),
        "create_own_named_token.effect.closed",
        editions=DEPLOYED,
    ),
    fault(
        "token-identity-counts",
        "A token that only says who its user is lets that user in.",
        _token_as(lambda token: replace(token, type=ACCESS)),
        "create_own_named_token.effect.identity",
        "create_user_named_token.effect.identity",
        "create_own_temporary_token.effect.identity",
        "create_user_temporary_token.effect.identity",
        editions=NEWER,
    ),
    fault(
        "token-blocked-counts",
        "A blocked user is still let in by tokens.",
        method("change_user", _no_password),
        "update_user_access_block.effect*",
        editions=NEWER,
    ),
    fault(
        "token-deleted-counts",
        "A deleted token still lets its user in.",
        _deleted_token_counts().of(on("delete", TOKEN)),
        "delete_named_token.effect*",
        editions=NEWER,
    ),
    fault(
        "token-client-deleted-counts",
        "A deleted client token still lets its user in.",
        _deleted_token_counts().of(on("delete", TOKEN, CALLER)),
        "delete_client_token.effect*",
    ),
    fault(
        "token-others-listed",
        "One's own tokens are everybody's.",
        answers(_tokens_of_everybody, 200).of(on("list", TOKEN, CALLER)),
        "list_own_named_tokens.effect*",
        editions=NEWER,
    ),
    fault(
        "token-newest-hidden",
        "The newest token is missing in the list.",
        changed_answer(lambda data: data.update(tokens=data["tokens"][:-1])).of(on("list", TOKEN, USER)),
        "list_user_named_tokens.effect*",
        editions=NEWER,
    ),
    fault(
        "token-temporary-survive",
        "Temporary tokens still count when they are revoked.",
        method("outdate_tokens", _generation_alone),
        EXPIRED,
        editions=NEWER,
    ),
    fault(
        "token-named-revoked-too",
        "Who revokes temporary tokens revokes named ones as well.",
        afterwards(_named_too).of(on("expire", TOKEN, CALLER)),
        EXPIRED,
        editions=NEWER,
    ),
    fault(
        "token-generation-stays",
        "The generation of temporary tokens never grows.",
        changed_answer(lambda data: data.update(generation=1)).of(
            lambda operation: operation.effect.verb == "generation"
        ),
        EXPIRED,
        editions=NEWER,
    ),
    fault(
        "token-first-stays",
        "Who deletes all named tokens keeps the first.",
        effect(_first_stays).of(on("clear", TOKEN, CALLER)),
        "delete_own_named_tokens.effect*",
        editions=NEWER,
    ),
    fault(
        "token-all-go",
        "Who deletes all own named tokens deletes everybody's.",
        beforehand(_everybodys_go).of(on("clear", TOKEN, CALLER)),
        "delete_own_named_tokens.effect*",
        editions=NEWER,
    ),
    fault(
        "token-shown-is-another",
        "The token that is shown is not the one that counts.",
        afterwards(_other_text).of(on("create", TOKEN, CALLER)),
        CREATED,
        editions=NEWER,
    ),
    fault(
        "token-of-the-maker",
        "A token that is made for somebody else lets its maker in.",
        afterwards(_for_the_caller).of(on("create", TOKEN, USER)),
        CREATED_FOR,
        editions=NEWER,
    ),
    fault(
        "token-name-twice",
        "A second token may have the name of the first.",
        beforehand(_hidden_name).of(on("create", TOKEN, CALLER)),
        "create_own_named_token.body.name.taken",
        editions=NEWER,
    ),
    fault(
        "token-notes-merged",
        "What the owner noted before stays beside what is noted now.",
        effect(_merged).of(on("update", TOKEN)),
        "update_named_token.effect*",
        editions=NEWER,
    ),
    fault(
        "token-name-stays",
        "A token cannot get another name.",
        beforehand(_name_stays).of(on("update", TOKEN)),
        "update_named_token.effect*",
        editions=NEWER,
    ),
    fault(
        "token-never-revoked",
        "No token is shown as revoked.",
        changed_answer(lambda data: data.update(revoked=False)).of(on("get", TOKEN, part="status")),
        "get_named_token_status.effect*",
        editions=NEWER,
    ),
    fault(
        "token-outlives-its-user",
        "The tokens of a user who is deleted let in another.",
        method("remove", _left_behind),
        "delete_user.effect*",
        editions=NEWER,
    ),
    fault(
        "token-temporary-listed",
        "A temporary token is listed like a named one.",
        effect(_listed).of(on("issue", TOKEN, CALLER)),
        "create_own_temporary_token.effect*",
        editions=NEWER,
    ),
    fault(
        "token-temporary-dead",
        "A new temporary token lets nobody in.",
        afterwards(
            lambda exchange, _state: exchange.world.outdate_tokens(exchange.user.id if exchange.user else "")
        ).of(on("issue", TOKEN, CALLER)),
        "create_own_temporary_token.effect*",
        editions=NEWER,
    ),
    fault(
        "token-temporary-endless",
        "A temporary token may be asked for without an end.",
        effect(_endless).of(on("issue", TOKEN, CALLER)),
        "create_own_temporary_token.body.caveats.endless",
        editions=NEWER,
    ),
    fault(
        "token-scope-ends-now",
        "Every access token is said to end now.",
        changed_answer(lambda data: data.update(validUntil=0)).of(on("infer", TOKEN)),
        "infer_access_token_scope.effect*",
        editions=DEPLOYED,
    ),
)
