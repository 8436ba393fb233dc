"""The references stage: refuses a body that names something which is not there, before anybody is authorized.

Source: Onezone 21.02 as deployed, Handles: released servers look for what the body names in order to authorize.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState


def references(operation: Any, state: MockState) -> Check | None:
    """Refuse with 400 where a key of the body names nothing that is there."""
    body = state.contract.operations[operation.operation_id].body
    named = [(prop.name, prop.refers.kind) for prop in body.properties if prop.refers] if body else []
    if not named:
        return None

    def check(exchange: Exchange) -> None:
        value = exchange.value
        for key, kind in named if isinstance(value, dict) else ():
            identity = value.get(key)
            if not isinstance(identity, str) or not exchange.world.exists(kind, identity):
                message = f"references: {key} names no {kind.replace('_', ' ')} that is there"
                raise Refusal("badValueIdNotFound", message, details={"key": key})

    return check
