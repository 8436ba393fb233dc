"""The how-to guides, done as they stand: their files are written and their commands run, against the mock."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nginx_tools import configured
from onezone_mockserver.pytest_plugin import running

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("curl") is None, reason="the guides need curl")]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SERVER = "127.0.0.1:9000"
"""What stands for the reader's server."""
SECONDS = 600
NGINX = """
listen {listen} ssl;
ssl_certificate {folder}/ca.pem;
ssl_certificate_key {folder}/key.pem;
{location}
"""


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def text_of(page: str, origin: str) -> str:
    """A guide whose server is the one at `origin`, and whose other ports are free ones."""
    text = (DOCS / page).read_text("utf-8").replace(f"http://{SERVER}", origin)
    for port in set(re.findall(r"127\.0\.0\.1:(80\d\d|8443)|--port (80\d\d)", text)):
        number = "".join(port)
        text = re.sub(rf"\b{number}\b", free_port(), text)
    return text


def script(page: str, origin: str, folder: Path) -> str:
    """The commands of a guide, one after the other; a file that it shows is written where it is shown."""
    parts = ["set -eu", "trap 'for job in $(jobs -p); do kill \"$job\" || true; done' EXIT"]
    for number, (language, title, code) in enumerate(BLOCK.findall(text_of(page, origin))):
        if title:
            (folder / f"block-{number}").write_text(code, "utf-8")
            parts.append(f"cp block-{number} {title}")
        elif language == "bash":
            parts.append(code)
    return "\n".join(parts) + "\n"


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A server that keeps the contract."""
    with running([]) as (origin, _):
        yield origin


@pytest.fixture
def do(origin: str, tmp_path: Path) -> Callable[..., str]:
    """`do(page)` runs a guide's commands in an empty folder and gives what they print."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("ozkit", "pytest", "python3"):
        tool = tools / name
        module = "" if name == "python3" else f"-m {name}"
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W ignore {module} "$@"\n')
        tool.chmod(0o755)

    def run(page: str, change: Callable[[str], str] = str, **more: str) -> str:
        environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
        environment |= {"ADMIN": "adam:adam-password", "ADMIN_TOKEN": "demo-token-adam", **more}
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            environment.pop(name, None)
        done = subprocess.run(
            ["bash", "-c", change(script(page, origin, tmp_path))],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(
    ("page", "promised"),
    [
        ("how-to/tokens.md", ["conformant"]),
        ("how-to/slow.md", ["conformant"]),
        ("how-to/rate-limited.md", ["conformant"]),
        ("how-to/identify.md", ["current", "classic", "deployed"]),
        ("how-to/own-edition.md", ["nothing is wrong", "proven", "edition ours · profile core: conformant"]),
        ("how-to/recorded-traffic.md", ["the traffic shows", "conformant"]),
        ("how-to/pytest.md", ["passed"]),
        ("how-to/pre-commit.md", []),
        ("ci/README.md", ["conformant"]),
    ],
)
def test_a_guide_runs_as_it_stands(do: Callable[..., str], page: str, promised: list[str]) -> None:
    """Every command of a guide succeeds, and what the guide promises is printed."""
    printed = do(page)
    assert [words for words in promised if words not in printed] == []


def test_known_failures_are_known(tmp_path: Path, do: Callable[..., str]) -> None:
    """The list and the baseline each let a server that answers 200 pass."""
    with running(["--fault", "status-200"]) as (faulty, _):
        printed = do("how-to/known-failures.md", lambda text: re.sub(r"http://127\.0\.0\.1:\d+", faulty, text))
    assert "conformant, but for 1 expected failure" in printed
    assert (tmp_path / "before.json").exists()


def test_users_are_given_in_three_ways(tmp_path: Path, do: Callable[..., str], origin: str) -> None:
    """By an account, by a target file that is filled in, and by provider states."""
    filled = tmp_path / "filled.yaml"
    keep = f"ozkit verify {origin}/api/v3 --states-url {origin}/_mock/states --depth quick --keep {filled}\n"
    fill_in = "ozkit target init > target.yaml\n"
    printed = do(
        "how-to/users.md",
        lambda text: text.replace(fill_in, f"{fill_in}rm -f {filled}\n{keep}mv {filled} target.yaml\n"),
    )
    assert printed.count("profile core: conformant") == 4


@pytest.mark.skipif(not (shutil.which("nginx") and shutil.which("openssl")), reason="there is no nginx, or no openssl")
def test_a_server_behind_nginx(tmp_path: Path, do: Callable[..., str], origin: str) -> None:
    """What nginx passes on by the guide is judged, and its certificate trusted."""
    certificate = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    words = [*certificate.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"]
    subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)
    listen = f"127.0.0.1:{free_port()}"
    (location,) = (
        code for language, _, code in BLOCK.findall(text_of("how-to/nginx.md", origin)) if language == "nginx"
    )

    def there(text: str) -> str:
        """The commands with the proxy's address; it may take a moment to listen."""
        return re.sub(r"https://127\.0\.0\.1:\d+(\S*)", rf"https://{listen}\1 --wait 60", text)

    config = configured(tmp_path, NGINX.format(folder=tmp_path, listen=listen, location=location))
    nginx = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        printed = do("how-to/nginx.md", there, GATEWAY_KEY="k")
    finally:
        nginx.terminate()
        nginx.wait()
    assert "profile core: conformant" in printed


def test_every_guide_with_commands_is_run() -> None:
    """There is no guide whose commands nobody tries; tests/recipes runs those of the browser tests."""
    pages = {path.name for path in (DOCS / "how-to").glob("*.md") if "```bash" in path.read_text("utf-8")}
    tried = set(re.findall(r'"how-to/([a-z-]+\.md)"', Path(__file__).read_text("utf-8")))
    assert pages - tried == {"browser-tests.md"}
