"""Exit codes of the real command, as a script sees them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PART = ("--depth", "quick", "--requirement", "*.access.*")
MEMBER = "create_group_handle_service.access.member"


def ozkit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ozkit", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("text", "code"), [("# nothing\n", 0), (f"{MEMBER}\n", 1), ("no.such.requirement\n", 1), (b"\xff", 2), (None, 2)]
)
def test_expected_failures(tmp_path: Path, text: str | bytes | None, code: int) -> None:
    """An empty list is kept; a pass and a line that lists nothing are failures; a bad file is bad usage."""
    if text is not None:
        (tmp_path / "known.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = ozkit(tmp_path, "verify", *PART, "--expected-failures", "known.txt")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("workers", "code"), [("4", 0), ("0", 2), ("65", 2)])
def test_workers(tmp_path: Path, workers: str, code: int) -> None:
    """A sound number of workers judges; any other is bad usage."""
    assert ozkit(tmp_path, "verify", *PART, "--workers", workers).returncode == code


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 0), (("http://127.0.0.1:9/x", "--states-url", "http://127.0.0.1:9/s"), 2)]
)
def test_identify(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    """The kit's own mock is known; of a target that is down nothing is."""
    done = ozkit(tmp_path, "identify", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
