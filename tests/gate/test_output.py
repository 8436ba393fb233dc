"""What becomes of a command whose output nobody takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
COMMANDS = ("--help", "--version", "requirements", "spec", "mock --list-faults", "mock --help")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_had_enough_is_no_failure(command: str) -> None:
    """As `ozkit requirements | head` is none: exit code 0, and nothing on standard error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ozkit", *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["--help", "--version", "requirements", "spec", "mock --list-faults"])
def test_output_that_cannot_be_written_is_said_in_one_line(command: str) -> None:
    """With exit code 2."""
    with FULL.open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ozkit", *command.split()], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"ozkit: cannot write: No space left on device\n")
