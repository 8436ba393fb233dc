"""The tutorials, done as they stand: their commands run one after the other in an empty folder."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.requirement import Level
from onezone_spec import load

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("curl") is None, reason="the tutorials need curl")]

TUTORIALS = Path(__file__).parents[2] / "docs/tutorials"
INSTALL = "python3 -m venv .venv\n.venv/bin/pip install -q .\n"
"""How each tutorial begins. The test has the kit installed already."""
NAMES = sorted(path.stem for path in TUTORIALS.glob("*.md"))


def commands(name: str) -> str:
    """The commands of a tutorial; its ports are free ones."""
    text = "".join(re.findall(r"```bash\n(.*?)```", (TUTORIALS / f"{name}.md").read_text("utf-8"), re.DOTALL))
    assert text.startswith(INSTALL)
    script = text.removeprefix(INSTALL)
    for port in set(re.findall(r"--port (\d+)", script)):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            script = re.sub(rf"\b{port}\b", str(free.getsockname()[1]), script)
    return script


def shown(name: str) -> list[str]:
    """The lines of output that a tutorial shows, as patterns: `…` is any text, and a port is any."""
    text = "".join(re.findall(r"```text\n(.*?)```", (TUTORIALS / f"{name}.md").read_text("utf-8"), re.DOTALL))
    patterns = [re.escape(line.strip()).replace("…", ".*") for line in text.splitlines() if line.strip()]
    return [re.sub(r"(?<=127\\.0\\.0\\.1:)\d+", r"\\d+", pattern) for pattern in patterns]


@pytest.mark.parametrize("name", NAMES)
def test_a_tutorial_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    """Every command of a tutorial succeeds, and prints in this order what the tutorial shows."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    script = "set -eum\ntrap 'for job in $(jobs -p); do kill $job || true; done' EXIT\n" + commands(name)
    wide = {**os.environ, "COLUMNS": "200"}  # so that no line that the tutorial shows is wrapped
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=wide, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = iter(done.stdout.splitlines())
    patterns = shown(name)
    assert patterns
    missing = [pattern for pattern in patterns if not any(re.search(pattern, line) for line in printed)]
    assert missing == [], done.stdout


def test_the_numbers_in_sentences_are_todays() -> None:
    """What a sentence says of how many requirements there are is true, as the outputs are."""
    contract = load("current")
    operation = judged_operations(contract)[0]
    quick, standard = (requirements(contract, operation, depth) for depth in ("quick", "standard"))
    musts, observed = (sum(item.level is level for item in quick) for level in (Level.MUST, Level.OBSERVE))
    implementation, pipeline = (
        (TUTORIALS / f"{name}.md").read_text("utf-8") for name in ("implementation", "pipeline")
    )
    assert f"{musts} of these {len(quick)} are MUSTs" in implementation
    assert f"\n{observed} are only observed" in implementation
    assert f"{musts} of the {len(quick)} requirements are MUSTs, which decide the verdict. {observed} are" in pipeline
    assert f"judges {len(standard)} requirements instead of these {len(quick)}" in pipeline
