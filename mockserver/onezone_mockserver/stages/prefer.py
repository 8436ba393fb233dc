"""The stage for `Prefer: code=NNN` (RFC 7240): a documented answer that the client asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onezone_mockserver.errors import default_error
from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.preferences import preferences

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState


def prefer(operation: Any, state: MockState) -> Check:
    """Answer with the error that is asked for, at once.

    A success code cannot be forced, since its Location would name nothing: it is confirmed where the request earns
    it, and `X-Mock-Reason` says so where not. Other preferences are ignored.
    """
    contract = state.contract
    documented = contract.operations[operation.operation_id]

    def check(exchange: Exchange) -> None:
        header = exchange.headers.get(b"prefer")
        code = None if header is None else preferences(header).get("code")
        if code is not None:
            _force(exchange, contract, documented, code)

    return check


def _force(exchange: Exchange, contract: Contract, operation: Operation, code: str) -> None:
    status = int(code) if re.fullmatch(r"[1-5][0-9]{2}", code) else 0
    if status not in operation.responses:
        documented = ", ".join(map(str, sorted(operation.responses)))
        exchange.reasons.append(f"Prefer: code ignored: {operation.id} documents {documented}")
    elif operation.responses[status].success:
        exchange.hoped = status
    else:
        error = default_error(contract, status)
        if error is None:
            exchange.reasons.append(f"Prefer: code={status} ignored: the contract has no error id for it")
            return
        exchange.applied += (f"code={status}",)
        raise Refusal(error, f"Prefer: code={status} asked for this answer")
