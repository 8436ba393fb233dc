"""Requests that the contract's data suggests for an operation, and a world in which each can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from mock_client import MISSING, Client, basic
from onezone_mockserver.effects.places import CALLER, related
from onezone_mockserver.faults.mutations import valid_value
from onezone_mockserver.world import GROUP, TOKEN, USER, Invitation, Token, User, World, new_id
from onezone_spec import Body, Contract, Operation, Property

NOTHING: frozenset[str] = frozenset()
WRONG: tuple[Any, ...] = (17, "", "no such word", "!", [], {}, {"a": 1}, [17], ["no such word"])
"""Values that break one rule or another, whatever the key."""
HOUR = 3600


class Due(Enum):
    """A good value that only the world knows in which the request is sent."""

    CAVEATS = "a time that is yet to come"
    ACCESS = "the text of a token of the caller"
    NAMED = "the id of what the key names"
    INVITATION = "the text of a token that invites whoever joins"


@dataclass(frozen=True)
class Probe:
    """One request: who holds what, and what is odd about it."""

    holds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    anonymous: bool = False
    body: Any = None
    unknown: bool = False
    method: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    twice: bool = False


def probes(operation: Operation) -> Iterator[Probe]:
    """Everything that a client may try: who may by each route, who lacks one thing, and what is wrong with the rest."""
    bodies = [valid(operation)]
    bodies += [valid(operation, key) for route in operation.access.routes for key in route.given]
    for body in bodies:
        for route in (route.with_body(body or ()) for route in operation.access.routes):
            yield Probe(route.needs, body=body)
            for scope, names in route.needs.items():
                for name in names or {""}:
                    less = {
                        where: privileges - {name}
                        for where, privileges in route.needs.items()
                        if name or where != scope
                    }
                    yield Probe(less, body=body)
    keys = [prop.name for prop in operation.body.properties] if operation.body else []
    able = Probe(operation.access.routes[0].with_body(keys).needs, body=bodies[0])
    yield Probe(body=bodies[0])
    yield Probe(anonymous=True, body=bodies[0])
    yield from (Probe(route.needs, body=bodies[0], unknown=True) for route in operation.access.routes)
    yield replace(able, twice=True)
    yield from (replace(able, method=method) for method in ("PUT", "PATCH", "DELETE", "POST"))
    if operation.body:
        yield replace(able, body=b"{")
        yield replace(able, headers=(("content-type", "text/plain"),))
        yield replace(able, body={})
        for prop in operation.body.properties:
            whole = valid(operation, prop.name, *operation.body.needs.get(prop.name, ())) or {}
            yield replace(able, body={key: value for key, value in whole.items() if key != prop.name})
            yield from (replace(able, body={**whole, prop.name: wrong}) for wrong in WRONG)


def valid(operation: Operation, *more: str) -> dict[str, Any] | None:
    """A good body with what is required, one key at least, and these."""
    body = operation.body
    if body is None:
        return None
    properties = [prop for prop in body.properties if prop.required or prop.name in more] or [body.properties[0]]
    if operation.effect.verb == "join":
        return {prop.name: Due.INVITATION for prop in properties}
    return {prop.name: _valid_value(body, prop) for prop in properties}


def _valid_value(body: Body, prop: Property) -> Any:
    if prop.refers:
        return Due.NAMED
    if prop.name == "caveats":
        return Due.CAVEATS
    return Due.ACCESS if prop.schema.get("format") == "access-token" else valid_value(body, prop)


class Stage:
    """A world with fresh entities for one request to an operation."""

    def __init__(self, contract: Contract, operation: Operation, world: World, probe: Probe) -> None:
        self.contract, self.operation, self.world, self.probe = contract, operation, world, probe
        self.caller = new_id()
        self.kinds = {
            parameter.entity or "": contract.kind(parameter.entity or "") for parameter in operation.parameters
        }
        keys = operation.body.properties if operation.body else ()
        self.named = {prop.name: prop.refers.kind for prop in keys if prop.refers}
        self.kinds |= {kind: kind for kind in self.named.values()}
        reached = [*self.kinds.values()]
        for kind in reached:  # what these name, and what that names
            reached += [other for other in contract.references.get(kind, {}).values() if other not in reached]
        self.kinds |= {kind: kind for kind in reached if kind not in self.kinds.values()}
        self.ids = {role: new_id() for role in self.kinds} | {"caller": self.caller}
        if "self" in probe.holds:
            self.ids[USER] = self.caller
        world.add_user(User(self.caller, self.caller, "password"), zone=probe.holds.get("zone", NOTHING))
        for role, kind in sorted(self.kinds.items(), key=lambda pair: pair[1] == TOKEN):  # their owners come first
            self._add(kind, self.ids[role])
        self._relate()

    def _add(self, kind: str, identity: str) -> None:
        maker = (
            {"type": "user", "id": self.ids[USER]} if "creator" in self.probe.holds else {"type": "nobody", "id": None}
        )
        if kind == USER and identity != self.caller:
            self.world.add_user(User(identity, identity, "password"))
        elif kind == GROUP:
            self.world.add_group(identity, "probed", creator=maker)
        elif kind == TOKEN:
            self._add_token(identity, self._owner())
        elif kind != USER:
            details: dict[str, Any] = {"handleServiceId": identity, "name": "probed", "creator": maker}
            details |= {"proxyEndpoint": "https://a", "serviceProperties": {"type": "DOI"}, "creationTime": 0}
            details |= {key: self.ids[other] for key, other in self.contract.references.get(kind, {}).items()}
            self.world.add(kind, identity, json.dumps(details).encode())

    def _owner(self) -> str:
        """Whose the token is: the caller's, that of the user in the path, or that of somebody else."""
        if TOKEN in self.probe.holds or self.operation.effect.within == CALLER:
            return self.caller
        if USER in self.ids:
            return self.ids[USER]
        stranger = new_id()
        self.world.add_user(User(stranger, stranger, "password"))
        return stranger

    def _add_token(self, identity: str, owner: str) -> None:
        """A named token. Its name and its text are its id, so that the path names it by whichever it asks for."""
        details = {"id": identity, "name": identity, "token": identity, "revoked": False, "caveats": []}
        details |= {"subject": {"type": USER, "id": owner}, "type": {"accessToken": {}}}
        details |= {"metadata": {"creationTime": 0, "custom": {}}}
        self.world.add_token(Token(identity, owner, identity), json.dumps(details).encode())

    def _relate(self) -> None:
        """What the effect speaks of belongs together, and the caller belongs where the route says."""
        tied = [role for role in self.probe.holds if role in self.kinds]
        ties = {(USER, self.caller, self.kinds[role], self.ids[role]): self.probe.holds[role] for role in tied}
        ends = related(self.contract, self.operation)
        if ends and all(role in self.ids for role in ends) and self.operation.effect.verb not in {"attach", "create"}:
            member, container = ends
            pair = (self.contract.kind(member), self.ids[member], self.contract.kind(container), self.ids[container])
            ties.setdefault(pair, NOTHING)
        if "belongs" in self.probe.holds:
            first, there = next(iter(self.kinds.items())), next(iter(self.named.values()))
            ties[first[1], self.ids[first[0]], there, self.ids[there]] = NOTHING
        for tie, members in ties.items():
            self.world.relate(*tie, members)

    def request(self, client: Client) -> tuple[int, bytes]:
        """Status and body of the answer; of the second one where the request is sent twice."""
        path = self.contract.base_paths[0] + self.operation.path
        for parameter in self.operation.parameters:
            path = path.replace(f"{{{parameter.name}}}", self.ids[parameter.entity or ""])
        if self.probe.unknown:
            path = path.replace(self.ids[next(iter(self.kinds))], MISSING) if self.kinds else path
        headers = list(self.probe.headers)
        if not self.probe.anonymous:
            headers.append(("authorization", basic(self.caller, "password")))
        method = self.probe.method or self.operation.method
        body = self._body(client)
        for _ in range(2 if self.probe.twice else 1):
            reply = client(method, path, body, headers=headers)
        return reply.status, reply.body if reply.status >= 400 else b""

    def _body(self, client: Client) -> Any:
        """The body of the probe, with what was due."""
        body = self.probe.body
        if not isinstance(body, dict):
            return body
        return {
            key: self._value(client, key, value) if isinstance(value, Due) else value for key, value in body.items()
        }

    def _value(self, client: Client, key: str, due: Due) -> Any:
        if due is Due.NAMED:
            return self.ids[self.named[key]]
        if due is Due.CAVEATS:
            return [{"type": "time", "validUntil": client.app.state.run.clock.now() + HOUR}]
        text = new_id()
        if due is Due.INVITATION:
            effect, there = self.operation.effect, new_id()
            self.world.add_group(there, "joined")
            member = self.contract.kind(effect.within or "")
            self.world.invite(text, Invitation(member, self.contract.kind(effect.resource), there))
        else:
            self._add_token(text, self.caller)
        return text


def answer(client: Client, contract: Contract, operation: Operation, probe: Probe) -> tuple[int, bytes]:
    """What the mock answers to a probe."""
    return Stage(contract, operation, client.app.state.world, probe).request(client)
