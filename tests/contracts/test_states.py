"""Provider states: what an implementation may answer, and what is told where it answers otherwise."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import server
from judge_tools import (
    HOME,
    CommandResult,
    RawServer,
    always,
    answer,
    as_json,
    closed_port,
    person,
    read_request,
    silent,
    states,
    wanted_personas,
)
from onezone_contracts.network import Header, Network
from onezone_contracts.options import Options
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.states import States, check_states_url

Command = Callable[..., CommandResult]
PEOPLE = wanted_personas("current")
BASE = "http://127.0.0.1:9/api/v3"


MISTAKES = {
    "refused": (lambda _: answer(403, b"not for you"), "403 (not for you)"),
    "failed": (lambda _: answer(500), "it answered 500"),
    "redirected": (lambda _: answer(302, b"", "Location: /there"), "it answered 302"),
    "garbage": (lambda _: answer(200, b"<html>"), "other than a JSON object"),
    "no UTF-8": (lambda _: answer(200, b"\xff\xfe"), "other than a JSON object"),
    "a list": (lambda _: as_json([1]), "other than a JSON object"),
    "no group": (person(group=None), "no group"),
    "group is a list": (person(group=[17]), "no group"),
    "no credentials": (person(username=None, password=None), "neither username and password nor a token"),
    "no password": (person(password=None), "neither username and password nor a token"),
    "password is a number": (person(password=17), "neither username and password nor a token"),
    "token is null": (person(username=None, token=[]), "neither username and password nor a token"),
    "nothing": (lambda _: answer(204), "no group"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_states_that_are_not_set_up_are_told(command: Command, mistake: str) -> None:
    """Whatever a states URL answers wrongly, the run is inconclusive and one line says why."""
    reply, words = MISTAKES[mistake]
    with states(reply) as (url, _):
        result = command("verify", BASE, "--states-url", url)
    assert (result.code, result.err, result.out.count("\n")) == (2, "", 1)
    assert "inconclusive" in result.out
    assert words in result.out


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "closed without an answer"), (b"garbage\r\n\r\n", "no HTTP answer")],
    ids=["closes", "garbage"],
)
def test_states_url_that_is_no_http_is_told(command: Command, data: bytes, words: str) -> None:
    """A states URL that does not speak HTTP is inconclusive in one line."""
    with RawServer(always(data, close=True)) as raw:
        result = command("verify", BASE, "--states-url", f"{raw.origin}/states")
    assert (result.code, result.out.count("\n")) == (2, 1)
    assert words in result.out


def test_states_url_that_nobody_serves_is_told(command: Command) -> None:
    """A states URL that refuses connections is inconclusive in one line."""
    result = command("verify", BASE, "--states-url", f"http://127.0.0.1:{closed_port()}/states")
    assert (result.code, result.out.count("\n")) == (2, 1)
    assert "the connection was refused" in result.out


@pytest.mark.slow
def test_states_url_that_hangs_is_told(command: Command) -> None:
    """A states URL that never answers costs a time-out or two, and is inconclusive."""
    with RawServer(silent) as raw:
        result = command("verify", BASE, "--states-url", f"{raw.origin}/states", "--timeout", "0.3")
    assert result.code == 2
    assert "no answer within 0.3 s" in result.out


def test_states_answer_of_many_levels_is_told(command: Command) -> None:
    """An answer too deep for the parser is no JSON object that the kit could use."""
    with states(lambda _: answer(200, b"[" * 200_000)) as (url, _):
        assert command("verify", BASE, "--states-url", url).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--states-url", "http://127.0.0.1:9/states"),
        (BASE,),
        (BASE, "--states-url", "states"),
        ("127.0.0.1:9", "--states-url", "http://127.0.0.1:9/states"),
    ],
    ids=["no URL", "nobody to judge as", "no states URL", "no URL of an API"],
)
def test_bad_usage_is_one_line(command: Command, arguments: tuple[str, ...]) -> None:
    """Where the command line does not say what to judge and as whom, one line on standard error does."""
    result = command("verify", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)


def test_what_is_asked_for(command: Command) -> None:
    """Each persona is asked for by exactly what it holds; null says that it is no member."""
    with states(person(group=None)) as (url, got):
        command("verify", BASE, "--states-url", url)
    with states(person()) as (url, got):
        States(url).target(BASE, PEOPLE)
    asked = [call["params"] for call in got if call["state"] == "a persona"]
    expected = [
        {
            f"{scope}_privileges": None if privileges is None else sorted(privileges)
            for scope, privileges in persona.grants.items()
        }
        for persona in PEOPLE
    ]
    assert asked == expected
    assert {call["action"] for call in got} == {"setup"}


def test_tokens_are_used() -> None:
    """A persona may come with a token, and is then sent with it."""
    with states(person(username=None, password=None, token="MDAx")) as (url, _):
        target = States(url).target(BASE, PEOPLE)
    assert {persona.auth.headers for persona in target.personas.values()} == {(("X-Auth-Token", "MDAx"),)}


def test_each_persona_is_judged_in_its_own_group() -> None:
    """The group that comes with a persona is the one in which it is judged."""
    groups = iter("abcdefgh")

    def reply(message: dict[str, Any]) -> bytes:
        return (
            as_json({"token": "t", "group": f"group-{next(groups)}"})
            if message["state"] == "a persona"
            else answer(404)
        )

    with states(reply) as (url, _):
        target = States(url).target(BASE, PEOPLE)
    assert [persona.group for persona in target.personas.values()] == [f"group-{letter}" for letter in "abcde"]
    assert target.other is None


def test_group_of_nobody_is_asked_for() -> None:
    """A group of its own is where what a persona holds in its group must count for nothing."""

    def reply(message: dict[str, Any]) -> bytes:
        return as_json({"group": "lonely"}) if message["state"] == "a group" else person()(message)

    with states(reply) as (url, _):
        assert States(url).target(BASE, PEOPLE).other == "lonely"
    with states(lambda message: person(group=None)(message) if "persona" in message["state"] else reply(message)) as (
        url,
        _,
    ):
        target = States(url).target(BASE, PEOPLE)
    assert ({persona.group for persona in target.personas.values()}, target.other) == ({"lonely"}, None)


def test_what_was_set_up_is_torn_down(command: Command) -> None:
    """After the run every state is torn down once, the last one first, whatever comes of it."""
    with states(person()) as (url, got), server.start("current") as handle:
        command("verify", handle.base_url, "--states-url", url, "--settle", "0")
    assert_torn_down(got, {"a persona": len(PEOPLE)})


def test_what_was_set_up_before_a_refusal_is_torn_down() -> None:
    """Where a state is refused, those set up before it are torn down."""
    left = iter(range(2))

    def reply(message: dict[str, Any]) -> bytes:
        if message["action"] == "teardown":
            return answer(500)
        return answer(400) if next(left, None) is None else as_json({"token": "t", "group": HOME})

    with states(reply) as (url, got), pytest.raises(SetupError):
        States(url).target(BASE, PEOPLE)
    assert_torn_down(got, {"a group": 1, "a persona": 1})


def assert_torn_down(got: list[dict[str, Any]], expected: dict[str, int]) -> None:
    down = [{"state": call["state"], "params": call["params"]} for call in got if call["action"] == "teardown"]
    up = [{"state": call["state"], "params": call["params"]} for call in got if call["action"] == "setup"]
    torn_down = [call for call in up if call in down]
    assert down == torn_down[::-1]
    assert {state: sum(call["state"] == state for call in down) for state in expected} == expected


def test_the_states_url_is_used_as_it_is() -> None:
    """A slash at its end, a query and an account in it are the implementation's own; the account is not shown."""
    heads: list[str] = []

    def talk(connection: socket.socket, _: int) -> None:
        while data := read_request(connection):
            heads.append(data.decode().partition("\r\n\r\n")[0])
            connection.sendall(answer(500, b"no se-cret here"))

    with RawServer(talk) as raw:
        url = raw.origin.replace("://", "://pact:se-cret@") + "/states/?a=b"
        with pytest.raises(SetupError) as error:
            States(check_states_url(url)).target(BASE, PEOPLE)
    assert heads[0].startswith("POST /states/?a=b HTTP/1.1\r\n")
    assert "\r\nAuthorization: Basic cGFjdDpzZS1jcmV0" in heads[0]
    assert f"{raw.origin}/states/?a=b" in str(error.value)
    assert "se-cret" not in str(error.value)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_headers_of_the_target_go_to_no_other_server(elsewhere: bool) -> None:  # noqa: FBT001  (a parameter)
    """What a gateway before the target wants is sent to the states URL only where that is the same server."""
    options = Options(network=Network((Header("X-Gateway", "key"),)))
    seen: list[bool] = []

    def talk(connection: socket.socket, _: int) -> None:
        seen.append(b"\r\nX-Gateway: key\r\n" in read_request(connection))
        connection.sendall(answer(500))

    with RawServer(talk) as raw, pytest.raises(SetupError):
        States(f"{raw.origin}/states", options, BASE if elsewhere else f"{raw.origin}/api/v3").target(BASE, PEOPLE)
    assert set(seen) == {not elsewhere}


