"""Memberships, direct and effective, and the privileges that come with them.

Users and groups are members of groups and of resources of any kind. The privileges of a member in an entity are its
direct ones, and those that every direct group of the entity has in which the member is an effective member. Zone
privileges come down from every group above. Source: Onezone 21.02 as deployed, Effective privileges.

How it is quick: for each entity and each set of privileges that direct groups hold in it, all groups inside those are
remembered (`_Ways`). A decision asks whether the user's few direct groups meet them. A change of users' memberships
touches none of that; a change of nesting forgets what was gathered for the groups above, and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from onezone_mockserver.world.closure import Closure
from onezone_mockserver.world.inside import Inside, Rows, Slots, meets
from onezone_mockserver.world.relation import NOTHING, Privileges, Relation, Sets, SlotRelation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GROUP", "NOTHING", "USER", "Graph", "Privileges", "SelfRelationError"]

USER, GROUP = "user", "group"
Grants = dict[str, Privileges]
_NO_SLOTS: dict[int, int] = {}


class SelfRelationError(ValueError):
    """A group cannot be a member of itself; longer cycles are allowed."""


class _Ways(NamedTuple):
    """The groups inside an entity: all of them, and by the privileges that a direct group gives to those inside it."""

    whole: Rows
    by: tuple[tuple[Privileges, Rows], ...]


class Graph:
    """Who belongs to what. `epoch` is another object after every change that concerns users, groups or the zone."""

    def __init__(self) -> None:
        self._sets = Sets()
        self._slots = Slots()
        self._in_groups = SlotRelation(self._slots)
        self._users: defaultdict[str, Relation] = defaultdict(Relation, {GROUP: self._in_groups})
        self._groups: defaultdict[str, Relation] = defaultdict(Relation)
        self._zones: dict[str, dict[str, int]] = {USER: {}, GROUP: {}}
        nested = self._groups[GROUP]
        self._inside: Closure[Inside] = Closure(nested.down, nested.up, self._slots.just, self._slots.join)
        self._zone: Closure[Privileges] = Closure(nested.up, nested.down, self._own_group_zone, or_)
        self._zone_at: list[Privileges | None] = []
        self._zone_of_user: dict[str, Privileges] = {}
        self._ways: defaultdict[str, dict[str, _Ways | None]] = defaultdict(dict)
        self.epoch = object()

    def settle(self) -> None:
        """Gather now what the first decisions would have to gather."""
        for group, slot in self._slots.at.items():
            self._zone_at[slot] = self._sets.shared(self._zone.of(group))
        for user in self._in_groups.groups:
            self.zone_privileges(USER, user)
        for kind, relation in self._groups.items():
            for identity in relation.down:
                self._ways_in(kind, identity)

    # Direct relations

    def relate(self, member_kind: str, member: str, kind: str, identity: str, privileges: Privileges) -> None:
        """Make a user or a group a direct member with exactly these privileges, or give a member these instead.

        Raises SelfRelationError for a group in itself.
        """
        relation = self._relation(member_kind, kind)
        nests = member_kind == kind == GROUP
        if nests and member == identity:
            raise SelfRelationError(identity)
        new = nests and relation.number(member, identity) is None
        relation.put(member, identity, self._sets.number(privileges))
        if member_kind == GROUP:
            self._ways[kind].pop(identity, None)
        else:
            self._zone_of_user.pop(member, None)
        if new:
            self._nesting_changed(member, identity)
        self._changed(kind)

    def _begin(self, member_kind: str, member: str, kind: str, identity: str, privileges: Privileges) -> None:
        """Give a new resource, which is no group, its first member: as `relate`, with nothing to be forgotten."""
        self._relation(member_kind, kind).begin(member, identity, self._sets.number(privileges))

    def unrelate(self, member_kind: str, member: str, kind: str, identity: str) -> None:
        """End a direct relation. Raises KeyError if there is none."""
        self._relation(member_kind, kind).drop(member, identity)
        if member_kind == GROUP:
            self._ways[kind].pop(identity, None)
            if kind == GROUP:
                self._nesting_changed(member, identity)
        else:
            self._zone_of_user.pop(member, None)
        self._changed(kind)

    def related(self, member_kind: str, member: str, kind: str, identity: str) -> Privileges | None:
        """The privileges of a direct member; None if it is no direct member."""
        number = self._relation(member_kind, kind).number(member, identity)
        return None if number is None else self._sets.of[number]

    def members(self, member_kind: str, kind: str, identity: str) -> Grants:
        """The direct members of an entity with their privileges in it, the oldest first."""
        return self._grants(self._relation(member_kind, kind).below(identity))

    def memberships(self, member_kind: str, member: str, kind: str) -> Grants:
        """What a user or a group is a direct member of, with its privileges there, the oldest first."""
        return self._grants(self._relation(member_kind, kind).above(member))

    def own_zone(self, member_kind: str, member: str) -> Privileges:
        """A user's or a group's own zone privileges."""
        return self._sets.of[self._zones[member_kind].get(member, 0)]

    def set_zone(self, member_kind: str, member: str, privileges: Privileges) -> None:
        """Give a user or a group exactly these zone privileges of its own."""
        if privileges:
            self._zones[member_kind][member] = self._sets.number(privileges)
        else:
            self._zones[member_kind].pop(member, None)
        if member_kind == GROUP:
            self._forget_zone(member)
        else:
            self._zone_of_user.pop(member, None)
        self._changed(GROUP)

    # What follows

    def effective_privileges(self, member_kind: str, member: str, kind: str, identity: str) -> Privileges | None:
        """A member's effective privileges in a group or a resource; None if it is no effective member of it."""
        slots = self._slots.at
        if member_kind == GROUP:
            number, groups = None, {slots.get(member, -1): 0}
        else:
            groups = self._in_groups.groups.get(member, _NO_SLOTS)
            direct = kind == GROUP
            number = groups.get(slots.get(identity, -1)) if direct else self._users[kind].number(member, identity)
        own = None if number is None else self._sets.of[number]
        ways = self._ways[kind].get(identity) or self._ways_in(kind, identity)
        if ways is None or not meets(groups.keys(), ways.whole):
            return own
        total = own
        for granted, inside in ways.by:
            if inside is ways.whole or meets(groups.keys(), inside):
                total = granted if total is None or total <= granted else total | granted
        return total

    def zone_privileges(self, member_kind: str, member: str) -> Privileges:
        """A user's or a group's own zone privileges and those of every group above."""
        if member_kind == GROUP:
            return self._zone.of(member)
        privileges = self._zone_of_user.get(member)
        return self._user_zone(member) if privileges is None else privileges

    def _user_zone(self, member: str) -> Privileges:
        own = self._sets.of[self._zones[USER].get(member, 0)]
        cached, inherited = self._zone_at, None
        for slot in self._in_groups.groups.get(member, _NO_SLOTS):
            privileges = cached[slot]
            if privileges is None:
                privileges = cached[slot] = self._sets.shared(self._zone.of(self._slots.ids[slot]))
            if privileges:
                inherited = privileges if inherited is None or inherited is privileges else inherited | privileges
        total = (
            own if inherited is None else self._sets.shared(inherited | own) if own else self._sets.shared(inherited)
        )
        if member in self._in_groups.groups:
            self._zone_of_user[member] = total
        return total

    def effective_members(self, member_kind: str, kind: str, identity: str) -> Grants:
        """All members of an entity, direct or through groups, with their effective privileges in it."""
        groups = self._effective_groups(kind, identity)
        if member_kind == GROUP:
            return groups
        members = self.members(USER, kind, identity)
        for group, granted in groups.items():
            for user in self._in_groups.below(group):
                earlier = members.get(user)
                members[user] = granted if earlier is None or earlier is granted else earlier | granted
        return members

    def effective_memberships(self, member_kind: str, member: str, kind: str) -> Grants:
        """What a user or a group is a member of, directly or through groups, with its effective privileges there."""
        entities = dict.fromkeys(self._relation(member_kind, kind).above(member))
        containers = self._groups[kind].up
        for group in self._above(member_kind, member):
            entities.update(dict.fromkeys(containers.get(group, ())))
        effective = ((entity, self.effective_privileges(member_kind, member, kind, entity)) for entity in entities)
        return {entity: privileges for entity, privileges in effective if privileges is not None}

    def intermediaries(self, user: str, identity: str, kind: str = GROUP) -> list[tuple[str, str]]:
        """Through what a user is an effective member: itself where it is a direct one, and direct groups of the entity.

        Kind and id of each. Source: Onezone 21.02 as deployed, Operation table (the membership of an effective user).
        """
        itself = [(USER, user)] if self.related(USER, user, kind, identity) is not None else []
        above = self._above(USER, user)
        return itself + [(GROUP, group) for group in self._groups[kind].below(identity) if group in above]

    # Beneath

    def _own_group_zone(self, group: str) -> Privileges:
        return self.own_zone(GROUP, group)

    def _relation(self, member_kind: str, kind: str) -> Relation:
        return (self._groups if member_kind == GROUP else self._users)[kind]

    def _grants(self, numbers: Mapping[str, int]) -> Grants:
        of = self._sets.of
        return {identity: of[number] for identity, number in numbers.items()}

    def _effective_groups(self, kind: str, identity: str) -> Grants:
        ways, groups = self._ways_in(kind, identity), self.members(GROUP, kind, identity)
        for granted, inside in ways.by if ways else ():
            for group in self._slots.each(inside):
                earlier = groups.get(group)
                groups[group] = granted if earlier is None or earlier is granted else earlier | granted
        return groups

    def _above(self, member_kind: str, member: str) -> dict[str, None]:
        """The groups that a user or a group is an effective member of, along with the group itself."""
        todo: list[str] = [member] if member_kind == GROUP else list(self._in_groups.above(member))
        above, parents = dict.fromkeys(todo), self._groups[GROUP].up
        for group in todo:
            new = [parent for parent in parents.get(group, ()) if parent not in above]
            above.update(dict.fromkeys(new))
            todo += new
        return above

    def _ways_in(self, kind: str, identity: str) -> _Ways | None:
        ways = self._ways[kind]
        if identity in ways:
            return ways[identity]
        holders = self._groups[kind].down.get(identity)
        if holders is None:
            return None
        gathered = ways[identity] = self._gather(holders)
        return gathered

    def _gather(self, holders: dict[str, int]) -> _Ways:
        by: dict[int, Inside] = {}
        for group, number in holders.items():
            inside = self._inside.of(group)
            by[number] = self._slots.join(by[number], inside) if number in by else inside
        rows = tuple((self._sets.of[number], self._slots.rows(inside)) for number, inside in by.items())
        if len(rows) == 1:
            return _Ways(rows[0][1], rows)
        return _Ways(self._slots.rows(reduce(self._slots.join, by.values())), rows)

    def _nesting_changed(self, child: str, parent: str) -> None:
        """Forget what was gathered for the groups above the parent, and zone privileges of those inside the child."""
        self._forget_zone(child)
        for group in self._inside.forget(parent):
            for kind, relation in self._groups.items():
                for identity in relation.up.get(group, ()):
                    self._ways[kind].pop(identity, None)

    def _forget_zone(self, group: str) -> None:
        """Forget the zone privileges of a group and all inside; those of users only where the group's did change."""
        before = self._zone.values.get(group)
        for forgotten in self._zone.forget(group):
            if forgotten in self._slots.at:
                self._zone_at[self._slots.at[forgotten]] = None
        if before is None or before != self._zone.of(group):
            self._forget_users_inside(group)

    def _forget_users_inside(self, group: str) -> None:
        cached, nested, users = self._zone_of_user, self._groups[GROUP], self._in_groups
        todo, seen, left = [group], {group}, len(cached)
        for parent in todo:
            left -= 1 + len(users.below(parent))
            if left < 0:
                cached.clear()
                return
            for user in users.below(parent):
                cached.pop(user, None)
            new = [child for child in nested.below(parent) if child not in seen]
            seen.update(new)
            todo += new

    def _changed(self, kind: str) -> None:
        if kind == GROUP:
            self.epoch = object()

    # Entities come and go

    def _enter(self, kind: str, identity: str) -> None:
        if kind == GROUP:
            self._slots.add(identity)
            self._zone_at += [None] * (len(self._slots.ids) - len(self._zone_at))
        if kind in self._zones:
            self._changed(GROUP)

    def _leave(self, kind: str, identity: str) -> None:
        """End every relation of an entity, and forget its zone privileges."""
        for member_kind in (USER, GROUP):
            for member in self.members(member_kind, kind, identity):
                self.unrelate(member_kind, member, kind, identity)
        if kind in self._zones:
            for container_kind, container_id in self.containers(kind, identity):
                self.unrelate(kind, identity, container_kind, container_id)
            self.set_zone(kind, identity, NOTHING)
        if kind == GROUP:
            self._inside.forget(identity)
            self._forget_zone(identity)
            self._slots.remove(identity)

    def containers(self, member_kind: str, member: str) -> list[tuple[str, str]]:
        """The kind and id of everything that a user or a group is a direct member of."""
        relations = self._groups if member_kind == GROUP else self._users
        return [(kind, container) for kind, relation in list(relations.items()) for container in relation.above(member)]
