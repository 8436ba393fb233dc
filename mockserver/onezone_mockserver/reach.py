"""Entities that an access rule asks about and the path does not name: the body does, or what is named names them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.world import World

Find = Callable[["World", Mapping[str, str], Any], "str | None"]
"""The id of an entity by the parameters of the path and the body; None if nothing names one."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An entity of a kind, and how its id is found."""

    kind: str
    find: Find


def reached(contract: Contract, operation: Operation, scopes: Collection[str]) -> dict[str, Reached]:
    """The scopes among these that something else than the path leads to, those of the body first."""
    by_scope: dict[str, Reached] = {}
    keys = {prop.refers.kind: prop.name for prop in operation.body.properties if prop.refers} if operation.body else {}
    starts: dict[str, Find] = {kind: _of_body(key) for kind, key in keys.items()}
    by_scope |= {kind: Reached(kind, find) for kind, find in starts.items() if kind in scopes}
    path = {parameter.entity or "": _of_path(parameter.name) for parameter in operation.parameters}
    for role, find in (*starts.items(), *path.items()):
        kind = contract.kind(role)
        for key, target in contract.references.get(kind, {}).items():
            if target in scopes and target not in path:
                by_scope.setdefault(target, Reached(target, _referenced(kind, key, find)))
    return by_scope


def _of_body(key: str) -> Find:
    def find(_world: World, _params: Mapping[str, str], body: Any) -> str | None:
        value = body.get(key) if isinstance(body, dict) else None
        return value if isinstance(value, str) else None

    return find


def _of_path(name: str) -> Find:
    return lambda _world, params, _body: params[name]


def _referenced(kind: str, key: str, start: Find) -> Find:
    """What an entity of a kind names by a key of its details."""

    def find(world: World, params: Mapping[str, str], body: Any) -> str | None:
        identity = start(world, params, body)
        there = identity is not None and world.exists(kind, identity)
        return world.named_by(kind, identity, key) if identity is not None and there else None

    return find
