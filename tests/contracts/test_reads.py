"""Reads that were not understood are not "not offered": then the state was not seen, and the verdict says so."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from judge_tools import CommandResult
from onezone_contracts.exchange import Auth, Exchange, Request, Response
from onezone_contracts.reading import PAGES, listing
from onezone_contracts.state.observe import misread
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.credentials import Credentials
from onezone_mockserver import create_app
from onezone_spec import load

Command = Callable[..., CommandResult]
Answer = Callable[[bytes], tuple[int, list[tuple[bytes, bytes]], bytes]]
"""What a read is answered instead, for the body that the mock has: status, headers, body."""
FEW = 20
"""As many services as a page has."""
JSON = (b"content-type", b"application/json")


def pages(count: int) -> Callable[[Request], Exchange]:
    """Sends to a target whose list has so many pages of one entry each."""

    def send(request: Request) -> Exchange:
        number = int(request.path.partition("?page=")[2] or 0)
        last = number + 1 == count
        headers = () if last else (("Link", f'<{request.path.partition("?")[0]}?page={number + 1}>; rel="next"'),)
        body = json.dumps({"users": [f"u{number}"]}).encode()
        return Exchange(request, "http://target", Response(200, headers, body))

    return send


def test_a_list_is_read_with_all_its_pages() -> None:
    """As the same user; one of more pages than are followed says nothing of what is not on it."""
    first = Request("GET", "/users", Auth((("X-Auth-Token", "t"),)))
    whole = listing(pages(3)(first), pages(3), frozenset({"users"}))
    assert (whole.entries, whole.cut) == (["u0", "u1", "u2"], False)
    assert whole.exchange.request.auth == first.auth
    cut = listing(pages(PAGES + 1)(first), pages(PAGES + 1), frozenset({"users"}))
    assert cut.cut


def test_an_administrator_reads_all_pages() -> None:
    """What belongs to something is compared with the whole list, in both profiles."""
    account = Account(load(), "http://target/api/v3", Credentials(token="t"))
    account.api.wire.send = pages(3)  # type: ignore[method-assign]
    assert account.everything("user") == {"u0", "u1", "u2"}


def test_a_list_that_is_cut_wrongs_nobody() -> None:
    """What a reading operation answers is compared as far as its pages are followed."""
    account = Account(load(), "http://target/api/v3", Credentials(token="t"))
    operation = account.contract.operations["list_users"]
    for count, wrong in ((PAGES, True), (PAGES + 1, False)):
        account.api.wire.send = pages(count)  # type: ignore[method-assign]
        exchange = account.api.send(operation, {}, account.auth)
        account.removed = {("user", "u0")}  # listed on the first page, though it was removed
        assert bool(misread(account, operation, {}, None, exchange)) is wrong


class Reads:
    """Changes the answers to what only looks."""

    def __init__(self, app: Any, change: Answer) -> None:
        self.app, self.change = app, change

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        body = bytearray()
        start: dict[str, Any] = {}

        async def keep(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        if scope["type"] != "http" or scope["method"] != "GET" or "_mock" in scope["path"]:
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, keep)
        status, headers, changed = self.change(bytes(body)) if start["status"] == 200 else (0, [], b"")
        if status:
            length = (b"content-length", str(len(changed)).encode())
            await send({**start, "status": status, "headers": [*headers, length]})
            await send({"type": "http.response.body", "body": changed})
        else:
            await send(start)
            await send({"type": "http.response.body", "body": bytes(body)})


@contextmanager
def served(change: Answer) -> Iterator[str]:
    """The mock behind something that changes what reads are answered."""
    server = uvicorn.Server(uvicorn.Config(Reads(create_app(), change), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def judged(command: Command, change: Answer, *more: str) -> CommandResult:
    with served(change) as origin:
        states = ("--states-url", f"{origin}/_mock/states", "--settle", "0.2")
        return command("verify", f"{origin}/api/v3", *states, "--depth", "quick", *more)


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["core", "full"])
@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda _: (200, [(b"content-type", b"text/html")], b"<title>Sign in</title>"), "text/html: Sign in"),
        (lambda _: (301, [(b"location", b"/login")], b""), "301"),
        (lambda _: (500, [JSON], b"{}"), "500"),
    ],
    ids=["html", "moved", "failure"],
)
def test_what_is_not_understood_makes_the_run_partial(
    change: Answer, word: str, profile: str, command: Command
) -> None:
    """With what came."""
    result = judged(command, change, "--profile", profile)
    assert result.code != 0
    assert profile == "full" or (result.code == 3 and word in result.all), result.all


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda body: (200, [JSON], b"\xef\xbb\xbf" + body),
        lambda body: (200, [JSON], b'{"data":{"page":1,"items":' + _list(body) + b"}}" if _list(body) else body),
        lambda _: (404, [JSON], b"{}"),
        lambda _: (501, [JSON], b"{}"),
    ],
    ids=["byte-order-mark", "envelope", "not-there", "not-implemented"],
)
def test_what_is_understood_or_not_offered_is_conformant(change: Answer, command: Command) -> None:
    """A mark before the JSON, a list in an envelope, and statuses that say that there is no such operation."""
    result = judged(command, change)
    assert result.code == 0, result.all


@pytest.mark.slow
def test_a_list_that_is_cut_only_under_load_wrongs_nobody(command: Command) -> None:
    """It was whole before, and hundreds of creations later it has more pages than can be followed."""
    cut: list[bool] = []

    def change(body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        listed = json.loads(_list(body) or b"[]")
        if len(listed) <= FEW:
            return 0, [], b""
        cut.append(True)
        return 200, [JSON], json.dumps({"handle_services": listed[:FEW], "hasMore": True}).encode()

    result = judged(command, change, "--depth", "standard", "--requirement", "concurrent.load", "--workers", "1")
    assert (result.code, bool(cut)) == (0, True), result.all


def _list(body: bytes) -> bytes:
    """The list of an answer that has one, as it stands."""
    start, end = body.find(b'":['), body.rfind(b"]")
    return body[start + 2 : end + 1] if body.startswith(b'{"handle_services"') and start > 0 else b""
