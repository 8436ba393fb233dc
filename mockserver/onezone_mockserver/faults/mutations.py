"""Faults that the contract's data alone suggest, for any operation of any edition: one fact of it is not kept.

A name is `derived-<operation>-<kind>-<detail>`. What no request can show is left out: a privilege without which another
route lets the same people in, a rule of the body that does not bind.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import orjson
from onezone_spec import AccessRule, Body, Contract, Level, Operation, Property, Route

from onezone_mockserver.exchange import Exchange
from onezone_mockserver.faults.answers import answers, status
from onezone_mockserver.faults.fault import FULL, Fault, Hook, Point, documented
from onezone_mockserver.faults.permissions import access, only_credentials
from onezone_mockserver.faults.requests import crash, mended
from onezone_mockserver.schemas import JSON_TYPES, compiled

PREFIX = "derived-"
CALLER, ZONE = "caller", "zone"
BODY, EDGE = "body", "edge"
NOBODY = Route("nobody", {"nobody": frozenset()})
"""A route by which nobody may: where the only one is dropped, this one is left."""
OK, ACCEPTED = 200, 202
BAD, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, OTHER_TYPE = 400, 401, 403, 404, 405, 409, 415
NOTICED = {
    BAD: "body.*",
    UNAUTHORIZED: "authentication.none",
    FORBIDDEN: "access.*",
    NOT_FOUND: "unknown.*",
    NOT_ALLOWED: "method.other",
    CONFLICT: "conflict",
    OTHER_TYPE: "media-type.other",
}
"""The requirements of an operation that notice another status in the place of this one."""
NOTICED_OF_DOCUMENTED = NOTICED | {UNAUTHORIZED: "access.anonymous", NOT_FOUND: "unknown-group.*"}
BEYOND = 0x10000
SAMPLE = 6
"""Of so many operations a fault of each kind stands in the catalogue."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A fact of an operation that is not kept, and the topics of the requirement that notices it."""

    operation: Operation
    kind: str
    detail: str
    text: str
    hook: Hook
    noticed_by: str

    @property
    def sort(self) -> str:
        """The kind, and of a body which rule or edge."""
        return self.detail.rpartition("-")[2] if self.kind in {BODY, EDGE} else self.kind

    def fault(self, edition: str) -> Fault:
        """The fault of that edition."""
        name = self.operation.id
        hook = self.hook.of(lambda operation: operation.id == name)
        topics = (f"{name}.{self.noticed_by}",)
        return Fault(f"{PREFIX}{name}-{self.kind}-{self.detail}", self.text, (hook,), topics, (edition,), FULL)


@cache
def derived(contract: Contract) -> Mapping[str, Fault]:
    """Every derived fault of an edition, by its id."""
    faults = (
        mutation.fault(contract.edition)
        for operation in contract.operations.values()
        for mutation in mutations(contract, operation)
    )
    return {fault.id: fault for fault in faults}


@cache
def sample(contract: Contract) -> tuple[Fault, ...]:
    """A derived fault of each kind, and for each rule of a body, of the richest operation of a few verbs."""
    richest: dict[str, dict[str, Mutation]] = {}
    for operation in contract.operations.values():
        by_kind = {mutation.sort: mutation for mutation in reversed(list(mutations(contract, operation)))}
        if not documented(operation) and _rich(by_kind) > _rich(richest.get(operation.effect.verb, {})):
            richest[operation.effect.verb] = by_kind
    chosen = sorted(richest.values(), key=_rich, reverse=True)[:SAMPLE]
    return tuple(mutation.fault(contract.edition) for by_kind in chosen for mutation in by_kind.values())


def _rich(by_kind: Mapping[str, Mutation]) -> int:
    """How many kinds there are beside those that every body has."""
    return sum(mutation.kind != EDGE for mutation in by_kind.values())


def kinds(contract: Contract) -> tuple[str, ...]:
    """The kinds of derived faults that the edition has."""
    every_kind = (
        mutation.kind for operation in contract.operations.values() for mutation in mutations(contract, operation)
    )
    return tuple(sorted(set(every_kind)))


def mutations(contract: Contract, operation: Operation) -> Iterator[Mutation]:
    """Everything of an operation that can be dropped or exchanged so that somebody sees it."""
    yield from _privileges(operation)
    yield from _extras(operation)
    yield from _routes(operation)
    yield from _statuses(contract, operation)
    if operation.body:
        yield from _body(operation, operation.body)
        if not documented(operation):
            yield from _edges(operation, operation.body)


# --- who may ------------------------------------------------------------------------------------------------------


def _privileges(operation: Operation) -> Iterator[Mutation]:
    """Each privilege of each route, and each membership or condition where it names none, is not asked for."""
    for at, route in enumerate(operation.access.routes):
        for scope, privilege in _needed(route.needs):
            less = _less(route.needs, scope, privilege)
            if _lets_in(operation.access, less):
                continue
            changed = replace(route, needs=less)
            detail = "-".join(filter(None, (route.name, scope, privilege)))
            text = f"In {operation.id}, the route {route.name} does not ask for {privilege or scope}."
            kind = "privilege" if privilege else "scope"
            yield Mutation(operation, kind, detail, text, _with_route(at, changed), "access.*")


