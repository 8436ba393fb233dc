"""What a request costs the mock beside the bare route, without a socket: uvicorn's protocols are fed by hand.

`python bench/feed.py` prints, for each kind of request, the ratio of the CPU of both, and each one's microseconds. Both
take turns in many short rounds, of which the cheapest counts: that is the one which nothing disturbed. `bench/serve.py`
measures the same over sockets, where the kernel's share lies on both sides of the ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import bare
import uvicorn
from onezone_mockserver import create_app
from onezone_mockserver.connection import connection_class
from peers import CASES, Case
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

CONNECTIONS = 32
BASE = "http://127.0.0.1:8080/api/v3"


class Wire(asyncio.Transport):
    """A connection's other end, which keeps the start of the last answer."""

    written = b""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The addresses of both ends."""
        return {"sockname": ("127.0.0.1", 8080), "peername": ("127.0.0.1", 50000)}.get(name, default)

    def write(self, data: Any) -> None:
        """Keep what an answer starts with."""
        if data[:5] == b"HTTP/":
            self.written = data

    def is_closing(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing is open."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""


class Server:
    """An application behind as many connections of a protocol as the benchmark over sockets has."""

    def __init__(self, app: Any, protocol: type[HttpToolsProtocol]) -> None:
        config = uvicorn.Config(
            app, http=protocol, loop="none", lifespan="off", ws="none", access_log=False, log_config=None,
            server_header=False,
        )  # fmt: skip
        config.load()
        state = ServerState()
        self.connections = [protocol(config=config, server_state=state, app_state={}) for _ in range(CONNECTIONS)]
        self.wires = [Wire() for _ in self.connections]
        for connection, wire in zip(self.connections, self.wires, strict=True):
            connection.connection_made(wire)

    async def cost(self, requests: list[bytes]) -> float:
        """Microseconds of CPU a request."""
        started = time.process_time()
        for at in range(0, len(requests), CONNECTIONS):
            for connection, request in zip(self.connections, requests[at : at + CONNECTIONS], strict=False):
                connection.data_received(request)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return (time.process_time() - started) / len(requests) * 1e6

    @property
    def status(self) -> int:
        """Of the last answer."""
        return int(bytes(self.wires[0].written).split(b" ", 2)[1])


def requests(case: Case, count: int) -> list[bytes]:
    """The requests of a case as they come in, each with a head of its own."""
    call = case.call(BASE)
    parts = urlsplit(call.url)
    fields = {"Host": parts.netloc, **call.headers} | ({"Content-Length": str(len(call.body))} if call.body else {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    start = f"{call.method} {parts.path} HTTP/1.1\r\n{head}"
    return [f"{start}X-Request-Id: {number:036d}\r\n\r\n{call.body}".encode() for number in range(count)]


async def compare(case: Case, rounds: int, count: int) -> tuple[float, float]:
    """Microseconds of the mock and of the bare route, where nothing disturbed them."""
    mock = create_app()
    gc.collect()
    gc.freeze()  # as `ozkit mock` does
    servers = Server(mock, connection_class(mock.state)), Server(bare.starlette(), HttpToolsProtocol)
    sent = requests(case, count)
    seen = [[await server.cost(sent) for server in servers] for _ in range(rounds)]
    assert servers[0].status == case.status, servers[0].wires[0].written
    ours, theirs = zip(*seen, strict=True)
    return min(ours), min(theirs)


def main() -> None:
    """Print a line a case."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--case", action="append", help="only this one (repeatable)")
    given.add_argument("--rounds", type=int, default=2000)
    given.add_argument("--count", type=int, default=32, help="requests a round")
    options = given.parse_args()
    run = import_module("uvloop").run if find_spec("uvloop") else asyncio.run
    print(f"{'':24}{'ratio':>6}{'mock':>8}{'bare':>8}")
    for case in CASES:
        if options.case is None or case.name in options.case:
            ours, theirs = run(compare(case, options.rounds, options.count))
            print(f"{case.name:24}{ours / theirs:6.2f}{ours:8.1f}{theirs:8.1f}", flush=True)


if __name__ == "__main__":
    main()
