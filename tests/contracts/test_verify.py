"""`ozkit verify` from end to end: the right verdict for the right, the wrong and the impossible."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import server
from judge_tools import (
    EDITIONS,
    CommandResult,
    RawServer,
    always,
    answer,
    closed_port,
    person,
    set_up,
    silent,
    states,
    target_file,
)

Command = Callable[..., CommandResult]
Servers = dict[str, server.Handle]
DEEP = b"[" * 200_000


def clean(result: CommandResult) -> CommandResult:
    """Nobody is shown a traceback."""
    assert "Traceback" not in result.all
    assert result.err == ""
    return result


# --- what is right --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("depth", ["quick", "standard"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_correct_server_is_conformant(command: Command, servers: Servers, edition: str, depth: str) -> None:
    """A correct server is conformant in its edition, whichever way its personas are made known."""
    handle = servers[edition]
    result = clean(
        command("verify", handle.base_url, "--states-url", handle.states_url, "--edition", edition, "--depth", depth)
    )
    assert (result.code, "FAIL" in result.out) == (0, False), result.out
    assert result.last.endswith(f"edition {edition} · profile core: conformant")


@pytest.mark.parametrize("edition", EDITIONS)
def test_target_file_serves_as_well(command: Command, servers: Servers, edition: str, tmp_path: Path) -> None:
    """The same server is conformant by a target file, which may name the edition."""
    handle = servers[edition]
    accounts = set_up(handle.states_url, edition)
    path = target_file(tmp_path, handle.base_url, accounts, edition=edition)
    result = clean(command("verify", "--target", path, "--depth", "quick"))
    assert result.code == 0, result.out
    assert f"edition {edition}" in result.last


def test_target_file_with_a_second_group_and_tokens(command: Command, tmp_path: Path) -> None:
    """A target file may name a group of nobody and hold tokens; then nothing at all is left unjudged but passwords."""
    with server.start("current", ["token-personas"]) as handle:
        accounts = set_up(handle.states_url, "current")
        handle.app.world.groups["other"] = {}
        home = next(iter(accounts.values()))["group"]
        groups = {"home": home, "other": "other", "missing": "f" * 32}
        path = target_file(tmp_path, handle.base_url, accounts, groups=groups)
        result = clean(command("verify", "--target", path, "--depth", "quick"))
    assert result.code == 0, result.out
    assert {line.partition(": no persona ")[2] for line in result.out.splitlines() if "not judged" in line} == {
        "has a password: give one of them a password to have this judged"
    }


def test_url_of_the_command_line_wins(command: Command, servers: Servers, tmp_path: Path) -> None:
    """A URL beside a target file is where the requests go."""
    handle = servers["current"]
    path = target_file(tmp_path, f"http://127.0.0.1:{closed_port()}/x", set_up(handle.states_url, "current"))
    assert command("verify", "--target", path, "--depth", "quick").code == 2
    result = clean(command("verify", handle.base_url, "--target", path, "--depth", "quick"))
    assert result.code == 0, result.out


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_kit_judges_its_own_mock(command: Command, edition: str) -> None:
    """Without any URL the kit's own mock is judged, and is conformant in each edition."""
    result = clean(command("verify", "--edition", edition, "--depth", "quick"))
    assert result.code == 0, result.out


# --- the wrong edition ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("served", "judged"), list(itertools.permutations(EDITIONS, 2)))
def test_other_edition_is_nonconformant(command: Command, servers: Servers, served: str, judged: str) -> None:
    """A server of one edition does not pass for another one."""
    handle = servers[served]
    arguments = ("--states-url", handle.states_url, "--edition", judged, "--depth", "quick", "--settle", "0.1")
    result = clean(command("verify", handle.base_url, *arguments))
    assert result.code == 1
    assert "nonconformant" in result.last


# --- what is wrong all over -----------------------------------------------------------------------------------

REFUSING: dict[str, tuple[bytes, int, str]] = {
    # what every request is answered with; exit code; words of the last line
    "always 401": (
        answer(401, b'{"error": {"id": "unauthorized", "description": "No."}}'),
        2,
        "check their credentials",
    ),
    "always 403": (answer(403, b'{"error": {"id": "forbidden", "description": "No."}}'), 1, "violated"),
    "always 404": (answer(404), 2, "may be wrong, or the home group's id"),
    "always 500": (answer(500), 1, "violated"),
    "always 503": (answer(503, b"<html>"), 2, "try --wait"),
    "always 204": (b"HTTP/1.1 204 No Content\r\n\r\n", 1, "violated"),
    "always 201": (answer(201), 1, "violated"),
    "always 302": (answer(302, b"", "Location: /elsewhere"), 2, "behind a login"),
    "always 400": (answer(400, b"{}"), 1, "violated"),
    "always {}": (answer(200, b"{}"), 1, "violated"),
    "always a list": (answer(200, b"[[], {}, null, 1.5]"), 1, "violated"),
    "always an odd status": (answer(799), 1, "violated"),
    "always one Location": (answer(204, b"", "Location: /groups/1/handle_services/2"), 1, "violated"),
    "closes": (b"", 2, "closed without an answer"),
    "garbage": (b"\x16\x03\x01 no HTTP\r\n\r\n", 2, "no HTTP answer"),
    "half an answer": (b"HTTP/1.", 2, "does not answer"),
}


