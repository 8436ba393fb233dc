"""The mock beside bare servers and other people's mocks: what an answer costs, and how soon the first one comes.

    python bench/serve.py [--npm FOLDER ...] [--rounds 5] [--seconds 2] [--json bench/results/serve.json]

All servers run at once, each as one process on loopback; in each round each gets the same load in turn, so that what
else the machine does falls on all of them. CPU is that of the server's processes, from /proc. `ratio` compares with a
bare Starlette route that reads the body as JSON and answers: the ratio to beat is 1.0. Peers come from npm packages
below `--npm` (a folder with `node_modules`); those that are not there are named. Only the mock makes new entities: it
is measured while it grows.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from load import Burst, Call, ask, burst, client, raw
from peers import CASES, MOCK, REFERENCE, Absent, Case, Contender, own, peers
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "serve.json"
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [one for child in task.read_text().split() for one in children(int(child))]
    return found


@dataclass
class Server:
    """A contender that runs."""

    contender: Contender
    port: int
    process: subprocess.Popen[bytes]
    started_s: float
    started_cpu_s: float = 0.0
    bursts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)

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

    def load(self, case: Case, seconds: float, connections: int = 32) -> tuple[Burst, float]:
        """Some seconds of a case: what the client saw, and the server's microseconds of CPU a request."""
        before = self.cpu()
        seen = burst(case.call(self.base_url), seconds, connections)
        return seen, (self.cpu() - before) / max(1, seen.requests) * 1e6

    def status(self, call: Call) -> int:
        """The status of the answer to one request; 0 where none comes."""
        import asyncio

        async def once() -> int:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            found = await ask(reader, writer, raw(call))
            writer.close()
            return found

        try:
            return asyncio.run(asyncio.wait_for(once(), 10))
        except (OSError, EOFError, TimeoutError):
            return 0

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def start(contender: Contender) -> Server | Absent:
    """Start a contender and wait for its first answer."""
    port, began = free_port(), time.perf_counter()
    environment = {**os.environ, **contender.environment}
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(contender.command(port), env=environment, cwd=contender.folder, **quiet)
    while time.perf_counter() - began < contender.limit and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0) as asked:
            asked.settimeout(5.0)
            asked.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if asked.recv(1):
                found = Server(contender, port, process, time.perf_counter() - began)
                found.started_cpu_s = found.cpu()
                return found
        time.sleep(0.004)
    ended = process.poll()
    process.kill()
    process.wait()
    within = f"did not come up in {contender.limit:.0f} s"
    return Absent(contender.name, within if ended is None else f"ended with {ended} instead of coming up")


@contextlib.contextmanager
def running(contenders: list[Contender]) -> Iterator[tuple[list[Server], list[Absent]]]:
    """All of them, started one after the other; and those that do not come up."""
    found: list[Server | Absent] = []
    try:
        for one in contenders:
            found.append(start(one))  # noqa: PERF401  (what is started is stopped, even if the next one fails)
        yield [one for one in found if isinstance(one, Server)], [one for one in found if isinstance(one, Absent)]
    finally:
        for server in found:
            if isinstance(server, Server):
                server.stop()


# --- what is measured -------------------------------------------------------------------------------------------


def costs(servers: list[Server], options: argparse.Namespace) -> None:
    """Every case of every server, in rounds."""
    cases = [case for case in CASES if case.name in options.case] if options.case else CASES
    for number in range(options.rounds + 1):
        for case in cases:
            for server in servers:
                if case.name in server.contender.cases:
                    one_burst(server, case, options.seconds if number else min(1.0, options.seconds), warm=not number)


def one_burst(server: Server, case: Case, seconds: float, *, warm: bool) -> None:
    """One case of one server; the first round only warms it up and sees what it answers."""
    if warm:
        server.statuses[case.name] = server.status(case.call(server.base_url))
    seen, cpu = server.load(case, seconds)
    if not warm:
        server.bursts.setdefault(case.name, []).append({**asdict(seen), "cpu_us": cpu})


