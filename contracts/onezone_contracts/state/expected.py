"""What the target should hold of all that the kit made: a slow and obvious model of memberships and privileges.

Source: Onezone 21.02 as deployed, How effective privileges arise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onezone_spec import Contract, Operation

Ref = tuple[str, str]
"""An entity: its kind and its id."""
USER = "user"
GROUP = "group"
TOKEN = "token"  # noqa: S105  (the kind of entity)
SHARE = "share"
CHILD = "child"
CALLER = "caller"
ZONE = "zone"
_RANKS = {TOKEN: -1, SHARE: -1, USER: 0, GROUP: 1}
PrivilegeSet = frozenset[str] | None
RESOURCE = 2
UNRELATED = frozenset({"attach", "create", "issue", "invite", "join"})
"""Verbs that make a relation: none is there before."""
READING = frozenset({"list", "get", "privileges", "catalogue", "intermediaries", "generation", "infer", "show"})
"""Verbs that change nothing."""


def rank(kind: str) -> int:
    """Who can belong to whom: a kind to itself where it is a group, else to a later one.

    A token belongs to its owner alone, and a share to nobody.
    """
    return _RANKS.get(kind, RESOURCE)


def removal(contract: Contract, kind: str) -> tuple[bool, int]:
    """A sort key of kinds in the order in which to remove them: what names others first, members last."""
    return kind not in contract.references, -rank(kind)


def kinds(contract: Contract) -> list[str]:
    """The kinds of entities that paths of the contract name, those that belong to others first."""
    named = {
        contract.kind(parameter.entity)
        for each in contract.operations.values()
        for parameter in each.parameters
        if parameter.entity
    }
    return sorted(named, key=rank)


def member_and_container(contract: Contract, resource: str, within: str) -> tuple[str, str]:
    """The two roles of an effect as (who belongs, to what): a group belongs to a service, whichever is named first."""
    return (resource, within) if holds(contract, resource, within) else (within, resource)


def holds(contract: Contract, resource: str, within: str) -> bool:
    """Whether the resource belongs to what it stands within; among groups the child belongs, whoever else contains."""
    ranks = rank(contract.kind(resource)), rank(contract.kind(within))
    return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and resource == CHILD)


def naming(contract: Contract, operation: Operation) -> str | None:
    """The key by which what an effect is about names what it stands within; None where it does not."""
    effect = operation.effect
    return contract.reference(contract.kind(effect.resource), contract.kind(effect.within or ""))


def names_others(contract: Contract, operation: Operation) -> bool:
    """Whether an operation is about entities that name others, or about invitations."""
    if operation.effect.verb in {"invite", "join"}:
        return True
    roles = [operation.effect.resource, *(parameter.entity or "" for parameter in operation.parameters)]
    return any(contract.kind(role) in contract.references for role in roles)


def role_of(member: str, container: str) -> str:
    """The role that a kind plays in a container: a group in a group is a child."""
    return CHILD if member == container == GROUP else member


@dataclass(slots=True)
class Mirror:
    """Entities with what is stored of them, direct members with their privileges, and own zone privileges.

    Privileges of None are not known.
    """

    details: dict[Ref, dict[str, Any]] = field(default_factory=dict)
    members: dict[Ref, dict[Ref, PrivilegeSet]] = field(default_factory=dict)
    zone: dict[Ref, frozenset[str]] = field(default_factory=dict)

    def add(self, ref: Ref, details: Mapping[str, Any]) -> None:
        """A new entity."""
        self.details[ref] = dict(details)
        self.members[ref] = {}
        self.zone[ref] = frozenset()

    def drop(self, ref: Ref) -> None:
        """An entity is gone, with every membership of it and in it."""
        self.details.pop(ref, None)
        self.members.pop(ref, None)
        self.zone.pop(ref, None)
        for inside in self.members.values():
            inside.pop(ref, None)

    def join(self, member: Ref, container: Ref, privileges: PrivilegeSet) -> None:
        """A new direct membership."""
        self.members[container][member] = privileges

    def leave(self, member: Ref, container: Ref) -> None:
        """A direct membership ends."""
        self.members[container].pop(member, None)

    def inside(self, container: Ref, *, effective: bool = False) -> set[Ref]:
        """The direct members, or everybody who is reached through groups, too."""
        members = set(self.members.get(container, ()))
        if not effective:
            return members
        waiting = list(members)
        while waiting:
            for member in self.members.get(waiting.pop(), ()):
                if member not in members:
                    members.add(member)
                    waiting.append(member)
        return members

    def containers(self, member: Ref, kind: str, *, effective: bool = False) -> set[Ref]:
        """The entities of a kind that somebody belongs to."""
        return {
            container
            for container in self.members
            if container[0] == kind and member in self.inside(container, effective=effective)
        }

    def through(self, member: Ref, container: Ref) -> set[Ref]:
        """The direct members of a container by which somebody belongs to it."""
        direct = self.members.get(container, {})
        return {ref for ref in direct if ref == member or member in self.inside(ref, effective=True)}

    def privileges(self, member: Ref, container: Ref, *, effective: bool = False) -> PrivilegeSet:
        """What somebody may in a container; None where that is not known, or where it is no member."""
        direct = self.members.get(container, {})
        if not effective:
            return direct.get(member)
        sets = [direct[ref] for ref in self.through(member, container)]
        granted = [privileges for privileges in sets if privileges is not None]
        return frozenset().union(*granted) if granted and len(granted) == len(sets) else None

    def zone_privileges(self, ref: Ref, *, effective: bool = False) -> frozenset[str]:
        """Own zone privileges, or with those that are inherited from every group above."""
        own = self.zone.get(ref, frozenset())
        if not effective:
            return own
        above = self.containers(ref, GROUP, effective=True)
        return own.union(*(self.zone[group] for group in above))


def pair(
    contract: Contract, operation: Operation, roles: Mapping[str, Ref], caller: Ref | None
) -> tuple[Ref, Ref] | None:
    """The membership that an operation is about, as (member, container), None where it is about none."""
    effect = operation.effect
    named: dict[str, Ref | None] = {**roles, CALLER: caller}
    if naming(contract, operation):
        return None
    if effect.within in {None, ZONE} or named.get(effect.resource) is None or named.get(effect.within or "") is None:
        return None
    member, container = member_and_container(contract, effect.resource, effect.within or "")
    ends = named[member], named[container]
    assert ends[0] is not None
    assert ends[1] is not None
    return ends[0], ends[1]
