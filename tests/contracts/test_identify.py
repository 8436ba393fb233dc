"""`ozkit identify`: which editions a target conforms to, and what keeps it from the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import server
from judge_tools import EDITIONS, CommandResult, RawServer, always, answer, closed_port, set_up, target_file
from onezone_contracts.commands.identify import Match, exit_code
from onezone_contracts.verdict import Judgement, Verdict

Command = Callable[..., CommandResult]


def identified(command: Command, handle: server.Handle, *more: str) -> tuple[int, dict[str, Any]]:
    options = ("--states-url", handle.states_url, "--settle", "0.1", "--format", "json", *more)
    result = command("identify", handle.base_url, *options)
    return result.code, json.loads(result.out)


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_server_is_its_own_edition(command: Command, servers: dict[str, server.Handle], edition: str) -> None:
    """A correct server conforms to its edition, which comes first, and to no other."""
    code, report = identified(command, servers[edition])
    assert (code, report["conforms_to"]) == (0, [edition])
    assert [edition["verdict"] for edition in report["editions"]] == ["conformant", "nonconformant", "nonconformant"]
    assert report["editions"][0]["edition"] == edition
    assert all(edition["violated"] for edition in report["editions"][1:])


@pytest.mark.slow
def test_text_says_what_keeps_it_from_others(command: Command) -> None:
    """Without a target the kit's own mock is identified; people read a line for each edition and its violations."""
    result = command("identify", "--edition", "deployed")
    assert result.code == 0
    assert result.last == "It conforms to deployed."
    assert "✓ deployed  conformant" in result.out
    assert "success.status" in result.out
    assert "expected 204, got 201" in result.out
    assert len(result.out.splitlines()) < 25


@pytest.mark.slow
def test_server_of_no_edition(command: Command) -> None:
    """A server that breaks every edition has exit code 1, and the nearest edition is named."""
    with server.start("current", faults=["status-200"]) as handle:
        code, report = identified(command, handle)
        result = command("identify", handle.base_url, "--states-url", handle.states_url, "--settle", "0.1")
    assert (code, report["conforms_to"]) == (1, [])
    assert result.code == 1
    assert result.last == f"It conforms to no edition; {report['editions'][0]['edition']} is the nearest."


@pytest.mark.slow
def test_target_file_is_for_one_rule(command: Command, servers: dict[str, server.Handle], tmp_path: Path) -> None:
    """Editions for which a target file has no personas cannot be judged; those with the same rule can."""
    handle = servers["deployed"]
    path = target_file(tmp_path, handle.base_url, set_up(handle.states_url, "deployed"), edition="deployed")
    result = command("identify", "--target", path, "--settle", "0.1")
    assert result.code == 0
    assert "? classic   cannot be judged: the target file lacks persona administrator" in result.out
    assert "✗ current" in result.out
    assert result.last == "It conforms to deployed."


def test_target_that_is_down(command: Command) -> None:
    """A target that does not answer is no verdict: exit code 2 and one line."""
    url = f"http://127.0.0.1:{closed_port()}/api"
    result = command("identify", url, "--states-url", f"{url}/states")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "does not answer" in result.err


def test_personas_that_cannot_be_made(command: Command) -> None:
    """Where no persona can be set up, nothing is known, and that is said for each edition."""
    with RawServer(always(answer(500))) as raw:
        result = command("identify", f"{raw.origin}/api", "--states-url", f"{raw.origin}/states")
    assert result.code == 2
    assert result.out.count("cannot be judged") == 3
    assert result.last == "Whether it conforms to an edition is not known."


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("http://127.0.0.1:9/x",), "--states-url"),
        (("--states-url", "http://127.0.0.1:9/x"), "base URL"),
        (("http://127.0.0.1:9/x", "--states-url", "http://127.0.0.1:9/s", "--edition", "classic"), "--edition"),
        (("--edition", "modern"), "modern"),
        (("--admin", "adam:secret"), "base URL"),
        (("http://127.0.0.1:9/x", "--admin", "adam"), "USER:PASSWORD"),
        (("http://127.0.0.1:9/x", "--admin", "adam:secret", "--admin-token", "t"), "one of them"),
        (("http://127.0.0.1:9/x", "--admin", "adam:secret", "--edition", "classic"), "--edition"),
        (("--target", "nowhere.yaml"), "nowhere.yaml"),
        (("--workers", "0"), "workers"),
        (("nonsense", "--states-url", "http://127.0.0.1:9/s"), "nonsense"),
    ],
)
def test_bad_usage(command: Command, options: tuple[str, ...], word: str) -> None:
    """Bad usage is exit code 2 and says what to change."""
    result = command("identify", *options)
    assert (result.code, result.out) == (2, "")
    assert word in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ("conformant nonconformant inconclusive", 0),
        ("nonconformant nonconformant nonconformant", 1),
        ("nonconformant inconclusive", 1),
        ("partial nonconformant", 2),
        ("partial conformant", 0),
        ("inconclusive", 2),
    ],
)
def test_exit_code(verdicts: str, code: int) -> None:
    """0 where an edition is kept, 1 where none is of those that could be judged, 2 where that is not known."""
    matches = [Match(Judgement("x", "current", "core", "quick", 0, Verdict(verdict))) for verdict in verdicts.split()]
    assert exit_code(matches) == code
