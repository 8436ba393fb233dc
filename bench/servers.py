"""A server that is measured: its process, what it costs, and how soon it answers. Everything is read from /proc."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import Burst, Call, ask, burst, raw
from peers import CREATE, Absent, Case, Contender

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CONNECTIONS = 32


def children(pid: int) -> list[int]:
    """A process and all below it."""
    processes = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            processes += [process for child in task.read_text().split() for process in children(int(child))]
    return processes


@dataclass
class Server:
    """A contender that runs."""

    contender: Contender
    port: int
    process: subprocess.Popen[bytes]
    started_s: float = 0.0
    started_cpu_s: float = 0.0

    @property
    def name(self) -> str:
        """The contender's name."""
        return self.contender.name

    @property
    def base_url(self) -> str:
        """Where the paths of the document begin."""
        return f"http://127.0.0.1:{self.port}{self.contender.base}"

    def cpu(self) -> float:
        """Seconds of CPU that its processes have used."""
        rows = [Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split() for pid in children(self.process.pid)]
        return sum(int(row[11]) + int(row[12]) for row in rows) / TICK

    def resident(self) -> float:
        """MiB of memory that its processes have resident."""
        rows = [Path(f"/proc/{pid}/statm").read_text().split() for pid in children(self.process.pid)]
        return sum(int(row[1]) for row in rows) * PAGE / 2**20

    def load(self, case: Case, seconds: float) -> tuple[Burst, float]:
        """Some seconds of a case: what the client saw, and the server's microseconds of CPU a request."""
        before = self.cpu()
        seen = burst(case.call(self.base_url), seconds, CONNECTIONS)
        return seen, (self.cpu() - before) / max(1, seen.requests) * 1e6

    def status(self, case: Case, within: float = 10.0) -> int:
        """The status of the answer to one request; 0 where none comes."""
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            return asyncio.run(asyncio.wait_for(_answer(self.port, case.call(self.base_url)), within))
        return 0

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


async def _answer(port: int, call: Call) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await ask(reader, writer, raw(call, "status"))
    finally:
        writer.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start(contender: Contender) -> Server | Absent:
    """Start a contender and wait for its first answer to a create."""
    port, began = free_port(), time.perf_counter()
    environment = {**os.environ, **contender.environment}
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(contender.command(port), env=environment, cwd=contender.folder, **quiet)
    server = Server(contender, port, process)
    while time.perf_counter() - began < contender.limit and process.poll() is None:
        if _listens(port) and server.status(CREATE, contender.limit):
            server.started_s, server.started_cpu_s = time.perf_counter() - began, server.cpu()
            return server
        time.sleep(0.004)
    ended = process.poll()
    process.kill()
    process.wait()
    within = f"did not come up in {contender.limit:.0f} s"
    return Absent(contender.name, within if ended is None else f"ended with {ended} instead of coming up")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


@contextlib.contextmanager
def running(contenders: list[Contender]) -> Iterator[tuple[list[Server], list[Absent]]]:
    """All of them, started one after the other; and those that do not come up."""
    servers: list[Server] = []
    absent: list[Absent] = []
    try:
        for contender in contenders:
            process = start(contender)
            if isinstance(process, Server):
                servers.append(process)
            else:
                absent.append(process)
        yield servers, absent
    finally:
        for server in servers:
            server.stop()


def implementation(contender: Contender) -> tuple[str, str]:
    """Uvicorn's HTTP implementation and event loop in a server, by the libraries that its process has loaded."""
    with running([contender]) as (servers, absent):
        if absent:
            raise SystemExit(f"{contender.name} {absent[0].reason}")
        maps = Path(f"/proc/{servers[0].process.pid}/maps").read_text(encoding="utf-8")
    return "httptools" if "/httptools/" in maps else "h11", "uvloop" if "/uvloop/" in maps else "asyncio"
