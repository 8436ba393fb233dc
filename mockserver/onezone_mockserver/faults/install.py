"""Installs the hooks of the chosen faults in a mock that is being assembled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from onezone_mockserver.effects import Effects
from onezone_mockserver.exchange import KEY, Answer, App, Exchange, Message, Receive, Scope, Send
from onezone_mockserver.stage import Stage
from onezone_mockserver.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onezone_mockserver.app import Mock
    from onezone_mockserver.faults.fault import Fault, Hook

APPLICATION, ANSWER, EFFECT, WORLD = "application", "answer", "effect", "world."


class Installer:
    """The hooks of the faults that are on, and where they go."""

    def __init__(self, mock: Mock, faults: Iterable[Fault]) -> None:
        self.mock = mock
        self.hooks = [one.hook for one in faults]

    def outside(self) -> list[Callable[..., Any]]:
        """The middlewares that go round all stages: for what is done to finished answers, and to the whole."""
        found: list[Callable[..., Any]] = [
            partial(_wrapped, hook=hook, mock=self.mock) for hook in self._at(APPLICATION)
        ]
        changes = [(hook, hook.around(_as_it_is, self.mock)) for hook in self._at(ANSWER)]
        return [*found, partial(Answering, changes=changes)] if changes else found

    def inside(self, stack: Iterable[Any]) -> None:
        """Wrap the checks of the stages and the performers of the effects, before the stages are linked."""
        for layer in stack:
            if isinstance(layer, Stage):
                for hook in self._at(layer.name):
                    self._wrap(layer.checks, hook)
            elif isinstance(layer, Effects):
                for hook in self._at(EFFECT):
                    self._wrap(layer.performers, hook)

    def world(self, world: World) -> None:
        """Override the methods of a world. Its state may be replaced afterwards: its class stays."""
        for hook in self.hooks:
            if hook.point.startswith(WORLD):
                name = hook.point.removeprefix(WORLD)
                method = hook.around(getattr(type(world), name), self.mock)
                world.__class__ = type("FaultyWorld", (type(world),), {name: method})

    def _at(self, point: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.point == point]

    def _wrap(self, table: dict[str, Any], hook: Hook) -> None:
        for name, operation in self.mock.contract.operations.items():
            if hook.meant(operation) and name in table:
                table[name] = hook.around(table[name] or _pass, self.mock)


class Answering:
    """Changes finished answers of the operations that are meant, also those to requests that did not reach them."""

    def __init__(self, app: App, *, changes: list[tuple[Hook, Callable[[Exchange, Answer], Answer]]]) -> None:
        self.app = app
        self.changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the inner stages, then send what the changes make of their answer."""
        answer = Answer(0)

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], message["headers"]
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, keep)
        if not answer.status:
            return
        changed = answer
        for hook, change in self.changes:
            if concerns(hook, scope[KEY]):
                changed = change(scope[KEY], changed)
        await changed.send(send)


def concerns(hook: Hook, exchange: Exchange) -> bool:
    """Whether a request is for an operation that the hook means, or for another method of its path."""
    asked = (exchange.operation,) if exchange.operation else exchange.siblings
    return any(hook.meant(one) for one in asked if one)


def _wrapped(app: App, *, hook: Hook, mock: Mock) -> App:
    made: App = hook.around(app, mock)
    return made


def _as_it_is(_exchange: Exchange, answer: Answer) -> Answer:
    return answer


def _pass(_exchange: Exchange) -> None:
    return
