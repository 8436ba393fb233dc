"""The authorization stage: asks the operation's access rule. 401 for anonymous, 403 for anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.access import Guard
from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState


def authorization(operation: Any, state: MockState) -> Check | None:
    """Refuse with the route that came closest and what was missing. Where no credentials are asked for, ask nothing."""
    if not any(operation.security or ()):
        return None
    optional = {} in operation.security
    guard = Guard(state.contract.operations[operation.operation_id], state.contract.roles)

    def check(exchange: Exchange) -> None:
        decision = guard.decide(exchange.world, exchange.user, exchange.params, exchange.value)
        if not decision.lacks or (optional and exchange.user is None):
            return
        if exchange.user is None:
            raise Refusal("unauthorized", "authorization: no credentials")
        raise Refusal("forbidden", str(decision))

    return check
