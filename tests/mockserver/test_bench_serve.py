"""The benchmark of the mock's answers runs; what it measures is nobody's test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
FEW = ["--rounds", "1", "--seconds", "0.2", "--starts", "1", "--creates", "50", "--tail", "100"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="CPU and memory are read from /proc")
def test_it_prints_tables_and_writes_what_it_measured(tmp_path: Path) -> None:
    """With the mock and a bare route alone, and two cases."""
    written = tmp_path / "serve.json"
    which = ["--only", "ozkit mock", "--only", "bare Starlette route", "--case", "create", "--case", "bad body"]
    command = [sys.executable, str(BENCH / "serve.py"), *FEW, *which, "--json", str(written)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Prism: not measured" in done.stdout
    found = json.loads(written.read_text(encoding="utf-8"))
    assert found["servers"]["ozkit mock"]["statuses"] == {"create": 204, "bad body": 400}
    assert found["growth"]["created"]["requests"] >= 50


def test_the_client_for_machines_without_wrk_counts_answers() -> None:
    """It sends one request again and again, over several connections."""
    code = (
        "import asyncio, threading, load\n"
        "async def one(r, w):\n"
        "    while await r.readuntil(b'\\r\\n\\r\\n'):\n"
        "        w.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')\n"
        "async def main():\n"
        "    server = await asyncio.start_server(one, '127.0.0.1', 0)\n"
        "    port = server.sockets[0].getsockname()[1]\n"
        "    call = load.Call('GET', f'http://127.0.0.1:{port}/x')\n"
        "    done = await asyncio.to_thread(load._own, call, 0.2, 3)\n"
        "    print(done.stdout, done.stderr)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=60, check=False)
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    assert seen["requests"] > 3
    assert seen["p50_ms"] <= seen["p99_ms"]
