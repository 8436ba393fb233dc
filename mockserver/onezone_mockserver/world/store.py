"""The state of the mock."""

from __future__ import annotations

from collections import defaultdict
from sys import intern
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.world.accounts import Accounts, User
from onezone_mockserver.world.graph import GROUP, NOTHING, USER, Graph
from onezone_mockserver.world.ids import Ids
from onezone_mockserver.world.invitations import Invitations
from onezone_mockserver.world.tokens import TOKEN, Tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from onezone_spec import Reference

    from onezone_mockserver.world.graph import Privileges
    from onezone_mockserver.world.tokens import Token

UNNAMED = "Unnamed User"
"""The full name of a user who gives none. Source: Onezone 21.02 as deployed, Other validators."""
BEGINNING = 1577836800
"""The creation time of whatever was there before the mock: the same at every start."""
NOBODY = {"type": "nobody", "id": None}
"""The creator of what the zone itself made, as it shows."""


def id_name(kind: str) -> str:
    """The key under which an entity shows its id: `handleServiceId` for handle_service."""
    return f"{shown_kind(kind)}Id"


def shown_kind(kind: str) -> str:
    """A kind as answers name it: `handleService` for handle_service."""
    first, *rest = kind.split("_")
    return first + "".join(word.capitalize() for word in rest)


