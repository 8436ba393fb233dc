"""How much work a request is, in calls and not in time, so that speed cannot go unnoticed."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import orjson
import pytest
import uvicorn
import yaml
from mock_client import GOOD, HOME, MISSING, basic
from onezone_mockserver import Mock, create_app
from onezone_mockserver.serve import configure
from uvicorn.server import ServerState

BAD = {**GOOD, "name": 5}
CASES: dict[str, tuple[int, str | None, str, Any, int]] = {
    "create": (204, "adam", HOME, GOOD, 57),
    "wrong password": (401, "adam:wrong", HOME, GOOD, 38),
    "no credentials": (401, None, HOME, GOOD, 40),
    "not allowed": (403, "otto", HOME, GOOD, 45),
    "no such group": (404, "adam", MISSING, GOOD, 49),
    "bad body": (400, "adam", HOME, BAD, 49),
}
"""Status, user, group, body, and how many Python functions may be called, from the bytes that came to those that go."""
TIMES = 20


class Wire(asyncio.Transport):
    """The other end of a connection; keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.written.append(b"closed")

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Connection:
    """A connection to the mock's own server, without a socket."""

    def __init__(self, app: Mock, loop: asyncio.AbstractEventLoop) -> None:
        config: uvicorn.Config = configure(app, None, None)
        self.wire = Wire()
        self.protocol = config.http_protocol_class(  # type: ignore[operator]
            config=config, server_state=ServerState(), app_state={}, _loop=loop
        )
        self.protocol.connection_made(self.wire)

    def send(self, request: bytes) -> int:
        """Send a request that is answered at once; the answer's status."""
        before = len(self.wire.written)
        self.protocol.data_received(request)
        assert len(self.wire.written) == before + 1, "one write"
        return int(self.wire.written[-1].split(b" ", 2)[1])


def request(case: str) -> bytes:
    _, user, group, body, _ = CASES[case]
    text = json.dumps(body)
    name, _, password = (user or "").partition(":")
    who = f"Authorization: {basic(name, password or f'{name}-password')}\r\n" if user else ""
    head = f"Host: mock.test\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n{who}"
    return f"POST /api/v3/groups/{group}/handle_services HTTP/1.1\r\n{head}\r\n{text}".encode()


@pytest.fixture
def connection() -> Any:
    loop = asyncio.new_event_loop()
    yield Connection(create_app(), loop)
    loop.close()


@pytest.mark.parametrize("case", CASES)
def test_a_request_is_so_many_calls_at_most(connection: Connection, case: str) -> None:
    """From the bytes that came to the one write that answers them, once everything is made that is made once."""
    status, *_, most = CASES[case]
    data = request(case)
    assert connection.send(data) == connection.send(data) == status
    calls = counted(lambda: connection.protocol.data_received(data))
    assert sum(calls.values()) / TIMES <= most, calls.most_common()


def test_a_head_that_is_new_is_some_calls_more(connection: Connection) -> None:
    """It has to be parsed, and to be remembered."""
    data = request("create")
    connection.send(data)

    def receive() -> None:
        connection.protocol.heads.clear()
        connection.protocol.data_received(data)

    calls = counted(receive)
    assert CASES["create"][-1] < sum(calls.values()) / TIMES <= CASES["create"][-1] + 22, calls.most_common()


def counted(act: Callable[[], None]) -> Counter[str]:
    """The Python functions that are called when something is done `TIMES` times."""
    calls: Counter[str] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        for _ in range(TIMES):
            act()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_compiled_for_a_request(connection: Connection, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No YAML is parsed, no pattern and no schema compiled, once the operation was asked."""
    data = request(case)
    status = connection.send(data)

    def made(*_: Any, **__: Any) -> Any:
        raise AssertionError

    for module, name in (
        (yaml, "load"),
        (re, "compile"),
        (re._compiler, "compile"),
        (jsonschema_rs, "Draft4Validator"),
    ):
        monkeypatch.setattr(module, name, made)
    assert [connection.send(data) for _ in range(TIMES)] == [status] * TIMES


def test_tables_are_made_once() -> None:
    """Equal rules share a compiled schema, also between two mocks, and a mock compiles none before it is asked."""
    from onezone_mockserver.validate import compiled

    compiled.cache_clear()
    apps = create_app(), create_app()
    assert compiled.cache_info().currsize == 0
    loop = asyncio.new_event_loop()
    for app in apps:
        assert Connection(app, loop).send(request("bad body")) == 400
    size = compiled.cache_info().currsize
    assert 0 < size <= 4
    assert Connection(apps[0], loop).send(request("bad body")) == 400
    assert compiled.cache_info().currsize == compiled.cache_info().misses == size
    loop.close()


def test_what_is_stored_takes_no_more_room_than_its_text() -> None:
    """A text that orjson made has kilobytes of room to grow, which a great many entities would hold on to."""
    from onezone_mockserver.world import User, World

    world, many = World(), 2000
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(many):
        world.add_user(User(f"user-{number}", f"name-{number}", "password"))
        world.add_group(f"group-{number}", "A group")
        world.replace("group", f"group-{number}", orjson.dumps({"groupId": f"group-{number}", "name": "Another"}))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown / many < 4096
