"""The wheels, built once, and fresh environments to install them into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class CommandResult:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Environment:
    """A virtual environment of its own."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def packages(self) -> Path:
        """Where packages are installed."""
        return next(self.folder.glob("[Ll]ib/**/site-packages"))

    def run(self, *words: object, cwd: Path | None = None) -> CommandResult:
        """Run a command of the environment, in an empty folder unless told otherwise."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        name, *rest = map(str, words)
        hidden = ("PYTEST", "PYTHON", "COV_", "GITHUB_", "VIRTUAL_ENV")
        variables = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
        done = subprocess.run(
            [self.bin / name, *rest], cwd=cwd or empty, env=variables, capture_output=True, text=True, check=False
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of both distributions, by the names of these."""
    folder = tmp_path_factory.mktemp("dist")
    return {name: build(ROOT / room, folder) for name, room in (("kit", "."), ("mock", "mockserver"))}


def build(project: Path, folder: Path) -> Path:
    """Build a project's wheel into a folder."""
    before = set(folder.glob("*.whl"))
    run("-m", "build", "--wheel", *(["--installer", "uv"] if uv() else []), "--outdir", folder, project)
    (wheel,) = set(folder.glob("*.whl")) - before
    return wheel


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """`environment(wheel, …)`: a fresh environment with these installed."""

    def make(*packages: object) -> Environment:
        environment = Environment(tmp_path_factory.mktemp("environment") / "venv")
        if uv():
            run("-m", "uv", "venv", "-q", "--python", sys.executable, environment.folder)
        else:
            run("-m", "venv", environment.folder)
        install(environment, *packages)
        return environment

    return make


def install(where: Environment, *packages: object) -> None:
    """Install into an environment, by uv where it is there, because that is quicker."""
    python = where.bin / "python"
    command = (
        ["uv", "pip", "install", "-q", "--python", python] if uv() else ["pip", "--python", python, "install", "-q"]
    )
    run("-m", *command, *packages)


def uv() -> bool:
    """Whether uv is there, as a command beside this Python."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) is not None


def run(*words: object) -> None:
    """Run this Python; what it says is shown where it fails."""
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def kit(wheels: dict[str, Path], environment: Callable[..., Environment]) -> Environment:
    """An environment with the whole kit."""
    return environment(wheels["kit"])


@pytest.fixture(scope="session")
def mock(wheels: dict[str, Path], environment: Callable[..., Environment]) -> Environment:
    """An environment with the mock alone."""
    return environment(wheels["mock"])


@pytest.fixture(scope="session")
def projects() -> dict[str, Any]:
    """Both pyproject.toml."""
    files = {"kit": ROOT / "pyproject.toml", "mock": ROOT / "mockserver" / "pyproject.toml"}
    return {name: tomllib.loads(path.read_text(encoding="utf-8")) for name, path in files.items()}
