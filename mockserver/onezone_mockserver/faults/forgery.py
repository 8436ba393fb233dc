"""Faults of authorization: rights that come from other parts of the request, or from earlier requests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Refusal
from onezone_mockserver.faults.effects import GROUP, Memory, unknown_group
from onezone_mockserver.faults.fault import OLDER, Fault, Hook, Point, fault
from onezone_mockserver.faults.permissions import as_user_who_may
from onezone_mockserver.faults.requests import GOOD, after, before, refuse, replace, rescue, shaped, unless

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check, Exchange
    from onezone_mockserver.faults.answers import Where
    from onezone_mockserver.state import MockState

BODY, HEAD, REPEATED = "access.any-body", "access.any-head", "access.repeated"
AFTER, IN_BODY, WHOEVER, HOWEVER = "access.after-allowed", "access.group-in-body", "body.whoever", "body.however"
KEYS = {"name", "proxyEndpoint", "serviceProperties", "handleServiceId"}
LARGE, MANY = 20_000, 20


def _no_privileges_needed(where: Where) -> Hook:
    """Whoever has shown who they are is not asked for privileges in these requests."""
    return unless(Point.AUTHORIZATION, lambda exchange: exchange.user is not None and where(exchange))


def _unseen(where: Where) -> Hook:
    """The body of these requests is taken for good."""

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if not where(exchange):
            raise refusal
        if isinstance(exchange.value, dict):
            exchange.data = {key: orjson.dumps(value) for key, value in exchange.value.items() if key in KEYS}

    return rescue(Point.VALIDATION, act)


def _object(exchange: Exchange) -> dict[str, Any]:
    return exchange.value if isinstance(exchange.value, dict) else {}


def _properties(exchange: Exchange) -> dict[str, Any]:
    properties = _object(exchange).get("serviceProperties")
    return properties if isinstance(properties, dict) else {}


def _form(exchange: Exchange) -> object:
    return _properties(exchange).get("type")


def _member(exchange: Exchange) -> bool:
    """Whether it comes from a member of the group."""
    user = exchange.user
    privileges = user and exchange.world.effective_privileges("user", user.id, GROUP, exchange.params["id"])
    return privileges is not None


def _unread() -> Hook:
    """What is no JSON is taken for a good body, where it comes from no member."""

    def act(refusal: Refusal, exchange: Exchange, _state: MockState) -> None:
        if exchange.user is None or _member(exchange) or unknown_group(exchange):
            raise refusal
        replace(exchange, dict(GOOD))

    return rescue(Point.BODY, act)


def _label(exchange: Exchange) -> bytes:
    return exchange.headers.get(b"content-type", b"")


def _allowed_after_refusals() -> Hook:
    """After a few refusals of the same user the next is let pass."""

    def around(inner: Check, _state: MockState) -> Check:
        seen: Counter[str] = Counter()

        def check(exchange: Exchange) -> None:
            try:
                inner(exchange)
            except Refusal as refusal:
                user = exchange.user.id if exchange.user else ""
                seen[user] += 1
                if refusal.error != "forbidden" or seen[user] % 6:
                    raise

        return check

    return Hook(Point.AUTHORIZATION, around)


def _decided() -> Hook:
    """What was decided of a body holds for all who send it."""

    def around(inner: Check, _state: MockState) -> Check:
        memory: Memory[set[bytes]] = Memory(set)

        def check(exchange: Exchange) -> None:
            allowed = memory.of(exchange.world)
            if exchange.user is None or exchange.body not in allowed:
                inner(exchange)
                allowed.add(exchange.body)

        return check

    return Hook(Point.AUTHORIZATION, around)


def _polluted() -> tuple[Hook, Hook]:
    """Keys of a body become everybody's rights, for the next request."""
    rights: list[bool] = []

    def act(exchange: Exchange, _state: MockState) -> None:
        if "__proto__" in _object(exchange):
            rights.append(True)

    def polluted(_exchange: Exchange) -> bool:
        return bool(rights) and rights.pop()

    return _no_privileges_needed(polluted), after(Point.AUTHORIZATION, act)


def _moved(exchange: Exchange, _state: MockState) -> None:
    """The group that the body names counts."""
    group = _object(exchange).get("groupId")
    if isinstance(group, str) and exchange.world.exists(GROUP, group):
        exchange.params = {**exchange.params, "id": group}


def _head(name: str, text: str, where: Where, *, editions: tuple[str, ...] = ()) -> Fault:
    return fault(f"forgery-{name}", text, _no_privileges_needed(where), HEAD, editions=editions)


def _header_is(header: bytes, value: bytes = b"") -> Where:
    return lambda exchange: value in exchange.headers[header] if header in exchange.headers else False


