"""The documented operation in common frameworks, each as its users write it, is conformant without a warning.

Express is installed by npm into a temporary folder. Where node, npm, the registry or nginx is missing, those servers
are skipped; with OZKIT_FRAMEWORKS=required that is a failure.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from nginx_tools import configured
from onezone_contracts.derive import judged_operations
from onezone_contracts.personas import Persona, personas
from onezone_spec import load

import ozkit

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
EDITION = "current"
SEEDS = ("0", *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in ("1", "2")))
"""The usual run takes the first."""
REQUIRED = os.environ.get("OZKIT_FRAMEWORKS") == "required"
SECONDS = 60.0
"""An upper bound for a server to listen, or for npm to end; nobody comes near."""
UUIDS = ("6f1c2f0e-9d0b-4c53-8f43-2a7a6b0c9d11", "b3d1f7a2-41d5-4a3e-9a55-0c1d2e3f4a5b")
NUMBERS = ("41", "42")
WORDS = ("4ebd9efd1e67f6c18695db1d762a914a", "9b2f0c6a1d3e4f5a8b7c6d5e4f3a2b1c")
OTHER_FRONTS = (
    ("fastapi_server.py", UUIDS, "behind nginx"),
    ("flask_server.py", NUMBERS, "alone"),
    ("drf_server.py", WORDS, "behind nginx"),
)
"""What the usual run leaves to the exhaustive one."""
NGINX = """
listen 127.0.0.1:{port};
location / {{
    proxy_pass {upstream};
    proxy_set_header Host $http_host;
}}
"""


def lacking(reason: str) -> None:
    """Skip for a reason, or fail where nothing may be lacking."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def personas_needed() -> tuple[Persona, ...]:
    """The personas of the documented operation."""
    contract = load(EDITION)
    return personas(contract, judged_operations(contract)[0])


def world(folder: Path, groups: tuple[str, str]) -> Path:
    """A file with the users that a server knows: each persona, a password each, in the first group or in none."""
    users = {
        f"user{number}": {
            "password": f"pass-word:{number}",
            "zone": sorted(command.grants["zone"] or ()),
            "groups": {} if command.grants["group"] is None else {groups[0]: sorted(command.grants["group"])},
        }
        for number, command in enumerate(personas_needed())
    }
    path = folder / "world.json"
    path.write_text(json.dumps({"groups": groups, "users": users}), encoding="utf-8")
    return path


def target(folder: Path, base_url: str, groups: tuple[str, str]) -> Path:
    """A target file for the same users."""
    people = {
        command.name: {"username": f"user{number}", "password": f"pass-word:{number}"}
        for number, command in enumerate(personas_needed())
    }
    data = {
        "base_url": base_url,
        "groups": {"home": groups[0], "other": groups[1]},
        "personas": {"create_group_handle_service": people},
    }
    path = folder / "target.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


@contextlib.contextmanager
def running(*command: object, cwd: Path | None = None) -> Iterator[str]:
    """The base URL that a server prints when it listens; it is ended afterwards."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=cwd) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line.startswith("listening on "), line
            yield line.removeprefix("listening on ")
        finally:
            process.kill()


def listens(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


@contextlib.contextmanager
def nginx(folder: Path, base_url: str) -> Iterator[str]:
    """The base URL of nginx in its default configuration before a server."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        lacking("nginx is not installed")
        return
    origin, _, path = base_url.removeprefix("http://").partition("/")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = configured(folder, NGINX.format(port=port, upstream=f"http://{origin}"))
    with subprocess.Popen([program, "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + SECONDS
            while not listens(port):
                assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/{path}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def express(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Express is installed, with the server in it."""
    folder = tmp_path_factory.mktemp("express")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        lacking("node or npm is not installed")
    shutil.copy(HERE / "express_server.mjs", folder)
    command = [str(npm), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), "express@5"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=3 * SECONDS, check=False)
    if done.returncode:
        lacking(f"npm cannot install Express: {done.stderr[-300:]}")
    return folder


def judged(folder: Path, base_url: str, groups: tuple[str, str], seed: str) -> None:
    """Judge a server; anything but a pass, an observation or a skip is shown."""
    report = folder / f"report-{seed}.json"
    arguments = ["--target", target(folder, base_url, groups), "--edition", EDITION, "--seed", seed]
    code = ozkit.main(["verify", *map(str, arguments), "--report", f"json={report}"])
    requirements: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["requirements"]
    odd = {
        requirement["id"]: (
            requirement["outcome"],
            requirement.get("reason"),
            [(f["message"], f["actual"]) for f in requirement["findings"]],
        )
        for requirement in requirements
        if requirement["outcome"] not in {"pass", "observed", "skip"}
    }
    assert not odd
    assert code == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("script", "groups", "front"),
    [
        ("fastapi_server.py", UUIDS, "alone"),
        ("flask_server.py", NUMBERS, "behind nginx"),
        ("drf_server.py", WORDS, "alone"),
        *(pytest.param(*row, marks=pytest.mark.exhaustive) for row in OTHER_FRONTS),
    ],
)
def test_python_server_is_conformant(
    tmp_path: Path, script: str, groups: tuple[str, str], front: str, seed: str
) -> None:
    """FastAPI, Flask and Django REST framework keep the document in their own style, directly and behind nginx."""
    with contextlib.ExitStack() as stack:
        base_url = stack.enter_context(running(sys.executable, HERE / script, world(tmp_path, groups)))
        base_url = stack.enter_context(nginx(tmp_path, base_url)) if front == "behind nginx" else base_url
        judged(tmp_path, base_url, groups, seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("front", [pytest.param("alone", marks=pytest.mark.exhaustive), "behind nginx"])
def test_express_server_is_conformant(tmp_path: Path, express: Path, front: str, seed: str) -> None:
    """Express without a catch-all keeps the document, directly and behind nginx."""
    with contextlib.ExitStack() as stack:
        base_url = stack.enter_context(running("node", express / "express_server.mjs", world(tmp_path, WORDS)))
        base_url = stack.enter_context(nginx(tmp_path, base_url)) if front == "behind nginx" else base_url
        judged(tmp_path, base_url, WORDS, seed)
