"""The kit's own mock as a target: a process of its own, so the judge sees it as it sees any other server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty, Queue
from threading import Thread
from typing import IO

from onezone_spec import Origin

from onezone_contracts.target.file import SetupError

START_SECONDS = 30.0


@contextmanager
def mock(edition: str | Origin, *options: str) -> Iterator[str]:
    """Run `ozkit mock` of that edition on a free port; gives its origin. Raises SetupError if it does not start.

    A contract of one's own is named by its origin.
    """
    named = Origin(edition) if isinstance(edition, str) else edition
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet", *named.options, *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OZKIT_MOCK_")}
    with _error_file() as errors:
        process = subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors or subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for the judge, which ends the mock when it is done
        )
        try:
            yield _origin(process, errors)
        finally:
            _end(process)


@contextmanager
def _error_file() -> Iterator[IO[str] | None]:
    """Where the mock writes its errors: a file, since a pipe would fill up; None if no file can be written."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
        except OSError:
            file = None
        yield file


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _origin(process: subprocess.Popen[str], errors: IO[str] | None) -> str:
    lines: Queue[str] = Queue()
    stdout = process.stdout
    assert stdout is not None

    def read() -> None:
        with suppress(ValueError):  # closed, as somebody ended the run before the mock was there
            lines.put(stdout.readline())

    Thread(target=read, daemon=True).start()
    try:
        line = lines.get(timeout=START_SECONDS).strip()
    except Empty:
        line = ""
    origin = line.rpartition(" ")[2]
    if not origin.startswith("http"):
        if errors:
            errors.seek(0)
        output = errors.read().strip().splitlines() if errors else []
        raise SetupError(f"the embedded mock did not start{': ' + output[-1] if output else ''}")
    return origin.rstrip("/")
