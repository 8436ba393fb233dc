"""Nothing stays of a request that is over but its row: the garbage collector does not look at exchanges."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mock_client import GOOD, Client
from onezone_mockserver import connection, create_app, edge
from onezone_mockserver.exchange import Exchange
from onezone_mockserver.serve import bind, configure
from socket_client import BODY, COMMON, head, length, statuses
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


def test_an_exchange_that_waited_for_its_turn_goes_too() -> None:
    """On a connection with several requests, one of which is cut off."""
    app = create_app()
    listening = bind("127.0.0.1", 0)
    server = Server(configure(app, None, None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        with socket.create_connection(listening.getsockname(), timeout=60) as client:
            one = head(*COMMON, length(BODY)) + BODY
            client.sendall(head(*COMMON, "Prefer: wait=0.05", length(BODY)) + BODY + one + one)
            assert statuses(client, 3) == [204, 204, 204]
            client.sendall(head(*COMMON, "Prefer: wait=60", length(BODY)) + BODY + one)
            while app.journal.total < 5:
                pass
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # to reset it
        while app.journal.entries[-1].pending:
            pass
    finally:
        server.should_exit = True
        app.state.stop()
        thread.join()
    assert len(watched) == 7, "four, and three that stood for those that waited"
    exchanges = [exchange() for exchange in watched]
    assert not [exchange for exchange in exchanges if hasattr(exchange, "scope") or hasattr(exchange, "run")]
