"""The stages that look things up: what the path names must exist, and belong together.

Source: Onezone 21.02 as deployed, Request pipeline. `existence` does so before anybody is authorized; `lookup` does it
for the operations that look for it afterwards, but for those that create: their effects do. One that is about to become
a member is looked for by the effect, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.effects.places import CALLER, naming, place, related
from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_spec import Contract, Operation, Parameter

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

DIRECT_VERBS = frozenset({"detach", "grant", "privileges"})
"""Verbs that act on a direct relation; the others, and those whose effect says so, see effective ones, too."""
JOINING, CREATING = "attach", "create"
UNRELATED_VERBS = frozenset({JOINING, CREATING, "list", "invite", "join"})
"""Verbs before whose effect nothing need be related."""


def existence(operation: Any, state: MockState) -> Check | None:
    """Refuse with 404 where the path names something that is not there, or not related to what it stands under."""
    documented = state.contract.operations[operation.operation_id]
    return None if documented.locate_at_effect else _looking(state.contract, documented)


def lookup(operation: Any, state: MockState) -> Check | None:
    """The same, for operations that look for what the path names when they act."""
    documented = state.contract.operations[operation.operation_id]
    late = documented.locate_at_effect and documented.effect.verb != CREATING
    return _looking(state.contract, documented) if late else None


def _looking(contract: Contract, operation: Operation) -> Check | None:
    joining = operation.effect.resource if operation.effect.verb == JOINING else None
    named = [parameter for parameter in operation.parameters if parameter.entity and parameter.entity != joining]
    entities = [
        (parameter.name, parameter.entity or "", contract.kind(parameter.entity or ""))
        for parameter in named
        if not parameter.key
    ]
    keyed = [parameter for parameter in named if parameter.key]
    relation = _relation(contract, operation)
    if not named and relation is None:
        return None
    owner = place(contract, operation, operation.effect.within or "")

    def check(exchange: Exchange) -> None:
        for name, role, kind in entities:
            if not exchange.world.exists(kind, exchange.params[name]):
                raise Refusal("notFound", f"existence: there is no such {role}")
        for parameter in keyed:
            _name_by_id(exchange, parameter, owner.find(exchange))
        if relation:
            relation(exchange)

    return check


def _name_by_id(exchange: Exchange, parameter: Parameter, owner: str) -> None:
    """Put the id of what a parameter names by another key in its place. Raises Refusal where the owner has no such."""
    value = exchange.params[parameter.name]
    identity = exchange.world.find_token(owner, parameter.key, value)
    if identity is None:
        raise Refusal("notFound", f"existence: there is no such {parameter.entity}")
    exchange.params = {**exchange.params, parameter.name: identity}


def _relation(contract: Contract, operation: Operation) -> Callable[[Exchange], None] | None:
    """The check that the member and the container of the effect, where both are there before it, are related."""
    effect, roles = operation.effect, related(contract, operation)
    named = {parameter.entity for parameter in operation.parameters}
    if (key := naming(contract, operation)) and effect.resource in named:
        return _names_it(contract, operation, key)
    if roles is None or effect.resource not in named or effect.verb in UNRELATED_VERBS:
        return None
    member, container = (place(contract, operation, role) for role in roles)
    direct = effect.verb in DIRECT_VERBS and not effect.effective

    def check(exchange: Exchange) -> None:
        if exchange.user is None and CALLER in roles:
            return  # nobody calls: that is for the next stage to say
        ends = member.kind, member.find(exchange), container.kind, container.find(exchange)
        world = exchange.world
        if (world.related(*ends) if direct else world.effective_privileges(*ends)) is None:
            raise Refusal("notFound", f"existence: the {effect.within} has no such {effect.resource}")

    return check


def _names_it(contract: Contract, operation: Operation, key: str) -> Callable[[Exchange], None]:
    """The check that what the effect speaks of names, by that key, what it stands under."""
    effect = operation.effect
    what, whose = (place(contract, operation, role) for role in (effect.resource, effect.within or ""))

    def check(exchange: Exchange) -> None:
        if exchange.world.named_by(what.kind, what.find(exchange), key) != whose.find(exchange):
            raise Refusal("notFound", f"existence: the {effect.within} has no such {effect.resource}")

    return check
