"""What worlds with names cost: memory, the first request that names one, and the requests that name none.

    python bench/named_worlds.py [--worlds 1000] [--rounds 5] [--json bench/results/named_worlds.json]

Each of `--worlds` worlds of the demo is made by the first request that names it, a create, in the process that
measures: no socket is between. Columns: MiB of resident memory that they take together, with two rows of the journal
each; milliseconds of CPU of the first request to each and of the second one, median and 99th percentile;
microseconds of a create that names no world, one by the header and one by the path, the best of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import json
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from onezone_mockserver import create_app

MOST_MIB, MOST_MS = 100.0, 5.0
"""The floors."""
HOME = "4ebd9efd1e67f6c18695db1d762a914a"
BODY = b'{"name":"A service","proxyEndpoint":"https://proxy","serviceProperties":{"type":"DOI"}}'
PATH = f"/api/v3/groups/{HOME}/handle_services"
BATCH = 1_000


async def create(app: Any, path: str, *headers: tuple[bytes, bytes]) -> int:
    """Register a service; gives the status."""
    credential = b"Basic " + base64.b64encode(b"adam:adam-password")
    usual = [(b"host", b"127.0.0.1"), (b"authorization", credential), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [*usual, (b"content-length", str(len(BODY)).encode()), *headers],
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


def resident_mib() -> float:
    """MiB of memory that the process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


async def measure(worlds: int, rounds: int) -> dict[str, Any]:
    """The row of the table."""
    app = create_app()
    for _ in range(100):
        await create(app, PATH)
    before, first, second = resident_mib(), [], []
    gc.freeze()  # as the server does when it starts
    for number in range(worlds):
        for times in (first, second):
            started = time.process_time()
            assert await create(app, PATH, (b"x-mock-world", b"w%d" % number)) == 204
            times.append((time.process_time() - started) * 1000)
    figures = {
        "worlds": worlds,
        "mib": resident_mib() - before,
        "first_ms": median(first),
        "first_p99_ms": quantiles(first, n=100)[98],
        "second_ms": median(second),
    }
    ways = {
        "without": (PATH, ()),
        "header": (PATH, ((b"x-mock-world", b"w1"),)),
        "path": (f"/_world/w1{PATH}", ()),
    }
    best: dict[str, float] = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for way, (path, headers) in ways.items():
            app.state.reset()
            app.state.reset("w1")
            started = time.process_time()
            for _ in range(BATCH):
                await create(app, path, *headers)
            best[way] = min(best[way], (time.process_time() - started) / BATCH * 1e6)
    return figures | {f"{way}_us": cost for way, cost in best.items()}


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and write the results down where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    figures = asyncio.run(measure(options.worlds, options.rounds))
    limits = {"mib": MOST_MIB * options.worlds / 1000, "first_ms": MOST_MS}
    for name, value in figures.items():
        limit = f"   (≤ {limits[name]:g})" if name in limits else ""
        print(f"{name:<14}{value:>10.2f}{limit}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
