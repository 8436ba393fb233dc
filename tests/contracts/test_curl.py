"""Curl lines: each runs as it stands, reads secrets from variables, and runs nothing but one curl."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judge_tools import CommandResult, RawServer, always, answer, person, states
from onezone_contracts.cases import wrong_password, wrong_token
from onezone_contracts.curl import curl, steps
from onezone_contracts.exchange import Auth, Exchange, Redactor, Request, Response, basic
from onezone_contracts.reports.wording import numbered, visible
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import TestUser

BASE = "http://127.0.0.1:9"
SECRET = "correct-Horse7"
HOSTILE = (
    "$(touch F)",
    "`touch F`",
    "; touch F #",
    "'; touch F; '",
    '"; touch F; "',
    "a\ntouch F\n",
    "!!",
    "\\",
    "$HOME",
    "~",
    "*",
)


@pytest.fixture(scope="module", name="shell")
def shell_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH in which `curl` only writes down that it ran, and with which arguments."""
    folder = tmp_path_factory.mktemp("bin")
    fake = folder / "curl"
    fake.write_text(
        f"#!{sys.executable}\n"
        "import os, sys\n"
        "arguments = [os.fsencode(one) for one in sys.argv[1:]]\n"
        "for at, one in enumerate(arguments):\n"
        "    if one.startswith(b'@/dev/fd/'):\n"
        "        arguments[at] = open(one[1:], 'rb').read()\n"
        "open(os.environ['LOG'], 'a').write(' '.join(one.hex() or '-' for one in arguments) + '\\n')\n",
        encoding="utf-8",
    )
    fake.chmod(0o755)
    return folder


def run(shell: Path, script: str, **variables: str) -> list[list[bytes]]:
    """The arguments of every curl that a script for bash runs; nothing else came to be in its folder."""
    empty = shell / "empty"
    shutil.rmtree(empty, ignore_errors=True)
    empty.mkdir()
    log = shell / "log"
    log.unlink(missing_ok=True)
    environment = {"PATH": f"{shell}:{os.environ['PATH']}", "LOG": str(log), "LC_ALL": "C.UTF-8", **variables}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=empty, capture_output=True, timeout=60, check=False
    )
    assert done.stderr == b""
    assert list(empty.iterdir()) == []
    return [[bytes.fromhex(octets.strip("-")) for octets in call.split()] for call in log.read_text().splitlines()]


def redactor(secret: str = SECRET) -> Redactor:
    """A redactor that knows one persona's secret."""
    redactor = Redactor()
    redactor.learn(secret)
    redactor.name("MEMBER_PASSWORD", secret, "the persona member")
    return redactor


def exchange(request: Request, response: Response | None = None) -> Exchange:
    return Exchange(request, BASE, response)


texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12))
headers = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), min_size=1, max_size=12)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    user=texts,
    path=texts,
    body=texts | st.binary(max_size=20),
    label=texts,
    value=headers | st.sampled_from(HOSTILE[:5]),
)
def test_a_line_runs_one_curl_and_nothing_else(
    shell: Path, user: str, path: str, body: str | bytes, label: str, value: str
) -> None:
    """Whatever names, ids, bodies and labels say, a shell sees one curl, with exactly the bytes that were sent."""
    data = body if isinstance(body, bytes) else body.encode()
    auth = Auth((("Authorization", basic(user, SECRET)),), f"persona {label}")
    request = Request("POST", f"/groups/{path}", auth, (("X-Odd", value),), data, label=label)
    secrets = redactor()
    lines = numbered(
        {"text": label, "curl": step.curl, "status": 204, "sets": step.sets}
        for step in steps([exchange(request)], secrets)
    )
    script = "\n".join(map(visible, lines))
    assert script == "\n".join(lines)
    calls = run(shell, script, MEMBER_PASSWORD=SECRET)
    assert len(calls) == 1
    assert SECRET not in script
    (arguments,) = calls
    pair = f"{user}:{SECRET}".encode()
    assert pair in arguments or any(base64.b64encode(pair) in word for word in arguments)
    assert f"X-Odd: {value}".encode() in arguments
    assert arguments[-1] == f"{BASE}/groups/{path}".encode()
    if data:
        assert data in arguments


MAKES = {
    "longer": lambda right: f"{right}x",
    "shorter": lambda right: right[:-1],
    "without its first": lambda right: right[1:],
    "swapped": str.swapcase,
    "blank": lambda right: f"{right} ",
    "empty": lambda _: "",
    "nul": lambda right: f"{right}\0x",
    "middle": lambda right: f"{right[:7]}_{right[8:]}",
    "low byte": lambda right: right[:-1] + chr(ord(right[-1]) + 0x100),
}


