"""The kit's own mock as a target: a process of its own, so the judge sees it as it sees any other server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Thread
from typing import IO

from onezone_contracts.target.file import SetupError

START_SECONDS = 30.0


@contextmanager
def mock(edition: str, *options: str) -> Iterator[str]:
    """Run `ozkit mock` of that edition on a free port; gives its origin. Raises SetupError if it does not start."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet", "--edition", edition, *options]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:  # a pipe would fill up
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603
        try:
            yield _origin(process, errors)
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _origin(process: subprocess.Popen[str], errors: IO[str]) -> str:
    lines: Queue[str] = Queue()
    stdout = process.stdout
    assert stdout is not None
    Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=START_SECONDS).strip()
    except Empty:
        line = ""
    origin = line.rpartition(" ")[2]
    if not origin.startswith("http"):
        errors.seek(0)
        told = errors.read().strip().splitlines()
        raise SetupError(f"the embedded mock did not start{': ' + told[-1] if told else ''}")
    return origin.rstrip("/")
