"""What the upgrade page tells people to write now can be imported, and is an option."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ozkit

PAGE = (Path(__file__).parents[2] / "docs/how-to/upgrade.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("|")]


@pytest.mark.slow
def test_what_is_to_be_imported_can_be() -> None:
    """Each import statement of the column `now` works."""
    statements = [code for row in ROWS for code in re.findall(r"`((?:from|import) [^`]+)`", row[-1])]
    assert len(statements) >= 5
    subprocess.run([sys.executable, "-W", "ignore", "-c", "\n".join(statements)], check=True)


@pytest.mark.parametrize("command", ["ozkit verify", "ozkit mock", "ozkit requirements"])
def test_every_option_is_one_of_the_command(command: str) -> None:
    """Each option that a row names as today's stands in the command's help."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        ozkit.main([command.split()[1], "--help"])
    options = {option for row in ROWS if row[0] == f"`{command}`" for option in re.findall(r"--[a-z-]+", row[-1])}
    assert options
    assert {option for option in options if option not in printed.getvalue()} == set()


def test_no_row_names_a_plugin_option_of_old() -> None:
    """Today's options of the plugin begin with --onezone-."""
    today = [option for row in ROWS if row[0] == "`pytest`" for option in re.findall(r"--[a-z-]+", row[-1])]
    assert [option for option in today if not option.startswith(("--onezone-", "--pyargs"))] == []
