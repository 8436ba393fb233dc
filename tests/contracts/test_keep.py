"""`--keep`: the personas stay after a run, in a file that others can judge with and that removes them."""

from __future__ import annotations

import http.client
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from judge_tools import OPERATION, CommandResult
from onezone_contracts.target.embedded import mock

Command = Callable[..., CommandResult]
ONE = ("--depth", "quick", "--requirement", "*.success.status")
ADMIN = "adam:adam-password"


@dataclass(frozen=True)
class Mock:
    origin: str
    base_url: str

    def users(self) -> set[str]:
        """Who is there."""
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"))
        connection.request("GET", "/_mock/world")
        world: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return {user["username"] for user in world["users"]}


@pytest.fixture(scope="module")
def target() -> Iterator[Mock]:
    with mock("current") as origin:
        yield Mock(origin, f"{origin}/api/v3")


def judged_again(command: Command, path: Path) -> CommandResult:
    return command("verify", "--target", path, *ONE)


@pytest.mark.slow
def test_what_states_made_stays(command: Command, target: Mock, tmp_path: Path) -> None:
    """The file is a target file for its owner alone; cleaned by it, nobody is left."""
    path, before = tmp_path / "kept.yaml", target.users()
    result = command("verify", target.base_url, "--states-url", f"{target.origin}/_mock/states", *ONE, "--keep", path)
    assert result.code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    people = yaml.safe_load(path.read_text(encoding="utf-8"))["personas"][OPERATION]
    assert {person["username"] for person in people.values()} <= target.users()
    assert judged_again(command, path).code == 0
    result = command("target", "clean", path, "--dry-run")
    assert (result.code, result.out.count("would tear down")) == (0, 6)
    assert command("target", "clean", path).out.count("tore down") == 6
    assert target.users() == before
    assert judged_again(command, path).code == 2


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["core", "full"])
def test_what_an_account_made_stays(command: Command, target: Mock, tmp_path: Path, profile: str) -> None:
    """With an administrator's account the same account cleans by the file, and leaves what it does not name."""
    path, before = tmp_path / "kept.yaml", target.users()
    admin = ("--admin", ADMIN)
    assert command("verify", target.base_url, *admin, "--profile", profile, *ONE, "--keep", path).code in {0, 3}
    people = yaml.safe_load(path.read_text(encoding="utf-8"))["personas"][OPERATION]
    assert {person["username"] for person in people.values()} <= target.users()
    assert judged_again(command, path).code == 0
    assert command("target", "clean", path).code == 2  # nobody to clean as
    result = command("target", "clean", path, *admin)
    assert (result.code, "could not" in result.out) == (0, False)
    assert target.users() == before


@pytest.mark.slow
@pytest.mark.parametrize("way", ["account", "account kept", "states", "target file"])
def test_a_report_says_whose_users_are_removed(command: Command, tmp_path: Path, way: str) -> None:
    """Curl lines of users that are removed after the run say what keeps them; those of others do not."""
    kept = tmp_path / "kept.yaml"
    with mock("current", "--fault", "status-200") as origin:
        url = f"{origin}/api/v3"
        people = ("--states-url", f"{origin}/_mock/states") if way == "states" else ("--admin", ADMIN)
        keep = () if way in {"account", "states"} else ("--keep", kept)
        result = command("verify", url, *people, *ONE, *keep)
        if way == "target file":
            result = judged_again(command, kept)
    assert (result.code, "variables of the curl lines: MEMBER_PASSWORD" in result.out) == (1, True)
    assert ("--keep FILE keeps them" in " ".join(result.out.split())) == (way in {"account", "states"})


def test_a_file_that_is_there_is_not_written_over(command: Command, target: Mock, tmp_path: Path) -> None:
    """It may be the only thing that knows what an earlier run left."""
    path = tmp_path / "kept.yaml"
    path.write_text("kept: {}", encoding="utf-8")
    result = command("verify", target.base_url, "--admin", ADMIN, "--keep", path)
    assert (result.code, result.err.count("\n"), path.read_text(encoding="utf-8")) == (2, 1, "kept: {}")


@pytest.mark.slow
def test_nothing_is_kept_where_nothing_is_made(command: Command, tmp_path: Path) -> None:
    """The personas of a target file are not the kit's, and the embedded mock ends with the run."""
    result = command("verify", "--keep", tmp_path / "kept.yaml")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert not (tmp_path / "kept.yaml").exists()


@pytest.mark.slow
@pytest.mark.parametrize("content", ["base_url: http://127.0.0.1:9", "kept: {entities: [1]}", "kept: {states: 1}"])
def test_a_file_that_names_nothing_cleans_nothing(command: Command, tmp_path: Path, content: str) -> None:
    """A target file is no list of what to remove."""
    path = tmp_path / "kept.yaml"
    path.write_text(content, encoding="utf-8")
    result = command("target", "clean", path)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
