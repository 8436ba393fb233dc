"""Load on a server, from a process of its own: wrk where it is installed, else a small client on asyncio."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

LUA = """wrk.method = %s
wrk.body = %s
wrk.headers = {%s}
%s
done = function(summary, latency)
  io.write(string.format('\\n{"requests": %%d, "seconds": %%f, "p50_ms": %%f, "p99_ms": %%f, "lost": %%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""
PLACE = "PLACE-OF-THE-REQUEST-ID"
OWN_HEADS = f"""local head, tail
local number = 0
wrk.headers["X-Request-Id"] = "{PLACE}"
init = function()
  local text = wrk.format()
  local first, last = text:find("{PLACE}", 1, true)
  head, tail = text:sub(1, first - 1), text:sub(last + 1)
end
request = function()
  number = number + 1
  return head .. string.format("%s-%%012x", number) .. tail
end"""
"""The text is formatted once and cut at the id, so that the client has little more to do than with one request."""


@dataclass(frozen=True)
class Call:
    """A request that is sent again and again, each time with an id of its own unless it is to be `identical`."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    identical: bool = False


@dataclass(frozen=True)
class Burst:
    """What a client saw in some seconds of sending one request over some connections."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    lost: int


def client() -> str:
    """Which client it is."""
    return "wrk" if shutil.which("wrk") else "asyncio"


def burst(call: Call, seconds: float, connections: int) -> Burst:
    """Send for so long, from a process of its own, and tell what it saw."""
    done = _wrk(call, seconds, connections) if shutil.which("wrk") else _own(call, seconds, connections)
    if done.returncode:
        raise SystemExit(f"the client failed: {done.stdout}{done.stderr}")
    return Burst(**json.loads(done.stdout.strip().splitlines()[-1]))


def _wrk(call: Call, seconds: float, connections: int) -> subprocess.CompletedProcess[str]:
    headers = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in call.headers.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
        body, own = json.dumps(call.body) if call.body else "nil", "" if call.identical else OWN_HEADS % run_id()
        script.write(LUA % (json.dumps(call.method), body, headers, own))
        script.flush()
        length = f"-d{max(1, round(seconds))}s"
        command = ["wrk", "-t1", f"-c{connections}", length, "-s", script.name, call.url]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def _own(call: Call, seconds: float, connections: int) -> subprocess.CompletedProcess[str]:
    words = json.dumps([asdict(call), seconds, connections])
    return subprocess.run([sys.executable, __file__], input=words, capture_output=True, text=True, check=False)


def run_id() -> str:
    """The first part of the request ids of one burst; with twelve more digits they look like UUIDs."""
    return str(uuid.uuid4())[:23]


def raw(call: Call, request_id: str) -> bytes:
    """The request as it goes over the wire."""
    parts = urlsplit(call.url)
    fields = {"Host": parts.netloc, **call.headers, "Content-Length": str(len(call.body.encode()))}
    fields |= {} if call.identical else {"X-Request-Id": request_id}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{call.method} {parts.path} HTTP/1.1\r\n{head}\r\n{call.body}".encode()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send one request, read the whole answer, and give its status."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
    if b"transfer-encoding: chunked" in head:
        while await reader.readuntil(b"\r\n") != b"0\r\n":
            await reader.readuntil(b"\r\n")
        await reader.readexactly(2)
    elif length:
        await reader.readexactly(int(length))
    return int(head.split(b" ", 2)[1])


async def _connection(call: Call, until: float, times: list[float], numbers: Iterator[int]) -> None:
    parts, run = urlsplit(call.url), run_id()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    while time.perf_counter() < until:
        request = raw(call, f"{run}-{next(numbers):012x}")
        started = time.perf_counter()
        await ask(reader, writer, request)
        times.append(time.perf_counter() - started)
    writer.close()


async def _main(call: Call, seconds: float, connections: int) -> dict[str, Any]:
    times: list[float] = []
    numbers = count()
    started = time.perf_counter()
    await asyncio.gather(*(_connection(call, started + seconds, times, numbers) for _ in range(connections)))
    took = time.perf_counter() - started
    times.sort()
    p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.99))
    return asdict(Burst(len(times), took, p50, p99, 0))


if __name__ == "__main__":
    given, *rest = json.load(sys.stdin)
    print(json.dumps(asyncio.run(_main(Call(**given), *rest))))
