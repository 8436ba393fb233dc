"""The world: users, groups, what belongs to whom with which privileges, and the resources. No HTTP in here.

Privileges of a user in an entity are those that it has directly, and those that every direct group of the entity has
in which the user is an effective member; zone privileges come down from every group above. Source: Onezone 21.02 as
deployed, Effective privileges.
"""

from __future__ import annotations

import hmac
import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

Privileges = frozenset[str]
NOTHING: Privileges = frozenset()


def new_id() -> str:
    """A fresh id as released servers make them: 32 hexadecimal digits, "ch" and 4 more."""
    digits = secrets.token_hex(18)
    return f"{digits[:32]}ch{digits[32:]}"


@dataclass(frozen=True, slots=True)
class User:
    """A user: `name` is None for one that cannot log in with a password. `as_json` is how it shows as a creator."""

    id: str
    name: str | None
    password: str | None
    tokens: tuple[str, ...]
    zone: Privileges
    as_json: bytes

    @classmethod
    def make(
        cls,
        identity: str,
        name: str | None = None,
        password: str | None = None,
        tokens: Iterable[str] = (),
        zone: Iterable[str] = (),
    ) -> User:
        """A user with these credentials and zone privileges."""
        shown = orjson.dumps({"type": "user", "id": identity})
        return cls(identity, name, password, tuple(tokens), frozenset(zone), shown)


@dataclass(frozen=True, slots=True)
class Group:
    """A group and the zone privileges that its members have from it."""

    id: str
    name: str
    zone: Privileges


