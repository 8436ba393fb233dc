"""Load on a server, from a process of its own: wrk where it is installed, else a small client on asyncio."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
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
FRESH = """number = 0
request = function()
  number = number + 1
  wrk.headers["X-Request-Id"] = tostring(number)
  return wrk.format()
end"""


@dataclass(frozen=True)
class Call:
    """A request that is sent again and again; a `fresh` one with another request id each time."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    fresh: bool = False


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
        body, fresh = json.dumps(call.body) if call.body else "nil", FRESH if call.fresh else ""
        script.write(LUA % (json.dumps(call.method), body, headers, fresh))
        script.flush()
        length = f"-d{max(1, round(seconds))}s"
        command = ["wrk", "-t1", f"-c{connections}", length, "-s", script.name, call.url]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def _own(call: Call, seconds: float, connections: int) -> subprocess.CompletedProcess[str]:
    told = json.dumps([asdict(call), seconds, connections])
    return subprocess.run([sys.executable, __file__], input=told, capture_output=True, text=True, check=False)


def raw(call: Call, number: int = 0) -> bytes:
    """The request as it goes over the wire."""
    parts = urlsplit(call.url)
    fields = {"Host": parts.netloc, **call.headers, "Content-Length": str(len(call.body.encode()))}
    fields |= {"X-Request-Id": str(number)} if call.fresh else {}
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


async def _connection(call: Call, until: float, times: list[float]) -> None:
    parts, request = urlsplit(call.url), raw(call)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        await ask(reader, writer, raw(call, len(times)) if call.fresh else request)
        times.append(time.perf_counter() - started)
    writer.close()


async def _main(call: Call, seconds: float, connections: int) -> dict[str, Any]:
    times: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(*(_connection(call, started + seconds, times) for _ in range(connections)))
    took = time.perf_counter() - started
    times.sort()
    p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.99))
    return asdict(Burst(len(times), took, p50, p99, 0))


if __name__ == "__main__":
    given, *rest = json.load(sys.stdin)
    print(json.dumps(asyncio.run(_main(Call(**given), *rest))))
