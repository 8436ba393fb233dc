"""`ozkit verify` as a process: signals, pipes and odd terminals."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import server
from judge_tools import AGES, RawServer, silent, states

pytestmark = pytest.mark.slow

VERIFY = [sys.executable, "-m", "ozkit", "verify"]
PROGRESS = re.compile(r"ozkit verify: \d+ s: ")
"""What a run that takes long says of how far it is, each ten seconds."""


def arguments(handle: server.Handle) -> list[str]:
    return [*VERIFY, handle.base_url, "--states-url", handle.states_url, "--depth", "quick"]


def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """The process, when it is over."""
    return subprocess.run(command, text=True, timeout=AGES, check=False, **({"capture_output": True} | more))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_reports_and_cleans_up(number: signal.Signals, tmp_path: Path) -> None:
    """What was found by then is in every report, and what the run had made is removed."""
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("the tests were started with this signal ignored, and so is what they start")
    report = tmp_path / "report.json"
    with server.start("current", ["slow"], ["access-anybody"]) as handle:
        command = [*arguments(handle), "--workers", "1", "--report", f"json={report}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            wait_for_services(handle, 12)
            process.send_signal(number)
            out, err = process.communicate(timeout=AGES)
        assert process.returncode == 130, err
        assert "interrupted after" in out.splitlines()[-1]
        assert not [service for service in handle.app.world.services.values() if service.groups]
    written = json.loads(report.read_text(encoding="utf-8"))
    assert written["verdict"] == "nonconformant", out
    assert 0 < len(written["requirements"]) < 60


def running(mark: str, word: str) -> list[int]:
    """The processes that have a mark in their environment, and a word on their command line."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if mark.encode() in (folder / "environ").read_bytes() and word.encode() in words:
                pids.append(int(folder.name))
    return pids


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes cannot be looked at")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("word", ["mock", "--multiprocessing-fork"])
def test_an_interrupted_proof_leaves_no_mock_running(number: signal.Signals, word: str, tmp_path: Path) -> None:
    """What it started ends with it, while mocks are started and while they are judged."""
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("the tests were started with this signal ignored, and so is what they start")
    command = [sys.executable, "-m", "ozkit", "prove", "--workers", "2"]
    environment = {**os.environ, "OZKIT_TEST_MARK": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + AGES
        while not running(str(tmp_path), word) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=AGES)
    assert (process.returncode, err) == (130, "ozkit prove: interrupted\n")
    assert running(str(tmp_path), "mock") == []


def test_a_second_signal_ends_at_once() -> None:
    """Who asks twice does not wait for a target that does not answer."""
    with RawServer(silent) as raw:
        command = [*VERIFY, f"{raw.origin}/api/v3", "--states-url", f"{raw.origin}/states"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + AGES
            while not raw.connections and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=AGES)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_an_interrupted_set_up_is_torn_down() -> None:
    """Personas that were made before the run began are removed."""
    process: list[subprocess.Popen[str]] = []

    def reply(message: dict[str, Any]) -> bytes:
        if message["state"] == "a persona" and message["action"] == "setup":
            process[0].send_signal(signal.SIGTERM)
            time.sleep(0.2)
        return b'HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{"token": "t","group": "g"}'

    with states(reply) as (url, got):
        command = [*VERIFY, "http://127.0.0.1:9/api/v3", "--states-url", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
            process.append(started)
            out, _ = started.communicate(timeout=AGES)
    assert started.returncode == 130
    assert "interrupted before anything was judged" in out
    assert [(call["action"], call["state"]) for call in got] == [
        ("setup", "a group"),
        ("setup", "a persona"),
        ("teardown", "a persona"),
        ("teardown", "a group"),
    ]


def wait_for_services(handle: server.Handle, count: int) -> None:
    deadline = time.monotonic() + AGES
    while len(handle.app.world.services) < count and time.monotonic() < deadline:
        time.sleep(0.02)


def test_pipe_that_nobody_reads_changes_no_verdict() -> None:
    """A violation is exit code 1 also where the reader of the report went away."""
    with server.start("current", faults=["status-200"]) as handle:
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            command = [*arguments(handle), "--report", "json=-"]
            done = subprocess.run(command, stdout=pipe, stderr=subprocess.DEVNULL, timeout=AGES, check=False)
    assert done.returncode == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_output_that_is_no_utf_8_ends_in_no_traceback(encoding: str) -> None:
    """A terminal or a log file that cannot carry every character gets the report all the same."""
    with server.start("current", faults=["status-200"]) as handle:
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(arguments(handle), env=environment, capture_output=True, timeout=AGES, check=False)
    assert b"Traceback" not in done.stderr
    assert "nonconformant" in done.stdout.decode(encoding)


@pytest.mark.parametrize("form", ["json", "junit", "sarif", "markdown", "html"])
def test_a_report_on_standard_output_is_utf_8(form: str) -> None:
    """Whatever the console is: programs read it."""
    with server.start("current", faults=["status-200"]) as handle:
        environment = {**os.environ, "PYTHONIOENCODING": "utf-16"}
        command = [*arguments(handle), "--report", f"{form}=-"]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=AGES, check=False)
    assert "·" in done.stdout.decode("utf-8") or "expected" in done.stdout.decode("utf-8")
    if form == "json":
        assert json.loads(done.stdout)["verdict"] == "nonconformant"


