"""The authorization stage: asks the operation's access rule. 401 for anonymous, 403 for anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_mockserver.access import Guard
from onezone_mockserver.exchange import App, Exchange, Refusal
from onezone_mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from onezone_spec import Contract

    from onezone_mockserver.world import World


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
