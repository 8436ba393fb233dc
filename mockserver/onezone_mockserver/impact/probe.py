"""The requests that could show a difference between two editions of an operation, each with who would notice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onezone_spec import Contract, Operation, Route

from onezone_mockserver.faults.mutations import valid_value

_WRONG: Mapping[str, Any] = {
    "a number": 5,
    "null": None,
    "a list": [1],
    "an object": {"a": 1},
    "true": True,
    "empty": "",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A request on an operation, by somebody with exactly these grants (None: without credentials)."""

    who: str
    operation: Operation
    grants: Mapping[str, frozenset[str]] | None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    unknown: str | None = None
    """The role of the path for which an id is sent that nobody has."""


def probes(old: Contract, new: Contract, operation: Operation) -> Iterator[Probe]:
    """The probes of an operation that one or both editions have, the most general first."""
    pair = [contract.operations.get(operation.id) for contract in (old, new)]
    both = [each for each in pair if each is not None]
    routes = [route for each in both for route in each.access.routes]
    body = _body(operation)
    if len(both) < len(pair):
        yield Probe("a client that calls the operation", operation, dict(routes[0].needs), body)
        return
    allowed = _in_both(both)
    yield Probe("a client that looks at the answer of success", operation, allowed, body)
    yield Probe("a client that reads `error`", operation, None, body)
    for needs in _distinct(routes):
        yield Probe(f"a user with exactly {in_words(needs)}", operation, needs, body)
    for role in [parameter.entity for parameter in operation.parameters if parameter.entity]:
        who = f"a client that names no {role.replace('_', ' ')} that is there"
        yield Probe(who, operation, allowed, body, unknown=role)
    yield from _of_bodies(both, operation, allowed)
    yield Probe("a client that takes no JSON", operation, allowed, body, {"accept": "text/html"})


def _of_bodies(both: list[Operation], operation: Operation, allowed: Mapping[str, frozenset[str]]) -> Iterator[Probe]:
    sent = _value(operation)
    if sent is None:
        return
    plain = "a client that sends text/plain"
    yield Probe(plain, operation, allowed, _body(operation), {"content-type": "text/plain"})
    yield Probe("a client that sends no body", operation, allowed, b"")
    for name in dict.fromkeys(prop.name for each in both for prop in (each.body.properties if each.body else ())):
        without = {key: value for key, value in sent.items() if key != name}
        yield Probe(f"a body without `{name}`", operation, allowed, json.dumps(without).encode())
        for what, value in _WRONG.items():
            yield Probe(
                f"a body in which `{name}` is {what}", operation, allowed, json.dumps({**sent, name: value}).encode()
            )


def _value(operation: Operation) -> dict[str, Any] | None:
    """A good body, None if the operation takes none."""
    if operation.body is None:
        return None
    return {prop.name: valid_value(operation.body, prop) for prop in operation.body.properties if prop.required} or {
        prop.name: valid_value(operation.body, prop) for prop in operation.body.properties[:1]
    }


def _body(operation: Operation) -> bytes | None:
    value = _value(operation)
    return None if value is None else json.dumps(value).encode()


def _in_both(both: list[Operation]) -> Mapping[str, frozenset[str]]:
    """The fewest grants that both editions let in."""
    joined = [_joined(route, other) for route in both[0].access.routes for other in both[-1].access.routes]
    return min(joined, key=lambda needs: sum(1 + len(names) for names in needs.values()))


def _joined(route: Route, other: Route) -> dict[str, frozenset[str]]:
    scopes = dict.fromkeys([*route.needs, *other.needs])
    return {scope: route.needs.get(scope, frozenset()) | other.needs.get(scope, frozenset()) for scope in scopes}


def _distinct(routes: list[Route]) -> list[Mapping[str, frozenset[str]]]:
    distinct: list[Mapping[str, frozenset[str]]] = []
    for route in routes:
        if dict(route.needs) not in distinct:
            distinct.append(dict(route.needs))
    return distinct


def in_words(needs: Mapping[str, frozenset[str]]) -> str:
    """Grants in words."""
    parts = [
        f"{' and '.join(f'`{name}`' for name in sorted(names)) or 'membership'} in the {scope.replace('_', ' ')}"
        for scope, names in needs.items()
        if scope not in {"caller", "self", "creator"}
    ]
    return " and ".join(parts) or "credentials"