# --- what fails in the kit is no verdict ----------------------------------------------------------------------

FULL = Path("/dev/full")
ONE = ["--depth", "quick", "--requirement", "*.success.status"]


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("redirection", "more"),
    [
        (">/dev/full", ""),
        (">/dev/full", "--report json=-"),
        (">/dev/full 2>/dev/full", ""),
        ("", "--report json=/dev/full"),
        (">&-", ""),
        (">&- 2>&-", ""),
        (">&-", "--report json=-"),
    ],
)
def test_what_cannot_be_written_is_no_verdict(redirection: str, more: str) -> None:
    """A full disk and a closed output end the run with exit code 2 and one line, if anybody can read it."""
    command = f"{sys.executable} -m ozkit verify {' '.join(ONE)} {more} {redirection}".replace("*", "'*'")
    done = run(["bash", "-c", command])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "2>" in redirection or "written" in done.stderr or "cannot write" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "command", ["requirements", "spec", "mock --list-faults", "target init", "--help", "--version"]
)
def test_every_command_fails_alike_on_a_full_disk(command: str) -> None:
    """Exit code 2 and no traceback."""
    done = run(["bash", "-c", f"{sys.executable} -m ozkit {command} >/dev/full"])
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr


def test_nothing_is_written_into_the_working_folder(tmp_path: Path) -> None:
    """What Hypothesis keeps is in the user's cache, or where the user says."""
    work, cache = tmp_path / "work", tmp_path / "cache"
    work.mkdir()
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    environment.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    command = [*VERIFY, "--requirement", "*.generated.valid"]
    assert run(command, cwd=work, env=environment).returncode == 0
    assert (list(work.iterdir()), [path.name for path in cache.iterdir()]) == ([], ["onezone-contract-kit"])


def test_a_machine_that_can_only_be_read(tmp_path: Path) -> None:
    """Where no folder can be written to, a run judges all the same."""
    nowhere = str(tmp_path / "nowhere")
    environment = {**os.environ, "XDG_CACHE_HOME": "/proc/nowhere", "TMPDIR": nowhere, "HOME": "/proc/nowhere"}
    environment.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    done = run([*VERIFY, "--requirement", "*.generated.valid"], cwd="/proc", env=environment)
    said = [line for line in done.stderr.splitlines() if not PROGRESS.match(line)]
    assert (done.returncode, said) == (0, [])


def test_a_piped_run_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no terminal, lines on standard error do, one each ten seconds."""
    code = (
        "import sys, ozkit\n"
        "from onezone_contracts.commands import progress\n"
        "progress.EVERY = 0.05\n"
        "sys.exit(ozkit.main(sys.argv[1:]))"
    )
    monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY", raising=False)
    with server.start("current", ["slow"]) as handle:
        done = run([sys.executable, "-c", code, *arguments(handle)[3:], "--workers", "1", *ONE[2:]])
    lines = done.stderr.splitlines()
    assert lines
    assert all(line.startswith("ozkit verify: ") for line in lines)
    assert lines[0] == "ozkit verify: 0 s: setting up"
