"""The kit's own mock as a target: a process of its own, so the judge sees it as it sees any other server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Thread

from contracts.target import SetupError

START_SECONDS = 30.0


@contextmanager
def mock(edition: str, *options: str) -> Iterator[str]:
    """Run `ozkit mock` of that edition on a free port; gives its origin. Raises SetupError if it does not start."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet", "--edition", edition, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        yield _origin(process)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def _origin(process: subprocess.Popen[str]) -> str:
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
        told = process.stderr.read().strip() if process.poll() is not None and process.stderr else ""
        raise SetupError(f"the embedded mock did not start{': ' + told.splitlines()[-1] if told else ''}")
    return origin.rstrip("/")
