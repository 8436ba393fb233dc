"""The mock and the console that starts it: closed outputs, odd encodings, keys that cannot be used, Ctrl-C."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from mock_client import HOME

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
OZKIT = [sys.executable, "-m", "ozkit"]
LONG = 60.0
"""Seconds after which a test gives up; nothing takes so long."""


def test_it_serves_whoever_does_not_listen_to_it() -> None:
    """Without a standard output it runs; the port is known all the same."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["bash", "-c", f"exec {shlex.join(OZKIT)} mock --port {port} >&-"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + LONG
            while not answers(port) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            assert process.poll() is None
        finally:
            process.terminate()
            _, err = process.communicate(timeout=LONG)
    assert (process.returncode, err) == (0, "")


def answers(port: int) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/_mock/health").status)
    except OSError:
        return False


def test_a_console_that_lacks_a_character_shows_its_number(tmp_path: Path) -> None:
    """A persona Łukasz on a console of Windows."""
    path = tmp_path / "world.yaml"
    path.write_text(
        f"users: [{{username: Łukasz, password: p}}]\ngroups: [{{id: {HOME}}}]\n"
        f"personas: [{{name: Łukasz, user: Łukasz, group: {HOME}}}]\n",
        encoding="utf-8",
    )
    command = [*OZKIT, "mock", "--port", "0", "--scenario", str(path)]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        text = b""
        while b"ukasz:p" not in text:
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        process.terminate()
        assert process.wait(LONG) == 0
    assert b"\\u0141ukasz" in text


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, its key, and the key encrypted."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("keys")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key.pem -out cert.pem"
    encrypt = "openssl rsa -aes256 -passout pass:secret -in key.pem -out encrypted.pem"
    for command in (make, encrypt):
        subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)
    return folder


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("cert.pem", "encrypted.pem", "asks for a pass phrase"),
        ("cert.pem", "missing.pem", "cannot read --tls-key missing.pem: No such file"),
        ("missing.pem", "key.pem", "cannot read --tls-cert missing.pem: No such file"),
        ("cert.pem", None, "give the key with --tls-key"),
        ("key.pem", "key.pem", "cannot use the certificate key.pem"),
    ],
)
def test_a_key_that_cannot_be_used_is_one_line(keys: Path, cert: str, key: str | None, words: str) -> None:
    """It says which file, and what is wrong with it; nobody is asked for a pass phrase."""
    command = [*OZKIT, "mock", "--port", "0", "--tls-cert", cert, *(["--tls-key", key] if key else [])]
    done = subprocess.run(
        command, cwd=keys, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=LONG
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_ctrl_c_during_the_start_says_nothing() -> None:
    """Whenever it comes, there is no traceback."""
    for delay in (0.05, 0.1, 0.2, 0.4):
        command = [*OZKIT, "mock", "--port", "0", "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            timer = threading.Timer(delay, process.send_signal, [signal.SIGINT])
            timer.start()
            _, err = process.communicate(timeout=LONG)
        assert "in main" not in err, err
