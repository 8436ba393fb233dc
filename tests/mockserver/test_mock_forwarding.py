"""`--forward`: some operations by the mock, the rest by a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from mock_client import GOOD, HOME, basic
from onezone_mockserver import Mock, create_app
from onezone_mockserver.forwarding import ForwardError, Target
from onezone_spec import load

CREATE = "create_group_handle_service"
ADAM = {"authorization": basic("adam", "adam-password")}
COLLECTION = f"/api/v3/groups/{HOME}/handle_services"


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = int(self.headers.get("content-length", 0))
        body = self.rfile.read(size) if size else b""
        if self.headers.get("transfer-encoding") == "chunked":
            while count := int(self.rfile.readline(), 16):
                body += self.rfile.read(count)
                self.rfile.readline()
            self.rfile.readline()
        asked = {
            "method": self.command,
            "target": self.path,
            "headers": list(self.headers.items()),
            "body": body.decode(),
        }
        text = json.dumps(asked).encode()
        host = self.headers["host"]
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", f"http://{host}/base/things/1?x=y")
        self.send_header("Connection", "X-Private")
        self.send_header("X-Private", "1")
        self.send_header("Access-Control-Allow-Origin", "https://elsewhere")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if "cut" in self.path:
            self.send_header("Content-Length", str(len(text) + 10))
            self.end_headers()
            self.wfile.write(text)
            self.close_connection = True
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (text[:10], text[10:]):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    do_POST = do_GET  # noqa: N815  (http.server names it so)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """The origin of a server that answers with what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(app: Mock, talk: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """What a talk with the mock in process gives."""

    async def run() -> Any:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            return await talk(client)

    return asyncio.run(run())


@pytest.mark.slow
def test_only_what_is_named_is_answered_by_the_mock(upstream: str) -> None:
    """All else goes on, also what no operation is for; both are in the journal."""
    app = create_app(forward=f"{upstream}/base", only=[CREATE])

    async def talk(client: httpx.AsyncClient) -> None:
        created = await client.post(COLLECTION, json=GOOD, headers=ADAM)
        assert created.status_code == 204
        listed = await client.get(f"{COLLECTION}?a=b%20c", headers=ADAM)
        assert (listed.status_code, listed.json()["method"]) == (200, "GET")
        assert listed.json()["target"] == f"/base/groups/{HOME}/handle_services?a=b%20c"
        other = await client.get("/elsewhere")
        assert other.json()["target"] == "/elsewhere"
        rows = (await client.get("/_mock/journal")).json()["exchanges"]
        assert [(row["status"], row["stage"]) for row in rows] == [(204, "effect"), (200, "forward"), (200, "forward")]
        assert rows[1]["operation"] == "list_group_handle_services"
        assert rows[1]["reason"] == f"forwarded to {upstream}"

    ask(app, talk)


@pytest.mark.slow
def test_without_a_path_paths_go_on_as_they_come(upstream: str) -> None:
    """Base path included."""
    app = create_app(forward=upstream)

    async def talk(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/v3/onezone/groups/a%2Fb")).json()["target"] == "/api/v3/onezone/groups/a%2Fb"

    ask(app, talk)


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_goes_on(upstream: str, *, chunked: bool) -> None:
    """With its length, or in chunks."""
    app = create_app(forward=upstream)

    async def parts() -> Any:
        yield b"one "
        yield b"two"

    async def talk(client: httpx.AsyncClient) -> None:
        content: Any = parts() if chunked else b"one two"
        asked = (await client.post("/api/v3/x", content=content, headers={"content-type": "text/plain"})).json()
        headers = {name.lower(): value for name, value in asked["headers"]}
        assert (asked["method"], asked["body"], headers["content-type"]) == ("POST", "one two", "text/plain")
        assert headers.get("transfer-encoding") == ("chunked" if chunked else None)

    ask(app, talk)


@pytest.mark.slow
def test_fields_of_one_connection_stay_behind(upstream: str) -> None:
    """RFC 9110, 7.6.1: on the way there and on the way back."""
    app = create_app(forward=upstream, cors_origins=["*"])

    async def talk(client: httpx.AsyncClient) -> None:
        headers = {"connection": "close, X-Hop", "x-hop": "1", "te": "trailers", "x-end": "2", "x-mock-world": "w"}
        answer = await client.get("/api/v3/x", headers=headers)
        asked = {name.lower(): value for name, value in answer.json()["headers"]}
        assert asked.keys().isdisjoint({"x-hop", "te", "x-mock-world"})
        assert (asked["x-end"], asked["via"]) == ("2", "1.1 ozkit-mock")
        assert (asked["x-forwarded-host"], asked["x-forwarded-proto"]) == ("127.0.0.1:8080", "http")
        assert asked["host"] == upstream.removeprefix("http://")
        assert answer.headers.keys().isdisjoint({"x-private", "connection", "transfer-encoding"})
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]

    ask(app, talk)


@pytest.mark.slow
def test_a_location_leads_back_to_the_mock(upstream: str) -> None:
    """As the client reaches it, in the world of its path."""
    app = create_app(forward=f"{upstream}/base")

    async def talk(client: httpx.AsyncClient) -> None:
        plain = await client.post("/api/v3/things")
        assert plain.headers["location"] == "http://127.0.0.1:8080/api/v3/things/1?x=y"
        named = await client.post("/_world/w/api/v3/onezone/things")
        assert named.headers["location"] == "http://127.0.0.1:8080/_world/w/api/v3/onezone/things/1?x=y"

    ask(app, talk)


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ("http://real/base/x", "http://mock/api/v3/x"),
        ("/base/x", "/api/v3/x"),
        ("http://real/other", "http://mock/other"),
        ("https://real/base/x", "https://real/base/x"),
        ("http://else/base/x", "http://else/base/x"),
        ("/based/x", "/based/x"),
    ],
)
def test_only_locations_of_the_target_are_changed(given: str, location: str) -> None:
    """Whatever else they name stays."""
    target = Target("http://real/base/", [], load("current"))
    assert target.location(given, "/api/v3", "http://mock") == location


