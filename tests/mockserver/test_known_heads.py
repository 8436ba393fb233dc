"""A head that came before is not parsed again; whoever sends it must not notice."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mock_client import GOOD, HOME, basic
from onezone_mockserver import create_app
from test_mock_work import Connection

PATH = f"/api/v3/groups/{HOME}/handle_services"
ADAM = f"Authorization: {basic('adam', 'adam-password')}"
OTTO = f"Authorization: {basic('otto', 'otto-password')}"
JSON = "Content-Type: application/json"
TEXT = json.dumps(GOOD)
VARYING = re.compile(rb"[0-9a-f]{32}ch[0-9a-f]{4}|date: [^\r]*")


def message(method: str, *fields: str, body: str = "", version: str = "1.1", path: str = PATH) -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: mock.test", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def post(*fields: str, body: str = TEXT, length: int | None = None, **options: Any) -> bytes:
    announced = len(body) if length is None else length
    return message("POST", JSON, f"Content-Length: {announced}", *fields, body=body, **options)


CHUNKED = f"{len(TEXT):x}\r\n{TEXT}\r\n0\r\n\r\n"
MESSAGES = {
    "created": post(ADAM),
    "forbidden": post(OTTO),
    "no credentials": post(),
    "bad body": post(ADAM, body='{"name": 5}'),
    "body of the same length": post(ADAM, body="x" * len(TEXT)),
    "list": message("GET", ADAM),
    "head": message("HEAD", ADAM),
    "preflight": message("OPTIONS", "Origin: https://a.test", "Access-Control-Request-Method: POST"),
    "with a query": message("GET", ADAM, path=f"{PATH}?a=1"),
    "an escape": message("GET", ADAM, path=PATH.replace("groups", "gro%75ps")),
    "control plane": message("GET", path="/_mock/openapi.yaml"),
    "another path": message("GET", path="/elsewhere"),
    "chunked": message("POST", ADAM, JSON, "Transfer-Encoding: chunked", body=CHUNKED),
    "continue": post(ADAM, "Expect: 100-continue"),
    "forwarded": post(ADAM, "X-Forwarded-Proto: https"),
    "a wish": post(ADAM, "Prefer: code=404"),
    "upgrade": message("GET", ADAM, "Connection: Upgrade", "Upgrade: h2c"),
    "white space before": b"\r\n" + post(ADAM),
    "white space after": post(ADAM) + b"\r\n",
    "only white space": b"\r\n",
    "white space twice": b"\r\n\r\n",
    "shorter than announced": post(ADAM, body=TEXT[:-5], length=len(TEXT)),
    "longer than announced": post(ADAM, body=TEXT + "GET", length=len(TEXT)),
    "two at once": post(ADAM) + message("GET", ADAM),
    "twice at once": message("GET", ADAM) * 2,
    "bare line feeds": message("GET", ADAM).replace(b"\r\n", b"\n"),
    "a length with zeros": post(ADAM).replace(b"Content-Length: ", b"Content-Length: " + b"0" * 20),
    "closing": post(ADAM, "Connection: close"),
    "HTTP/1.0": post(ADAM, version="1.0"),
    "HTTP/1.0 that stays": post(ADAM, "Connection: keep-alive", version="1.0"),
    "not HTTP": b"nonsense\r\n\r\n",
}


class Forgetful(dict[bytes, Any]):
    """Remembers no head."""

    def get(self, *_: Any) -> None:
        return None


class Talk:
    """A connection of its own mock: what it answers to bytes as they come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, forgetful: bool = False) -> None:
        self.loop = loop
        self.connection = Connection(create_app(), loop)
        if forgetful:
            self.connection.protocol.heads = Forgetful()

    def say(self, data: bytes) -> bytes:
        """What is written back, without what differs each time. A closed connection takes nothing more."""
        written = self.connection.wire.written
        before = len(written)
        if b"closed" not in written:
            self.connection.protocol.data_received(data)
            for _ in range(8):
                self.loop.run_until_complete(asyncio.sleep(0))
        return VARYING.sub(b"...", b"".join(written[before:]))


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.mark.parametrize("name", MESSAGES)
def test_the_same_message_again_is_answered_alike(loop: asyncio.AbstractEventLoop, name: str) -> None:
    """Also after another one in between, and on a connection that never saw it."""
    talk, other = Talk(loop), Talk(loop, forgetful=True)
    tried = MESSAGES[name]
    usual = [MESSAGES["created"], MESSAGES["list"]]
    for data in (*usual, *usual, *usual, tried, tried, MESSAGES["list"], tried, tried, tried):
        assert talk.say(data) == other.say(data)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.sampled_from(sorted(MESSAGES)), min_size=2, max_size=6), cuts=st.data())
