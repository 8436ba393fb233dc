"""What the stages have in common: each is a middleware of Connexion, with one check an operation, made at start-up.

The stages of an operation are run as one chain of steps. Few of them ever wait, so that most requests go through all
of them in one go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from onezone_mockserver.exchange import KEY, App, Exchange, Receive, Scope, Send
from onezone_mockserver.lean import RoutedAPI, RoutedMiddleware

Check = Callable[[Exchange], None]
"""Lets an exchange pass by returning; refuses it by raising Refusal."""
Step = Callable[[Exchange], Awaitable[None] | None]
"""A check, or what comes before one: where it has to wait, it returns what is to be awaited."""


class StageAPI(RoutedAPI):  # type: ignore[misc]  # Connexion is untyped
    """Makes the checks of one stage for every operation of a specification."""

    def __init__(self, specification: Any, *, prepare: Callable[[str], Check | None], **options: Any) -> None:
        super().__init__(specification, **options)
        self.prepare = prepare
        self.add_paths()

    def make_operation(self, operation: Any) -> Check | None:
        """The stage's check for one of Connexion's operations."""
        return self.prepare(operation.operation_id)


class Stage(RoutedMiddleware):  # type: ignore[misc]  # Connexion is untyped
    """One stage of the pipeline: runs the check of the routed operation, then the next stage.

    A subclass says its `name` and implements `prepare`. It replaces Connexion's look-up per base path by one table,
    since the checks of an operation are the same under every base path.
    """

    name = ""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.checks: dict[str, Check | None] = {}
        self.chains: dict[str, list[tuple[str, Step]]] = {}

    def prepare(self, operation_id: str) -> Check | None:
        """The check for an operation, None where this stage has nothing to check. Called at start-up only."""
        raise NotImplementedError

    def add_api(self, specification: Any, **options: Any) -> StageAPI:
        """Make the checks for a specification; Connexion calls this once for each base path."""
        api = StageAPI(specification, next_app=self.app, prepare=self.prepare, **options)
        self.checks.update(api.operations)
        return api

    def steps(self, operation_id: str) -> list[Step]:
        """What the stage does with an exchange of the operation, in this order. Called when the stages are linked."""
        check = self.checks[operation_id]
        return [check] if check else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the exchange through the chain and pass it on. Raises a step's Refusal."""
        exchange: Exchange = scope[KEY]
        exchange.receive = receive
        name = self.name
        try:
            for name, step in self.chains[exchange.operation.id]:  # type: ignore[union-attr]  # noqa: B007
                waiting = step(exchange)
                if waiting is not None:
                    await waiting
        finally:
            exchange.stage = name
        await self.app(scope, receive, send)


def link(stack: Iterable[Any]) -> None:
    """Let each run of stages in `stack` (the outermost first) be one chain, in the same order."""
    for stage in reversed(list(stack)):
        if isinstance(stage, Stage):
            stage.chains = {name: [(stage.name, one) for one in stage.steps(name)] for name in stage.checks}
            if isinstance(stage.app, Stage):
                for name, chain in stage.chains.items():
                    chain.extend(stage.app.chains[name])
                stage.app = stage.app.app
