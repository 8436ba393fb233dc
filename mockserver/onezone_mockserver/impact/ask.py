"""Ask the mock of an edition, in this process, for a user with exactly the grants of a probe."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from onezone_spec import Contract, Operation

from onezone_mockserver import create_app
from onezone_mockserver.location import edition_base_path
from onezone_mockserver.world import GROUP, NOTHING, TOKEN, USER, Token, User, World, id_name

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Message
    from onezone_mockserver.impact.probe import Probe

CALLER = "caller-of-the-example"
_HEADERS = ("location", "content-type", "allow", "www-authenticate")
_MISSING = "ffffffffffffffffffffffffffffffff"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the mock of an edition answers to a probe."""

    request: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def facts(self) -> tuple[Any, ...]:
        """What a client could tell apart: ids, times and wording left out."""
        value = orjson.loads(self.body) if self.body else None
        error = value.get("error") if isinstance(value, dict) else None
        kind = error.get("id") if isinstance(error, dict) else None
        names = tuple(name for name, _ in self.headers if name != "www-authenticate")
        return self.status, names, _form(value), kind

    def __str__(self) -> str:
        named = {"location": "Location", "allow": "Allow", **({} if self.body else {"content-type": "Content-Type"})}
        headers = [f"{named[name]}: {value}" for name, value in self.headers if name in named]
        return " ".join([str(self.status), *headers, *([self.body] if self.body else [])])


def _form(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _form(child)) for key, child in sorted(value.items()) if key != "details")
    return type(value).__name__


class EditionMock:
    """The mock of an edition, asked for one probe after the other; each finds a world of its own."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.mock = create_app(contract, control=False, journal=False, seed=0)

    def answer(self, probe: Probe) -> Reply:
        """The answer in that edition; beside the demo's, the world has what the path names, and the caller."""
        self.mock.reset()
        ids = _build(self.mock.world, self.contract, probe)
        return asyncio.run(_send(self.mock, self.contract, probe, ids))


def _build(world: World, contract: Contract, probe: Probe) -> dict[str, str]:
    """Make what the path names and the caller; the ids by the names of the path's parameters."""
    roles = {parameter.entity: parameter.name for parameter in probe.operation.parameters if parameter.entity}
    needs = probe.grants or {}
    grants = {
        scope: names.intersection(contract.privileges.get(contract.kind(scope), ())) for scope, names in needs.items()
    }
    world.add_user(User(CALLER, CALLER, "password"), zone=grants.get("zone", NOTHING))
    entities: dict[str, tuple[str, str]] = {}
    for role in roles:
        kind = contract.kind(role)
        entities[role] = (kind, CALLER if role == USER and "self" in needs else f"{role}-of-the-example")
        if entities[role][1] != CALLER:
            _add(world, *entities[role])
    for role, (kind, identity) in entities.items():
        if role in grants and kind != USER:
            world.relate(USER, CALLER, kind, identity, grants[role])
    if probe.operation.effect.verb != "attach":
        _relate(world, list(entities.values()))
    ids = {name: entities[role][1] for role, name in roles.items()}
    return ids | ({roles[probe.unknown]: _MISSING} if probe.unknown else {})


def _add(world: World, kind: str, identity: str) -> None:
    if kind == USER:
        world.add_user(User(identity, identity, "password"))
    elif kind == GROUP:
        world.add_group(identity, "The group of the example")
    elif kind == TOKEN:
        text = "text-of-the-example"
        shown = {"id": identity, "name": "An example", "token": text, "metadata": {"creationTime": 0, "custom": {}}}
        world.add_token(Token(text, CALLER, identity), orjson.dumps(shown))
    else:
        creator = {"type": USER, "id": CALLER}
        world.add(kind, identity, orjson.dumps({id_name(kind): identity, "name": "An example", "creator": creator}))


def _relate(world: World, entities: list[tuple[str, str]]) -> None:
    """What the path names second belongs to the first, or the first to it."""
    if len(entities) < 2:  # noqa: PLR2004
        return
    first, second = entities[:2]
    member, container = (second, first) if second[0] in {USER, GROUP} else (first, second)
    if member[0] in {USER, GROUP} and container[0] != USER and world.related(*member, *container) is None:
        world.relate(*member, *container, NOTHING)


async def _send(mock: Any, contract: Contract, probe: Probe, ids: dict[str, str]) -> Reply:
    path = edition_base_path(contract) + _filled(probe.operation, ids)
    headers = {"host": "onezone.example.org", **probe.headers}
    if probe.body is not None:
        headers = {"content-type": "application/json", **headers, "content-length": str(len(probe.body))}
    if probe.grants is not None:
        headers["authorization"] = "Basic " + base64.b64encode(f"{CALLER}:password".encode()).decode()
    scope = {
        "type": "http",
        "method": probe.operation.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": probe.body or b""}

    async def send(message: Message) -> None:
        messages.append(message)

    await mock(scope, receive, send)
    shown = [(name.decode(), value.decode()) for name, value in messages[0]["headers"] if name.decode() in _HEADERS]
    content = b"".join(message.get("body", b"") for message in messages[1:])
    body = " ".join(content.decode().split()) if content else ""
    return Reply(_line(probe, path), messages[0]["status"], tuple(sorted(shown)), body)


def _filled(operation: Operation, ids: dict[str, str]) -> str:
    path = operation.path
    for name, identity in ids.items():
        path = path.replace(f"{{{name}}}", identity)
    return path


def _line(probe: Probe, path: str) -> str:
    more = [f"{name}: {value}" for name, value in probe.headers.items()]
    body = json.dumps(json.loads(probe.body)) if probe.body else "(no body)" if probe.body == b"" else ""
    return " ".join(filter(None, [probe.operation.method, path, *more, body]))
