"""The recipes of CONTRIBUTING.md, followed literally in a copy of the rooms."""

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
CONTRACT = TEXT.partition("## Change the contract\n")[2].partition("\n## ")[0]
RECIPES = TEXT.partition("## Change the judge or the mock\n")[2].partition("\n## ")[0]


def blocks(language: str, text: str = RECIPES) -> Iterator[str]:
    """The blocks of code in that language, without the indent of their step."""
    for match in re.finditer(rf"^ *```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
        yield textwrap.dedent(match[1])


def apply(folder: Path, block: str) -> None:
    """Change the file that a block's first line names; what the block shows as old stands in it once."""
    name, *lines = block.splitlines(keepends=True)
    path = folder / name.strip()
    text = path.read_text("utf-8")
    old, new = ("".join(line[1:] for line in lines if line[0] in f" {sign}") for sign in "-+")
    assert text.count(old) == 1, f"{name.strip()} does not have once:\n{old}"
    path.write_text(text.replace(old, new), "utf-8")


def copied(folder: Path) -> Path:
    """The rooms in that folder."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "ozkit.py", folder)
    return folder


def done_in(folder: Path, *words: str) -> str:
    """What a Python module prints in a copy of the rooms; it ends with 0."""
    paths = os.pathsep.join(str(folder / room) for room in (".", *ROOMS))
    command = [sys.executable, "-W", "ignore", "-m", *words]
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("heading", ["Add an operation", "Add an edition"])
def test_a_recipe_of_the_contract_works(tmp_path: Path, heading: str) -> None:
    """The file is written where the recipe says, and each of its commands succeeds."""
    folder = copied(tmp_path)
    recipe = CONTRACT.partition(f"### {heading}\n")[2].partition("\n### ")[0].replace("<name>", "teapot")
    path = (re.findall(r"the file is `(spec/[^`]+)`", recipe) or re.findall(r"Write `(spec/[^`]+)`", recipe))[0]
    (folder / path).write_text(next(blocks("yaml", recipe)), "utf-8")
    commands = [part for line in re.findall(r"`((?:python -m|ozkit) [^`]+)`", recipe) for part in line.split(" && ")]
    printed = [done_in(folder, *command.removeprefix("python -m ").split()) for command in commands]
    assert len(printed) >= 3
    assert "conformant" in printed[-1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms, changed as the recipes say."""
    folder = copied(tmp_path_factory.mktemp("copy"))
    for block in blocks("diff"):
        apply(folder, block)
    for path, block in zip(re.findall(r"Write `(\S+\.py)`", RECIPES), blocks("python"), strict=True):
        (folder / path).write_text(block, "utf-8")
    return folder


@pytest.mark.parametrize("command", re.findall(r"`ozkit ([^`]+)`", RECIPES))
def test_the_commands_of_the_recipes_succeed(copy: Path, command: str) -> None:
    """Each command of a recipe ends with 0, and shows what the recipe adds."""
    printed = done_in(copy, "ozkit", *command.split())
    assert {"verify": "pass", "prove": "success-cookie"}[command.split(maxsplit=1)[0]] in printed


def test_what_the_recipes_add_is_in_style(copy: Path) -> None:
    """Ruff has nothing to say of the changed rooms."""
    words = [sys.executable, "-m", "ruff"]
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", *ROOMS]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([*words, *command, *settings], cwd=copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
