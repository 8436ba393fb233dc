"""The existence stage: what the path names must exist, and belong together, before anybody is authorized.

Source: Onezone 21.02 as deployed, Request pipeline. An operation whose entity is only looked at by its effect is
not checked here, and neither is one that is about to become a member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.effects.places import CALLER, place, related
from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from onezone_spec import Contract, Operation

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

DIRECT_VERBS = frozenset({"detach", "grant", "privileges"})
"""Verbs that act on a direct relation; the others, and those whose effect says so, see effective ones, too."""
JOINING = "attach"
UNRELATED_VERBS = frozenset({JOINING, "create", "list"})
"""Verbs before whose effect nothing need be related."""


def existence(operation: Any, state: MockState) -> Check | None:
    """Refuse with 404 where the path names something that is not there, or not related to what it stands under."""
    contract = state.contract
    known = contract.operations[operation.operation_id]
    if known.locate_at_effect:
        return None
    joining = known.effect.resource if known.effect.verb == JOINING else None
    named = [one for one in known.parameters if one.entity and one.entity != joining]
    entities = [(one.name, one.entity or "", contract.kind(one.entity or "")) for one in named]
    relation = _relation(contract, known)
    if not entities and relation is None:
        return None

    def check(exchange: Exchange) -> None:
        for name, role, kind in entities:
            if not exchange.world.exists(kind, exchange.params[name]):
                raise Refusal("notFound", f"existence: there is no such {role}")
        if relation:
            relation(exchange)

    return check


def _relation(contract: Contract, operation: Operation) -> Callable[[Exchange], None] | None:
    """The check that the member and the container of the effect, where both are there before it, are related."""
    effect, roles = operation.effect, related(contract, operation)
    named = {one.entity for one in operation.parameters}
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
