"""Who may not, may not, whatever the request says besides; and who may, may with each form of the body."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from onezone_contracts.cases import JSON_TYPE, NOBODY, Case, Change, Headers, constant, with_value, with_values
from onezone_contracts.checks.forbidden import again_and_again, denied, directly_after, group_in_body
from onezone_contracts.checks.status import accepted, answered, refused
from onezone_contracts.derive.bodies import CLIENT_ID
from onezone_contracts.derive.build import Builder
from onezone_contracts.exchange import Auth
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.requirement import Level, Requirement
from onezone_contracts.target.file import TestUser

LARGE = 64_000
TIMES = 8
"""How often in a row the same refused request is sent."""
INTERNALS: dict[str, Any] = {
    "__proto__": {"admin": True, "isAdmin": True, "role": "admin", "authorized": True},
    "constructor": {"prototype": {"admin": True, "isAdmin": True}},
}
LOCAL = "127.0.0.1"
NAMING = (
    *("X-Forwarded-User", "X-Remote-User", "Remote-User", "X-User", "X-User-Id", "X-User-Name", "X-Username"),
    *("X-Authenticated-User", "X-Auth-User", "X-Auth-Username", "X-Auth-Request-User", "X-WebAuth-User"),
    *("X-Consumer-Username", "X-Forwarded-Preferred-Username"),
)
NEARBY = (
    *("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr"),
    "True-Client-IP",
)


def _user(identity: TestUser, _: Mapping[str, TestUser]) -> Auth:
    """No credentials, and the name of somebody who may in each header that a proxy could name them in."""
    name = identity.credentials.username or "admin"
    return Auth(
        tuple((header, name) for header in NAMING),
        " ".join(f"-H {shlex.quote(f'{header}: {name}')}" for header in NAMING),
    )


HEADS: dict[str, Headers] = {
    "from-nearby": tuple((name, LOCAL) for name in NEARBY),
    "forwarded": (("Forwarded", f"for={LOCAL};host=localhost;proto=https"), ("X-Forwarded-Host", "localhost")),
    "original-url": (("X-Original-URL", "/"), ("X-Rewrite-URL", "/"), ("X-Forwarded-Uri", "/")),
    "roles": (
        *(
            ("X-Admin", "true"),
            ("X-Is-Admin", "1"),
            ("X-Role", "admin"),
            ("X-User-Role", "admin"),
            ("X-Roles", "admin"),
        ),
        *(("X-Authenticated", "true"), ("X-Internal", "1"), ("X-Internal-Request", "true"), ("X-Debug", "1")),
        *(
            ("X-Forwarded-Groups", "admins"),
            ("X-Auth-Request-Groups", "admins"),
            ("X-Skip-Auth", "1"),
            ("X-Roles", "admin"),
        ),
    ),
    "cookies": (("Cookie", "admin=true; role=admin; isAdmin=1; authenticated=true; user=admin; session=admin"),),
    "page": (("Origin", "null"), ("Referer", "http://localhost/admin"), ("X-Requested-With", "XMLHttpRequest")),
    "probe": (("User-Agent", "kube-probe/1.30"), ("X-Health-Check", "1"), ("X-Monitoring", "1")),
    "html": (("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),),
}
"""Headers that a careless server or framework takes somebody's word for."""
OVERRIDES: dict[str, Headers] = {
    f"override-{method.lower()}": tuple(
        (name, method) for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    )
    for method in ("GET", "OPTIONS")
}
TYPES = {
    "charset": "application/json; charset=utf-8",
    "upper-case": "APPLICATION/JSON",
    "json-suffix": "application/vnd.api+json",
    "text-json": "text/json",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
}
TAILS = {
    "query": "?admin=true&role=admin&is_admin=1&debug=true&internal=1&user=admin&user_id=1&userId=1&sudo=1&force=true",
    "method-query": "?_method=GET&method=GET",
    "token-query": "?access_token=admin&token=admin&api_key=admin&apikey=admin&key=admin",
    "slash": "/",
    "two-slashes": "//",
    "parameter": ";admin=true",
    "suffix": ".json",
    "blank": "%20",
    "empty-query": "?",
    "public": "?/health",
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    source = build.operation.access.source
    forbidden = [persona.name for persona in build.personas if not persona.allowed]
    text = "Who may not, may not with any body: one with unknown keys, of another form, large or invalid is refused."
    cases = [_with_body(who, name, change) for name, change in _bodies(build).items() for who in (NOBODY, *forbidden)]
    yield build.requirement("access.any-body", Level.MUST, text, source, refused(*cases))
    text = "Who may not, may not with any header, type of body, query or spelling of the path."
    cases = [case for who in (NOBODY, *forbidden[:1]) for case in _heads(who)]
    yield build.requirement("access.any-head", Level.MUST, text, source, denied(*cases))
    text = "Who may not, may not the next time either, however often they ask."
    cases = [_valid(f"access.repeated.{who}", who, "again and again") for who in forbidden]
    yield build.requirement("access.repeated", Level.MUST, text, source, again_and_again(TIMES, *cases))
    yield from _after_others(build, forbidden)
    text = "The group of the path counts, whatever group the body, the query or a way around names."
    elsewhere = tuple(persona.name for persona in build.personas if persona.allowed and not persona.allowed_anywhere)
    anywhere = next((persona.name for persona in build.personas if persona.allowed_anywhere), None)
    check = group_in_body(elsewhere, anywhere)
    yield build.requirement("access.group-in-body", Level.MUST, text, source, check)
    yield from _forms(build)


def _words(who: str) -> str:
    return "without credentials" if who == NOBODY else f"of the persona {who}"


def _valid(name: str, who: str, words: str) -> Case:
    return Case(name, f"a valid request {_words(who)}, {words}", who=who)


def _bodies(build: Builder) -> dict[str, Change]:
    def large(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "serviceProperties": {**body["serviceProperties"], "kitLarge": "x" * LARGE}}

    return {
        "unknown-keys": lambda body: {**body, "kitUnknownKey": 1, "admin": True, "role": "admin", "force": True},
        "client-id": with_value("handleServiceId", CLIENT_ID),
        "object-internals": lambda body: {**body, **INTERNALS},
        "large": large,
        "empty-endpoint": with_value("proxyEndpoint", ""),
        "in-a-list": lambda body: [body],
        **{f"form.{example.name}": constant(example.value) for example in build.body.examples.values()},
    }


def _with_body(who: str, name: str, change: Change) -> Case:
    label = f"a request {_words(who)} with another body: {name.replace('-', ' ').replace('.', ' ')}"
    return Case(f"access.any-body.{who}.{name}", label, who=who, change=change)


def _heads(who: str) -> Iterator[Case]:
    def case(kind: str, name: str, *, headers: Headers = JSON_TYPE, tail: str = "", **more: Any) -> Case:
        label = f"a valid request {_words(who)}, {kind}: {name.replace('-', ' ')}"
        # a server may take it for another request, and answer that: it must only not create anything
        more |= {"headers": headers, "tail": tail, "method": "POST", "edge": True}
        return Case(f"access.any-head.{who}.{name}", label, who=who, **more)

    if who == NOBODY:
        yield case("with headers", "a-user", auth=_user)
    for name, headers in (HEADS | OVERRIDES).items():
        yield case("with headers", name, headers=(*JSON_TYPE, *headers))
    for name, kind in TYPES.items():
        yield case("with a Content-Type", f"type-{name}", headers=(("Content-Type", kind),))
    yield case("without a Content-Type", "type-none", headers=())
    yield case("in chunks", "chunked", chunked=True)
    for name, tail in TAILS.items():
        yield case("with something after the path", f"tail-{name}", tail=tail)


def _after_others(build: Builder, forbidden: list[str]) -> Iterator[Requirement]:
    source = build.operation.access.source
    pairs = []
    for number, who in enumerate((*forbidden, NOBODY)):
        same = constant({**next(iter(build.body.examples.values())).value, "name": f"The same for both {number}"})
        first = Case(f"access.after-allowed.{who}.first", "a valid request", change=same)
        label = f"the same request {_words(who)}, directly after somebody's who may"
        second = Case(f"access.after-allowed.{who}", label, who=who, change=same)
        pairs.append((first, second, {401 if who == NOBODY else 403, TOO_MANY}))
    for who in (*forbidden[:1], NOBODY):
        label = "a body with keys that objects of some languages have by themselves"
        first = Case(f"access.after-internals.{who}.first", label, change=lambda body: {**body, **INTERNALS})
        second = _valid(f"access.after-internals.{who}", who, "directly after a body with __proto__")
        pairs.append((first, second, {401 if who == NOBODY else 403, TOO_MANY}))
    text = "What somebody was allowed is not allowed to whoever asks next for the same."
    yield build.requirement("access.after-allowed", Level.MUST, text, source, directly_after(*pairs))


def _named_anew(value: dict[str, Any]) -> Change:
    """An example with a name that was not sent before: that a name is taken explains no refusal."""
    return lambda body: {**value, "name": body["name"]}


def _forms(build: Builder) -> Iterator[Requirement]:
    allowed = [persona.name for persona in build.personas if persona.allowed]
    for example in build.body.examples.values():
        name = example.name.replace("_", "-")
        words = example.summary.rstrip(".")
        cases = [
            Case(f"access.form.{name}.{who}", f"“{words}” {_words(who)}", who=who, change=_named_anew(example.value))
            for who in allowed
        ]
        text = f"Whoever may, may with this: {words[0].lower()}{words[1:]}."
        yield build.judge(f"access.form.{name}", example.level, text, example.source, accepted(*cases))
    bad = {
        "cut": Case("", "malformed JSON", raw=lambda _: b'{"name":'),
        "list": Case("", "a list", change=constant([])),
    }
    cases = [
        Case(f"body.whoever.{name}.{who}", f"{case.label} {_words(who)}", who=who, change=case.change, raw=case.raw)
        for name, case in bad.items()
        for who in allowed
    ]
    typed = [prop for prop in build.body.properties if prop.levels.get("type", Level.MUST) is Level.MUST]
    cases += [
        Case(f"body.whoever.{prop.name}.{who}", f"a {prop.name} that is a number {_words(who)}", who=who, change=change)
        for prop in typed
        for change in [with_value(prop.name, 17)]
        for who in allowed
    ]
    text = "A body that is wrong is answered with 400, whoever sends it."
    yield build.requirement("body.whoever", Level.MUST, text, build.answer_source(400), answered({400}, *cases))
    yield _invalid_body_in_odd_request(build)


def _invalid_body_in_odd_request(build: Builder) -> Requirement:
    """A body that is wrong, in a request that is odd elsewhere: it is not let pass for that."""
    many = {f"kitKey{number}": number for number in range(40)}
    wrong: list[tuple[str, str, Change]] = [
        ("list", "a list with a body of many keys", lambda body: [{**body, **many}])
    ]
    typed = [prop for prop in build.body.properties if prop.levels.get("type", Level.MUST) is Level.MUST]
    for prop in typed:
        label = f"a {prop.name} that is a number"
        wrong.append((prop.name, f"{label}, beside many keys", with_values({**many, prop.name: 17})))
        large = with_values({"kitLarge": "x" * LARGE, prop.name: 17})
        wrong.append((f"{prop.name}.large", f"{label}, beside a long text", large))
    cases = [Case(f"body.however.{name}", label, change=change) for name, label, change in wrong]
    name, change = (typed[0].name, with_value(typed[0].name, 17)) if typed else (wrong[0][0], wrong[0][2])
    for kind in ("charset", "upper-case"):
        headers = (("Content-Type", TYPES[kind]),)
        cases.append(
            Case(f"body.however.{name}.{kind}", f"a wrong {name}, type {kind}", change=change, headers=headers)
        )
    cases.append(Case(f"body.however.{name}.chunked", f"a wrong {name} in chunks", change=change, chunked=True))
    text = "A body that is wrong is refused, however it is sent and whatever else is in it."
    return build.requirement("body.however", Level.MUST, text, build.answer_source(400), refused(*cases))
