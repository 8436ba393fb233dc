"""The recipes of CONTRIBUTING.md for the judge and the mock, followed literally in a copy of the rooms."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROOMS = ("spec", "mockserver", "contracts")
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
RECIPES = TEXT.partition("## Change the judge or the mock\n")[2].partition("\n## ")[0]


def blocks(language: str) -> Iterator[str]:
    """The blocks of code in that language, without the indent of their step."""
    for match in re.finditer(rf"^ *```{language}\n(.*?)^ *```$", RECIPES, re.DOTALL | re.MULTILINE):
        yield textwrap.dedent(match[1])


def apply(folder: Path, block: str) -> None:
    """Change the file that a block's first line names; what the block shows as old stands in it once."""
    name, *lines = block.splitlines(keepends=True)
    path = folder / name.strip()
    text = path.read_text("utf-8")
    old, new = ("".join(line[1:] for line in lines if line[0] in f" {sign}") for sign in "-+")
    assert text.count(old) == 1, f"{name.strip()} does not have once:\n{old}"
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms, changed as the recipes say."""
    folder = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "ozkit.py", folder)
    for block in blocks("diff"):
        apply(folder, block)
    for path, block in zip(re.findall(r"Write `(\S+\.py)`", RECIPES), blocks("python"), strict=True):
        (folder / path).write_text(block, "utf-8")
    return folder


@pytest.mark.parametrize("command", re.findall(r"`ozkit ([^`]+)`", RECIPES))
def test_the_commands_of_the_recipes_succeed(copy: Path, command: str) -> None:
    """Each command of a recipe ends with 0, and shows what the recipe adds."""
    paths = os.pathsep.join(str(copy / room) for room in (".", *ROOMS))
    words = [sys.executable, "-W", "ignore", "-m", "ozkit", *command.split()]
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"verify": "pass", "prove": "success-cookie"}[command.split(maxsplit=1)[0]] in done.stdout


def test_what_the_recipes_add_is_in_style(copy: Path) -> None:
    """Ruff has nothing to say of the changed rooms."""
    words = [sys.executable, "-m", "ruff"]
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", *ROOMS]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([*words, *command, *settings], cwd=copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
