"""Puts the hooks of the faults that are on around what stands at their points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_mockserver.exchange import KEY, Answer, App, Exchange, Message, Receive, Scope, Send
from onezone_mockserver.faults.fault import Hook, Point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onezone_spec import Operation

    from onezone_mockserver.faults.fault import Fault
    from onezone_mockserver.state import MockState

    Faults = tuple[Fault, ...]

EFFECT = Point.EFFECT


def wrapped(point: str, inner: Any, operation: Operation, state: MockState, faults: Faults) -> Any:
    """What stands at a stage or an effect of an operation, with the hooks there; None if there is nothing at all."""
    for hook in _hooks(faults, Point(point)):
        if hook.selector(operation):
            inner = hook.around(inner or _pass, state)
    return inner


def outside(app: App, state: MockState, faults: Faults) -> App:
    """The application with the hooks around all of it: for what is done to finished answers, and to the whole."""
    changes = [(hook, hook.around(_as_it_is, state)) for hook in _hooks(faults, Point.ANSWER)]
    if changes:
        app = Answering(app, changes)
    for hook in reversed(list(_hooks(faults, Point.APPLICATION))):
        app = hook.around(app, state)
    return app


def _hooks(faults: Faults, point: Point) -> Iterator[Hook]:
    return (hook for fault in faults for hook in fault.hooks if hook.point is point)


class Answering:
    """Changes finished answers of the operations that are meant, also those to requests that did not reach them."""

    def __init__(self, app: App, changes: list[tuple[Hook, Callable[[Exchange, Answer], Answer]]]) -> None:
        self.app = app
        self.changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run what is inside, then send what the changes make of its answer."""
        answer = Answer(0)

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], message["headers"]
                scope[KEY].status = answer.status  # who answers for what fails inside is to know
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
    return any(hook.selector(operation) for operation in asked if operation)


def _as_it_is(_exchange: Exchange, answer: Answer) -> Answer:
    return answer


def _pass(_exchange: Exchange) -> None:
    return