class World:
    """The state of the mock. Every entity is named by its kind (`group`, `handle_service`) and its id.

    Resources are stored serialised: a great many small objects would keep the garbage collector busy. `epoch` is
    another object after every change of users, groups or memberships.
    """

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.members: dict[str, dict[str, Privileges]] = {}
        self.children: dict[str, dict[str, Privileges]] = {}
        self.resources: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.shares: defaultdict[tuple[str, str], dict[str, dict[str, Privileges]]] = defaultdict(dict)
        self._names: dict[str, User] = {}
        self._tokens: dict[str, User] = {}
        self._above: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._reach: dict[tuple[str, str], frozenset[str]] = {}
        self._zone: dict[str, Privileges] = {}
        self.epoch = object()

    def become(self, other: World) -> None:
        """Take over the whole state of `other`, which must not be used afterwards."""
        self.__dict__ = other.__dict__

    # Users and groups

    def add_user(self, user: User) -> None:
        """Add a user; its id, name and tokens must be new."""
        self.users[user.id] = user
        if user.name is not None:
            self._names[user.name] = user
        self._tokens.update(dict.fromkeys(user.tokens, user))
        self._changed()

    def remove_user(self, identity: str) -> None:
        """Remove a user and its memberships."""
        user = self.users.pop(identity)
        self._names.pop(user.name or "", None)
        for token in user.tokens:
            del self._tokens[token]
        for group in self._above.pop(("user", identity), ()):
            del self.members[group][identity]
        self._forget("user", identity)

    def add_group(self, group: Group) -> None:
        """Add a group without members."""
        self.groups[group.id] = group
        self.members[group.id] = {}
        self.children[group.id] = {}
        self._changed()

    def remove_group(self, identity: str) -> None:
        """Remove a group, its memberships, and those of its resources that nobody else holds."""
        del self.groups[identity]
        for user in self.members.pop(identity):
            self._above["user", user].discard(identity)
        for child in self.children.pop(identity):
            self._above["group", child].discard(identity)
        for parent in self._above.pop(("group", identity), ()):
            del self.children[parent][identity]
        self._forget("group", identity)

    def _forget(self, holder: str, identity: str) -> None:
        for (kind, resource), shares in self.shares.items():
            if kind == holder:
                for held in shares.pop(identity, {}):
                    if not any(self._holders(resource, held)):
                        del self.resources[resource][held]
        self._changed()

    def join(self, group: str, user: str, privileges: Privileges) -> None:
        """Make a user a direct member of a group, with exactly these privileges."""
        self.members[group][user] = privileges
        self._above["user", user].add(group)
        self._changed()

    def nest(self, parent: str, child: str, privileges: Privileges) -> None:
        """Make a group a direct child of another, with exactly these privileges in it. Cycles are allowed."""
        self.children[parent][child] = privileges
        self._above["group", child].add(parent)
        self._changed()

    def _changed(self) -> None:
        self._reach.clear()
        self._zone.clear()
        self.epoch = object()

    # Resources

    def add(self, kind: str, identity: str, details: bytes) -> None:
        """Store a resource, serialised."""
        self.resources[kind][identity] = details

    def details(self, kind: str, identity: str) -> bytes:
        """A resource as it is stored. Raises KeyError."""
        return self.resources[kind][identity]

    def exists(self, kind: str, identity: str) -> bool:
        """Whether there is a group, a user or a resource of that kind and id."""
        if kind == "group":
            return identity in self.groups
        return identity in (self.users if kind == "user" else self.resources[kind])

    def share(self, holder: str, owner: str, kind: str, identity: str, privileges: Privileges) -> None:
        """Relate a holder (a `group` or a `user`) to a resource, with exactly these privileges in it."""
        self.shares[holder, kind].setdefault(owner, {})[identity] = privileges

    def unshare(self, holder: str, owner: str, kind: str, identity: str) -> None:
        """End a direct relation. Raises KeyError."""
        del self.shares[holder, kind][owner][identity]

    def held(self, holder: str, owner: str, kind: str) -> Iterable[str]:
        """The ids of the resources that a holder is directly related to."""
        return self.shares[holder, kind].get(owner, {})

    def holds(self, holder: str, owner: str, kind: str, identity: str) -> bool:
        """Whether a holder is directly related to a resource."""
        return identity in self.shares[holder, kind].get(owner, ())

    def holds_effectively(self, holder: str, owner: str, kind: str, identity: str) -> bool:
        """Whether a holder is related to a resource, directly or through a group above it."""
        return self.holds(holder, owner, kind, identity) or any(
            self.holds("group", group, kind, identity) for group in self.reach(holder, owner)
        )

    def _holders(self, kind: str, identity: str) -> Iterable[tuple[str, str]]:
        for (holder, resource), shares in self.shares.items():
            if resource == kind:
                yield from ((holder, owner) for owner, held in shares.items() if identity in held)

    # Credentials

    def login(self, name: str, password: str) -> User | None:
        """The user of that name and password, None where there is none; unknown names take as long as known ones."""
        user = self._names.get(name)
        known = user.password if user is not None else None
        same = hmac.compare_digest((known or "").encode(), password.encode())
        return user if same and known is not None else None

    def owner_of_token(self, token: str) -> User | None:
        """The user whose token it is, None where it is nobody's."""
        return self._tokens.get(token)

    # Effective privileges

    def reach(self, kind: str, identity: str) -> frozenset[str]:
        """The groups that a user or a group is an effective member of."""
        known = self._reach.get((kind, identity))
        if known is not None:
            return known
        found: set[str] = set()
        todo = list(self._above.get((kind, identity), ()))
        while todo:
            group = todo.pop()
            if group not in found:
                found.add(group)
                todo.extend(self._above.get(("group", group), ()))
        self._reach[kind, identity] = reached = frozenset(found)
        return reached

    def zone_privileges(self, user: str) -> Privileges:
        """A user's own zone privileges and those of every group above."""
        known = self._zone.get(user)
        if known is None:
            above = (self.groups[group].zone for group in self.reach("user", user))
            known = self._zone[user] = self.users[user].zone.union(*above)
        return known

    def privileges(self, user: str, kind: str, identity: str) -> Privileges | None:
        """A user's effective privileges in a group or a resource; None where the user is no effective member of it."""
        reached = self.reach("user", user)
        if kind == "group":
            if identity not in reached:
                return None
            direct = self.members[identity].get(user, NOTHING)
            through = [held for child, held in self.children[identity].items() if child in reached]
            return direct.union(*through) if through else direct
        own = self.shares["user", kind].get(user, {}).get(identity)
        shares = self.shares["group", kind]
        found = [shares[group][identity] for group in reached if group in shares and identity in shares[group]]
        if own is None and not found:
            return None
        return (own or NOTHING).union(*found)