def _extras(operation: Operation) -> Iterator[Mutation]:
    """Each privilege that a route asks for only with a key of the body is not asked for."""
    for at, route in enumerate(operation.access.routes):
        for key, more in route.given.items():
            for scope, privilege in _needed(more):
                given = {**route.given, key: _less(more, scope, privilege)}
                changed = replace(route, given=given)
                if _lets_in(operation.access.with_body([key]), changed.with_body([key]).needs):
                    continue
                detail = "-".join(filter(None, (route.name, key, scope, privilege)))
                text = f"In {operation.id}, the route {route.name} does not ask for {privilege or scope} with {key}."
                yield Mutation(operation, "extra", detail, text, _with_route(at, changed), f"access.with-*{key}*")


def _routes(operation: Operation) -> Iterator[Mutation]:
    """Each route that binds is not there: who may by it is refused."""
    routes = operation.access.routes
    for at, route in enumerate(routes):
        others = AccessRule((*routes[:at], *routes[at + 1 :]), operation.access.source)
        if route.level is not Level.MUST or _lets_in(others, route.needs):
            continue
        text = f"In {operation.id}, the route {route.name} is not known."
        hook, topic = _with_route(at, NOBODY), f"access.{route.name}"
        if operation.access.public:
            text, hook, topic = f"{operation.id} asks for credentials.", only_credentials(), "authentication.none"
        yield Mutation(operation, "route", route.name, text, hook, topic)


