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

Only `id` is required (of users: `id` or `username`). Privileges are a list, or `all` for every one of the scope. Other
keys are those of the entity as the API shows it; `details` takes an object of more of them. The JSON Schema of the
whole is scenario.schema.json.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.jsontext import exact
from onezone_mockserver.pieces import (
    Path,
    WorldError,
    an_object,
    check,
    entries,
    flag,
    json,
    mapping,
    moment,
    string,
    strings,
)
from onezone_mockserver.world import BEGINNING, GROUP, NOTHING, ROOT, UNNAMED, USER, User, World, id_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onezone_spec import Contract

    from onezone_mockserver.world import Privileges

__all__ = ["WorldError", "build", "snapshot"]

ZONE = "zone"
USER_SHOWN = ("username", "fullName", "basicAuthEnabled", "blocked", "creationTime")
GROUP_SHOWN = ("name", "type", "creator", "creationTime")
USER_KEYS = ("id", *USER_SHOWN, "password", "tokens", "zone_privileges", "details")
GROUP_KEYS = ("id", *GROUP_SHOWN, "users", "children", "zone_privileges", "details")
HOLDERS = {"groups": GROUP, "users": USER}
GROUP_TYPES = ("organization", "unit", "team", "role_holders")


def snapshot(world: World) -> dict[str, Any]:
    """The world as data that `build` makes the same world of; resources stand in it as `orjson.Fragment`."""
    data: dict[str, Any] = {
        "users": [_user_out(world, user) for user in world.users.values()],
        "groups": [_group_out(world, group) for group in world.ids(GROUP)],
    }
    for kind in world.kinds():
        if kind not in {USER, GROUP}:
            data[f"{kind}s"] = [_resource_out(world, kind, one) for one in world.ids(kind)]
    return data


def _user_out(world: World, user: User) -> dict[str, Any]:
    secrets = {} if user.password is None else {"password": user.password}
    return {
        **_shown(world, USER, user.id, USER_SHOWN),
        **secrets,
        "tokens": list(user.tokens),
        "zone_privileges": sorted(world.own_zone(USER, user.id)),
    }


def _group_out(world: World, group: str) -> dict[str, Any]:
    return {
        **_shown(world, GROUP, group, GROUP_SHOWN),
        "users": _sorted(world.members(USER, GROUP, group)),
        "children": _sorted(world.members(GROUP, GROUP, group)),
        "zone_privileges": sorted(world.own_zone(GROUP, group)),
    }