def test_what_is_remembered_changes_no_answer(names: list[str], cuts: st.DataObject) -> None:
    """Any messages one after the other, each three times, in one piece or in two."""
    loop = asyncio.new_event_loop()
    talk, other = Talk(loop), Talk(loop, forgetful=True)
    for name in [one for one in names for _ in range(3)]:
        data = MESSAGES[name]
        at = cuts.draw(st.one_of(st.just(0), st.integers(0, len(data))))
        for piece in filter(None, (data[:at], data[at:])):
            assert talk.say(piece) == other.say(piece), name
    loop.close()


def test_usual_heads_are_remembered_and_no_others(loop: asyncio.AbstractEventLoop) -> None:
    """So that the comparison above compares something; what is remembered has its bound."""
    talk = Talk(loop)
    heads = talk.connection.protocol.heads
    for name in ("chunked", "continue", "forwarded", "upgrade", "only white space", "HTTP/1.0", "closing"):
        talk = Talk(loop)
        heads = talk.connection.protocol.heads
        for _ in range(3):
            talk.say(MESSAGES[name])
        assert not heads, name
    talk = Talk(loop)
    for name in ("created", "list", "created", "list", "forbidden"):
        talk.say(MESSAGES[name])
    assert len(talk.connection.protocol.heads) == 2


def test_the_memory_of_heads_is_bounded(loop: asyncio.AbstractEventLoop) -> None:
    """A client that never repeats itself, or sends long heads, fills nothing."""
    from onezone_mockserver.protocol import KNOWN_HEADS, LONG_HEAD

    talk = Talk(loop)
    heads = talk.connection.protocol.heads
    for _ in range(2):
        talk.say(message("GET", ADAM, "X-Long: " + "a" * LONG_HEAD))
    assert not heads
    for times in (1, 2):
        for number in range(KNOWN_HEADS + 5):
            for _ in range(times):
                talk.connection.protocol.data_received(message("GET", ADAM, f"X-Number: {number}"))
        assert (times == 1) == (not heads)
        assert len(heads) <= KNOWN_HEADS
        assert len(talk.connection.protocol.once) <= KNOWN_HEADS


def test_a_known_head_waits_for_the_answer_before(loop: asyncio.AbstractEventLoop) -> None:
    """Answers on a connection come in the order of the requests (RFC 9112, 9.3.2)."""
    talk = Talk(loop)
    talk.say(MESSAGES["list"])
    talk.say(MESSAGES["list"])
    written = talk.connection.wire.written
    written.clear()

    async def both() -> None:
        talk.connection.protocol.data_received(message("GET", ADAM, "Prefer: wait=0.02"))
        talk.connection.protocol.data_received(MESSAGES["list"])
        assert not written
        await asyncio.sleep(0.1)

    loop.run_until_complete(both())
    first, second = b"".join(written).split(b"HTTP/1.1 200 OK")[1:]
    assert b"preference-applied: wait=0.02" in first
    assert b"preference-applied" not in second


def test_a_head_that_only_begins_like_a_known_one_is_waited_for(loop: asyncio.AbstractEventLoop) -> None:
    """Nothing is answered before the empty line: another field may come, and change what is asked."""
    talk = Talk(loop)
    known = message("GET", ADAM)
    talk.say(known)
    talk.say(known)
    assert talk.say(known.removesuffix(b"\r\n\r\n")) == b""
    assert b" 406 " in talk.say(b"\r\nAccept: text/plain\r\n\r\n")


def test_nothing_is_served_after_a_closing_answer(loop: asyncio.AbstractEventLoop) -> None:
    """Whatever still comes on a connection that was closed makes nothing (RFC 9112, 9.6)."""
    talk = Talk(loop)
    for name in ("created", "created", "created", "closing"):
        talk.say(MESSAGES[name])
    written = talk.connection.wire.written
    before = len(written)
    talk.connection.protocol.data_received(MESSAGES["created"])
    loop.run_until_complete(asyncio.sleep(0))
    assert written[before:] == []


def test_a_client_that_goes_leaves_no_answer_to_its_pipeline(loop: asyncio.AbstractEventLoop) -> None:
    """No request of it is answered any more, and none fails."""
    talk = Talk(loop)
    protocol, written = talk.connection.protocol, talk.connection.wire.written

    async def leave() -> None:
        protocol.data_received(message("GET", ADAM, "Prefer: wait=0.02") * 2 + MESSAGES["list"])
        await asyncio.sleep(0.03)
        protocol.connection_lost(ConnectionResetError())
        written.clear()
        await asyncio.sleep(0.1)

    loop.run_until_complete(leave())
    assert written == []


@pytest.mark.parametrize("name", ["created", "a length with zeros"])
def test_it_makes_no_difference_how_a_body_comes(loop: asyncio.AbstractEventLoop, name: str) -> None:
    """In one piece or in two: the same answer."""
    data = MESSAGES[name]
    talk, other = Talk(loop), Talk(loop)
    assert b" 204 " in talk.say(data)
    assert b" 204 " in other.say(data[:-5]) + other.say(data[-5:])
