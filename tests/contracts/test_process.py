"""`ozkit verify` as a process: signals, pipes and odd terminals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import server
from judge_tools import AGES

pytestmark = pytest.mark.slow

VERIFY = [sys.executable, "-m", "ozkit", "verify"]


def arguments(handle: server.Handle) -> list[str]:
    return [*VERIFY, handle.base_url, "--states-url", handle.states_url, "--depth", "quick"]


def test_terminated_run_cleans_up() -> None:
    """SIGTERM ends a run with one line and without a verdict, and what it had made is removed."""
    with server.start("current", ["slow"]) as handle:
        command = arguments(handle)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + AGES
            while len(handle.app.world.services) < 2 and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=AGES)
        assert (process.returncode, out, err) == (2, "", "ozkit verify: interrupted\n")
        left = [one for one in handle.app.world.services.values() if one.groups]
        assert len(handle.app.world.services) >= 2
        assert len(left) <= 1  # the one that was being made


def test_pipe_that_nobody_reads_changes_no_verdict() -> None:
    """A violation is exit code 1 also where the reader of the report went away."""
    with server.start("current", faults=["status-200"]) as handle:
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            command = [*arguments(handle), "--report", "json=-"]
            done = subprocess.run(command, stdout=pipe, stderr=subprocess.DEVNULL, timeout=AGES, check=False)
    assert done.returncode == 1


def test_output_that_is_ascii_ends_in_no_traceback() -> None:
    """A terminal or a log file that cannot carry every character gets the report all the same."""
    with server.start("current", faults=["status-200"]) as handle:
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        command = arguments(handle)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=AGES, check=False)
    assert "Traceback" not in done.stderr
    assert "nonconformant" in done.stdout
