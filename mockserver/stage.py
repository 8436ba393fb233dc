"""What the stages have in common: each is a middleware of Connexion, with one check an operation, made at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mockserver.exchange import KEY, App, Exchange, Receive, Scope, Send
from mockserver.lean import RoutedAPI, RoutedMiddleware

Check = Callable[[Exchange], None]
"""Lets an exchange pass by returning; refuses it by raising Refusal."""


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
        self.chains: dict[str, list[tuple[str, Check]]] = {}

    def prepare(self, operation_id: str) -> Check | None:
        """The check for an operation, None where this stage has nothing to check. Called at start-up only."""
        raise NotImplementedError

    def add_api(self, specification: Any, **options: Any) -> StageAPI:
        """Make the checks for a specification; Connexion calls this once for each base path."""
        api = StageAPI(specification, next_app=self.app, prepare=self.prepare, **options)
        self.checks.update(api.operations)
        return api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the exchange and pass it on. Raises the check's Refusal."""
        exchange: Exchange = scope[KEY]
        for name, check in self.chains[exchange.operation.id]:  # type: ignore[union-attr]  # routing comes first
            exchange.stage = name
            check(exchange)
        await self.app(scope, receive, send)


def link(stack: Iterable[Any]) -> None:
    """Let each run of plain stages in `stack` (the outermost first) be one step, in the same order.

    A stage with a `__call__` of its own, which waits for something, stays a step by itself.
    """
    for stage in reversed(list(stack)):
        if isinstance(stage, Stage):
            stage.chains = {name: [(stage.name, one)] if one else [] for name, one in stage.checks.items()}
            if _is_plain(stage) and _is_plain(stage.app):
                for name, chain in stage.chains.items():
                    chain.extend(stage.app.chains[name])
                stage.app = stage.app.app


def _is_plain(app: Any) -> bool:
    return isinstance(app, Stage) and type(app).__call__ is Stage.__call__
