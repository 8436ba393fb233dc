"""The authorization stage: asks the operation's access rule. 401 for anonymous, 403 for anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.access import Guard
from onezone_mockserver.caveats import closed
from onezone_mockserver.effects.places import CALLER
from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.support import UnsupportedContractError

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState


def authorization(operation: Any, state: MockState) -> Check | None:
    """Refuse with the route that came closest and what was missing. Where no credentials are asked for, ask nothing.

    A token whose caveats rule the call out is refused first: 401. Nobody in particular has no place in an operation
    about the caller. Raises UnsupportedContractError for one that never knows its caller.
    """
    documented = state.contract.operations[operation.operation_id]
    about_caller = CALLER in {documented.effect.resource, documented.effect.within}
    if not any(operation.security or ()):
        if about_caller:
            where = f"{documented.method} {documented.path}: security"
            raise UnsupportedContractError(f"{where}: name a scheme: the operation is about the user who calls")
        return None
    optional = {} in operation.security and not about_caller
    guard = Guard(documented, state.contract)

    def check(exchange: Exchange) -> None:
        if exchange.caveats and (caveat := closed(exchange.caveats, documented.method)):
            what = "authorization: the token is not for this call"
            raise Refusal("tokenCaveatUnverified", what, details={"caveat": caveat})
        decision = exchange.decision = guard.decide(exchange.world, exchange.user, exchange.params, exchange.value)
        if exchange.user is None and optional:
            return
        if not decision.lacks and (exchange.user or not about_caller):
            return
        if exchange.user is None:
            raise Refusal("unauthorized", "authorization: no credentials")
        raise Refusal("forbidden", str(decision))

    return check
