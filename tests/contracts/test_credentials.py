"""Odd credentials: wrong ones are noticed however they are made, honest readings are not flagged, no secret is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import server
from judge_tools import OPERATION, CommandResult

Command = Callable[..., CommandResult]
ODD = (
    *("character", "colon", "long", "one-right", "right-after-wrong", "spelling", "token-first", "two-wrong"),
    *("after-success", "wrong-again", "wrong-spelling"),
)
FAULTS = {
    "auth-last-part": "colon",
    "auth-folded": "character",
    "auth-any-two": "two-wrong",
    "auth-capitals": "wrong-spelling",
    "auth-crash-long": "long",
    "auth-second-time": "wrong-again",
    "auth-just-now": "after-success",
    "auth-same-password": "after-success",
}
HONEST = (
    *("auth-two-400", "auth-last", "auth-password-first", "auth-unpadded", "auth-ascii", "auth-429", "auth-locks"),
    *("auth-hard-passwords", "auth-no-long-headers", "token-personas", "connection-close"),
)


def judged(
    command: Command, handle: server.Handle, *topics: str, edition: str = "current", more: str = ""
) -> CommandResult:
    words = [word for topic in topics for word in ("--requirement", f"{OPERATION}.authentication.{topic}")]
    where = ("--states-url", handle.states_url, "--edition", edition, "--settle", "0.2")
    return command("verify", handle.base_url, *where, *words, *more.split())


@pytest.mark.parametrize(("fault", "topic"), FAULTS.items())
def test_careless_reading_is_noticed(command: Command, fault: str, topic: str) -> None:
    """What lets wrong credentials pass is a violation, and of the requirement that speaks of it."""
    with server.start("current", (), [fault]) as handle:
        result = judged(command, handle, topic)
    assert result.code == 1, result.all
    assert f"{OPERATION}.authentication.{topic} (MUST)" in result.out


@pytest.mark.slow
@pytest.mark.parametrize("variant", HONEST)
def test_honest_reading_is_not_flagged(command: Command, variant: str) -> None:
    """What the documents leave open is no violation: neither of two headers, nor of spelling, nor of attempts."""
    with server.start("current", [variant]) as handle:
        result = judged(command, handle, *ODD, "wrong-password")
    assert result.code == 0, result.all
    assert " WARN " not in result.out


@pytest.mark.slow
def test_what_is_left_open_is_told(command: Command, tmp_path: Path) -> None:
    """What a server makes of two credentials of which one is right, or of odd spelling, is observed."""
    path = tmp_path / "report.json"
    with server.start("current", ["auth-last"]) as handle:
        assert judged(command, handle, *ODD, more=f"--report json={path}").code == 0
    rows = {
        requirement["id"].rpartition(".")[2]: requirement
        for requirement in json.loads(path.read_text())["requirements"]
    }
    open_ones = {name for name, row in rows.items() if row["outcome"] == "observed"}
    assert open_ones == {"one-right", "spelling", "token-first"}
    assert [finding["actual"] for finding in rows["one-right"]["findings"]] == ["401", "204"]


@pytest.fixture(name="told_by")
def server_that_tells() -> Iterator[tuple[server.Handle, list[str]]]:
    """A server that repeats every Authorization in its errors, and what it was given."""
    given: list[str] = []
    with server.start("current", ["auth-hard-passwords"], ["access-anybody", "auth-any-two"]) as handle:
        inner = handle.server.answer

        def telling(request: server.Request) -> server.Response:
            response = inner(request)
            values = request.headers.get("authorization", [])
            given.extend(values)
            response.headers += [("X-Debug", value) for value in values]
            return response

        handle.server.answer = telling
        yield handle, given


def test_secrets_in_odd_credentials_are_not_told(
    command: Command, tmp_path: Path, told_by: tuple[server.Handle, list[str]]
) -> None:
    """Whatever the kit makes of a password is masked where the server repeats it."""
    handle, given = told_by
    path = tmp_path / "report.json"
    result = judged(command, handle, *ODD, more=f"--report json={path}")
    text = result.all + path.read_text(encoding="utf-8")
    ours = {word.strip(", ") for value in given for word in value.split()[1:] if has_secret(handle, word)}
    assert len(ours) > 20
    assert [word for word in ours if word in text] == []


def has_secret(handle: server.Handle, word: str) -> bool:
    """Whether credentials in base64 have most of somebody's password in them."""
    try:
        plain = base64.b64decode(word.strip(",") + "==").decode("utf-8", "replace")
    except ValueError:
        return False
    return any(user.password[:-1] in plain for user in handle.app.world.users.values())
