"""The lines of the console: what they say, how they look, and that nobody waits for them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from mock_client import HOME, Client
from onezone_mockserver import create_app
from onezone_mockserver.console import MOST_WAITING, Console, has_colours, json_line, text_line

PATH = f"/api/v3/groups/{HOME}/handle_services"


def logged() -> tuple[Client, io.StringIO, Console]:
    """A mock whose console is a string."""
    client, output = Client(create_app()), io.StringIO()
    console = client.app.state.feed.log = Console(output, lambda row: text_line(row, colours=False))
    return client, output, console


@pytest.mark.slow
def test_a_line_says_who_asked_what_and_why_it_was_refused() -> None:
    """With the world where it is not the common one; secrets in the query are masked."""
    client, output, console = logged()
    client.create(as_="vera")
    client("GET", f"{PATH}?token=s3cret", as_="adam", headers={"x-mock-world": "w"})
    console.close()
    first, second = output.getvalue().splitlines()
    assert first.split(" ", 1)[1].startswith(f"POST   {PATH} vera 403 ")
    assert first.endswith(" ms route member: lacks group group_create_handle_service")
    assert f"GET    {PATH}?token=*** (world w) adam 200" in second


@pytest.mark.slow
def test_colours_are_for_terminals() -> None:
    """The status has that of its class."""
    client = Client(create_app())
    client.create(as_="vera")
    client.create(as_="adam")
    refused, created = client.app.journal.entries
    assert "\x1b[33m403\x1b[0m" in text_line(refused, colours=True)
    assert "\x1b[32m204\x1b[0m" in text_line(created, colours=True)
    assert "\x1b" not in text_line(refused, colours=False)
    assert not has_colours(io.StringIO())


def test_colours_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """By NO_COLOR, and for a terminal that has none."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert has_colours(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colours(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colours(Terminal())


@pytest.mark.slow
def test_nothing_that_was_sent_moves_the_cursor() -> None:
    """A path is shown by its numbers where it is not printable."""
    client, output, console = logged()
    client("GET", "/a\x1b[2J\x7f\u00e9")
    client("GET", "/b?x=\x1b[2J")
    console.close()
    assert "\x1b" not in output.getvalue()


@pytest.mark.slow
def test_nobody_waits_for_a_console() -> None:
    """One that takes nothing loses lines, and is told how many."""
    blocked = threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            blocked.wait(60)
            return super().write(text)

    client, output = Client(create_app()), Slow()
    client.create(as_="vera")
    (row,) = client.app.journal.entries
    console = Console(output, json_line)
    for _ in range(MOST_WAITING + 10):
        console(row)
    assert console.waiting.qsize() <= MOST_WAITING
    blocked.set()
    console.close()
    assert "requests are not shown" in output.getvalue()


@pytest.mark.slow
def test_a_console_that_is_closed_is_left_alone() -> None:
    """The mock goes on."""
    client, output, console = logged()
    output.close()
    assert client.create(as_="vera").status == 403
    console.close()
    assert client.create(as_="vera").status == 403
    assert console.broken


@pytest.mark.slow
@pytest.mark.parametrize(("options", "shown"), [(["--log", "json"], True), (["--log", "none"], False), ([], False)])
def test_lines_are_json_on_demand(options: list[str], shown: bool) -> None:  # noqa: FBT001  (a parameter of a test)
    """With --quiet there is none unless --log says so; the first line is the address."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet", *options]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().split()[-1]
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(origin + PATH)
        process.terminate()
        rows = [json.loads(line) for line in process.stdout]
    assert [(row["path"], row["status"]) for row in rows] == ([(PATH, 401)] if shown else [])


def test_a_log_needs_the_journal() -> None:
    """Both options at once are a mistake."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--no-journal", "--log", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (
        2,
        "ozkit mock: --log needs the journal: leave --no-journal out\n",
    )
