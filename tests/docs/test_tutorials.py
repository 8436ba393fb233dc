"""The tutorials, done as they stand: their commands run one after the other in an empty folder."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("curl") is None, reason="the tutorials need curl")]

TUTORIALS = Path(__file__).parents[2] / "docs/tutorials"
INSTALL = "python3 -m venv .venv\n.venv/bin/pip install -q .\n"
"""How each tutorial begins. The test has the kit installed already."""
ENDS = {
    "implementation": ["profile core: conformant", "exit code 1", "password:"],
    "frontend": ["HTTP/1.1 204", "lacks group group_create_handle_service", "HTTP/1.1 503", '"exchanges"'],
    "pipeline": ["profile core: conformant", "exit code 1", "1 expected failure", "fails anew (0)"],
}


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


@pytest.mark.parametrize("name", sorted(ENDS))
def test_a_tutorial_runs_as_it_stands(name: str, tmp_path: Path) -> None:
    """Every command of a tutorial succeeds, and what it promises is printed."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    script = "set -eu\ntrap 'for job in $(jobs -p); do kill $job || true; done' EXIT\n" + commands(name)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [words for words in ENDS[name] if words not in done.stdout] == []


def test_every_tutorial_is_run() -> None:
    """There is no tutorial whose commands nobody tries."""
    assert {path.stem for path in TUTORIALS.glob("*.md")} == set(ENDS)
