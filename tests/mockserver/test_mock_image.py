"""The Dockerfile. Where there is no daemon, its commands are tried in this environment, by what the file says."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from socket_client import LONG

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
ENTRYPOINT, HEALTHCHECK = (
    json.loads(re.findall(rf"^{name}.*?(\[.*\])$", TEXT, re.MULTILINE)[0]) for name in ("ENTRYPOINT", "HEALTHCHECK")
)


def environment(**more: str) -> dict[str, str]:
    """What the image sets, on the programs of this environment; the port is free for the test to choose."""
    line = re.findall(r"^ENV (.*)$", TEXT, re.MULTILINE)[0]
    given = dict(word.split("=", 1) for word in line.split())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **given, "PATH": path, **more}


def healthy(**more: str) -> int:
    command = [sys.executable, *HEALTHCHECK[1:]]
    return subprocess.run(command, env=environment(**more), capture_output=True, check=False, timeout=LONG).returncode


@pytest.mark.slow
def test_it_is_configured_by_variables_and_ends_at_sigterm() -> None:
    """Health, the control token, a scenario, and exit code 0 as the first process of a container would have it."""
    scenario = str(ROOT / "docs" / "scenarios" / "small-lab.yaml")
    variables = {"OZKIT_MOCK_PORT": "0", "OZKIT_MOCK_QUIET": "1", "OZKIT_MOCK_SCENARIO": scenario}
    env = environment(**variables, OZKIT_MOCK_EDITION="deployed", OZKIT_MOCK_CONTROL_TOKEN="token")
    assert ENTRYPOINT == ["ozkit", "mock"]
    command = [sys.executable, "-m", *ENTRYPOINT]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip().rpartition(":")[2]
            assert healthy(OZKIT_MOCK_PORT=port) == 0
            assert healthy(OZKIT_MOCK_PORT=port, OZKIT_MOCK_TLS_CERT="cert.pem") == 1
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=LONG)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    assert healthy(OZKIT_MOCK_PORT=port) == 1


def test_the_image_runs_as_an_ordinary_user() -> None:
    """The last word on the user is a number, so that a cluster can see that it is not root."""
    assert re.findall(r"^USER (.*)$", TEXT, re.MULTILINE)[-1] == "10001"
    assert re.findall(r"^WORKDIR (.*)$", TEXT, re.MULTILINE) == ["/scenarios"]


def test_what_the_wheel_needs_is_sent_to_the_daemon() -> None:
    """`.dockerignore` lets through what mockserver/pyproject.toml takes from beside it."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = (ROOT / "mockserver" / "pyproject.toml").read_text(encoding="utf-8")
    needed = {name.split("/")[0] for name in re.findall(r'"\.\./([\w./-]+)"', project)}
    assert {*needed, "mockserver"} <= allowed


@pytest.mark.slow
def test_the_image_can_be_built() -> None:
    """With a daemon, and an index and a registry that it reaches."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("there is no docker daemon: the image is not built")
    done = subprocess.run([docker, "build", "-q", "."], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
