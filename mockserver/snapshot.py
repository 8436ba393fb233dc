"""A world as plain data, in and out: the form of scenario files, of the provider's snapshots and of the reset.

    users:
      - {id: alice, username: alice, password: secret, tokens: [MDAx], zone_privileges: [oz_handle_services_create]}
    groups:
      - id: 4ebd9efd1e67f6c18695db1d762a914a
        name: Community
        users: {alice: [group_view]}
        children: {some-other-group: all}
        zone_privileges: []
    handle_services:
      - {id: h1, name: DOI, proxyEndpoint: "https://proxy", serviceProperties: {type: DOI}, users: {alice: all}}

Only `id` is required (of users: `id` or `username`). Privileges are a list, or `all` for every one of the scope.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.effects import id_name
from mockserver.jsontext import MAX_DEPTH
from mockserver.world import Group, User, World

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mockserver.world import Privileges
    from spec import Contract

Path = tuple[str | int, ...]
ZONE, GROUP = "zone", "group"
USER_KEYS = ("id", "username", "password", "tokens", "zone_privileges")
GROUP_KEYS = ("id", "name", "users", "children", "zone_privileges")
HOLDERS = {"groups": "group", "users": "user"}


class WorldError(ValueError):
    """The data describes no world: `path` leads to the mistake, the message says what it is."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path

    def __str__(self) -> str:
        return f"{self.where}: {self.args[0]}" if self.path else str(self.args[0])

    @property
    def where(self) -> str:
        """The path as `users[0].password`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")


def snapshot(world: World) -> dict[str, Any]:
    """The world as data that `build` makes the same world of; resources stand in it as `orjson.Fragment`."""
    data: dict[str, Any] = {
        "users": [_user_out(user) for user in world.users.values()],
        "groups": [_group_out(world, group) for group in world.groups.values()],
    }
    for kind, resources in world.resources.items():
        data[f"{kind}s"] = [_resource_out(world, kind, identity, text) for identity, text in resources.items()]
    return data


def _user_out(user: User) -> dict[str, Any]:
    shown = {"id": user.id, "username": user.name, "password": user.password, "tokens": list(user.tokens)}
    return {**{k: v for k, v in shown.items() if v is not None}, "zone_privileges": sorted(user.zone)}


def _group_out(world: World, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "users": _sorted(world.members[group.id]),
        "children": _sorted(world.children[group.id]),
        "zone_privileges": sorted(group.zone),
    }


def _resource_out(world: World, kind: str, identity: str, text: bytes) -> dict[str, Any]:
    holders = {}
    for plural, holder in HOLDERS.items():
        shares = world.shares[holder, kind].items()
        holders[plural] = {owner: sorted(held[identity]) for owner, held in shares if identity in held}
    return {"id": identity, "details": orjson.Fragment(text), **holders}


def _sorted(grants: Mapping[str, Privileges]) -> dict[str, list[str]]:
    return {name: sorted(privileges) for name, privileges in grants.items()}


def build(data: Any, contract: Contract) -> World:
    """The world that the data describes. Raises WorldError for the first mistake."""
    kinds = _resource_kinds(contract)
    _mapping(data, (), ("users", "groups", *(f"{kind}s" for kind in kinds)))
    world = World()
    for path, one in _entries(data, "users", USER_KEYS):
        _user_in(world, path, one, contract)
    groups = list(_entries(data, "groups", GROUP_KEYS))
    for path, one in groups:
        _group_in(world, path, one, contract)
    for path, one in groups:
        for user, held in _grants(world, "user", one, (*path, "users"), contract.privileges[GROUP]):
            world.join(one["id"], user, held)
        for child, held in _grants(world, "group", one, (*path, "children"), contract.privileges[GROUP]):
            _check(child != one["id"], (*path, "children", child), "a group cannot be its own child")
            world.nest(one["id"], child, held)
    for kind, keys in kinds.items():
        for path, one in _entries(data, f"{kind}s", ("id", "details", *keys, *HOLDERS)):
            _resource_in(world, kind, path, one, contract)
    return world


def _resource_kinds(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The kinds of resources that operations make or show, each with the keys of its documented form."""
    found: dict[str, tuple[str, ...]] = {}
    for operation in contract.operations.values():
        if operation.effect.verb == "get":
            schema = contract.resolve(operation.success.schema or {})
            found[operation.effect.resource] = tuple(schema["properties"])
    return found


