"""The pipeline: for each of Connexion's operations its stages, in order, as one list of checks.

A stage is a plain function `stage(operation, state)`. It is called once an operation and gives the operation's check,
or None where it has nothing to check there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware

from onezone_mockserver.assembled import Assembled
from onezone_mockserver.exchange import KEY, App, Check, Exchange, Receive, Scope, Send
from onezone_mockserver.stages.accept import accept
from onezone_mockserver.stages.authorization import authorization
from onezone_mockserver.stages.body import body, reading
from onezone_mockserver.stages.existence import existence, lookup
from onezone_mockserver.stages.media_type import media_type
from onezone_mockserver.stages.parameters import parameters
from onezone_mockserver.stages.prefer import prefer
from onezone_mockserver.stages.references import references
from onezone_mockserver.stages.security import security
from onezone_mockserver.stages.validation import validation

if TYPE_CHECKING:
    from onezone_mockserver.state import MockState

Stage = Callable[[Any, "MockState"], Check | None]
"""Makes the check of one of Connexion's operations (`connexion.operations.AbstractOperation`)."""

STAGES: tuple[Stage, ...] = (
    prefer,
    security,
    accept,
    media_type,
    parameters,
    reading,
    body,
    existence,
    references,
    authorization,
    validation,
    lookup,
)


class OperationPipeline:
    """The checks of one operation, with what the faults that are on put around them."""

    def __init__(self, operation: Any, state: MockState, next_app: App) -> None:
        self.operation = operation
        self.state = state
        self.next_app = next_app
        self.checks: Assembled[list[tuple[str, Check]]] = Assembled(state, self.assemble)

    def assemble(self, faults: Any) -> list[tuple[str, Check]]:
        """The operation's checks, each with the name of its stage, and with what the faults put around them."""
        named = [(stage.__name__, stage(self.operation, self.state)) for stage in STAGES]
        if faults:
            from onezone_mockserver.faults.install import wrapped

            documented = self.state.contract.operations[self.operation.operation_id]
            named = [(name, wrapped(name, check, documented, self.state, faults)) for name, check in named]
        return [(name, check) for name, check in named if check is not None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the checks, then the next application. Raises a check's Refusal."""
        exchange: Exchange = scope[KEY]
        exchange.receive = receive
        name = ""
        try:
            for name, check in self.checks.of(exchange):  # noqa: B007  (where it ends is what the journal says)
                waiting = check(exchange)
                if waiting is not None:
                    await waiting
        finally:
            exchange.stage = name
        await self.next_app(scope, receive, send)


class Following:
    """Takes over what other people's middlewares made of the request, which stands in the scope."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Have the exchange follow the scope."""
        scope[KEY].follow(scope)
        return self.app(scope, receive, send)


class PipelineAPI(RoutedAPI[OperationPipeline]):  # type: ignore[misc]  # Connexion is untyped
    """The pipelines of one base path."""

    def __init__(self, specification: Any, *, state: MockState, **options: Any) -> None:
        super().__init__(specification, **options)
        self.state = state
        self.add_paths()

    def make_operation(self, operation: Any) -> OperationPipeline:
        """The pipeline of one of Connexion's operations."""
        return OperationPipeline(operation, self.state, self.next_app)


class Pipeline(RoutedMiddleware[PipelineAPI]):  # type: ignore[misc]  # Connexion is untyped
    """Connexion's dispatch to the pipeline of the routed operation."""

    api_cls = PipelineAPI
