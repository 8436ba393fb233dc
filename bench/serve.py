"""The mock beside a bare Starlette route and other people's mocks: what an answer costs, how soon the first one comes.

    python bench/serve.py --npm FOLDER [--docs]       # everything; --docs writes it to docs/performance.md
    python bench/serve.py --part costs --rounds 2     # the mock and the bare route alone, in less than a minute

The parts: `costs`, CPU of each request; `rates`, requests a second beside other mocks; `starts`, start to first answer;
`growth`, memory and slowest answers after many creates; `profile`, where a create's CPU goes. In every case but one
each request has a head of its own, with an id as real clients send it. The servers of a part run at once, each a
process on loopback; in each round each gets the same load in turn, so that what else the machine does falls on all.
CPU is that of the server's processes, from /proc. `ratio` compares, round by round, with a bare Starlette route on the
same HTTP implementation and event loop that gets the same requests, reads the body as JSON and answers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import hotspots
import report
from load import client
from peers import CASES, CREATE, MOCK, REFERENCE, REFUSING, Absent, Case, Contender, bare, mock, peers
from servers import CONNECTIONS, Server, implementation, running, start

REFUSALS = [case for case in CASES if case.status >= 400]
Rows = dict[str, dict[str, list[dict[str, Any]]]]
"""What was measured, by case and server."""


class Bench:
    """One run: its options, and who takes part."""

    def __init__(self, options: argparse.Namespace, work: Path) -> None:
        self.options = options
        choice = options.http, options.loop
        self.implementation = choice if all(choice) else implementation(mock())
        self.mock, self.reference = mock(), bare("starlette", REFERENCE, self.implementation)
        contenders = [*peers(options.npm, work)]
        self.peers = [peer for peer in contenders if isinstance(peer, Contender) and self.takes_part(peer)]
        self.absent = {peer.name: peer.reason for peer in contenders if isinstance(peer, Absent)}

    def takes_part(self, contender: Contender) -> bool:
        """Whether `--only` lets it."""
        return not self.options.only or contender.name in self.options.only

    def costs(self) -> dict[str, Any]:
        """CPU of every case of the mock and the bare route; of a create without journal, and of a bare function."""
        unwritten = mock("--no-journal", name=f"{MOCK} --no-journal", create_only=True)
        refusing = replace(bare("starlette", REFUSING, self.implementation), base="/refused", refusals_only=True)
        others = [unwritten, bare("asgi", "bare ASGI function", self.implementation), refusing]
        contenders = [self.mock, self.reference, *(contender for contender in others if self.takes_part(contender))]
        cases = [case for case in CASES if not self.options.case or case.name in self.options.case]
        return self.in_turn(contenders, cases)

    def rates(self) -> dict[str, Any]:
        """Requests a second of a create, beside everybody else."""
        stock = bare("connexion", "stock Connexion", self.implementation)
        others = [stock] if self.takes_part(stock) else []
        return self.in_turn([self.mock, self.reference, *others, *self.peers], [CREATE])

    def in_turn(self, contenders: list[Contender], cases: list[Case]) -> dict[str, Any]:
        """Every case of every server, in rounds; the first one only warms up, and every other one goes backwards."""
        rows: Rows = {case.name: {} for case in cases}
        with running(contenders) as (servers, absent):
            self.absent |= {peer.name: peer.reason for peer in absent}
            answers = {case.name: {server.name: server.status(case) for server in servers} for case in cases}
            for number in range(self.options.rounds + 1):
                for case in cases:
                    asked = [server for server in servers if server.contender.takes(case)]
                    for server in asked[:: 1 if number % 2 else -1]:
                        seen, cpu = server.load(case, self.options.seconds if number else 1.0)
                        if number:
                            rows[case.name].setdefault(server.name, []).append({**asdict(seen), "cpu_us": cpu})
            notes = {server.name: server.contender.note for server in servers if server.contender.note}
        return {"rows": rows, "answers": answers, "notes": notes}

    def starts(self) -> dict[str, Any]:
        """Starts in turn, nothing else running: wall, CPU and memory at the first answer."""
        contenders = [self.mock, self.reference, *self.peers]
        rows: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in contenders}
        for _ in range(self.options.starts):
            for contender in contenders:
                server = start(contender)
                if isinstance(server, Absent):
                    self.absent[server.name] = server.reason
                    continue
                row = {"wall_s": server.started_s, "cpu_s": server.started_cpu_s, "mib": server.resident()}
                rows[contender.name].append(row)
                server.stop()
        return {name: some for name, some in rows.items() if some}

    def growth(self) -> dict[str, Any]:
        """How the mock's memory grows by creates and by refusals, and how its slowest answers fare after many."""
        options = self.options
        with running([self.mock, self.reference]) as (servers, _):
            served, reference = servers
            for case in CASES:
                served.load(case, 1.0)
            figures: dict[str, Any] = {"own_bytes": own_bytes()}
            figures["refused"] = send_many(served, REFUSALS, options.creates)
            figures["created"] = send_many(served, [CREATE], options.creates)
            figures["before_p99"] = send_many(served, [CREATE], options.tail - options.creates)
            pairs = [
                [server.load(CREATE, options.seconds)[0].p99_ms for server in (served, reference)]
                for _ in range(options.rounds)
            ]
        figures["creates"] = figures["created"]["requests"] + figures["before_p99"]["requests"]
        figures["p99_ms"], figures["reference_p99_ms"] = (median(some) for some in zip(*pairs, strict=True))
        return figures

    def profile(self) -> dict[str, Any]:
        """Where the CPU of a create goes."""
        return hotspots.sampled(self.options.seconds * 10)


PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "costs": Bench.costs,
    "rates": Bench.rates,
    "starts": Bench.starts,
    "growth": Bench.growth,
    "profile": Bench.profile,
}


def send_many(server: Server, cases: list[Case], count: int) -> dict[str, float]:
    """At least `count` requests, and what memory the server had before and after."""
    before, sent = server.resident(), 0
    while sent < count:
        for case in cases:
            sent += server.load(case, 1.0 if count < 10_000 else 2.0)[0].requests
    after = server.resident()
    grown = (after - before) * 2**20
    return {"requests": sent, "mib_before": before, "mib_after": after, "bytes_each": grown / max(1, sent)}


def own_bytes() -> int:
    """How much of a created service is its own data: its text, its id, and its creator's relation to it."""
    members = ',"handleServiceId":"","creator":{"type":"user","id":""},"creationTime":1700000000'
    return len(CREATE.body) + 2 * 38 + len(members)


def conditions(bench: Bench) -> dict[str, Any]:
    """On what it was measured, and how."""
    options, (http, loop) = bench.options, bench.implementation
    names = ("connexion", "starlette", "uvicorn", http, *([loop] if loop != "asyncio" else []))
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude", "*"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit or "unknown",
        "on": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg()[0],
        "server": f"uvicorn with {http} and {loop}",
        "versions": {name: metadata.version(name) for name in names},
        "rounds": options.rounds,
        "seconds": options.seconds,
        "starts_each": options.starts,
        "connections": CONNECTIONS,
        "client": client(),
    }


def parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=PARTS, help="measure these parts only; repeatable")
    parser.add_argument("--npm", type=Path, action="append", default=[], metavar="FOLDER", help="repeatable")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="beside the mock and the bare route; repeatable"
    )
    parser.add_argument("--case", action="append", metavar="NAME", help="costs of these cases only; repeatable")
    parser.add_argument("--rounds", type=int, default=10, help="of each load (default 10)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each load (default 1)")
    parser.add_argument("--starts", type=int, default=5, help="of each server (default 5)")
    parser.add_argument("--creates", type=int, default=100_000, help="for the growth of memory (default 100,000)")
    parser.add_argument(
        "--tail", type=int, default=500_000, help="creates before the slowest answers (default 500,000)"
    )
    parser.add_argument("--http", help="uvicorn's HTTP implementation for the bare route (default: the mock's)")
    parser.add_argument("--loop", help="uvicorn's event loop for the bare route (default: the mock's)")
    parser.add_argument(
        "--json", type=Path, default=report.RESULTS, help="file for the raw numbers (default: %(default)s)"
    )
    parser.add_argument("--docs", action="store_true", help="write the tables to docs/performance.md, and the drawings")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables, write the results."""
    options = parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, Path(work))
        figures = conditions(bench)
        for name in options.part or PARTS:
            print(f"measuring {name} …", file=sys.stderr)
            try:
                figures[name] = PARTS[name](bench)
            except hotspots.ProfileError as error:
                bench.absent[name] = str(error)
    figures["absent"], figures["load_average_after"] = bench.absent, os.getloadavg()[0]
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    report.show(figures)
    if options.docs:
        report.write_docs(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