def _shown(world: World, kind: str, identity: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """What is shown of an entity: the known keys, and under `details` the others."""
    text = world.details(kind, identity)
    more = exact(text, orjson.loads(text))
    del more[id_name(kind)]
    known = {key: more.pop(key) for key in keys if key in more}
    known = {key: value for key, value in known.items() if value is not None}
    return {"id": identity, **known, **({"details": more} if more else {})}


def _resource_out(world: World, kind: str, identity: str) -> dict[str, Any]:
    held = {plural: _sorted(world.members(holder, kind, identity)) for plural, holder in HOLDERS.items()}
    return {"id": identity, "details": orjson.Fragment(world.details(kind, identity)), **held}


def _sorted(grants: Mapping[str, Privileges]) -> dict[str, list[str]]:
    known: dict[Privileges, list[str]] = {}
    for privileges in grants.values():
        if privileges not in known:
            known[privileges] = sorted(privileges)
    return {name: known[privileges] for name, privileges in grants.items()}


def build(data: Any, contract: Contract, empty: World | None = None) -> World:
    """The world that the data describes, made of an empty one. Raises WorldError for the first mistake."""
    with _collector_paused():
        return _Builder(contract, World() if empty is None else empty).build(data)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nothing that is built is garbage: looking for some would take longer than building."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Builder:
    """Puts a world together from data."""

    def __init__(self, contract: Contract, world: World) -> None:
        self.world = world
        self.known = contract.privileges
        self.kinds = resource_kinds(contract)
        self.sets: dict[tuple[str, ...], Privileges] = {}

    def build(self, data: Any) -> World:
        plurals = ("users", "groups", *(f"{kind}s" for kind in self.kinds))
        mapping(data, (), plurals)
        check(bool(data), (), f"an empty object is no world: send {', '.join(plurals)}, as GET /_mock/world gives them")
        for path, one in entries(data, "users", USER_KEYS):
            self._user(path, one)
        groups = list(entries(data, "groups", GROUP_KEYS))
        for path, one in groups:
            self._group(path, one)
        for path, one in groups:
            self._members(path, one, GROUP, {"users": USER, "children": GROUP})
        for kind, keys in self.kinds.items():
            for path, one in entries(data, f"{kind}s", ("id", "details", *keys, *HOLDERS)):
                self._resource(kind, path, one)
        self.world.settle()
        return self.world

    def _user(self, path: Path, one: dict[str, Any]) -> None:
        name, password = string(one, path, "username"), string(one, path, "password")
        check(name is not None or "id" in one, path, "a user needs an id or a username")
        check(password is None or name is not None, (*path, "password"), "a password needs a username")
        if name is not None:
            check(":" not in name, (*path, "username"), "a username with a colon cannot log in (RFC 7617, 2)")
        identity = self._new_id(USER, one, path, name)
        check(name is None or self.world.named(name) is None, (*path, "username"), "used twice")
        tokens = self._tokens(one.get("tokens", []), (*path, "tokens"))
        basic = flag(one, path, "basicAuthEnabled", default=password is not None)
        user = User(identity, name, password, tokens, basic, flag(one, path, "blocked", default=False))
        shown = {
            "userId": identity,
            "fullName": string(one, path, "fullName") or UNNAMED,
            "username": name,
            "basicAuthEnabled": basic,
            "blocked": user.blocked,
            "creationTime": moment(one, path, "creationTime", BEGINNING),
        }
        zone = self._privileges(one.get("zone_privileges", []), (*path, "zone_privileges"), ZONE)
        self.world.add_user(user, orjson.dumps(self._more(one, path, shown)), zone)

    def _tokens(self, value: Any, path: Path) -> tuple[str, ...]:
        tokens = strings(value, path)
        for token in tokens:
            free = self.world.holder_of(token) is None and tokens.count(token) == 1
            check(free, path, "a token is used twice")
        return tuple(tokens)

    def _group(self, path: Path, one: dict[str, Any]) -> None:
        identity = self._new_id(GROUP, one, path, None)
        kind = string(one, path, "type") or "team"
        check(kind in GROUP_TYPES, (*path, "type"), f"must be one of {', '.join(GROUP_TYPES)}")
        creator = an_object(one.get("creator", ROOT), (*path, "creator"))
        json(creator, (*path, "creator"))
        shown = {
            "groupId": identity,
            "name": string(one, path, "name") or identity,
            "type": kind,
            "creator": creator,
            "creationTime": moment(one, path, "creationTime", BEGINNING),
        }
        zone = self._privileges(one.get("zone_privileges", []), (*path, "zone_privileges"), ZONE)
        self.world.add(GROUP, identity, orjson.dumps(self._more(one, path, shown)))
        self.world.set_zone(GROUP, identity, zone)

    def _more(self, one: dict[str, Any], path: Path, shown: dict[str, Any]) -> dict[str, Any]:
        """What is shown of a user or a group, with the keys of its `details`."""
        if "details" not in one:
            return shown
        more = an_object(one["details"], (*path, "details"))
        for key, value in more.items():
            check(key not in shown, (*path, "details", key), "stands outside details")
            json(value, (*path, "details", key))
        return {**shown, **more}

    def _resource(self, kind: str, path: Path, one: dict[str, Any]) -> None:
        identity, shown_id = self._new_id(kind, one, path, None), id_name(kind)
        if "details" in one:
            details, where = an_object(one["details"], (*path, "details")), (*path, "details")
        else:
            details, where = {key: value for key, value in one.items() if key != "id" and key not in HOLDERS}, path
        for key, value in details.items():
            json(value, (*where, key))
        check(details.get(shown_id, identity) == identity, (*where, shown_id), "is not the id")
        self.world.add(kind, identity, orjson.dumps({shown_id: identity, **details}))
        self._members(path, one, kind, HOLDERS)

    def _members(self, path: Path, one: dict[str, Any], kind: str, holders: Mapping[str, str]) -> None:
        world, identity = self.world, one["id"]
        for key, holder in holders.items():
            where = (*path, key)
            for member, privileges in an_object(one.get(key, {}), where).items():
                if not world.exists(holder, member):
                    raise WorldError((*where, member), f"there is no such {holder}")
                if member == identity and holder == kind:
                    raise WorldError((*where, member), "a group cannot be its own child")
                world.relate(holder, member, kind, identity, self._privileges(privileges, (*where, member), kind))

    def _new_id(self, kind: str, one: Mapping[str, Any], path: Path, default: str | None) -> str:
        identity = string(one, path, "id") or default
        if identity is None:
            raise WorldError((*path, "id"), "missing")
        check(not self.world.exists(kind, identity), (*path, "id"), f"used twice: {identity}")
        return identity

    def _privileges(self, value: Any, path: Path, scope: str) -> Privileges:
        """A set of privileges; sets that were seen before need no second look."""
        try:
            known = self.sets.get((scope, *value)) if isinstance(value, list) else None
        except TypeError:
            known = None
        return self._new_set(value, path, scope) if known is None else known

    def _new_set(self, value: Any, path: Path, scope: str) -> Privileges:
        known = self.known.get(scope, {})
        if value == "all":
            return frozenset(known)
        names = strings(value, path)
        for name in names:
            check(name in known, path, f"there is no privilege {name}")
        found = self.sets[(scope, *names)] = frozenset(names) or NOTHING
        return found


def resource_kinds(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The kinds of resources that operations show, each with the keys of its documented forms."""
    found: dict[str, dict[str, None]] = {}
    for operation in contract.operations.values():
        kind = contract.kind(operation.effect.resource)
        if operation.effect.verb == "get" and kind not in {USER, GROUP}:
            schema = contract.resolve(operation.success.schema or {})
            found.setdefault(kind, {}).update(dict.fromkeys(schema["properties"]))
    return {kind: tuple(keys) for kind, keys in found.items()}
