"""Carries overrides out: the edge has one chosen for a request, and a middleware does what it says."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import orjson
from msgspec import UnsetType

from onezone_mockserver.delay import wait_first
from onezone_mockserver.exchange import KEY, DroppedError, ForcedAnswer
from onezone_mockserver.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onezone_spec import Operation

    from onezone_mockserver.exchange import App, Exchange, Header, Message, Receive, Scope, Send
    from onezone_mockserver.overrides import Override, Then, When
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User

STAGE = "override"


def fits(
    when: When, exchange: Exchange, operation: Operation | None, paths: tuple[str, ...], who: Callable[[], User | None]
) -> bool:
    """Whether a request is meant: its operation, its path in each spelling, and who is asked for who sends it."""
    return (
        (when.operation is None or (operation is not None and operation.id == when.operation))
        and (when.method is None or when.method == exchange.method)
        and (when.path is None or any(_glob(when.path).fullmatch(path) for path in paths))
        and all(_has(exchange, name, value) for name, value in when.header.items())
        and (when.user is None or _is_user(who(), when.user))
    )


def _is_user(user: User | None, name: str) -> bool:
    return user is not None and name in {user.name, user.id}


def _has(exchange: Exchange, name: str, value: str) -> bool:
    given = exchange.headers.get(name.lower().encode("latin-1", "replace"))
    return given is not None and _glob(value).fullmatch(given.decode("latin-1")) is not None


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` stands for any text, and every other character for itself."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


class Chooser:
    """Finds the override for a request: the first of its world's that matches and is not used up."""

    def __init__(self, state: MockState) -> None:
        self.state = state
        self.lookup: Lookup | None = None

    def choose(self, exchange: Exchange) -> Send:
        """Give the exchange its override, if there is one for it, and count that; gives what its answer is sent by."""
        lookup = self.lookup = self.lookup or Lookup(self.state)
        operation = lookup.operation(exchange)
        below = lookup.below_base(exchange.path)
        paths = tuple(path.decode("latin-1") for path in (exchange.path, below) if path is not None)
        who = cache(lambda: lookup.user(exchange))
        for override in exchange.run.overrides:
            if not override.is_over and fits(override.rule.when, exchange, operation, paths, who):
                override.used += 1
                exchange.override = override
                exchange.faults = exchange.faults if override.faults is None else override.faults
                exchange.operation = operation
                exchange.user = who() if override.rule.when.user else None
                cut = override.rule.then.cut
                return exchange.send if cut is None else _Cutting(exchange, cut)
        return exchange.send


class Overriding:
    """Does with a request what its override says."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on what has no override. Raises ForcedAnswer, ClientGoneError, DroppedError."""
        override = scope[KEY].override
        return self.app(scope, receive, send) if override is None else self._act(override, scope, receive, send)

    async def _act(self, override: Override, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[KEY]
        exchange.stage = STAGE
        then = override.rule.then
        if then.wait is not None:
            receive = await wait_first(exchange, then.wait, receive)
        if then.status is not None:
            headers, body = forced(then)
            raise ForcedAnswer(then.status, override.words, headers, body)
        exchange.reasons += (override.words,)
        if then.drop:
            await hang_up(exchange)
        else:
            await self.app(scope, receive, send)


def forced(then: Then) -> tuple[tuple[Header, ...], tuple[bytes, bytes] | None]:
    """The headers of an answer, and its body after its media type: a string is text, anything else JSON."""
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in then.headers.items()]
    given = next((value for name, value in headers if name == b"content-type"), None)
    others = tuple(header for header in headers if header[0] != b"content-type")
    if isinstance(then.body, UnsetType):
        return tuple(headers), None
    raw = bytes(then.body)
    if raw.startswith(b'"'):
        text: str = orjson.loads(raw)
        return others, (given or b"text/plain; charset=utf-8", text.encode())
    return others, (given or b"application/json", raw)


async def hang_up(exchange: Exchange, *, sent: bool = False) -> None:
    """End the connection, at once or after what was sent. Raises DroppedError if there is no connection."""
    transport = exchange.transport
    if transport is None:
        raise DroppedError("an override drops the connection")
    if sent:
        transport.close()
    else:
        transport.abort()
    while (await exchange.read_on())["type"] != "http.disconnect":
        pass


class _Cutting:
    """Sends an answer on, up to so many bytes of its body, and ends the connection there."""

    def __init__(self, exchange: Exchange, size: int) -> None:
        self.exchange = exchange
        self.send = exchange.send
        self.remaining = size

    async def __call__(self, message: Message) -> None:
        """Send a message of the answer, or what is left of it."""
        if message["type"] != "http.response.body":
            await self.send(message)
            return
        body: bytes = message.get("body", b"")
        if len(body) <= self.remaining:
            self.remaining -= len(body)
            await self.send(message)
            return
        await self.send({**message, "body": body[: self.remaining], "more_body": True})
        await hang_up(self.exchange, sent=True)
