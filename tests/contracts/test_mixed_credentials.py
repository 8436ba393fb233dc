"""Every check of credentials is made with somebody whom it fits, and what could have been given is asked for."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import server
from judge_tools import CommandResult, set_up, target_file
from second_wire import Response

Command = Callable[..., CommandResult]
EDITION = "current"
PASSWORDS = (
    *("wrong-password", "password-of-another", "colon", "character", "wrong-again", "right-after-wrong"),
    *("wrong-user", "user-spelling", "other-scheme", "no-token"),
)


def mixed(handle: Any, accounts: dict[str, dict[str, str]], tokens: set[str]) -> dict[str, dict[str, str]]:
    """The personas, some of them with a token in the place of their password."""
    users = handle.app.world.users
    return {
        name: {"group": account["group"], "other": account["other"], "token": users[account["username"]].token}
        if name in tokens
        else account
        for name, account in accounts.items()
    }


def outcomes(command: Command, file: Path) -> dict[str, str]:
    return {name: row["outcome"] for name, row in requirements(command, file).items()}


def requirements(command: Command, file: Path) -> dict[str, dict[str, Any]]:
    report = file.with_name("report.json")
    patterns = ("--requirement", "*.authentication.*")
    result = command("verify", "--target", str(file), "--edition", EDITION, "--report", f"json={report}", *patterns)
    assert result.code in {0, 1, 3}, result.all
    rows = json.loads(report.read_text(encoding="utf-8"))["requirements"]
    return {row["id"].partition(".authentication.")[2]: row for row in rows}


@pytest.mark.parametrize(
    "tokens", [("outsider",), ("member", "outsider"), ("administrator", "member"), ("administrator",)], ids="+".join
)
def test_wrong_passwords_are_tried_with_whoever_has_one(
    command: Command, tmp_path: Path, tokens: tuple[str, ...]
) -> None:
    """Where some personas have passwords and others tokens, neither kind of check is left out."""
    with server.start(EDITION) as handle:
        accounts = mixed(handle, set_up(handle.states_url, EDITION), set(tokens))
        by_topic = outcomes(command, target_file(tmp_path, handle.base_url, accounts))
    skipped = [name for name in (*PASSWORDS, "altered-token") if by_topic[name] == "skip"]
    # it takes somebody who may and has a password
    assert skipped == (["right-after-wrong"] if {"member", "administrator"} <= set(tokens) else [])
    assert "fail" not in by_topic.values(), by_topic


def test_where_nobody_who_may_has_a_password_the_reason_says_whom_to_give_one(command: Command, tmp_path: Path) -> None:
    """Somebody has a password, so that is not what is lacking."""
    with server.start(EDITION) as handle:
        accounts = mixed(handle, set_up(handle.states_url, EDITION), {"administrator", "member"})
        rows = requirements(command, target_file(tmp_path, handle.base_url, accounts))
    reason = rows["right-after-wrong"]["reason"]
    assert reason == "no persona who may has a password: give one of them a password to have this judged"


def test_an_empty_password_is_noticed_whoever_has_one(command: Command, tmp_path: Path) -> None:
    """The persona that wrong passwords were for has a token here."""
    with server.start(EDITION) as handle:
        handle.app.around("password_fits", lambda inner, user, password: not password or inner(user, password))
        accounts = mixed(handle, set_up(handle.states_url, EDITION), {"outsider"})
        by_topic = outcomes(command, target_file(tmp_path, handle.base_url, accounts))
    assert by_topic["wrong-password"] == "fail"


@pytest.mark.slow
@pytest.mark.parametrize(("status", "code"), [(401, 0), (400, 0), (500, 1), (204, 1)])
def test_credentials_beyond_ascii_are_refused_in_good_order(
    command: Command, tmp_path: Path, status: int, code: int
) -> None:
    """How they are encoded is not defined (RFC 7617, 2): who cannot read them says so, and does not crash."""
    with server.start(EDITION) as handle:
        inner = handle.server.answer

        def answer(request: server.Request) -> Response:
            word, _, encoded = (request.header("authorization") or "").partition(" ")
            with contextlib.suppress(ValueError):
                if word.lower() == "basic" and not base64.b64decode(encoded, validate=True).isascii():
                    return Response(status)
            return inner(request)

        handle.server.answer = answer
        file = target_file(tmp_path, handle.base_url, set_up(handle.states_url, EDITION))
        parts = ("--requirement", "*.authentication.*", "--requirement", "*.robust.no-5xx")
        result = command("verify", "--target", str(file), "--edition", EDITION, *parts)
    assert result.code == code, result.all


@pytest.mark.slow
def test_without_a_second_group_the_verdict_is_partial(command: Command, tmp_path: Path) -> None:
    """And the reason says what to give."""
    with server.start(EDITION) as handle:
        accounts = {name: {**account} for name, account in set_up(handle.states_url, EDITION).items()}
        for account in accounts.values():
            del account["other"]
        file = target_file(tmp_path, handle.base_url, accounts)
        result = command("verify", "--target", str(file), "--edition", EDITION, "--depth", "quick")
    assert result.code == 3, result.all
    assert "groups.other" in result.all


def test_the_skeleton_asks_for_a_second_group(command: Command) -> None:
    """Not as a comment."""
    result = command("target", "init", "--edition", EDITION)
    assert any(line.startswith("  other:") for line in result.out.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bearer", "headers"])
def test_bearer_tokens_and_headers_of_the_targets_own(command: Command, tmp_path: Path, kind: str) -> None:
    """Personas with a bearer token have it altered, too; of headers nobody knows what they are."""
    with server.start("deployed") as handle:
        accounts = set_up(handle.states_url, "deployed")
        users = handle.app.world.users
        people = {}
        for number, (name, person) in enumerate(accounts.items()):
            token = users[person["username"]].token
            headers = {"X-Auth-Token": token} if number % 2 else {"Authorization": f"Bearer {token}"}
            given = token if kind == "bearer" else headers
            people[name] = {"group": person["group"], "other": person["other"], kind: given}
        result = command(
            "verify", "--target", str(target_file(tmp_path, handle.base_url, people)), "--edition", "deployed"
        )
    assert result.code == 0, result.all
    assert ("altered-token" in result.all) is (kind == "headers")
    assert all(users[person["username"]].token not in result.all for person in accounts.values())


@pytest.mark.parametrize(
    ("headers", "words"), [({}, "headers is empty"), ({"a b": "x"}, "a b is not a valid header name")]
)
def test_headers_that_are_none_are_told(command: Command, tmp_path: Path, headers: dict[str, str], words: str) -> None:
    """With the persona and the key."""
    people = {"member": {"group": "g", "other": "o", "headers": headers}}
    result = command("verify", "--target", str(target_file(tmp_path, "http://127.0.0.1:9/api/v3", people)))
    assert result.code == 2
    assert words in result.all
