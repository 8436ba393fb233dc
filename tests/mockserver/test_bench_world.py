"""The benchmark of the world runs; what it measures is nobody's test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCH = Path(__file__).parents[2] / "bench" / "world.py"


def test_it_prints_a_table_and_writes_what_it_measured(tmp_path: Path) -> None:
    written = tmp_path / "world.json"
    command = [sys.executable, str(BENCH), "--sizes", "10", "60", "--parents", "2", "--json", str(written), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["memberships", "demo", "10", "60"]
    rows = json.loads(written.read_text(encoding="utf-8"))["rows"]
    assert len(rows) == 3
    assert all(row["warm"] > 0 and row["first"] > 0 for row in rows)


def test_worlds_with_names_are_measured(tmp_path: Path) -> None:
    """A few of them: that it runs."""
    written = tmp_path / "named.json"
    command = [sys.executable, str(BENCH.parent / "named_worlds.py"), "--worlds", "20", "--rounds", "1"]
    done = subprocess.run([*command, "--json", str(written)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    document = json.loads(written.read_text(encoding="utf-8"))
    assert document["worlds"] == 20
    assert document["first_ms"] > 0
