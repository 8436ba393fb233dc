"""The distribution of the mock alone."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import Any

import pytest
from onezone_spec import __version__

pytestmark = pytest.mark.slow

JUDGES = ["verify", "identify", "prove", "requirements", "target init"]


def test_it_brings_no_library_of_the_judge(mock: Any) -> None:
    """Neither schemathesis nor hypothesis nor pytest is installed with the mock."""
    installed = {path.name for path in mock.packages.iterdir()}
    assert "onezone_mockserver" in installed
    assert not installed & {"onezone_contracts", "schemathesis", "hypothesis", "pytest", "_pytest", "junitparser"}


def test_it_serves(mock: Any) -> None:
    """`ozkit mock` answers."""
    command = [mock.bin / "ozkit", "mock", "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            origin = process.stdout.readline().rpartition(" ")[2].strip()
            with urllib.request.urlopen(f"{origin}/_mock/health", timeout=20) as answer:
                health = json.load(answer)
        finally:
            process.terminate()
    assert (health["status"], health["version"]) == ("ok", __version__)


def test_it_prints_the_contract(mock: Any) -> None:
    """`ozkit spec` and `ozkit --version` need nothing of the judge."""
    assert "openapi: 3.0.3" in mock.run("ozkit", "spec").out
    assert mock.run("ozkit", "--version").out == f"ozkit {__version__}\n"


@pytest.mark.parametrize("command", JUDGES)
def test_a_command_of_the_judge_says_what_to_install(mock: Any, command: str) -> None:
    """A command of the judge says in one line what to install, and ends with 2."""
    ended = mock.run("ozkit", *command.split())
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "pip install onezone-contract-kit" in ended.err
