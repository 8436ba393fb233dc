"""A world as plain data, in and out: the form of scenario files, of the provider's snapshots and of the reset.

`types` says what the data looks like; its JSON Schema is scenario.schema.json.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from msgspec import UNSET, Raw, to_builtins

from onezone_mockserver.jsontext import joined, members
from onezone_mockserver.references import references
from onezone_mockserver.scenario.mistakes import WorldError, check
from onezone_mockserver.scenario.naming import Naming
from onezone_mockserver.scenario.reader import Reader, privilege_names
from onezone_mockserver.scenario.types import HOLDERS, Group, Persona, Resource, Token, User, resource_kinds
from onezone_mockserver.world import GROUP, NOBODY, NOTHING, TOKEN, UNNAMED, USER, Invitation, World, id_name
from onezone_mockserver.world import Token as Credential
from onezone_mockserver.world import User as Account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onezone_spec import Contract

    from onezone_mockserver.scenario.mistakes import Path

__all__ = ["WorldError", "build", "snapshot"]

ZONE = "zone"
USER_SHOWN = ("username", "fullName", "basicAuthEnabled", "blocked", "creationTime")
GROUP_SHOWN = ("name", "type", "creator", "creationTime")


def snapshot(world: World) -> dict[str, Any]:
    """The world as data that `build` makes the same world of; resources stand in it as `orjson.Fragment`."""
    data: dict[str, Any] = {
        "users": [_user_out(world, user) for user in world.users.values()],
        "groups": [_group_out(world, group) for group in world.ids(GROUP)],
    }
    for kind in world.kinds():
        if kind not in {USER, GROUP, TOKEN}:
            data[f"{kind}s"] = [_resource_out(world, kind, identity) for identity in world.ids(kind)]
    data["tokens"] = [_token_out(world, token) for token in world.ids(TOKEN)]
    data["invitations"] = [
        {"token": text, "invites": invitation.member_kind, "group": invitation.id}
        for text, invitation in world.invitations.items()
    ]
    return data


def _token_out(world: World, identity: str) -> dict[str, Any]:
    shown = orjson.loads(world.details(TOKEN, identity))
    token, metadata = world.named_token(identity), shown["metadata"]
    of_token = {"user": token.user, "token": token.text, "type": token.type, "caveats": token.caveats}
    recorded = {"creationTime": metadata["creationTime"], "customMetadata": metadata["custom"]}
    return {"id": identity, "name": shown["name"], **of_token, "revoked": token.revoked, **recorded}


def _user_out(world: World, user: Account) -> dict[str, Any]:
    secrets = {} if user.password is None else {"password": user.password}
    return {
        **_entry(world, USER, user.id, USER_SHOWN),
        **secrets,
        "tokens": list(user.tokens),
        "temporary_tokens": [
            {"token": token.text, "type": token.type, "caveats": token.caveats}
            for token in world.temporary_tokens(user.id)
        ],
        "token_generation": world.generation(user.id),
        "zone_privileges": sorted(world.own_zone(USER, user.id)),
    }


def _group_out(world: World, group: str) -> dict[str, Any]:
    return {
        **_entry(world, GROUP, group, GROUP_SHOWN),
        "users": _sorted(world.members(USER, GROUP, group)),
        "children": _sorted(world.members(GROUP, GROUP, group)),
        "zone_privileges": sorted(world.own_zone(GROUP, group)),
    }


def _entry(world: World, kind: str, identity: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """What is shown of an entity: the known keys, and under `details` the others."""
    text = world.details(kind, identity)
    values = {key: bytes(value) for key, value in members(text).items() if key != id_name(kind)}
    shown = {key: orjson.loads(values.pop(key)) for key in keys if key in values}
    shown = {key: value for key, value in shown.items() if value is not None}
    return {"id": identity, **shown, **({"details": orjson.Fragment(joined(values))} if values else {})}


def _resource_out(world: World, kind: str, identity: str) -> dict[str, Any]:
    members = {plural: _sorted(world.members(member, kind, identity)) for plural, member in HOLDERS.items()}
    return {"id": identity, "details": orjson.Fragment(world.details(kind, identity)), **members}


def _sorted(grants: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    names = {privileges: sorted(privileges) for privileges in set(grants.values())}
    return {member: names[privileges] for member, privileges in grants.items()}


def build(data: Any, contract: Contract) -> World:
    """The world that the data describes, which serialises as JSON. Raises WorldError for the first mistake."""
    try:
        text = orjson.dumps(data)
    except TypeError as error:
        raise WorldError((), f"is not JSON: {error}") from None
    return read_world(text, contract, World())


def read_world(text: bytes, contract: Contract, empty: World) -> World:
    """The world that a JSON text describes, made of an empty one. Raises WorldError for the first mistake.

    The text must be one that `jsontext.loads` accepts.
    """
    with _collector_paused():
        return _Builder(text, contract, empty).build()


def add_to_world(text: bytes, contract: Contract, world: World, empty: World) -> None:
    """Add to a world what a JSON text describes. Raises WorldError for the first mistake, and changes nothing then.

    It is tried on a copy first, which is made of an empty world.
    """
    read_world(text, contract, read_world(orjson.dumps(snapshot(world)), contract, empty))
    read_world(text, contract, world)


def read_personas(text: bytes, contract: Contract) -> tuple[Persona, ...]:
    """The personas in the same text. Raises WorldError for the first mistake."""
    return tuple(persona for _, persona in Reader(text, resource_kinds(contract)).entries("personas"))


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
    """Puts a world together, and checks what the types of its parts do not say."""

    def __init__(self, text: bytes, contract: Contract, world: World) -> None:
        self.world = world
        world.references = references(contract)
        self.names = contract.privileges
        self.naming = Naming(contract, world)
        self.kinds = resource_kinds(contract)
        self.reader = Reader(text, self.kinds)
        self.sets: dict[tuple[str, bytes], frozenset[str]] = {}

    def build(self) -> World:
        names = ["users", "groups", *(f"{kind}s" for kind in self.kinds), "tokens", "invitations"]
        entries = self.reader.entries
        empty = self.reader.lists.keys().isdisjoint(names)
        what = "personas alone are" if self.reader.lists else "an empty object is"
        check(not empty, (), f"{what} no world: send {', '.join(names)}, as GET /_mock/world gives them")
        for path, user in entries("users"):
            self._user(user, path)
        for path, group in entries("groups"):
            self._group(group, path)
        for path, group in entries("groups"):
            self._members(GROUP, group, path, {"users": USER, "children": GROUP})
        for kind, keys in self.kinds.items():
            for path, resource in entries(f"{kind}s"):
                self._resource(kind, keys, resource, path)
        self._names()
        for path, token in entries("tokens"):
            self._token(token, path)
        for path, invitation in entries("invitations"):
            check(self.world.exists(GROUP, invitation.group), (*path, "group"), f"there is no group {invitation.group}")
            check(self._free(invitation.token), (*path, "token"), "a token is used twice")
            self.world.invite(invitation.token, Invitation(invitation.invites, GROUP, invitation.group))
        self.world.settle()
        return self.world

    def _names(self) -> None:
        """What names what, and what shows that it is named."""
        for kind in self.world.references:
            for path, resource in self.reader.entries(f"{kind}s"):
                self.naming.settle(kind, resource, path)
        for kind in self.naming.showing:
            for path, resource in self.reader.entries(f"{kind}s"):
                self.naming.check_namer(kind, resource, path)

    def _user(self, user: User, path: Path) -> None:
        name, identity = user.username, user.id or user.username
        if identity is None:
            raise WorldError(path, "a user needs an id or a username")
        check(user.password is None or name is not None, (*path, "password"), "a password needs a username")
        self._check_new(USER, identity, path)
        check(name is None or self.world.user_of_name(name) is None, (*path, "username"), "used twice")
        for token in user.tokens:
            free = self._free(token) and user.tokens.count(token) == 1
            check(free, (*path, "tokens"), "a token is used twice")
        basic = user.password is not None if user.basic_auth is UNSET else user.basic_auth
        shown = {
            "userId": identity,
            "fullName": user.full_name or UNNAMED,
            "username": name,
            "basicAuthEnabled": basic,
            "blocked": user.blocked,
            "creationTime": user.created,
        }
        account = Account(identity, name, user.password, user.tokens, basic, user.blocked)
        zone = self._privileges(user.zone_privileges, ZONE, (*path, "zone_privileges"))
        self.world.add_user(account, _details(shown, user.details, path), zone)
        for at, temporary in enumerate(user.temporary_tokens):
            check(self._free(temporary.token), (*path, "temporary_tokens", at, "token"), "a token is used twice")
            caveats = tuple(to_builtins(temporary.caveats))
            self.world.keep_token(
                Credential(temporary.token, identity, None, temporary.type, caveats, generation=user.token_generation)
            )
        if user.token_generation > 1:
            self.world.set_generation(identity, user.token_generation)

    def _free(self, token: str) -> bool:
        world = self.world
        return world.holder_of(token) is None and world.token(token) is None and world.invitation(token) is None

    def _token(self, token: Token, path: Path) -> None:
        self._check_new(TOKEN, token.id, path)
        check(self.world.exists(USER, token.user), (*path, "user"), f"there is no user {token.user}")
        check(self._free(token.token), (*path, "token"), "a token is used twice")
        name, caveats = token.name or token.id, to_builtins(token.caveats)
        taken = self.world.find_token(token.user, "name", name) is not None
        check(not taken, (*path, "name"), "another token of the user has the name")
        shown = {
            "id": token.id,
            "name": name,
            "subject": {"type": USER, "id": token.user},
            "type": {token.type: {}},
            "caveats": caveats,
            "metadata": {"creationTime": token.created, "custom": token.custom},
            "revoked": token.revoked,
            "token": token.token,
        }
        credential = Credential(token.token, token.user, token.id, token.type, tuple(caveats), token.revoked)
        self.world.add_token(credential, msgspec.json.encode(shown))

    def _group(self, group: Group, path: Path) -> None:
        self._check_new(GROUP, group.id, path)
        shown = {
            "groupId": group.id,
            "name": group.name or group.id,
            "type": group.type or "team",
            "creator": NOBODY if group.creator is UNSET else group.creator,
            "creationTime": group.created,
        }
        self.world.add(GROUP, group.id, _details(shown, group.details, path))
        zone = self._privileges(group.zone_privileges, ZONE, (*path, "zone_privileges"))
        self.world.set_zone(GROUP, group.id, zone)

    def _resource(self, kind: str, keys: tuple[str, ...], resource: Resource, path: Path) -> None:
        self._check_new(kind, resource.id, path)
        shown = {key: value for key in keys if (value := getattr(resource, key)) is not UNSET}
        for place, where in ((shown, path), (resource.details, (*path, "details"))):
            raw = place.pop(id_name(kind), None)
            same = raw is None or msgspec.json.decode(raw) == resource.id
            check(same, (*where, id_name(kind)), "is not the id")
        usual = self.naming.usual(kind, resource.id)
        missing = {key: usual[key] for key in usual if key in keys and key not in resource.details}
        shown = {**missing, id_name(kind): resource.id, **shown}
        self.world.add(kind, resource.id, _details(shown, resource.details, path))
        self._members(kind, resource, path, HOLDERS)

    def _members(self, kind: str, entry: Group | Resource, path: Path, lists: Mapping[str, str]) -> None:
        world, identity = self.world, entry.id
        for key, member_kind in lists.items():
            for member, raw in getattr(entry, key).items():
                if not world.exists(member_kind, member):
                    raise WorldError((*path, key, member), f"there is no such {member_kind}")
                if member == identity and member_kind == kind:
                    raise WorldError((*path, key, member), "a group cannot be its own child")
                granted = self._privileges(raw, kind, (*path, key, member))
                world.relate(member_kind, member, kind, identity, granted)

    def _check_new(self, kind: str, identity: str, path: Path) -> None:
        check(not self.world.exists(kind, identity), (*path, "id"), f"used twice: {identity}")

    def _privileges(self, raw: Raw, scope: str, path: Path) -> frozenset[str]:
        """A set of privileges, the same one for the same text."""
        key = scope, bytes(raw)
        if key not in self.sets:
            privileges, names = self.names.get(scope, {}), privilege_names(raw, path)
            for name in () if names == "all" else names:
                check(name in privileges, path, f"there is no privilege {name}")
            self.sets[key] = frozenset(privileges if names == "all" else names) or NOTHING
        return self.sets[key]


def _details(shown: dict[str, Any], more: dict[str, Raw], path: Path) -> bytes:
    """The JSON of an entity as the API shows it."""
    for key in more:
        check(key not in shown, (*path, "details", key), "stands outside details")
    return msgspec.json.encode({**shown, **more})
