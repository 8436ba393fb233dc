"""`ozkit target check`: mistakes of target files, found without a target."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from judge_tools import CommandResult

Command = Callable[..., CommandResult]
GOOD = """\
base_url: ${ZONE_URL}
groups: {home: 4ebd9efd1e67f6c18695db1d762a914a}
admin: {username: adam, password: "${ADMIN_PASSWORD}"}
"""


def written(folder: Path, text: str, name: str = "target.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_good_file_passes_without_its_variables(command: Command, tmp_path: Path) -> None:
    """Variables that are not set do not matter, and are not set afterwards."""
    done = command("target", "check", written(tmp_path, GOOD))
    assert (done.code, done.all) == (0, "")
    assert "ADMIN_PASSWORD" not in os.environ


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (GOOD.replace("${ZONE_URL}", "nowhere"), "base_url"),
        (GOOD.replace("password", "passwort"), "admin"),
        (GOOD.replace("admin:", "personas:"), "personas.username"),
        (GOOD + "edition: newest\npersonas: {list_groups: {}}\n", "newest"),
        ("base_url: [", "line 1"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_2(command: Command, tmp_path: Path, wrong: str, key: str) -> None:
    """Each file with a mistake gets a line that names file and key; good ones beside it get none."""
    bad, good = written(tmp_path, wrong, "bad.yaml"), written(tmp_path, GOOD)
    done = command("target", "check", good, bad)
    assert done.code == 2
    assert bad in done.err
    assert key in done.err
    assert good not in done.err
    assert len(done.err.splitlines()) == 1


def test_what_init_prints_is_to_be_filled_in(command: Command, tmp_path: Path) -> None:
    """A skeleton that nobody filled in is a mistake."""
    skeleton = command("target", "init").out
    assert command("target", "check", written(tmp_path, skeleton)).code == 2


def test_a_file_that_is_not_there(command: Command, tmp_path: Path) -> None:
    """A missing file is a line, too."""
    done = command("target", "check", str(tmp_path / "none.yaml"))
    assert (done.code, len(done.err.splitlines())) == (2, 1)