@pytest.mark.parametrize("secret", [SECRET, "geheim-ÄÖ", "d0llar$(x)'\""])
@pytest.mark.parametrize("name", MAKES)
def test_what_is_made_of_a_secret_is_made_by_the_shell(shell: Path, name: str, secret: str) -> None:
    """A password and a token that are nearly right are sent as they were, and the right one is not in the line."""
    if name == "low byte" and not secret.isascii():
        return
    make = MAKES[name]
    for credentials, auth in (
        (Credentials("alice", secret), wrong_password(make, "wrong")),
        (Credentials(token=secret), wrong_token(make, "wrong", bearer=True)),
    ):
        person = TestUser("member", credentials, ("user", "member"))
        wrong = auth(person, {})
        if "\0" in wrong.headers[0][1]:
            continue
        secrets = redactor(secret)
        secrets.learn_basic(value for _, value in wrong.headers)
        line = curl(exchange(Request("GET", "/x", wrong)), secrets)
        assert "***" not in line
        assert secret[:-1] not in line
        (arguments,) = run(shell, line, MEMBER_PASSWORD=secret)
        expected = f"alice:{make(secret)}"
        header = f"Authorization: {wrong.headers[0][1]}"
        assert any(word in {expected.encode(), header.encode()} for word in arguments)


@pytest.mark.parametrize("spelling", ["basic {}", "BASIC {}", "Basic  {}", "Basic {}, Basic eDp5"])
def test_an_odd_spelling_is_kept(shell: Path, spelling: str) -> None:
    """A scheme in another case and blanks stay as they were sent; the secret part is made by the shell."""
    for name in ("a", "ab", "abc"):
        packed = basic(name, SECRET).removeprefix("Basic ")
        for secret in {packed, packed.rstrip("=")}:
            value = spelling.format(secret)
            line = curl(exchange(Request("GET", "/x", Auth((("Authorization", value),)))), redactor())
            (arguments,) = run(shell, line, MEMBER_PASSWORD=SECRET)
            assert f"Authorization: {value}".encode() in arguments
            assert packed.rstrip("=") not in line


def test_a_later_step_reads_the_id_that_an_earlier_one_made(shell: Path) -> None:
    """A step that reads what another made names it by a variable, and says which."""
    location = (("Location", "/groups/g/handle_services/new1"),)
    first = exchange(Request("POST", "/groups/g/handle_services", body=b"{}"), Response(204, location, b""))
    second = exchange(Request("GET", "/groups/g/handle_services/new1"), Response(404, (), b""))
    lines = steps([first, second], redactor())
    assert [line.sets for line in lines] == ["ID_1", None]
    assert "new1" not in lines[1].curl
    (arguments,) = run(shell, lines[1].curl, ID_1="other7")
    assert arguments[-1] == f"{BASE}/groups/g/handle_services/other7".encode()


@pytest.mark.slow
def test_what_a_states_url_says_runs_in_no_shell(
    shell: Path, tmp_path: Path, command: Callable[..., CommandResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """User names and ids that a shell would run: every line of the reports, as printed, is one curl and no more."""
    monkeypatch.setenv("COLUMNS", "80")
    report = tmp_path / "report.json"
    hostile = {
        "username": "al'ice$(touch F)`touch F`;\"",
        "password": "a-$(touch F)-b",
        "group": "g';touch F;'$(touch F)",
    }
    with (
        RawServer(always(answer(500, b'{"error": "$(touch F)`touch F`"}', "Content-Type: application/json"))) as raw,
        states(person(**hostile)) as (url, _),
    ):
        where = (f"{raw.origin}/api/v3", "--states-url", url, "--depth", "quick", "--settle", "0")
        result = command("verify", *where, "--report", f"json={report}")
    data = json.loads(report.read_text(encoding="utf-8"))
    lines = {finding["curl"] for requirement in data["requirements"] for finding in requirement["findings"]}
    secrets = dict.fromkeys(data["variables"], hostile["password"])
    assert len(lines) > 10
    assert len(run(shell, "\n".join(sorted(lines)), **secrets)) == len(lines)
    printed = re.findall(r"(?m)^    (?:#.*|curl .*(?:\\\n.*)*)$", result.out)
    assert printed
    assert len(run(shell, "\n".join(printed), **secrets)) == sum(line.startswith("    curl") for line in printed)


def test_a_body_shares_no_word_with_a_secret_but_all_of_it(shell: Path) -> None:
    """Words that are a part of a secret stand in a body as they are; the whole secret is read from its variable."""
    secrets = redactor("adam-password")
    line = curl(exchange(Request("POST", "/x", body=b'{"password": "adam-password", "passwordless": 1}')), secrets)
    assert '\'{"password": "\'' in line
    (arguments,) = run(shell, line, MEMBER_PASSWORD="adam-password")
    assert b'{"password": "adam-password", "passwordless": 1}' in arguments


def test_a_long_body_is_packed_as_it_was_sent(shell: Path) -> None:
    """Also where it has keys that reports mask."""
    body = b'{"password": "pa$$word", "name": "' + b"x" * 5000 + b'"}'
    (arguments,) = run(shell, curl(exchange(Request("POST", "/x", body=body)), redactor()))
    assert body in arguments


def test_a_body_that_begins_with_at_is_no_file(shell: Path) -> None:
    """`@/etc/passwd` as a body is sent as it stands."""
    line = curl(exchange(Request("POST", "/x", body=b"@/etc/passwd")), redactor())
    (arguments,) = run(shell, line)
    assert arguments[arguments.index(b"@/etc/passwd") - 1] == b"--data-raw"
