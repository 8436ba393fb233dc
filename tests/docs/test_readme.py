"""README.md is short, its table is today's, and its two commands are the ones that `.ci/run` looks for."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
sys.path.insert(0, str(ROOT / "docs/_site"))


def test_it_fits_two_screens() -> None:
    """Whoever scrolls once has seen it all."""
    assert len(TEXT.splitlines()) <= 105


@pytest.mark.parametrize("command", ["ozkit verify", "pytest"])
def test_there_is_one_line_for_each_command(command: str) -> None:
    """`.ci/run` takes the one line that starts a fresh environment and names the command."""
    assert len(re.findall(rf"^python3 -m venv .*{command}", TEXT, re.MULTILINE)) == 1


@pytest.mark.slow
def test_the_table_is_todays() -> None:
    """The numbers of operations, requirements and faults are those of the contract."""
    import covered

    assert covered.readme() == TEXT, "run `python docs/_site/covered.py`"


def test_every_link_leads_somewhere() -> None:
    """Each file and picture that README.md names is there."""
    links = re.findall(r'\]\(([^)#]+)|(?:src|srcset)="([^"]+)"', TEXT)
    paths = [path for link in links for path in link if path and not path.startswith("http")]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
