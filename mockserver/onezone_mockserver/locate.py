"""The locating stage: what the path names must exist, and belong together, before anybody is authorized.

Source: Onezone 21.02 as deployed, Request pipeline. An operation whose entity is only looked at by its effect is
not located here, and neither is one that is about to become a member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.effects.places import CALLER, place, related
from onezone_mockserver.exchange import App, Exchange, Refusal
from onezone_mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.world import World

DIRECT_VERBS = frozenset({"detach", "grant", "privileges"})
"""Verbs that act on a direct relation; the others, and those whose effect says so, see effective ones, too."""
JOINING = "attach"
UNRELATED_VERBS = frozenset({JOINING, "create", "list"})
"""Verbs before whose effect nothing need be related."""


class Locate(Stage):
    """Refuses with 404 where the path names something that is not there, or not related to what it stands under."""

    name = "locate"

    def __init__(self, app: App, *, contract: Contract, world: World) -> None:
        super().__init__(app)
        self.contract = contract
        self.world = world

    def prepare(self, operation_id: str) -> Check | None:
        """The check for an operation by the entities that its path names."""
        operation = self.contract.operations[operation_id]
        if operation.locate_at_effect:
            return None
        joining = operation.effect.resource if operation.effect.verb == JOINING else None
        named = [one for one in operation.parameters if one.entity and one.entity != joining]
        entities = [(one.name, one.entity or "", self.contract.kind(one.entity or "")) for one in named]
        relation = self._relation(operation)
        world = self.world

        def check(exchange: Exchange) -> None:
            for name, role, kind in entities:
                if not world.exists(kind, exchange.params[name]):
                    raise Refusal("notFound", f"locate: there is no such {role}")
            if relation:
                relation(exchange)

        return check

    def _relation(self, operation: Operation) -> Check | None:
        """The check that the member and the container of the effect, where both are there before it, are related."""
        effect, roles = operation.effect, related(self.contract, operation)
        named = {one.entity for one in operation.parameters}
        if roles is None or effect.resource not in named or effect.verb in UNRELATED_VERBS:
            return None
        member, container = (place(self.contract, operation, role) for role in roles)
        world = self.world
        direct = effect.verb in DIRECT_VERBS and not effect.effective

        def check(exchange: Exchange) -> None:
            if exchange.user is None and CALLER in roles:
                return  # nobody calls: that is for the next stage to say
            ends = member.kind, member.find(exchange), container.kind, container.find(exchange)
            found = world.related(*ends) if direct else world.effective_privileges(*ends)
            if found is None:
                raise Refusal("notFound", f"locate: the {effect.within} has no such {effect.resource}")

        return check
