"""The state of the mock."""

from __future__ import annotations

import secrets
from collections import defaultdict
from sys import intern
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.world.accounts import Accounts, User
from onezone_mockserver.world.graph import GROUP, NOTHING, USER, Graph

if TYPE_CHECKING:
    from collections.abc import Collection

    from onezone_mockserver.world.graph import Privileges

UNNAMED = "Unnamed User"
"""The full name of a user who gives none. Source: Onezone 21.02 as deployed, Other validators."""
BEGINNING = 1577836800
"""The creation time of whatever was there before the mock: the same at every start."""
ID_BYTES, ID_BLOCK = 18, 128
_drawn: list[str] = []
"""Random ids, drawn by the block: to ask the system for each costs more than all else of an id."""
NOBODY = {"type": "nobody", "id": None}
"""The creator of what the zone itself made, as it shows."""


def new_id() -> str:
    """A fresh id as released servers make them: 32 hexadecimal digits, "ch" and 4 more."""
    if not _drawn:
        digits = secrets.token_hex(ID_BYTES * ID_BLOCK)
        starts = range(0, len(digits), 2 * ID_BYTES)
        _drawn.extend([f"{digits[at : at + 32]}ch{digits[at + 32 : at + 36]}" for at in starts])
    return _drawn.pop()


def id_name(kind: str) -> str:
    """The key under which an entity shows its id: `handleServiceId` for handle_service."""
    return f"{shown_kind(kind)}Id"


def shown_kind(kind: str) -> str:
    """A kind as answers name it: `handleService` for handle_service."""
    first, *rest = kind.split("_")
    return first + "".join(word.capitalize() for word in rest)


class World(Graph, Accounts):
    """Every entity by its kind (`user`, `group`, `handle_service`, …) and id, with its details as the API shows them.

    Details are stored serialised: a great many small objects would keep the garbage collector busy. Credentials stand
    apart (`users`). Memberships and zone privileges are the graph's.
    """

    def __init__(self) -> None:
        Graph.__init__(self)
        Accounts.__init__(self)
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

    def add_resource(
        self, kind: str, identity: str, details: bytes, member_kind: str, member: str, privileges: Privileges
    ) -> None:
        """Add an entity under a fresh id with its first member: what `add` and `relate` do, in one step.

        `details` are kept as they are: they must take no more memory than they need (`b"".join` makes such bytes).
        Raises KeyError where there is no such member.
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

    def relate(self, member_kind: str, member: str, kind: str, identity: str, privileges: Privileges) -> None:
        """As Graph does it; raises KeyError where there is no such member or no such entity."""
        if member not in self._details[member_kind] or identity not in self._details[kind]:
            raise KeyError(member, identity)
        super().relate(member_kind, member, kind, identity, privileges)

    def replace(self, kind: str, identity: str, details: bytes) -> None:
        """Other details for an entity. Raises KeyError where it is not there."""
        if identity not in self._details[kind]:
            raise KeyError(identity)
        self._details[kind][identity] = _packed(details)

    def remove(self, kind: str, identity: str) -> None:
        """Remove an entity and its memberships; what it alone was a member of stays. Raises KeyError.

        Source: Onezone 21.02 as deployed: resources that nobody is left in stay, without users and groups.
        """
        del self._details[kind][identity]
        if kind == USER:
            self._close(identity)
            del self.users[identity]
        self._leave(kind, identity)

    def remove_with_orphans(self, kind: str, identity: str) -> None:
        """Remove a user or a group, and the resources that nobody else is a direct member of. Raises KeyError."""
        held = self.containers(kind, identity)
        self.remove(kind, identity)
        for resource, one in held:
            if resource != GROUP and not self.members(USER, resource, one) and not self.members(GROUP, resource, one):
                self.remove(resource, one)

    def ids(self, kind: str) -> Collection[str]:
        """The ids of all entities of a kind, the oldest first."""
        return self._details[kind].keys()

    def kinds(self) -> list[str]:
        """The kinds that there are, or were, entities of."""
        return list(self._details)

    def creator(self, kind: str, identity: str) -> str | None:
        """The id of the user who made an entity; None where it was no user, or is not told. Raises KeyError."""
        creator = orjson.loads(self._details[kind][identity]).get("creator")
        known = isinstance(creator, dict) and creator.get("type") == USER
        return creator.get("id") if known else None


def _packed(details: bytes) -> bytes:
    """The same bytes without room to grow: orjson leaves some kilobytes behind each text."""
    return bytes(memoryview(details))


def user_details(user: User, full_name: str = UNNAMED, created: int = BEGINNING) -> bytes:
    """A user as GET shows it."""
    basic = user.basic_auth and user.password is not None
    flags = {"basicAuthEnabled": basic, "blocked": user.blocked, "creationTime": created}
    return orjson.dumps({"userId": user.id, "fullName": full_name, "username": user.name, **flags})