def _user_in(world: World, path: Path, one: Any, contract: Contract) -> None:
    name, password = _string(one, path, "username"), _string(one, path, "password")
    _check(name is not None or "id" in one, path, "a user needs an id or a username")
    _check(password is None or name is not None, (*path, "password"), "a password needs a username")
    _check(name is None or ":" not in name, (*path, "username"), "a username with a colon cannot log in (RFC 7617, 2)")
    identity = _new_id(world, "user", one, path, name)
    _check(name is None or all(user.name != name for user in world.users.values()), (*path, "username"), "used twice")
    tokens = _strings(one.get("tokens", []), (*path, "tokens"))
    for token in tokens:
        free = world.owner_of_token(token) is None and tokens.count(token) == 1
        _check(free, (*path, "tokens"), "a token is used twice")
    held = _privileges(one.get("zone_privileges", []), (*path, "zone_privileges"), contract.privileges[ZONE])
    world.add_user(User.make(identity, name, password, tokens, held))


def _group_in(world: World, path: Path, one: Any, contract: Contract) -> None:
    identity = _new_id(world, "group", one, path, None)
    held = _privileges(one.get("zone_privileges", []), (*path, "zone_privileges"), contract.privileges[ZONE])
    world.add_group(Group(identity, _string(one, path, "name") or identity, held))


def _resource_in(world: World, kind: str, path: Path, one: Any, contract: Contract) -> None:
    identity = _new_id(world, kind, one, path, None)
    if "details" in one:
        details = _object(one["details"], (*path, "details"))
    else:
        details = {key: value for key, value in one.items() if key != "id" and key not in HOLDERS}
    for key, value in details.items():
        _json(value, (*path, key), 1)
    world.add(kind, identity, orjson.dumps({id_name(kind): identity, **details}))
    for plural, holder in HOLDERS.items():
        for owner, held in _grants(world, holder, one, (*path, plural), contract.privileges[kind]):
            world.share(holder, owner, kind, identity, held)


# Pieces of data


def _check(good: bool, path: Path, message: str) -> None:  # noqa: FBT001
    if not good:
        raise WorldError(path, message)


def _object(value: Any, path: Path) -> dict[str, Any]:
    _check(isinstance(value, dict), path, "must be an object")
    for key in value:
        _check(isinstance(key, str), (*path, str(key)), "a key must be a string: quote it")
    return dict(value)


def _mapping(value: Any, path: Path, known: Collection[str]) -> dict[str, Any]:
    found = _object(value, path)
    for key in found:
        _check(key in known, (*path, key), f"unknown key; known are {', '.join(known)}")
    return found


def _entries(data: Mapping[str, Any], key: str, known: Collection[str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    entries = data.get(key, [])
    _check(isinstance(entries, list), (key,), "must be a list")
    for at, one in enumerate(entries):
        yield (key, at), _mapping(one, (key, at), known)


def _string(one: Mapping[str, Any], path: Path, key: str) -> str | None:
    value = one.get(key)
    if value is None:
        return None
    _check(isinstance(value, str), (*path, key), "must be a string: quote it")
    return _encodable(value, (*path, key))


def _encodable(value: str, path: Path) -> str:
    _check(not any("\ud800" <= character <= "\udfff" for character in value), path, "must be Unicode text")
    _check(value != "", path, "must not be empty")
    return value


def _strings(value: Any, path: Path) -> list[str]:
    _check(isinstance(value, list) and all(isinstance(one, str) for one in value), path, "must be a list of strings")
    return [_encodable(one, path) for one in value]


def _new_id(world: World, kind: str, one: Mapping[str, Any], path: Path, default: str | None) -> str:
    identity = _string(one, path, "id") or default
    if identity is None:
        raise WorldError((*path, "id"), "missing")
    _check(not world.exists(kind, identity), (*path, "id"), f"used twice: {identity}")
    return identity


def _privileges(value: Any, path: Path, known: Mapping[str, str]) -> Privileges:
    if value == "all":
        return frozenset(known)
    names = _strings(value, path)
    for name in names:
        _check(name in known, path, f"there is no privilege {name}")
    return frozenset(names)


def _grants(
    world: World, kind: str, one: Mapping[str, Any], path: Path, known: Mapping[str, str]
) -> Iterator[tuple[str, Privileges]]:
    """The mapping id -> privileges at `path`; every id must be one of the kind."""
    for identity, privileges in _object(one.get(str(path[-1]), {}), path).items():
        _check(world.exists(kind, identity), (*path, identity), f"there is no such {kind}")
        yield identity, _privileges(privileges, (*path, identity), known)


def _json(value: Any, path: Path, level: int) -> None:
    """Check that `value` is JSON: YAML has more kinds of values, and nests without end."""
    _check(level <= MAX_DEPTH, path[:2], "nested too deep")
    if isinstance(value, dict):
        for key, child in _object(value, path).items():
            _json(child, (*path, key), level + 1)
    elif isinstance(value, list):
        for at, child in enumerate(value):
            _json(child, (*path, at), level + 1)
    elif isinstance(value, str):
        _check(not any("\ud800" <= one <= "\udfff" for one in value), path, "must be Unicode text")
    else:
        good = value is None or isinstance(value, int | float | orjson.Fragment)
        finite = not isinstance(value, float) or math.isfinite(value)
        _check(good and finite, path, "is not JSON: quote it")