def test_what_was_not_answered_in_time_is_torn_down_too() -> None:
    """It may have been set up nevertheless."""
    actions: list[str] = []

    def talk(connection: socket.socket, _: int) -> None:
        while data := read_request(connection):
            actions.append(json.loads(data.partition(b"\r\n\r\n")[2])["action"])
            if actions[-1] == "setup":
                connection.recv(1)
                return
            connection.sendall(answer(200))

    with RawServer(talk) as raw:
        client = States(f"{raw.origin}/states", Options(timeout=0.2))
        assert client.share() is None
        client.teardown()
    assert actions == ["setup", "teardown"]


@pytest.mark.parametrize("reply", [answer(400), as_json({}), as_json({"share": ""}), as_json({"share": None})])
def test_a_state_that_makes_no_share_is_asked_for_once(reply: bytes) -> None:
    """No share has an empty id; and where there is no such state, there is none the next time."""
    with states(lambda _: reply) as (url, got):
        client = States(url)
        assert [client.share() for _ in range(3)] == [None, None, None]
    assert len(got) == 1


def test_a_state_makes_a_share_each_time() -> None:
    """As often as one is asked for."""
    with states(lambda _: as_json({"share": "s"})) as (url, got):
        client = States(url)
        assert [client.share() for _ in range(2)] == ["s", "s"]
    assert len(got) == 2
