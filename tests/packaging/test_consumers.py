"""The kit in a project with rooms of the same names and a conftest with options of the same names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--target")
    parser.addoption("--edition")
"""
SUITE = """
import sys

import pytest

import contracts, mockserver, spec


@pytest.fixture
def requirement():
    return "theirs"


def test_rooms(requirement, pytestconfig):
    assert {contracts.WHOSE, mockserver.WHOSE, spec.WHOSE, requirement} == {"theirs"}
    assert (pytestconfig.getoption("--target"), pytestconfig.getoption("--edition")) == ("a", "b")
    kit = {name for name in sys.modules if name.startswith(("onezone_", "ozkit"))}
    plugins = {"onezone_contracts.plugin", "onezone_mockserver.pytest_plugin"}
    assert kit == {*plugins, "onezone_contracts", "onezone_mockserver"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of somebody else's."""
    for room in ("contracts", "spec", "mockserver", "tests"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("WHOSE = 'theirs'\n")
    (tmp_path / "tests" / "test_contract.py").write_text(SUITE)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    return tmp_path


@pytest.mark.parametrize("words", [("pytest",), ("python", "-m", "pytest")], ids=["pytest", "python-m-pytest"])
def test_their_tests_run_as_if_the_kit_were_not_there(kit: Any, project: Path, words: tuple[str, ...]) -> None:
    """Rooms, options, fixtures and modules of the same names work, and nothing of the kit is loaded."""
    ended = kit.run(*words, "-q", "--strict-markers", "--target", "a", "--edition", "b", cwd=project)
    assert ended.code == 0, ended.out + ended.err
    assert "1 passed" in ended.out


def test_the_suite_judges_from_their_project(kit: Any, project: Path) -> None:
    """`python -m pytest --pyargs onezone_contracts` finds the kit's suite from a project that has `contracts/`."""
    words = ("--pyargs", "onezone_contracts", "--onezone-depth", "quick", "--onezone-requirement", "*.success.*")
    ended = kit.run("python", "-m", "pytest", "-q", *words, cwd=project)
    assert ended.code == 0, ended.out + ended.err
    assert "passed" in ended.out


def test_the_command_works_in_their_project(kit: Any, project: Path) -> None:
    """`python -m ozkit`, which puts the project's folder on the path, takes none of its rooms for the kit's."""
    ended = kit.run("python", "-m", "ozkit", "verify", "--depth", "quick", "--requirement", "*.success.*", cwd=project)
    assert ended.code == 0, ended.out + ended.err
