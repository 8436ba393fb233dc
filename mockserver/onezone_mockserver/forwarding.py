"""Forwards to a real server what the mock is not to answer: a gateway as RFC 9110, 3.7 and 7.6 have it."""

from __future__ import annotations

import asyncio
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit
from weakref import WeakKeyDictionary

import httpx

from onezone_mockserver.exchange import KEY, ClientGoneError, ForcedAnswer
from onezone_mockserver.location import origin
from onezone_mockserver.lookup import Lookup
from onezone_mockserver.overriding import hang_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from onezone_spec import Contract

    from onezone_mockserver.exchange import App, Exchange, Header, Receive, Scope, Send
    from onezone_mockserver.state import MockState

CONNECT_SECONDS, ANSWER_SECONDS = 10, 60
STAGE = "forward"
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Fields that are of one connection alone (RFC 9110, 7.6.1)."""
OF_THE_MOCK = frozenset({b"host", b"expect", b"x-mock-world"})
"""Fields of requests that are for the mock."""
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.IGNORECASE)


class ForwardError(ValueError):
    """The mock cannot forward so; the message is one line."""


class Target:
    """A server, and the operations that the mock answers itself. Raises ForwardError.

    `url` is where its API begins; without a path, paths go there as they come. `only` are ids of operations.
    """

    def __init__(self, url: str, only: Iterable[str], contract: Contract) -> None:
        if not _URL.fullmatch(url):
            raise ForwardError(f"{url!r} is no URL to forward to: give http://host or http://host/base/path")
        self.parts: SplitResult = urlsplit(url.rstrip("/"))
        self.only = frozenset(only)
        for name in self.only - contract.operations.keys():
            close = get_close_matches(name, contract.operations, 1)
            hint = f": did you mean {close[0]}?" if close else "; `ozkit spec coverage` lists them"
            raise ForwardError(f"--only: there is no operation {name}{hint}")

    @property
    def url(self) -> str:
        """Where the API of the server begins."""
        return self.parts.geturl()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.parts.scheme}://{self.parts.netloc}"

    def url_of(self, exchange: Exchange, below_base: bytes | None) -> str:
        """Where a request goes: below the target's base path what is below the mock's, anything else as it stands."""
        path = exchange.path if not self.parts.path or below_base is None else self.parts.path.encode() + below_base
        query: bytes = exchange.scope.get("query_string", b"")
        return self.origin + (path + b"?" * bool(query) + query).decode("latin-1")

    def location(self, value: str, base: str, outside: str) -> str:
        """A Location of the target as the client of the mock reaches it, which used `base` below `outside`."""
        parts = urlsplit(value)
        if (parts.scheme, parts.netloc) != self.parts[:2] and (parts.scheme or parts.netloc):
            return value
        path, own = parts.path, self.parts.path
        if own and base and f"{path}/".startswith(f"{own}/"):
            path = base + path[len(own) :]
        rest: str = urlunsplit(("", "", path, parts.query, parts.fragment))
        return outside + rest if parts.netloc else rest


class Forwarding:
    """Sends to the target everything that it does not leave to the mock, unknown paths included."""

    def __init__(self, app: App, *, state: MockState, target: Target) -> None:
        self.app = app
        self.target = target
        self.lookup = Lookup(state)
        self.clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward, or pass on. Raises Refusal, ForcedAnswer and ClientGoneError."""
        exchange: Exchange = scope[KEY]
        operation = self.lookup.operation(exchange)
        if operation is not None and operation.id in self.target.only:
            await self.app(scope, receive, send)
            return
        exchange.operation, exchange.stage = operation, STAGE
        refusal = exchange.wrong_head()
        if refusal is not None:
            raise refusal
        await self._forward(exchange, receive, send)

    async def _forward(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        """Ask the target and pass its answer on. Raises ForcedAnswer if none comes, and ClientGoneError."""
        target = self.target
        url = target.url_of(exchange, self.lookup.below_base(exchange.path))
        try:
            response = await self._client().send(_request(exchange, url, receive), stream=True)
        except httpx.TimeoutException:
            raise ForcedAnswer(504, f"forward: {target.origin} does not answer") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ForcedAnswer(502, f"forward: {target.origin}: {error or type(error).__name__}") from None
        exchange.reasons += (f"forwarded to {target.origin}",)
        try:
            headers = self._headers(exchange, response)
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for part in response.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except httpx.HTTPError as error:
            exchange.reasons += (f"forward: the answer of {target.origin} ended too soon: {error}",)
            await hang_up(exchange, sent=True)
        finally:
            await response.aclose()

    def _client(self) -> httpx.AsyncClient:
        """The client of the running loop, which connections belong to."""
        loop = asyncio.get_running_loop()
        if loop not in self.clients:
            timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
            self.clients[loop] = httpx.AsyncClient(timeout=timeout, follow_redirects=False)
        return self.clients[loop]

    def _headers(self, exchange: Exchange, response: httpx.Response) -> list[Header]:
        """The headers of an answer without those of the connection and those that the mock's own server sends."""
        given = [(name.lower(), value) for name, value in response.headers.raw]
        left_out = HOP_BY_HOP | _connection_fields(given) | {b"date"}
        below = self.lookup.below_base(exchange.path)
        base = "" if below is None else exchange.path.decode("latin-1").removesuffix(below.decode("latin-1"))
        headers = []
        for name, value in given:
            if name == b"location":
                changed = self.target.location(value.decode("latin-1"), base, origin(exchange).decode("latin-1"))
                headers.append((name, changed.encode("latin-1")))
            elif name not in left_out and not name.startswith(b"access-control-"):
                headers.append((name, value))
        return headers


def _request(exchange: Exchange, url: str, receive: Receive) -> httpx.Request:
    """The request for the target: without the headers of the connection, with those that a gateway adds."""
    given: list[Header] = exchange.scope["headers"]
    left_out = HOP_BY_HOP | OF_THE_MOCK | _connection_fields(given)
    headers = [(name, value) for name, value in given if name not in left_out]
    scheme = exchange.scope.get("scheme", "http")
    headers += [(b"via", b"1.1 ozkit-mock"), (b"x-forwarded-proto", scheme.encode())]
    headers += [(b"x-forwarded-host", exchange.headers[b"host"])] if b"host" in exchange.headers else []
    content = _body(receive) if exchange.has_body else b""
    return httpx.Request(exchange.method, url, headers=headers, content=content)


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    """A request's body, piece by piece. Raises ClientGoneError."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _connection_fields(headers: list[Header]) -> frozenset[bytes]:
    """The fields that Connection names, which are of the connection, too."""
    values = (value for name, value in headers if name == b"connection")
    return frozenset(name.strip().lower() for value in values for name in value.split(b","))