def starts(contenders: list[Contender], rounds: int) -> dict[str, list[dict[str, float]]]:
    """Starts in turn: wall, CPU and memory at the first answer."""
    rows: dict[str, list[dict[str, float]]] = {one.name: [] for one in contenders}
    for _ in range(rounds):
        for one in contenders:
            server = start(one)
            if isinstance(server, Server):
                row = {"wall_s": server.started_s, "cpu_s": server.started_cpu_s, "mib": server.resident()}
                rows[one.name].append(row)
                server.stop()
    return rows


def growth(contender: Contender, options: argparse.Namespace) -> dict[str, Any]:
    """How the mock's memory grows by creates and by refusals, and how its slowest answers fare after many."""
    reference = next(one for one in own() if one.name == REFERENCE)
    with running([contender, reference]) as (servers, _):
        mock, bare = servers
        cases = {case.name: case for case in CASES}
        for case in CASES:
            mock.load(case, 1.0)
        found: dict[str, Any] = {"start_mib": mock.resident()}
        refused = [case for case in CASES if case.status >= 400]
        found["refused"] = send_many(mock, refused, options.creates)
        found["created"] = send_many(mock, [cases["create"]], options.creates)
        found["stored_bytes"] = stored_bytes()
        found["before_p99"] = send_many(mock, [cases["create"]], options.tail - options.creates)
        pairs = [[server.load(cases["create"], options.seconds)[0].p99_ms for server in (mock, bare)]
                 for _ in range(options.rounds)]  # fmt: skip
        return found | {"p99_ms": median(one for one, _ in pairs), "reference_p99_ms": median(one for _, one in pairs)}


def send_many(server: Server, cases: list[Case], count: int) -> dict[str, float]:
    """At least `count` requests, and what memory the server had before and after."""
    before, sent = server.resident(), 0
    while sent < count:
        for case in cases:
            sent += server.load(case, 1.0 if count < 10_000 else 2.0)[0].requests
    after = server.resident()
    return {
        "requests": sent,
        "mib_before": before,
        "mib_after": after,
        "bytes_each": (after - before) * 2**20 / max(1, sent),
    }


def stored_bytes() -> int:
    """How much of a created service is its own data: its text, its id, and its creator's relation to it."""
    case = CASES[0]
    return (
        len(case.body)
        + 2 * 38
        + len(',"handleServiceId":"","creator":{"type":"user","id":""},"creationTime":1700000000')
    )


# --- the report -------------------------------------------------------------------------------------------------


def row_of(server: Server, case: str) -> dict[str, float]:
    """The medians of a case."""
    rows = server.bursts[case]
    rates = [row["requests"] / row["seconds"] for row in rows]
    return {name: median(row[name] for row in rows) for name in ("cpu_us", "p50_ms", "p99_ms")} | {"rps": median(rates)}


def table(servers: list[Server]) -> Table:
    """A row for each server and case; CPU beside that of the bare Starlette route."""
    found = Table(box=None)
    for name in ("case", "server", "answer", "CPU µs", "ratio", "requests/s", "p50 ms", "p99 ms"):
        found.add_column(name, justify="left" if name in {"case", "server"} else "right")
    reference = next((one for one in servers if one.contender.name == REFERENCE and "create" in one.bursts), None)
    bare = row_of(reference, "create")["cpu_us"] if reference else 0.0
    for case in CASES:
        for server in (one for one in servers if case.name in one.bursts):
            row = row_of(server, case.name)
            ratio = f"{row['cpu_us'] / bare:.2f}" if bare else ""
            numbers = (
                f"{row['cpu_us']:.1f}",
                ratio,
                f"{row['rps']:.0f}",
                f"{row['p50_ms']:.2f}",
                f"{row['p99_ms']:.2f}",
            )
            found.add_row(case.name, server.contender.name, str(server.statuses[case.name]), *numbers)
    return found


