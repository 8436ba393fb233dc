"""The benchmark of the mock's answers runs; what it measures is nobody's test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
BENCH = Path(__file__).parents[2] / "bench"
FEW = ["--rounds", "1", "--seconds", "0.2", "--starts", "1", "--creates", "50", "--tail", "100"]
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="CPU and memory are read from /proc")


def run(code: str) -> Any:
    """What a piece of Python prints in the folder of the benchmarks, read as JSON."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@needs_proc
def test_it_prints_the_goals_and_writes_what_it_measured(tmp_path: Path) -> None:
    """With the mock and a bare route alone, and two cases."""
    written = tmp_path / "serve.json"
    parts = ["--part", "costs", "--part", "starts", "--part", "growth"]
    which = ["--only", "nobody else", "--case", "create", "--case", "bad body"]
    command = [sys.executable, str(BENCH / "serve.py"), *FEW, *parts, *which, "--json", str(written)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Prism: not measured" in done.stdout
    assert "CPU of a create, against the bare route" in done.stdout
    document = json.loads(written.read_text(encoding="utf-8"))
    assert {case: some["ozkit mock"] for case, some in document["costs"]["answers"].items()} == {
        "create": 204,
        "bad body": 400,
    }
    assert document["growth"]["created"]["requests"] >= 50


SERVED = """
import asyncio, json, load
async def main():
    heads = []
    async def serve(reader, writer):
        try:
            while head := await reader.readuntil(b'\\r\\n\\r\\n'):
                heads.append(head)
                writer.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')
        except (EOFError, OSError):
            writer.close()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    call = load.Call('GET', f'http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x', identical=IDENTICAL)
    done = await asyncio.to_thread(load.CLIENT, call, 0.2, 3)
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    print(json.dumps([seen, len(heads), len(set(heads))]))
asyncio.run(main())
"""


@pytest.mark.parametrize("identical", [False, True])
@pytest.mark.parametrize("client", ["_own", "_wrk"])
def test_every_request_has_a_head_of_its_own(client: str, identical: bool) -> None:  # noqa: FBT001
    """Over several connections, unless all are to be alike; and the client counts the answers."""
    if client == "_wrk" and run("import json, load; print(json.dumps(load.client()))") != "wrk":
        pytest.skip("wrk is not there")
    seen, count, different = run(SERVED.replace("IDENTICAL", str(identical)).replace("CLIENT", client))
    assert count >= seen["requests"] > 3
    assert seen["p50_ms"] <= seen["p99_ms"]
    assert different == (1 if identical else count)


def test_a_goal_says_what_was_seen_and_whether_it_was_reached() -> None:
    """A ratio is the median of the rounds' ratios; what was not measured is said to be so."""
    figures = {"costs": {"rows": {"create": {
        "ozkit mock": [{"cpu_us": 55}, {"cpu_us": 60}, {"cpu_us": 90}],
        "bare Starlette route": [{"cpu_us": 50}, {"cpu_us": 50}, {"cpu_us": 50}],
    }}}}  # fmt: skip
    rows = run(f"import json, goals; print(json.dumps([one.row({figures}) for one in goals.goals()]))")
    assert rows[0] == ["CPU of a create, against the bare route", "≤ 1.25", "≤ 1", "1.20", "floor"]
    assert {tuple(row[3:]) for row in rows[1:]} == {("not measured", "")}


def test_a_sample_belongs_to_the_innermost_function_that_is_looked_at() -> None:
    """What a library does for a function is that function's own."""
    stacks = [
        "<module> (ozkit.py:1);run (uvicorn/server.py:5);check (onezone_mockserver/stages/body.py:7) 3",
        "run (uvicorn/server.py:5);check (/x/onezone_mockserver/stages/body.py:9);loads (json/__init__.py:3) 1",
        "run (uvicorn/server.py:6) 4",
    ]
    shares = run(f"import json, hotspots; print(json.dumps(hotspots.shares({stacks}, 80.0)))")
    assert shares["packages"] == {"onezone_mockserver": 40.0, "uvicorn": 40.0}
    assert shares["functions"] == [
        {"file": "onezone_mockserver/stages/body.py", "function": "check", "own_us": 40.0, "with_callees_us": 40.0},
        {"file": "uvicorn/server.py", "function": "run", "own_us": 40.0, "with_callees_us": 80.0},
    ]


def test_the_tables_are_written_between_the_marks_of_the_documentation(tmp_path: Path) -> None:
    """Nothing else is touched, and a second time gives the same."""
    pytest.importorskip("matplotlib", reason="the extra `bench` draws the figures")
    page = tmp_path / "page.md"
    code = (
        "import json, pathlib, report, plot\n"
        "plot.draw = lambda found: None\n"
        f"report.DOCS = page = pathlib.Path({str(page)!r})\n"
        "page.write_text(f'before\\n\\n{report.BEGIN}\\nold\\n{report.END}\\n\\nafter\\n')\n"
        "found = {'profile': {'cpu_us': 2.0, 'samples': 4, 'packages': {'uvicorn': 1.0}, 'functions': []}}\n"
        "texts = []\n"
        "for _ in range(2):\n"
        "    report.write_docs(found | CONDITIONS)\n"
        "    texts.append(page.read_text())\n"
        "print(json.dumps(texts))\n"
    )
    conditions = {
        "commit": "abc", "on": "x", "load_average": 0.0, "load_average_after": 0.0,
        "server": "s", "versions": {}, "rounds": 1, "seconds": 1,
        "connections": 1, "client": "wrk", "starts_each": 1,
    }  # fmt: skip
    first, second = run(code.replace("CONDITIONS", str(conditions)))
    assert first == second
    assert first.startswith("before\n")
    assert first.endswith("after\n")
    assert "| uvicorn | 1.00 | 50% |" in first
    assert "old" not in first
