"""The authorization stage: asks the operation's access rule. 401 for anonymous, 403 for anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.access import Guard
from mockserver.exchange import App, Exchange, Refusal
from mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from mockserver.world import World
    from spec import Contract


class Authorize(Stage):
    """Refuses with the route that came closest and what was missing."""

    name = "authorize"

    def __init__(self, app: App, *, contract: Contract, world: World) -> None:
        super().__init__(app)
        self.contract = contract
        self.world = world

    def prepare(self, operation_id: str) -> Check:
        """The check for an operation by its access rule."""
        guard = Guard(self.contract.operations[operation_id], self.world, self.contract.roles)

        def check(exchange: Exchange) -> None:
            decision = guard.decide(exchange.user, exchange.params, exchange.value)
            if not decision.lacks:
                return
            if exchange.user is None:
                raise Refusal("unauthorized", "authorize: no credentials")
            raise Refusal("forbidden", str(decision))

        return check
