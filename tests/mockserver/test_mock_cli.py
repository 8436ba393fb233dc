"""The command `ozkit mock` as people and programs use it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from mock_client import EDITIONS, HOME, basic, mock_process
from onezone_mockserver import cli, create_app
from onezone_mockserver.demo import introduce

CREATED = {"classic": 204, "current": 204, "deployed": 201}
# What each persona of the demo gets, typed by hand from the documents: 0 is the edition's success.
OUTCOMES = {
    "member": (0, 0, 0),
    "administrator": (0, 0, 0),
    "nested member": (0, 0, 0),
    "no group privilege": (0, 403, 403),
    "no zone privilege": (403, 403, 403),
    "outsider": (403, 403, 403),
    "wrong password": (401, 401, 401),
    "no credentials": (401, 401, 401),
    "unknown group": (404, 404, 404),
    "bad body": (400, 400, 400),
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ozkit", "mock", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a start that fails with exit code 2."""
    assert cli.main("mock", list(arguments)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_start_up_shows_every_persona_with_its_outcome(edition: str) -> None:
    """The outcome that is printed is the one that the documents ask for, and showing it leaves the world as it was."""
    app = create_app(edition)
    at = EDITIONS.index(edition)
    outcomes = {name: str(rows[at] or CREATED[edition]) for name, rows in OUTCOMES.items()}
    text = introduce(app, "http://127.0.0.1:8080/api/v3")
    names = "|".join(OUTCOMES)
    assert dict(re.findall(rf"^  ({names}) +\S+ +(\d+)\b", text, re.MULTILINE)) == outcomes
    text = introduce(app, "http://127.0.0.1:8080/api/v3", every=True)
    assert dict(re.findall(rf"^({names}) \(.*\n(?:.+\n)*?  expect: (\d+)", text, re.MULTILINE)) == outcomes
    assert app.journal.total == 0
    assert len(app.world.ids("handle_service")) == 1


def started(*options: str, curls: int = 1) -> tuple[subprocess.Popen[str], str]:
    """A mock, and what it prints at its start, up to so many curl lines."""
    command = [sys.executable, "-u", "-m", "ozkit", "mock", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = ""
    while text.count("handle_services\n\n") < curls:
        line = process.stdout.readline()
        assert line, text
        text += line
    return process, text


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("edition", EDITIONS)
def test_every_curl_line_works_as_printed(edition: str) -> None:
    """Pasted into a shell, each line gets the answer that stands above it; every row fits into 80 columns."""
    process, text = started("--edition", edition, "--personas", "--log", "none", curls=len(OUTCOMES))
    try:
        expected = re.findall(r"expect: (\d+)", text)
        lines = re.findall(r"^(curl (?:.*\n)*?.*handle_services)$", text, re.MULTILINE)
        assert max(map(len, text.splitlines())) <= 80
        assert len(expected) == len(OUTCOMES)
        assert [answered(line) for line in lines] == expected
    finally:
        process.kill()
        process.communicate()


def answered(line: str) -> str:
    """The status of the answer to a curl line."""
    done = subprocess.run(["bash", "-c", f"{line} --silent"], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_start_up_fits_a_terminal_and_then_shows_each_request() -> None:
    """The address first, a row a persona, one curl line that works, and a line a request."""
    process, text = started()
    try:
        rows = text.splitlines()
        assert rows[0].startswith("listening on http://127.0.0.1:")
        assert max(map(len, rows)) <= 80
        assert len(rows) < 30
        curl = text[text.index("curl ") :].strip()
        assert answered(curl) == "204"
        line = process.stdout.readline()  # type: ignore[union-attr]
        assert re.search(r"POST   /api/\S+/handle_services alice 204 [0-9.]+ ms$", line)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_quiet_prints_the_one_line_and_then_takes_connections() -> None:
    """A program reads the line and connects at once."""
    with mock_process() as (process, origin):
        with urllib.request.urlopen(f"{origin}/_mock/health") as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished_before_the_end(how: signal.Signals) -> None:
    """The signal stops listening, not answering; the exit code is 0."""
    with mock_process() as (process, origin):
        url = f"{origin}/api/v3/groups/{HOME}/handle_services"
        headers = {"Authorization": basic("adam", "adam-password"), "Prefer": "wait=1"}
        statuses: list[int] = []

        def ask() -> None:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
                statuses.append(answer.status)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.4)
        process.send_signal(how)
        asking.join(10)
        assert statuses == [200]
        assert process.wait(10) == 0


@pytest.mark.slow
def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """And exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port}" in fails(capsys, "--port", port)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--port", "99999"], "99999"),
        (["--port", "http"], "http"),
        (["--edition", "future"], "choose one of current, classic, deployed"),
        (["--latency", "-1"], "--latency"),
        (["--cors-origin", "page"], "page"),
        (["--bogus"], "--bogus"),
        (["--tls-key", "x"], "--tls-cert"),
        *(
            ([f"--{option}", ""], f"--{option}: the value is empty: give one, or leave the option out")
            for option in ("tls-cert", "tls-key", "scenario", "edition", "cors-origin")
        ),
        (["--tls-cert", "/nowhere.pem"], "/nowhere.pem"),
        (["--tls-cert", __file__], "certificate"),
        (["--host", "no such host"], "no such host"),
        (["--scenario", "/nowhere.yaml"], "/nowhere.yaml: No such file"),
    ],
)
def test_a_bad_option_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], word: str) -> None:
    """Without a traceback, and with exit code 2."""
    assert word in fails(capsys, "--port", "0", *arguments)


SCENARIOS = {
    "users: [": (1, "not YAML"),
    "users:\n  - {id: a}\n  - {id: a}\n": (3, "users[1].id: used twice"),
    "users:\n  - id: a\n    zone_privileges: [oz_fly]\n": (3, "oz_fly"),
    "users:\n  - username: 5\n": (2, "quote it"),
    "users:\n  - id: a\n    id: b\n": (3, "twice"),
    "groups:\n  - id: g\n    users:\n      x: all\n": (4, "no such user"),
    "groups:\n  - id: g\n    colour: red\n": (3, "unknown key"),
    "handle_services:\n  - id: h\n    name: 2020-01-01\n": (3, "not JSON"),
    "handle_services:\n  - id: h\n    name: .nan\n": (3, "not JSON"),
    "handle_services:\n  - id: h\n    name: 2020-13-45\n": (3, "handle_services[0].name: is not JSON"),
    "handle_services:\n  - id: h\n    name: !!set {a}\n": (3, "handle_services[0].name: is not JSON"),
    "handle_services:\n  - id: h\n    serviceProperties:\n      1: 2\n": (
        4,
        "serviceProperties.1: a key must be a string",
    ),
    'users:\n  - id: a\n    details: {x: !!timestamp "zz"}\n': (3, "users[0].details.x: is not JSON"),
    'users:\n  - id: a\n    details: {x: !!int ""}\n': (3, "users[0].details.x: is not JSON"),
    'users:\n  - id: a\n    blocked: !!bool "zz"\n': (3, "users[0].blocked: is not JSON"),
    "groups:\n  - id: g\n    ? [a, b]\n    : c\n": (3, "groups[0].[...]: a list or a mapping is no key"),
    "groups:\n  - id: g\n    <<: {? {a: b} : c}\n": (3, "groups[0].{...}: a list or a mapping is no key"),
    "users:\n  - id: a\n    creationTime: 123456789012345678901\n": (3, "a whole number"),
    "personas: []\n": (1, "personas alone are no world"),
    "{}\n": (1, "an empty object is no world"),
    "groups:\n  - id: g\n    users:\n      y: 5\nusers: [{id: y}]\n": (
        4,
        "groups[0].users.y: must be a list of privileges",
    ),
    "groups:\n  - id: g\n    creator:\n      a: &a [*a]\n": (2, "groups[0]: nested too deep"),
    "personas:\n  - name: p\n": (2, "personas[0].group: missing"),
    "personas:\n  - {name: p, group: 5}\n": (2, "quote it"),
    "personas: 5\n": (1, "must be a list"),
    "- 1\n": (1, "a scenario is a mapping"),
    "": (1, "a scenario is a mapping"),
    "a: *b\n": (1, "not YAML"),
    "users: !!python/object:os.system {}\n": (1, "not YAML"),
    "x: " + "[" * 3000: (1, ""),
}


@pytest.mark.parametrize("text", SCENARIOS)
def test_a_broken_scenario_is_told_with_file_line_and_key(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    """One line, exit code 2."""
    line, words = SCENARIOS[text]
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    output = fails(capsys, "--port", "0", "--scenario", str(path))
    assert f"{path}" in output
    assert words in output
    if words:
        assert f"{path}:{line}: " in output


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("users: []".encode("utf-16"), "1: this is UTF-16: save the file as UTF-8"),
        ("users: []".encode("utf-16-be"), "1: this is UTF-16: save the file as UTF-8"),
        (b'{"users":\n"\xe9"}', "2: the byte 0xe9 is not UTF-8: save"),
        (b'{"users":\n"\x00"}', "2: "),
        (b'{"users":\n"\x01"}', "2: "),
    ],
)
def test_a_scenario_that_is_no_text_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, suffix: str, content: bytes, words: str
) -> None:
    """Bytes that are not UTF-8, and control characters: with the line, and what to change."""
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(content)
    assert f"{path}:{words}" in fails(capsys, "--port", "0", "--scenario", str(path))


def test_a_control_character_in_yaml_is_told_with_a_way_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It can be written as an escape."""
    (tmp_path / "x.yaml").write_bytes(b'groups:\n- id: "a\0b"\n')
    output = fails(capsys, "--port", "0", "--scenario", str(tmp_path / "x.yaml"))
    assert 'x.yaml:2: the character U+0000 cannot stand in YAML: take it out, or write "\\u0000", quoted' in output


@pytest.mark.slow
def test_a_scenario_of_ones_own_is_served(tmp_path: Path) -> None:
    """With users that have only tokens, and without personas."""
    path = tmp_path / "own.yaml"
    path.write_text("users:\n  - {id: bot, tokens: [abc], zone_privileges: all}\ngroups:\n  - {id: g/1}\n")
    with mock_process("--scenario", str(path), "--no-control") as (_, origin):
        asked = urllib.request.Request(f"{origin}/api/v3/groups/g%2F1/handle_services", headers={"X-Auth-Token": "abc"})
        with urllib.request.urlopen(asked) as answer:
            assert json.load(answer) == {"handle_services": []}


@pytest.mark.slow
def test_latency_delays_every_answer() -> None:
    """By milliseconds."""
    with mock_process("--latency", "150") as (_, origin):
        started = time.perf_counter()
        with pytest.raises(urllib.request.HTTPError):
            urllib.request.urlopen(f"{origin}/nowhere")
        assert time.perf_counter() - started >= 0.15


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_https_is_served_and_shown(tmp_path: Path) -> None:
    """The printed address, the Location and the scheme are those of https."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout {key} -out {cert}"
    subprocess.run(make.split(), check=True, capture_output=True)
    with mock_process("--tls-cert", str(cert), "--tls-key", str(key)) as (_, origin):
        assert origin.startswith("https://127.0.0.1:")
        trust = ssl._create_unverified_context()
        body = b'{"name":"ab","proxyEndpoint":"x","serviceProperties":{"a":1}}'
        headers = {"Authorization": basic("adam", "adam-password"), "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{origin}/api/v3/groups/{HOME}/handle_services", body, headers)
        with urllib.request.urlopen(asked, context=trust) as answer:
            assert answer.headers["Location"].startswith(f"{origin}/api/")


OPTIONS = (
    "host", "port", "edition", "scenario", "latency", "cors-origin", "tls-cert", "tls-key", "quiet", "public-url",
    "trust-proxy", "challenge", "no-challenge", "control-token", "no-control",
)  # fmt: skip


def test_help_is_there_and_loads_no_server() -> None:
    """`--help` names every option and is quick."""
    done = run("--help")
    assert done.returncode == 0
    for option in OPTIONS:
        assert f"--{option}" in done.stdout


@pytest.mark.slow
def test_what_is_forwarded_is_not_asked_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is shown what a real server would have to be asked; a mistake is one line."""
    parsed = cli.parser().parse(["--forward", "http://127.0.0.1:9/base", "--only", "get_group", "list_groups"])
    assert parsed.only == ["get_group", "list_groups"]
    assert "--only needs --forward" in fails(capsys, "--only", "get_group")
    assert "there is no operation zzz" in fails(capsys, "--forward", "http://127.0.0.1:9", "--only", "zzz")
    with mock_process("--forward", "http://127.0.0.1:9/base", "--only", "get_group", quiet=False) as (_, origin):
        assert origin.startswith("http://127.0.0.1:")
