"""The command line of the profile full and of administrators' accounts, as a process where that matters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from front import Gate, front
from judge_tools import AGES
from onezone_contracts.arguments import admin_of
from onezone_contracts.target.file import SetupError
from running_mock import ADMIN

import ozkit

if TYPE_CHECKING:
    from running_mock import Running


def verify(mock: Running, *more: str, origin: str = "") -> list[str]:
    url = (origin or mock.origin) + mock.contract.base_paths[0]
    return [sys.executable, "-m", "ozkit", "verify", url, "--admin", ADMIN, "--profile", "full", *more]


ATTENTIVE = """
import signal, sys, ozkit
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(ozkit.main(sys.argv[1:]))
"""
"""What runs in the background of a script has Ctrl-C ignored, and hands that on: this one hears it."""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(mock: Running, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end a run with exit code 130, and what it made is removed, also by the request under way."""
    before, gate, pipe = mock.world(), Gate(12), subprocess.PIPE
    with front(mock.origin, gate) as origin:
        command = [sys.executable, "-c", ATTENTIVE, *verify(mock, "--depth", "quick", origin=origin)[3:]]
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        assert gate.reached.wait(AGES)
        process.send_signal(number)
        gate.open()
        out, err = process.communicate(timeout=AGES)
    assert (process.returncode, err) == (130, "")
    assert "interrupted" in out
    assert mock.world() == before


@pytest.mark.slow
def test_a_report_says_the_profile_and_no_secret(mock: Running, tmp_path: Path) -> None:
    """The JSON report names the profile full; neither the administrator's password nor a persona's is in it."""
    path = tmp_path / "report.json"
    code = ozkit.main(
        [*verify(mock, "--depth", "quick", "--requirement", "get_user.*", "--report", f"json={path}")[3:]]
    )
    text = path.read_text(encoding="utf-8")
    assert code == 0
    assert '"profile": "full"' in text
    assert "adam-password" not in text


@pytest.mark.slow
def test_a_target_file_names_the_administrator(mock: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key `admin` of a target file is the account; values may come from the environment."""
    monkeypatch.setenv("OZ_SECRET", "adam-password")
    path = tmp_path / "target.yaml"
    path.write_text(
        f"base_url: {mock.base_url}\nadmin: {{username: adam, password: '${{OZ_SECRET}}'}}\n", encoding="utf-8"
    )
    arguments = ["verify", "--target", str(path), "--profile", "full", "--requirement", "get_user.*"]
    assert ozkit.main(arguments) == 0


def test_a_target_file_without_an_administrator_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The profile full says what is missing and how to get a skeleton."""
    path = tmp_path / "target.yaml"
    path.write_text("base_url: http://127.0.0.1:9/api/v3\n", encoding="utf-8")
    assert ozkit.main(["verify", "--target", str(path), "--profile", "full"]) == 2
    assert "admin is missing" in capsys.readouterr().err
    assert ozkit.main(["verify", "http://127.0.0.1:9/api/v3", "--profile", "full"]) == 2
    assert "no users to judge with" in capsys.readouterr().err


@pytest.mark.slow
def test_an_account_on_the_command_line_needs_none_in_the_target_file(mock: Running, tmp_path: Path) -> None:
    """The file may say where the API is and leave the account to the command line."""
    path = tmp_path / "target.yaml"
    path.write_text(f"base_url: {mock.base_url}\n", encoding="utf-8")
    options = ["--profile", "full", "--depth", "quick", "--requirement", "get_user.*"]
    assert ozkit.main(["verify", "--target", str(path), "--admin", ADMIN, *options]) == 0


@pytest.mark.parametrize("given", ["adam", ":secret", "", "a\nb:c"])
def test_an_account_is_a_name_and_a_password(given: str) -> None:
    """An account without a colon or a name is bad usage."""
    import argparse

    with pytest.raises(SetupError):
        admin_of(argparse.Namespace(admin=given, admin_token=None))


def test_a_password_may_have_colons() -> None:
    """The first colon ends the name."""
    import argparse

    admin = admin_of(argparse.Namespace(admin="a:b:c", admin_token=None))
    assert admin
    assert (admin.username, admin.password) == ("a", "b:c")
    token = admin_of(argparse.Namespace(admin=None, admin_token="t:x"))
    assert token
    assert token.token == "t:x"


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["classic", "current", "deployed"])
def test_a_target_is_identified_with_an_account(
    mocks: dict[str, Running], edition: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`identify --admin` finds the edition with personas that it makes itself, removes them, and tells no secret."""
    mock = mocks[edition]
    before = mock.world()
    code = ozkit.main(["identify", mock.base_url, "--admin", ADMIN, "--settle", "0.1", "--format", "json"])
    out = capsys.readouterr().out
    assert (code, json.loads(out)["conforms_to"]) == (0, [edition])
    assert [edition["verdict"] for edition in json.loads(out)["editions"]][:2] == ["conformant", "nonconformant"]
    assert "adam-password" not in out
    assert mock.world() == before


@pytest.mark.slow
def test_identify_takes_the_base_url_from_a_target_file(
    mock: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with `verify`, the file says where the API is, and --admin is the account."""
    path = tmp_path / "target.yaml"
    path.write_text(f"base_url: {mock.base_url}\n", encoding="utf-8")
    assert ozkit.main(["identify", "--target", str(path), "--admin", ADMIN, "--settle", "0.1"]) == 0
    assert "It conforms to current." in capsys.readouterr().out


def test_an_account_that_is_none_identifies_nothing(mock: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """With an account that the target does not know, no edition can be judged: exit code 2, the reason, no secret."""
    assert ozkit.main(["identify", mock.base_url, "--admin-token", "no-such-token"]) == 2
    out = capsys.readouterr().out
    assert out.count("cannot be judged: the target answers 401 to the administrator's account") == 3
    assert "no-such-token" not in out


def test_clean_says_that_nothing_was_left(mock: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """A target without leftovers is told so, and needs an account."""
    assert ozkit.main(["target", "clean", mock.base_url, "--admin", ADMIN, "--dry-run"]) == 0
    assert capsys.readouterr().out == "nothing was left behind\n"
    assert ozkit.main(["target", "clean", mock.base_url]) == 2
    assert "--admin USER:PASSWORD" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_run_can_be_cleaned(mock: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """What a run left that was killed outright is found by its marks and removed, and nothing else."""
    before, gate, silent = mock.world(), Gate(12), subprocess.DEVNULL
    with front(mock.origin, gate) as origin:
        process = subprocess.Popen(verify(mock, "--depth", "quick", origin=origin), stdout=silent, stderr=silent)
        assert gate.reached.wait(AGES)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(AGES)
        gate.open(503)
    assert mock.world() != before
    assert ozkit.main(["target", "clean", mock.base_url, "--admin", ADMIN]) == 0
    assert "removed the group" in capsys.readouterr().out
    assert mock.world() == before


@pytest.mark.slow
def test_the_skeleton_says_what_the_account_must_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """`target init --profile full` names the key and the zone privileges."""
    assert ozkit.main(["target", "init", "--profile", "full"]) == 0
    out = capsys.readouterr().out
    assert "oz_users_create" in out
    assert 'admin: {username: "...", password: "..."}' in out


@pytest.mark.slow
def test_requirements_of_full_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`requirements --profile full` has those of core and of every other operation."""
    assert ozkit.main(["requirements", "--profile", "full", "--format", "json"]) == 0
    out = capsys.readouterr().out
    assert '"create_group_handle_service.success.status"' in out
    assert '"delete_user.access.oneself"' in out