def _needed(needs: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    """What is asked for, as (scope, privilege); the privilege is "" for a membership or a condition alone."""
    for scope, names in needs.items():
        yield from ((scope, name) for name in sorted(names) or [""] if scope != CALLER)


def _less(needs: Mapping[str, frozenset[str]], scope: str, privilege: str) -> dict[str, frozenset[str]]:
    """The needs without one of them: whoever is asked for nothing else still has credentials."""
    kept = {where: names - {privilege} for where, names in needs.items() if privilege or where != scope}
    return {CALLER: frozenset(), **kept}


def _lets_in(rule: AccessRule, needs: Mapping[str, frozenset[str]]) -> bool:
    """Whether somebody who has just that, and credentials, may."""
    return rule.allowed_by({CALLER: frozenset(), **needs}) is not None


def _with_route(at: int, route: Route) -> Hook:
    """That route in the place of the contract's."""
    return access(lambda routes: (*routes[:at], route, *routes[at + 1 :]))


# --- statuses -----------------------------------------------------------------------------------------------------


def _statuses(contract: Contract, operation: Operation) -> Iterator[Mutation]:
    """Another success, and another error for each that a client provokes."""
    right = operation.success.status
    wrong = ACCEPTED if right == OK else OK
    text = f"In {operation.id}, what should be a {right} is a {wrong}."
    yield Mutation(operation, "success", f"{wrong}", text, answers(status(wrong), right), "success.status")
    noticed = NOTICED_OF_DOCUMENTED if documented(operation) else NOTICED
    errors = [error for error in sorted(_provoked(contract, operation)) if error in operation.responses]
    for at, old in enumerate(errors):
        new = errors[(at + 1) % len(errors)] if len(errors) > 1 else CONFLICT
        text = f"In {operation.id}, what should be a {old} is a {new}."
        yield Mutation(operation, "error", f"{old}-as-{new}", text, answers(status(new), old), noticed[old])


def _provoked(contract: Contract, operation: Operation) -> Iterator[int]:
    """The errors that a client brings about by requests that the edition does not leave open."""
    if operation.body:
        yield BAD
        if operation.body.other_media_types is Level.MUST:
            yield OTHER_TYPE
    if not operation.access.public:
        yield UNAUTHORIZED
        if not _lets_in(operation.access, {ZONE: frozenset()}):
            yield FORBIDDEN
    if any(parameter.level is Level.MUST for parameter in operation.parameters):
        yield NOT_FOUND
    if next(other for other in contract.operations.values() if other.path == operation.path) is operation:
        yield NOT_ALLOWED  # a path has one answer to other methods
    if operation.effect.verb == "attach":
        yield CONFLICT


# --- bodies -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a key of the body: `broken` says whether a value breaks it."""

    name: str
    level: Level
    broken: Callable[[Any], bool]


def rules(prop: Property) -> Iterator[Rule]:
    """The rules of a key, but that it be there."""
    schema, levels = prop.schema, prop.levels
    items = schema.get("items", {})
    if "type" in levels:
        yield Rule(
            "type", levels["type"], lambda value: value is not None and JSON_TYPES[type(value)] not in prop.types
        )
        if items:
            yield Rule("items", levels["type"], _any_item(lambda item: JSON_TYPES[type(item)] != items.get("type")))
    if "empty" in levels:
        yield Rule("empty", levels["empty"], lambda value: value in ("", {}))
    if "enum" in levels:
        allowed = schema.get("enum") or items.get("enum", ())
        strange: Callable[[Any], bool] = lambda value: isinstance(value, str) and value not in allowed  # noqa: E731
        yield Rule("enum", levels["enum"], _any_item(strange) if items else strange)
    if "pattern" in levels:
        valid = orjson.dumps({key: schema[key] for key in ("pattern", "anyOf") if key in schema})
        yield Rule("pattern", levels["pattern"], lambda v: isinstance(v, str) and not compiled(valid).is_valid(v))


def _any_item(broken: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and any(broken(item) for item in value)


def _body(operation: Operation, body: Body) -> Iterator[Mutation]:
    """Each rule that binds is not looked at: what breaks it is taken for something good."""
    binding = body.required_level is Level.MUST
    for prop in body.properties:
        if prop.refers:  # a good value is the id of something that is there
            continue
        broken = [(rule.name, _where(prop, rule.broken)) for rule in rules(prop) if rule.level is Level.MUST]
        if (
            prop.required
            and binding
            and (prop.types[0] != "array" or _example_values(body, prop) or "example" in prop.schema)
        ):
            broken.append(("missing", _absent([prop])))  # an empty list in its place may be as wrong
        for rule, where in broken:
            text = f"In {operation.id}, the rule “{rule}” of {prop.name} is not looked at."
            topic = f"body.{rule}.{prop.name}" if documented(operation) else f"body.{prop.name}.{rule}"
            yield Mutation(operation, BODY, f"{prop.name}-{rule}", text, _mended(body, prop, where), topic)
    if body.none_known and binding:
        text = f"In {operation.id}, a body without any known key is as good as another."
        where = _absent(body.properties)
        yield Mutation(
            operation, "body", "none-known", text, _mended(body, body.properties[0], where), "body.none-known"
        )


def _edges(operation: Operation, body: Body) -> Iterator[Mutation]:
    """Rare inputs crash the server."""
    name, kit = next((prop.name for prop in body.properties if not prop.refers), None), "$kit"
    crashes: list[tuple[str, str, str, Callable[[Exchange], bool]]] = [
        ("key", "edges.keys", f"a key such as {kit}", partial(_any_body, lambda value: kit in value))
    ]
    if name is not None:
        crashes += [
            ("null", "edges.values", f"null for {name}", partial(_any_body, lambda value: value.get(name, 0) is None)),
            ("twice", "edges.bytes", f"{name} twice", lambda e: e.body.count(f'"{name}":'.encode()) > 1),
        ]
    for detail, topic, what, crashes_it in crashes:
        text = f"In {operation.id}, {what} crashes the server."
        yield Mutation(operation, EDGE, detail, text, crash(crashes_it, Point.VALIDATION), topic)
    for prop in filter(_any_text, body.properties):
        text = f"In {operation.id}, a {prop.name} with a character beyond the first plane crashes the server."
        where = _where(
            prop, lambda value: isinstance(value, str) and any(ord(character) >= BEYOND for character in value)
        )
        hook = crash(partial(_any_body, where), Point.VALIDATION)
        yield Mutation(operation, EDGE, f"{prop.name}-text", text, hook, f"edges.text.{prop.name}")


def _any_body(where: Callable[[dict[str, Any]], bool], exchange: Exchange) -> bool:
    return isinstance(exchange.value, dict) and where(exchange.value)


def _any_text(prop: Property) -> bool:
    """Whether a key takes any text, which something shows again."""
    schema = prop.schema
    formed = {"enum", "format", "x-onezone-invites"} & schema.keys() or "://" in str(schema.get("example", ""))
    return "string" in prop.types and not (formed or prop.refers or prop.unique)


def _where(prop: Property, broken: Callable[[Any], bool]) -> Callable[[dict[str, Any]], bool]:
    return lambda data: prop.name in data and broken(data[prop.name])


def _absent(properties: Iterable[Property]) -> Callable[[dict[str, Any]], bool]:
    names = [prop.name for prop in properties]
    return lambda data: data.keys().isdisjoint(names)


def _mended(body: Body, prop: Property, where: Callable[[dict[str, Any]], bool]) -> Hook:
    """Give that key a good value in such bodies."""
    return mended(lambda data: data.update({prop.name: valid_value(body, prop)}) if where(data) else None)


def valid_value(body: Body, prop: Property) -> Any:
    """A value that keeps every rule of a key: one that the contract shows, or a plain one of its type."""
    shown = _example_values(body, prop)
    if shown:
        return shown[0]
    schema = prop.schema
    if "enum" in schema:
        return schema["enum"][0]
    if prop.unique:
        return f"user-{secrets.token_hex(6)}"
    plain: dict[str, Any] = {"string": "unnamed", "boolean": False, "array": [], "object": {"type": "other"}}
    return schema.get("example", plain[prop.types[0]])


def _example_values(body: Body, prop: Property) -> list[Any]:
    return [example.value[prop.name] for example in body.examples.values() if prop.name in example.value]