class World(Graph, Accounts, Tokens, Invitations):
    """Every entity by its kind (`user`, `group`, `handle_service`, …) and id, with its details as the API shows them.

    Details are stored serialised: a great many small objects would keep the garbage collector busy. Credentials stand
    apart (`users`, `token`). Memberships and zone privileges are the graph's; the one member of a named token is its
    owner. `fresh` gives new ids and texts of tokens. `references` says what entities of a kind name by keys of theirs.
    """

    def __init__(self, ids: Ids | None = None) -> None:
        Graph.__init__(self)
        Accounts.__init__(self)
        Tokens.__init__(self)
        Invitations.__init__(self)
        self.fresh = ids or Ids()
        self.references: Mapping[str, Mapping[str, Reference]] = {}
        self._details: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    # Entities

    def exists(self, kind: str, identity: str) -> bool:
        """Whether there is an entity of that kind and id."""
        return identity in self._details[kind]

    def details(self, kind: str, identity: str) -> bytes:
        """An entity as GET shows it: a serialised JSON object. Raises KeyError."""
        return self._details[kind][identity]

    def add(self, kind: str, identity: str, details: bytes) -> None:
        """Add an entity without members; users come by `add_user`. Of a resource that is there, replace the details."""
        new = identity not in self._details[kind]
        self._details[kind][intern(identity)] = _packed(details)
        if new:
            self._enter(kind, identity)

    def add_kept(self, kind: str, details: Mapping[str, bytes]) -> None:
        """Add resources without members, whose details are kept for other worlds, too; their ids must be new."""
        self._details[kind].update(details)

    def add_resource(
        self, kind: str, identity: str, details: bytes, member_kind: str, member: str, privileges: Privileges
    ) -> None:
        """Add an entity under a fresh id with its first member: what `add` and `relate` do, in one step.

        `details` are kept as they are: they must take no more memory than they need (`b"".join` makes such bytes).
        Raises KeyError if there is no such member.
        """
        if kind in self._zones:
            self.add(kind, identity, details)
            self.relate(member_kind, member, kind, identity, privileges)
        elif member in self._details[member_kind]:
            self._details[kind][identity] = details
            self._begin(member_kind, member, kind, identity, privileges)
        else:
            raise KeyError(member)

    def add_user(self, user: User, details: bytes | None = None, zone: Privileges = NOTHING) -> None:
        """Add a user; its id, name and tokens must be new. Details that are not given say what the account says."""
        self._open(user)
        self.add(USER, user.id, user_details(user) if details is None else details)
        if zone:
            self.set_zone(USER, user.id, zone)

    def add_group(self, identity: str, name: str, zone: Privileges = NOTHING, creator: Any = None) -> None:
        """Add a group without members. `creator` is as it shows, nobody where it is not given."""
        details = {"name": name, "type": "team", "creator": creator or NOBODY, "creationTime": BEGINNING}
        self.add(GROUP, identity, orjson.dumps({"groupId": identity, **details}))
        if zone:
            self.set_zone(GROUP, identity, zone)

    def add_token(self, token: Token, details: bytes) -> None:
        """Add a named token; its id and text must be new. Raises KeyError if there is no such user."""
        if token.user not in self.users or token.id is None:
            raise KeyError(token.user)
        self.add(TOKEN, token.id, details)
        self.relate(USER, token.user, TOKEN, token.id, NOTHING)
        self.keep_token(token)

    def find_token(self, owner: str, key: str, value: str) -> str | None:
        """The id of the owner's named token with that value at a key of its details, None if there is none."""
        details = self._details[TOKEN]
        return next(
            (
                token_id
                for token_id in self.memberships(USER, owner, TOKEN)
                if orjson.loads(details[token_id])[key] == value
            ),
            None,
        )

    def naming(self, kind: str, key: str, identity: str) -> list[str]:
        """The ids of the entities of a kind that name an entity by that key of their details."""
        entities = self._details.get(kind, {})
        return [entity for entity, text in entities.items() if orjson.loads(text).get(key) == identity]

    def named_by(self, kind: str, identity: str, key: str) -> str | None:
        """The id that an entity names by a key of its details, None if it names none. Raises KeyError."""
        value = orjson.loads(self._details[kind][identity]).get(key)
        return value if isinstance(value, str) else None

    def set_key(self, kind: str, identity: str, key: str, value: Any) -> None:
        """Give a key of an entity's details another value. Raises KeyError."""
        self.replace(kind, identity, orjson.dumps({**orjson.loads(self._details[kind][identity]), key: value}))

    def relate(self, member_kind: str, member: str, kind: str, identity: str, privileges: Privileges) -> None:
        """As Graph does it; raises KeyError where there is no such member or no such entity."""
        if member not in self._details[member_kind] or identity not in self._details[kind]:
            raise KeyError(member, identity)
        super().relate(member_kind, member, kind, identity, privileges)

    def replace(self, kind: str, identity: str, details: bytes) -> None:
        """Other details for an entity. Raises KeyError if it is not there."""
        if identity not in self._details[kind]:
            raise KeyError(identity)
        self._details[kind][identity] = _packed(details)

    def remove(self, kind: str, identity: str) -> None:
        """Remove an entity, its memberships and tokens; what it alone was a member of stays. Raises KeyError.

        What showed that this entity names it, shows so no more. Source: Onezone 21.02 as deployed: resources that
        nobody is left in stay, without users and groups.
        """
        if kind == USER:
            self._close(identity)
            for token in list(self.memberships(USER, identity, TOKEN)):
                self.remove(TOKEN, token)
            self._forget_temporary(identity)
            del self.users[identity]
        elif kind == TOKEN:
            self._forget_token(identity)
        self._release(kind, identity)
        self._withdraw(kind, identity)
        del self._details[kind][identity]
        self._leave(kind, identity)

    def _release(self, kind: str, identity: str) -> None:
        for name, reference in self.references.get(kind, {}).items():
            named = self.named_by(kind, identity, name) if reference.key else None
            if named is None or not self.exists(reference.kind, named):
                continue
            if self.named_by(reference.kind, named, reference.key) == identity:
                self.set_key(reference.kind, named, reference.key, None)

    def remove_with_namers(self, kind: str, identity: str) -> None:
        """Remove an entity after what names it. Raises KeyError."""
        for namer, keys in self.references.items():
            for key, reference in keys.items():
                for entity in self.naming(namer, key, identity) if reference.kind == kind else ():
                    self.remove_with_namers(namer, entity)
        self.remove(kind, identity)

    def remove_with_orphans(self, kind: str, identity: str) -> None:
        """Remove a user or a group, and the resources that nobody else is a direct member of, with what names them.

        Raises KeyError.
        """
        containers = [container for container in self.containers(kind, identity) if container[0] != TOKEN]
        self.remove(kind, identity)
        for container_kind, container_id in containers:
            if (
                container_kind != GROUP
                and self.exists(container_kind, container_id)
                and not self.members(USER, container_kind, container_id)
                and not self.members(GROUP, container_kind, container_id)
            ):
                self.remove_with_namers(container_kind, container_id)

    def ids(self, kind: str) -> Collection[str]:
        """The ids of all entities of a kind, the oldest first."""
        return self._details[kind].keys()

    def kinds(self) -> list[str]:
        """The kinds that there are, or were, entities of."""
        return list(self._details)

    def creator(self, kind: str, identity: str) -> str | None:
        """The id of the user who made an entity; None if it was no user, is not known, or the entity is gone."""
        creator = orjson.loads(self._details[kind].get(identity, b"{}")).get("creator")
        is_user = isinstance(creator, dict) and creator.get("type") == USER
        return creator.get("id") if is_user else None


def _packed(details: bytes) -> bytes:
    """The same bytes without room to grow: orjson leaves some kilobytes behind each text."""
    return bytes(memoryview(details))


def user_details(user: User) -> bytes:
    """A user as GET shows it."""
    basic = user.basic_auth and user.password is not None
    flags = {"basicAuthEnabled": basic, "blocked": user.blocked, "creationTime": BEGINNING}
    return orjson.dumps({"userId": user.id, "fullName": UNNAMED, "username": user.name, **flags})
