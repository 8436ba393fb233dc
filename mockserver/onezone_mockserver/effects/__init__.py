"""The effects: the verbs that operations name. Each is prepared once an operation and works on any kind of entity."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.assembled import Assembled
from onezone_mockserver.effects import changing, joining, making, reading, tokens
from onezone_mockserver.effects.places import Perform
from onezone_mockserver.exchange import KEY, Exchange, Receive, Scope, Send

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.state import MockState

__all__ = ["Effects", "Perform", "verbs"]

Prepare = Callable[["Contract", "Operation"], Perform]
"""Makes what performs an operation."""


def verbs() -> dict[str, Prepare]:
    """Every verb that an operation may name as its effect."""
    return {
        "create": making.create,
        "list": reading.list_,
        "get": reading.get,
        "privileges": reading.privileges,
        "intermediaries": reading.intermediaries,
        "catalogue": reading.catalogue,
        "show": reading.show,
        "invite": joining.invite,
        "join": joining.join,
        "update": changing.update,
        "delete": changing.delete,
        "attach": changing.attach,
        "detach": changing.detach,
        "grant": changing.grant,
        "revoke": changing.revoke,
        "clear": tokens.clear,
        "issue": tokens.issue,
        "expire": tokens.expire,
        "generation": tokens.generation,
        "infer": tokens.infer,
    }


class Effects:
    """The application inside the middlewares: performs the routed operation and sends the answer."""

    def __init__(self, state: MockState) -> None:
        self.state = state
        self.performers: Assembled[dict[str, Perform]] = Assembled(state, self.assemble)

    def assemble(self, faults: Any) -> dict[str, Perform]:
        """What performs each operation, by its id, with what the faults put around it."""
        contract, by_verb = self.state.contract, verbs()
        performers = {
            operation.id: by_verb[operation.effect.verb](contract, operation)
            for operation in contract.operations.values()
        }
        if faults:
            from onezone_mockserver.faults.install import EFFECT, wrapped

            for name, operation in contract.operations.items():
                performers[name] = wrapped(EFFECT, performers[name], operation, self.state, faults)
        return performers

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # noqa: ARG002
        """Perform and answer. Raises Refusal where only the effect can tell."""
        exchange: Exchange = scope[KEY]
        exchange.stage = "effect"
        answer = self.performers.of(exchange)[exchange.operation.id](exchange)  # type: ignore[union-attr]  # routing comes first
        return answer.send(send)
