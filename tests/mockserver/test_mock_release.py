"""Nothing stays of a request that is over but its row: the garbage collector does not look at exchanges."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mock_client import GOOD, Client
from onezone_mockserver import connection, create_app, edge
from onezone_mockserver.exchange import KEY, Exchange
from onezone_mockserver.serve import bind, configure
from socket_client import BODY, COMMON, PATH, connected, head, length, statuses, until
from uvicorn import Server


class Watched(Exchange, eq=False, gc=True, weakref=True):
    """An exchange whose end can be seen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        watched.append(weakref.ref(self))


watched: list[weakref.ref[Watched]] = []


@pytest.fixture(autouse=True)
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have every exchange watched, and nobody look for garbage."""
    watched.clear()
    for module in (edge, connection):
        monkeypatch.setattr(module, "Exchange", Watched)
    gc.disable()
    yield
    gc.enable()


def left(app: Any) -> int:
    """How many exchanges there are when the journals have forgotten theirs."""
    app.state.reset()
    app.state.worlds.clear()
    app.state.full_rows.rows.clear()
    assert watched
    return sum(exchange() is not None for exchange in watched)


class Copying:
    """Somebody's middleware, which passes a copy of the scope on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(dict(scope), receive, send)


def too_large(client: Client) -> None:
    """A body over 1 MiB, which is read while the request waits."""
    assert client.create(b" " * (1024 * 1024 + 1), as_="adam", headers={"prefer": "wait=0.001"}).status == 413


def in_a_world(client: Client) -> None:
    """A request below the path of a world."""
    assert client.create(as_="adam", base="/_world/mine/api/v3").status == 204


REQUESTS: dict[str, Callable[[Client], Any]] = {
    "created": lambda client: client.create(as_="adam"),
    "anonymous": lambda client: client.create(),
    "no JSON": lambda client: client.create(b"{", as_="adam"),
    "bad name": lambda client: client.create({**GOOD, "name": 5}, as_="adam"),
    "no such path": lambda client: client("GET", "/nowhere"),
    "control plane": lambda client: client("GET", "/_mock/journal"),
    "forced": lambda client: client.create(as_="adam", headers={"prefer": "code=503"}),
    "too large": too_large,
    "in a world": in_a_world,
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("middlewares", [(), (Copying,)], ids=["plain", "copying"])
@pytest.mark.parametrize("journal", [True, False], ids=["journal", "no journal"])
def test_an_exchange_goes_with_its_row(
    request_: Callable[[Client], Any],
    middlewares: tuple[Any, ...],
    journal: bool,  # noqa: FBT001
) -> None:
    """However the request ends, and whoever stands between."""
    app = create_app(journal=journal, middlewares=middlewares)
    request_(Client(app))
    assert left(app) == 0


def test_a_scope_can_be_shown() -> None:
    """While a request is served, and afterwards: somebody's middleware or server may log it."""
    scopes: list[Any] = []

    def showing(app: Any) -> Any:
        async def show(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)
            shown.append(repr(scope[KEY]))
            await app(scope, receive, send)

        return show

    shown: list[str] = []
    assert Client(create_app(middlewares=[showing])).create(as_="adam").status == 204
    assert set(shown) | {repr(scope[KEY]) for scope in scopes} == {f"<Exchange POST {PATH}>"}


@contextmanager
def serving(app: Any) -> Iterator[socket.socket]:
    """A connection to the application, which is served in this process."""
    listening = bind("127.0.0.1", 0)
    server = Server(configure(app, None, None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        with connected(listening.getsockname()) as client:
            yield client
    finally:
        server.should_exit = True
        app.state.stop()
        thread.join()


def keeping() -> list[Watched]:
    """The exchanges that still have more than their row."""
    exchanges = [exchange() for exchange in watched]
    return [exchange for exchange in exchanges if hasattr(exchange, "scope") or hasattr(exchange, "run")]


CREATED = head(*COMMON, length(BODY)) + BODY


def late(seconds: float) -> bytes:
    """A request for which those behind it on the connection have to wait."""
    return head(*COMMON, f"Prefer: wait={seconds}", length(BODY)) + BODY


def test_an_exchange_that_waited_for_its_turn_goes_too() -> None:
    """On a connection with several requests, one of which is cut off."""
    app = create_app()
    with serving(app) as client:
        client.sendall(late(0.05) + CREATED + CREATED)
        assert statuses(client, 3) == [204, 204, 204]
        client.sendall(late(60) + CREATED)
        until(lambda: app.journal.total == 5)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # to reset it
        client.close()
        until(lambda: not app.journal.entries[-1].pending)
    assert len(watched) == 7, "four, and three that stood for those that waited"
    assert not keeping()


def test_an_exchange_that_waited_in_a_world_that_is_gone_goes_too() -> None:
    """A reset before it on the connection has it wait in the next world."""
    with serving(create_app()) as client:
        client.sendall(late(0.05) + head("Host: localhost", length(b""), path="/_mock/reset") + CREATED)
        assert statuses(client, 3) == [204, 204, 204]
    assert len(watched) == 5, "three, and two that stood for the last in either world"
    assert not keeping()
