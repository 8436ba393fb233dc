"""Who and what an operation speaks of: the entities behind its roles, and which of two is a member of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onezone_mockserver.exchange import Answer, Exchange, Refusal
from onezone_mockserver.world import shown_kind

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation, Response

    from onezone_mockserver.world import World

Perform = Callable[[Exchange], Answer]
"""Does what an operation is for and gives the answer. Raises Refusal, and then has changed nothing."""
Find = Callable[[Exchange], str]
"""The id of an entity in an exchange."""

CALLER, CHILD, ZONE = "caller", "child", "zone"
NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Place:
    """An entity that an operation speaks of: its role, its kind, and how its id is found."""

    role: str
    kind: str
    find: Find


def place(contract: Contract, operation: Operation, role: str) -> Place:
    """The entity in that role: the caller, or what a parameter of the path names."""
    return Place(role, contract.kind(role), _caller if role == CALLER else _parameter(operation, role))


def related(contract: Contract, operation: Operation) -> tuple[str, str] | None:
    """The roles of member and container in the operation's effect; None where it speaks of no membership.

    Users and groups are members, of groups and of everything else but users; among groups the child is the member.
    What one names by a key is no member of it.
    """
    resource, within = operation.effect.resource, operation.effect.within
    if within is None or within == ZONE or naming(contract, operation):
        return None
    member_first = (
        resource == CHILD or contract.kind(resource) == "user" or contract.kind(within) not in {"user", "group"}
    )
    return (resource, within) if member_first else (within, resource)


def naming(contract: Contract, operation: Operation) -> str | None:
    """The key by which the entities that an effect speaks of name the one that they stand under, None where none do."""
    effect = operation.effect
    return contract.reference(contract.kind(effect.resource), contract.kind(effect.within or ""))


def refuse_member(world: World, member: Place, who: str, kind: str, identity: str) -> None:
    """Raises Refusal where somebody cannot become a direct member of an entity, or is one.

    Source: Onezone 21.02 as deployed, Error ids.
    """
    if (member.kind, who) == (kind, identity):
        raise Refusal("cannotAddRelationToSelf", "effect: nothing can be a member of itself")
    if world.related(member.kind, who, kind, identity) is not None:
        ends = {"childType": shown_kind(member.kind), "childId": who}
        details = {**ends, "parentType": shown_kind(kind), "parentId": identity}
        raise Refusal("relationAlreadyExists", f"effect: the {member.role} belongs to it already", details=details)


def empty_answer(success: Response) -> Answer:
    """The answer of a success without a body."""
    if success.status == NO_CONTENT:
        return Answer(success.status)
    label = [(b"content-type", success.labelled.encode())] if success.labelled else []
    return Answer(success.status, [*label, (b"content-length", b"0")])


def _caller(exchange: Exchange) -> str:
    return exchange.user.id if exchange.user else ""


def _parameter(operation: Operation, role: str) -> Find:
    name = next((parameter.name for parameter in operation.parameters if parameter.entity == role), None)
    if name is None:
        return _caller  # an entity that the effect makes has no id before
    return lambda exchange: exchange.params[name]
