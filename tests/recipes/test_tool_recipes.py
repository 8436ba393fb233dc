"""The recipes of docs/recipes, run with the tools that they are for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from onezone_mockserver import cli

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
OFFLINE = re.compile(r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|E40[0-9]|E50[0-9]|network")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def run(room: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    ozkit = room / "ozkit"
    ozkit.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ozkit "$@"\n')
    ozkit.chmod(0o755)
    env = {**os.environ, "OZKIT": str(ozkit), "CI": "1", "NO_COLOR": "1", **more}
    return subprocess.run(command, cwd=room, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the recipes with their npm packages, or the test is skipped."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node or npm is missing: the recipes are not tried")
    room = tmp_path_factory.mktemp("recipes")
    for path in RECIPES.iterdir():
        if path.is_file():
            shutil.copy(path, room)
    done = run(room, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    output = done.stdout + done.stderr
    if done.returncode and OFFLINE.search(output):
        pytest.skip("npm cannot reach its registry: the recipes are not tried")
    assert done.returncode == 0, output
    return room


@pytest.mark.slow
def test_vitest(room: Path) -> None:
    """A world a worker, a reset before each test, a counted 503, an explained 403."""
    done = run(room, "node_modules/.bin/vitest", "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Tests +3 passed", done.stdout)


@pytest.mark.slow
def test_playwright_with_vites_proxy(room: Path) -> None:
    """A page in a browser, in as many worlds as there are tests, through Vite's proxy."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no Chromium is installed: the recipe for Playwright is not tried")
    done = run(room, "node_modules/.bin/playwright", "test", "--reporter=list", CHROMIUM=browser, WORKERS="2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_compose_sets_options_that_there_are() -> None:
    """Each variable names an option of `ozkit mock`."""
    compose = yaml.safe_load((RECIPES / "compose.yaml").read_text(encoding="utf-8"))
    options = vars(cli.parser().parse_args([]))
    for name in compose["services"]["mock"]["environment"]:
        assert name.removeprefix("OZKIT_MOCK_").lower() in options
    assert (RECIPES / compose["services"]["mock"]["build"] / "Dockerfile").is_file()
    scenario = Path(compose["services"]["mock"]["environment"]["OZKIT_MOCK_SCENARIO"])
    assert (RECIPES.parent / "scenarios" / scenario.name).is_file()