def start_table(rows: dict[str, list[dict[str, float]]]) -> Table:
    """The medians of the starts, and the quickest."""
    found = Table(box=None)
    for name in ("start", "wall s", "quickest", "CPU s", "MiB"):
        found.add_column(name, justify="left" if name == "start" else "right")
    for name, some in rows.items():
        if some:
            middle = {key: median(row[key] for row in some) for key in some[0]}
            quickest = min(row["wall_s"] for row in some)
            numbers = (middle["wall_s"], quickest, middle["cpu_s"])
            found.add_row(name, *(f"{one:.2f}" for one in numbers), f"{middle['mib']:.0f}")
    return found


def growth_lines(found: dict[str, Any]) -> Iterator[str]:
    """What growing does, in words."""
    created, refused = found["created"], found["refused"]
    yield f"memory: {created['bytes_each']:.0f} bytes a create, of which {found['stored_bytes']} are its own data"
    yield f"        {refused['bytes_each']:.1f} bytes a refusal, of {refused['requests']:.0f}"
    ratio = found["p99_ms"] / found["reference_p99_ms"]
    many = created["requests"] + found["before_p99"]["requests"]
    yield f"p99 after {many:.0f} creates: {found['p99_ms']:.2f} ms, {ratio:.2f} of the bare route's"


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--npm", type=Path, action="append", default=[], metavar="FOLDER", help="repeatable")
    found.add_argument("--only", action="append", metavar="NAME", help="measure these contenders only; repeatable")
    found.add_argument("--case", action="append", metavar="NAME", help="measure these cases only; repeatable")
    found.add_argument("--rounds", type=int, default=5)
    found.add_argument("--seconds", type=float, default=2.0, help="of each load (default 2)")
    found.add_argument("--starts", type=int, default=5, help="of each server (default 5)")
    found.add_argument("--creates", type=int, default=100_000, help="for the growth of memory; 0: do not measure it")
    found.add_argument("--tail", type=int, default=500_000, help="creates before the slowest answers are measured")
    found.add_argument("--json", type=Path, default=RESULTS, help="file for the raw numbers (default: %(default)s)")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables, write the results."""
    options = parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140)
    with tempfile.TemporaryDirectory() as work:
        there = [*own(), *peers(options.npm, Path(work))]
        contenders = [
            one for one in there if isinstance(one, Contender) and (not options.only or one.name in options.only)
        ]
        absent = [one for one in there if isinstance(one, Absent)]
        first = starts(contenders, options.starts)
        with running(contenders) as (servers, down):
            costs(servers, options)
        found = record(options, servers, first)
        found["absent"] = {one.name: one.reason for one in [*absent, *down]}
        found["notes"] = {one.contender.name: one.contender.note for one in servers if one.contender.note}
        if options.creates:
            found["growth"] = growth(own()[0], options)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    show(console, found, servers, first)
    return 0


def record(options: argparse.Namespace, servers: list[Server], first: dict[str, Any]) -> dict[str, Any]:
    """Everything that was measured, and on what."""
    names = ("onezone-contract-kit", "connexion", "starlette", "uvicorn", "httptools")
    on = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    rows = {one.contender.name: {"statuses": one.statuses, "bursts": one.bursts} for one in servers}
    versions = {name: metadata.version(name) for name in names}
    ran = {"rounds": options.rounds, "seconds": options.seconds, "connections": 32, "client": client()}
    return {"on": on, "load_average": os.getloadavg(), **ran, "versions": versions, "servers": rows, "starts": first}


def show(console: Console, found: dict[str, Any], servers: list[Server], first: dict[str, Any]) -> None:
    """Print what was run, on what, and what came of it."""
    console.print(f"{found['on']}; {found['versions']}; load average {found['load_average'][0]:.1f}")
    console.print(f"{found['rounds']} rounds of {found['seconds']} s over 32 connections by {found['client']}; medians")
    console.print(table(servers), start_table(first), sep="\n")
    for line in growth_lines(found["growth"]) if "growth" in found else ():
        console.print(line)
    for name, note in found["notes"].items():
        console.print(f"{name}: {note}")
    for name, reason in found["absent"].items():
        console.print(f"{name}: not measured: {reason}")
    console.print(f"ratio: CPU of a request beside that of the {REFERENCE}; {MOCK} is to be at most 1.0 in every case")


if __name__ == "__main__":
    sys.exit(main())
