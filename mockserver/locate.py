"""The locating stage: what the path names must exist, and belong together, before anybody is authorized.

Source: Onezone 21.02 as deployed, Request pipeline. An operation whose entity is only looked at by its effect is
not located here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.exchange import App, Exchange, Refusal
from mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from mockserver.world import World
    from spec import Contract, Operation

DIRECT_VERBS = frozenset({"detach"})
"""Verbs that act on a direct relation; the others see effective ones, too."""


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
        entities = [(one.name, one.entity) for one in operation.parameters if one.entity]
        relation = self._relation(operation)

        def check(exchange: Exchange) -> None:
            for name, entity in entities:
                if not self.world.exists(entity, exchange.params[name]):
                    raise Refusal("notFound", f"locate: there is no such {entity}")
            if relation:
                relation(exchange)

        return check

    def _relation(self, operation: Operation) -> Check | None:
        """The check that the resource of the path belongs to the entity that it stands under."""
        effect = operation.effect
        names = {one.entity: one.name for one in operation.parameters}
        if not effect.within or effect.resource not in names or effect.within not in names:
            return None
        holder, held = names[effect.within], names[effect.resource]
        related = self.world.holds if effect.verb in DIRECT_VERBS else self.world.holds_effectively

        def check(exchange: Exchange) -> None:
            if not related(effect.within or "", exchange.params[holder], effect.resource, exchange.params[held]):
                raise Refusal("notFound", f"locate: the {effect.within} has no such {effect.resource}")

        return check
