"""The operation and the sender of a request, for code that needs them before routing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onezone_mockserver.exchange import Refusal
from onezone_mockserver.routing import Paths, segments
from onezone_mockserver.stages.security import security

if TYPE_CHECKING:
    from onezone_spec import Operation

    from onezone_mockserver.exchange import Check, Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User


@dataclass(frozen=True, slots=True)
class Secured:
    """What the security stage reads of one of Connexion's operations."""

    security: Any
    security_schemes: Any


class Lookup:
    """Looks requests up in the contract of a state; what it does not find is None."""

    def __init__(self, state: MockState) -> None:
        contract = state.contract
        longest_first = sorted(contract.base_paths, key=len, reverse=True)
        self.bases = [f"{base}/".encode() for base in longest_first]
        self.paths: Paths[Operation] = Paths()
        for operation in contract.operations.values():
            self.paths.add(operation.method, operation.path, operation)
        schemes = contract.document.get("components", {}).get("securitySchemes", {})
        resolved = {name: contract.resolve(scheme) for name, scheme in schemes.items()}
        self.identify: Check | None = security(Secured([{name: []} for name in resolved], resolved), state)

    def below_base(self, path: bytes) -> bytes | None:
        """A path below the base path, with its first slash; None if it is not under any."""
        return next((path[len(base) - 1 :] for base in self.bases if path.startswith(base)), None)

    def operation(self, exchange: Exchange) -> Operation | None:
        """The operation that the request is for."""
        below = self.below_base(exchange.path)
        try:
            place = None if below is None else self.paths.find(segments(below[1:]))
        except Refusal:  # a bad escape
            return None
        method = "GET" if exchange.method == "HEAD" else exchange.method
        return place[0].operations.get(method) if place else None

    def user(self, exchange: Exchange) -> User | None:
        """The user whose credentials the request has, if they are good."""
        reasons, user = exchange.reasons, exchange.user
        try:
            if self.identify is not None:
                self.identify(exchange)
        except Refusal:
            return None
        finally:
            identified, exchange.user, exchange.reasons = exchange.user, user, reasons
        return identified