@pytest.mark.slow
def test_a_target_that_is_down_is_502(each: Any) -> None:
    """In the edition's shape, with the reason."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    app = create_app(each.app.contract, forward=f"http://127.0.0.1:{port}")

    async def talk(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/v3/x")
        assert (answer.status_code, "error" in answer.json()) == (502, True)
        assert answer.headers["x-mock-reason"].startswith(f"forward: http://127.0.0.1:{port}: ")

    ask(app, talk)


@pytest.mark.slow
def test_an_answer_that_is_cut_is_cut_here_too(upstream: str) -> None:
    """Nobody takes it for whole."""
    app = create_app(forward=upstream)

    async def talk(client: httpx.AsyncClient) -> None:
        with pytest.raises(ConnectionResetError):
            await client.get("/api/v3/cut")

    ask(app, talk)


@pytest.mark.slow
def test_overrides_come_first(upstream: str) -> None:
    """A real server that fails when a test wants it to."""
    app = create_app(forward=upstream)

    async def talk(client: httpx.AsyncClient) -> None:
        rule = {"times": 1, "then": {"status": 503}}
        assert (await client.put("/_mock/overrides", json=rule)).status_code == 204
        assert [(await client.get("/api/v3/x")).status_code for _ in range(2)] == [503, 200]

    ask(app, talk)


@pytest.mark.parametrize(
    ("url", "only", "message"),
    [
        ("example.org", [], "is no URL to forward to"),
        ("http://a b", [], "is no URL to forward to"),
        ("ftp://example.org", [], "is no URL to forward to"),
        ("http://user:secret@example.org", [], "is no URL to forward to"),
        ("http://example.org", ["create_group_handle_servic"], f"did you mean {CREATE}?"),
        ("http://example.org", ["zzz"], "--only: there is no operation zzz"),
    ],
)
def test_a_mistake_is_told(url: str, only: list[str], message: str) -> None:
    """Before anything is served."""
    with pytest.raises(ForwardError, match=message.replace("?", r"\?")):
        create_app(forward=url, only=only)
