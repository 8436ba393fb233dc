"""Where the CPU of a create, or of another request, goes in the mock.

    python bench/hotspots.py                 # py-spy samples `ozkit mock` under load, every request with its own head
    python bench/hotspots.py --case get      # the same for one of the other requests of serve.py
    python bench/hotspots.py --pipeline      # the application alone, in this process, without server or socket

Needs py-spy (the `bench` extra), and leave to trace: root, or `kernel.yama.ptrace_scope` 0. A sample belongs to the
innermost function of a package below that was running: what a library or the interpreter does for it is its own.
`own` is that share of a request's CPU, `with callees` everything below the function. Both are in microseconds: shares
of the CPU that a request cost in the same run, while nobody sampled. `--pipeline` prints what a create costs over ASGI,
and cProfile's table, whose times are too long, as a call costs more there, but whose counts of calls are right.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import report
from load import burst
from peers import CASES, CREATE, Case, mock
from servers import CONNECTIONS, running

FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]*?)(:\d+)?\)")
PACKAGES = ("onezone_mockserver", "onezone_spec", "connexion", "starlette", "uvicorn")
ELSEWHERE = "elsewhere"
RATE, WARM_UP = 400, 2.0


class ProfileError(Exception):
    """Nothing can be sampled here; the message is one line."""


def sampled(seconds: float, case: Case = CREATE) -> dict[str, Any]:
    """What py-spy sees in so many seconds of a case. Raises ProfileError."""
    py_spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if py_spy is None:
        raise ProfileError("py-spy is not there: pip install py-spy")
    with running([mock()]) as (servers, absent), tempfile.NamedTemporaryFile("r") as stacks:
        if absent:
            raise SystemExit(f"the mock {absent[0].reason}")
        server = servers[0]
        server.load(case, WARM_UP)
        _, cpu_us = server.load(case, max(1.0, seconds / 2))
        options = ["--rate", str(RATE), "--duration", str(max(1, round(seconds))), "--format", "raw", "--output"]
        command = [py_spy, "record", "--pid", str(server.process.pid), *options, stacks.name]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as watching:
            while watching.poll() is None:
                burst(case.call(server.base_url), 1.0, CONNECTIONS)
            if watching.returncode:
                said = watching.stderr.read().strip().splitlines() if watching.stderr else []
                raise ProfileError(f"py-spy failed: {said[0] if said else watching.returncode}")
        return {"case": case.name, **shares(stacks.read().splitlines(), cpu_us)}


def shares(lines: Iterable[str], cpu_us: float) -> dict[str, Any]:
    """Microseconds of a create by package, file and function, of stacks as py-spy writes them."""
    own: Counter[tuple[str, str]] = Counter()
    below: Counter[tuple[str, str]] = Counter()
    total = 0
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = [place for place in map(placed, stack.split(";")) if place]
        total += int(count)
        own[frames[-1] if frames else (ELSEWHERE, "")] += int(count)
        below.update(dict.fromkeys(frames, int(count)))
    each = cpu_us / max(1, total)
    packages: Counter[str] = Counter()
    for (file, _), samples in own.items():
        packages[file.partition("/")[0]] += samples
    functions = [
        {"file": file, "function": function, "own_us": samples * each, "with_callees_us": below[file, function] * each}
        for (file, function), samples in own.most_common()
    ]
    by_package = {name: samples * each for name, samples in packages.most_common()}
    return {"cpu_us": cpu_us, "samples": total, "packages": by_package, "functions": functions}


def placed(frame: str) -> tuple[str, str] | None:
    """The file below its package, and the function; None for a frame of no package that is looked at."""
    match = FRAME.fullmatch(frame.strip())
    parts = Path(match["file"]).parts if match else ()
    starts = [at for at, part in enumerate(parts) if part in PACKAGES]
    return ("/".join(parts[starts[-1] :]), match["function"]) if match and starts else None


# --- the application alone --------------------------------------------------------------------------------------


def create_scope(number: int) -> dict[str, Any]:
    """A create as a server hands it over, with a head of its own."""
    call = CREATE.call("http://127.0.0.1:8080/api/v3")
    parts, length = urlsplit(call.url), str(len(call.body))
    fields = {"Host": parts.netloc, **call.headers, "Content-Length": length, "X-Request-Id": f"{number:036d}"}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50000),
        "root_path": "",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
    }


async def creates(app: Any, scopes: list[dict[str, Any]]) -> float:
    """Send them all to the application; CPU microseconds of each."""
    body, statuses = CREATE.body.encode(), set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            statuses.add(message["status"])

    before = time.process_time()
    for scope in scopes:
        await app(scope, receive, send)
    spent = time.process_time() - before
    assert statuses == {CREATE.status}, statuses
    return spent / len(scopes) * 1e6


def pipeline(count: int, lines: int) -> None:
    """Print what a create costs over ASGI, and cProfile's table."""
    from onezone_mockserver import create_app

    app = create_app()
    scopes = [create_scope(number) for number in range(4 * count)]
    asyncio.run(creates(app, scopes[:count]))
    cost = min(asyncio.run(creates(app, scopes[at * count : (at + 1) * count])) for at in (1, 2))
    profiler = cProfile.Profile()
    profiler.runcall(asyncio.run, creates(app, scopes[3 * count :]))
    print(f"{cost:.1f} µs of CPU a create, over ASGI; {count} creates under cProfile:")
    pstats.Stats(profiler).sort_stats("tottime").print_stats(lines)


def main() -> int:
    """Print the profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipeline", action="store_true", help="the application alone, with cProfile")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sampling (default 10)")
    parser.add_argument("--count", type=int, default=5000, help="creates over ASGI (default 5000)")
    parser.add_argument("--lines", type=int, default=30, help="functions to print (default 30)")
    parser.add_argument("--case", default=CREATE.name, choices=[case.name for case in CASES], help="what to send")
    options = parser.parse_args()
    if options.pipeline and options.case != CREATE.name:
        parser.error("--pipeline has creates alone: leave --case out")
    if options.pipeline:
        pipeline(options.count, options.lines)
        return 0
    try:
        case = next(case for case in CASES if case.name == options.case)
        report.show({"profile": sampled(options.seconds, case)}, options.lines)
    except ProfileError as error:
        raise SystemExit(str(error)) from None
    return 0


if __name__ == "__main__":
    sys.exit(main())