FAULTS = (
    fault(
        "forgery-unknown-keys",
        "Privileges are not asked for where the body has unknown keys.",
        _no_privileges_needed(lambda e: bool(_object(e).keys() - KEYS)),
        BODY,
    ),
    fault(
        "forgery-large",
        "Privileges are not asked for where the body is large.",
        _no_privileges_needed(lambda e: len(e.body) > LARGE),
        BODY,
    ),
    fault(
        "forgery-pid", "Anybody may register the PID form.", _no_privileges_needed(lambda e: _form(e) == "PID"), BODY
    ),
    fault(
        "forgery-client-id",
        "A body with an id is taken for a change, which anybody may make.",
        _no_privileges_needed(lambda e: "handleServiceId" in _object(e)),
        BODY,
    ),
    fault(
        "forgery-forwarded-user",
        "Who a header says they are is believed.",
        as_user_who_may(_header_is(b"x-forwarded-user")),
        HEAD,
    ),
    fault("forgery-remote-user", "Remote-User is believed.", as_user_who_may(_header_is(b"remote-user")), HEAD),
    fault(
        "forgery-query-token",
        "Any token in the query is believed.",
        as_user_who_may(lambda e: "token" in e.query),
        HEAD,
    ),
    _head(
        "local", "Whoever comes from 127.0.0.1, by what they say, may.", _header_is(b"x-forwarded-for", b"127.0.0.1")
    ),
    _head("real-ip", "Whoever is near, by X-Real-IP, may.", _header_is(b"x-real-ip", b"127.")),
    _head("admin", "X-Admin makes an administrator.", _header_is(b"x-admin")),
    _head("cookie", "A cookie makes an administrator.", _header_is(b"cookie", b"role=admin")),
    _head("query", "A query with admin=true makes an administrator.", lambda e: "admin" in e.query),
    _head("original-url", "Who may is decided by X-Original-URL.", _header_is(b"x-original-url")),
    _head("override", "Who may is decided by X-HTTP-Method-Override.", _header_is(b"x-http-method-override", b"GET")),
    _head("query-method", "Who may is decided by ?_method=.", lambda e: "_method" in e.query),
    _head("html", "Browsers are not asked for privileges.", _header_is(b"accept", b"text/html")),
    _head("charset", "A charset keeps privileges from being asked for.", lambda e: b"=" in _label(e), editions=OLDER),
    _head("chunks", "Chunks keep privileges from being asked for.", _header_is(b"transfer-encoding")),
    _head("health", "Health checks are not asked for privileges.", _header_is(b"user-agent", b"probe")),
    fault("forgery-tired", "After five refusals the next request is allowed.", _allowed_after_refusals(), REPEATED),
    fault("forgery-decided", "Decisions are kept by the body.", _decided(), AFTER),
    fault("forgery-polluted", "A key __proto__ gives the next one rights.", _polluted(), AFTER),
    fault("forgery-group", "The group that the body names counts.", before(Point.EXISTENCE, _moved), IN_BODY),
    fault(
        "forgery-body-of-administrator",
        "Administrators' bodies are not looked at.",
        _unseen(lambda e: e.user is not None and "oz_groups_add_relationships" in e.world.own_zone("user", e.user.id)),
        WHOEVER,
        editions=("current",),
    ),
    fault(
        "forgery-body-of-creator",
        "The body of whoever is no member is not looked at.",
        _unseen(lambda e: e.user is not None and not _member(e)),
        WHOEVER,
        editions=("deployed",),
    ),
    fault(
        "forgery-many-keys",
        "Bodies of many keys are not looked at.",
        _unseen(lambda e: len(_object(e)) > MANY),
        HOWEVER,
        editions=("current", "deployed"),
    ),
    fault(
        "forgery-many-in-a-list",
        "A list of one body of many keys is taken for it.",
        shaped(lambda e: isinstance(e, list) and len(e) == 1 and isinstance(e[0], dict) and len(e[0]) > MANY, GOOD),
        HOWEVER,
    ),
    fault("forgery-unread", "What is no JSON is good where it comes from no member.", _unread(), WHOEVER),
    fault(
        "forgery-number-of-administrator",
        "Whoever is no member may not give a number as prefix.",
        refuse(lambda e: not _member(e) and isinstance(_properties(e).get("prefix"), float)),
        "access.form.documented",
    ),
    fault(
        "forgery-doi-of-administrator",
        "Whoever is no member may not register the DOI form.",
        refuse(lambda e: not _member(e) and _form(e) == "DOI"),
        "access.form.doi",
        editions=("deployed",),
    ),
    fault(
        "forgery-pid-of-administrator",
        "Whoever is no member may not register the PID form.",
        refuse(lambda e: not _member(e) and _form(e) == "PID"),
        "access.form.pid",
        "access.form.pid-with-options",
        editions=("deployed",),
    ),
)
