"""Faults that only requests at the same time show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.exchange import KEY
from onezone_mockserver.faults.effects import afterwards, services
from onezone_mockserver.faults.fault import Hook, Point, fault

if TYPE_CHECKING:
    from onezone_mockserver.exchange import App, Exchange, Message, Receive, Scope, Send
    from onezone_mockserver.state import MockState

PAUSE = 0.004
LIMIT = 1000


def together(change: Callable[[Any, list[Any]], Any], method: str = "POST") -> Hook:
    """Change what a request that is not alone is, before the stages see it. The others are those that wait, too."""

    def around(inner: App, _state: MockState) -> App:
        waiting: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != method:
                await inner(scope, receive, send)
                return
            waiting.append(scope)
            await asyncio.sleep(PAUSE)
            others = [other for other in waiting if other is not scope]
            instead = change(scope, others) if others else None
            try:
                await inner(scope, instead or receive, send)
            finally:
                waiting.remove(scope)

        return app

    return Hook(Point.APPLICATION, around)


def other_user(scope: Scope, others: list[Scope]) -> None:
    """The credentials of another request."""
    for name in (b"authorization", b"x-auth-token"):
        value = others[0][KEY].headers.get(name)
        if value is not None and name in scope[KEY].headers:
            scope[KEY].headers[name] = value


def _crashed(_scope: Scope, _others: list[Scope]) -> Receive:
    """The body is taken away by another request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{", "more_body": False}

    return receive


def _locked() -> Hook:
    return together(_crashed)


def _same_id() -> Hook:
    """Ids come from a clock of a fiftieth of a second."""

    def around(inner: Any, _state: MockState) -> Any:
        last: dict[str, Any] = {}

        def perform(exchange: Exchange) -> Any:
            now = asyncio.get_running_loop().time()
            if last and now - last["time"] < 0.0008 and last["group"] == exchange.params["id"]:  # noqa: PLR2004
                first = last["answer"]
                return type(first)(first.status, list(first.headers), first.body)
            answer = inner(exchange)
            last.update(time=now, group=exchange.params["id"], answer=type(answer)(answer.status, list(answer.headers)))
            return answer

        return perform

    return Hook(Point.EFFECT, around)


def _mixed() -> Hook:
    """Requests at the same time are stored with one another's data."""

    def around(inner: App, _state: MockState) -> App:
        waiting: list[Any] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "POST":
                await inner(scope, receive, send)
                return
            message = await receive()
            mine = [message]
            waiting.append(mine)
            await asyncio.sleep(PAUSE)
            shared = waiting[-1][0]
            waiting.remove(mine)

            async def again() -> Message:
                return shared if shared["type"] == "http.request" and not shared.get("more_body") else message

            await inner(scope, again if not message.get("more_body") else _first(message, receive), send)

        return app

    return Hook(Point.APPLICATION, around)


def _first(message: Message, receive: Receive) -> Receive:
    left = [message]

    async def again() -> Message:
        return left.pop() if left else await receive()

    return again


def _full() -> Hook:
    """Beyond a thousand of a group, every other service is made and forgotten at once."""

    def act(exchange: Exchange, _state: MockState) -> None:
        service_ids = services(exchange.world, exchange.params["id"])
        if len(service_ids) > LIMIT and len(service_ids) % 2:
            exchange.world.remove("handle_service", service_ids[-1])

    return afterwards(act)


FAULTS = (
    fault("concurrency-ids", "Ids are made of the time.", _same_id(), "concurrent.creates"),
    fault("concurrency-body", "Requests at the same time get the last one's body.", _mixed(), "concurrent.creates"),
    fault("concurrency-torn", "Requests at the same time tear one another's body.", _locked(), "concurrent.creates"),
    fault(
        "concurrency-user",
        "Requests at the same time get one another's user.",
        together(other_user),
        "concurrent.access",
    ),
    fault(
        "concurrency-forgetful",
        "A store that holds a thousand services forgets the next one.",
        _full(),
        "concurrent.load",
    ),
)