@contextmanager
def judged_at(talk: Callable[[socket.socket, int], None]) -> Iterator[tuple[str, ...]]:
    """A server for everything but the personas, which are made elsewhere; gives the arguments of a quick run."""
    with RawServer(talk) as raw, states(person()) as (url, _):
        yield ("verify", f"{raw.origin}/api/v3", "--states-url", url, "--depth", "quick", "--settle", "0")


@pytest.mark.parametrize("what", REFUSING)
def test_server_that_answers_all_alike_is_never_green(
    command: Command, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has one answer for everything is never conformant, and the last line says what it is."""
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)
    data, code, words = REFUSING[what]
    with judged_at(always(data, close=b"Content-Length" not in data)) as arguments:
        result = clean(command(*arguments))
    assert result.code == code, result.out
    assert words in result.last
    if code == 2:
        assert result.out.count("\n") == 1


@pytest.mark.slow
def test_server_that_hangs_is_inconclusive(command: Command, servers: Servers, tmp_path: Path) -> None:
    """A server that never answers is given up after a few time-outs, and is inconclusive."""
    accounts = set_up(servers["current"].states_url, "current")
    with RawServer(silent) as raw:
        path = target_file(tmp_path, f"{raw.origin}/api/v3", accounts)
        result = clean(command("verify", "--target", path, "--depth", "quick", "--settle", "0", "--timeout", "0.3"))
        assert 1 <= raw.connections <= 12
    assert (result.code, result.out.count("\n")) == (2, 1)
    assert "no answer within 0.3 s" in result.last


@pytest.mark.slow
def test_port_that_nobody_serves_is_inconclusive(command: Command) -> None:
    """A connection that is refused is one line."""
    with states(person()) as (url, _):
        result = clean(command("verify", f"http://127.0.0.1:{closed_port()}/api/v3", "--states-url", url))
    assert (result.code, result.out.count("\n")) == (2, 1)
    assert "the connection was refused" in result.last


ODD = {
    "answer too deep for the parser": answer(200, DEEP),
    "Location that is no URI at all": answer(204, b"", "Location: http://[half/of/an/address"),
    "Location of odd bytes": answer(204, b"", "Location: /\x01\x7f\xff/%zz/\\"),
    "Location of another scheme": answer(204, b"", "Location: javascript:alert(1)"),
    "Location of another host": answer(204, b"", "Location: http://no-such-host.invalid:1/x/y"),
    "Location with a bad port": answer(204, b"", "Location: http://127.0.0.1:99999999/x"),
    "Location of a kilobyte": answer(204, b"", "Location: /" + "x/" * 500),
    "headers of odd bytes": answer(403, b"{}").replace(
        b"Whatever", b"\xff\xfe\r\nX-Odd: \xff\x00\r\nContent-Type: \xff/;"
    ),
}


# Each of these ends in a traceback; a test starts to fail once it does not.
@pytest.mark.parametrize(
    "what",
    ODD,
)
def test_odd_answers_are_violations(command: Command, what: str) -> None:
    """An answer at the edges of what parsers take is a violation like any other, never a failure of the kit."""
    with judged_at(always(ODD[what])) as arguments:
        result = clean(command(*arguments))
    assert result.code == 1, result.out
    assert "the kit failed" not in result.out


@pytest.mark.slow
def test_server_that_dies_on_the_way_is_nonconformant(command: Command) -> None:
    """A server that stops answering in the middle of the run is told by the requests that had no answer."""
    with server.start("current") as handle:
        inner, left = handle.server.answer, iter(range(60))

        def dying(request: server.Request) -> server.Response:
            response = inner(request)
            if next(left, None) is None and request.path != "/states":
                response.action = "drop"
            return response

        handle.server.answer = dying
        result = clean(command("verify", handle.base_url, "--states-url", handle.states_url, "--depth", "quick"))
    assert result.code == 1
    assert "the connection was closed without an answer" in result.out


@pytest.mark.slow
def test_wrong_credentials_of_one_persona_are_no_set_up_problem(
    command: Command, servers: Servers, tmp_path: Path
) -> None:
    """Where one persona that must be allowed is answered, the 401 of another one is a violation."""
    handle = servers["current"]
    accounts = set_up(handle.states_url, "current")
    accounts["member"] = accounts["member"] | {"password": "wrong-password"}
    path = target_file(tmp_path, handle.base_url, accounts)
    arguments = ("verify", "--target", path, "--depth", "quick", "--settle", "0")
    result = clean(command(*arguments))
    assert result.code == 1
    assert "access.member" in result.out
    accounts = {name: account | {"password": "wrong-password"} for name, account in accounts.items()}
    result = clean(command(*arguments[:2], target_file(tmp_path, handle.base_url, accounts), *arguments[3:]))
    assert (result.code, result.out.count("\n")) == (2, 1)
    assert "member, administrator" in result.last
