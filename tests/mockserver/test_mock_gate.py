"""The control plane's safety: no page of others reads or changes anything, and beyond loopback it takes a token."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from mock_client import Client, basic, mock_process
from onezone_mockserver import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from socket_client import Address

EVIL = "https://evil.example"
CALLS = (("GET", "/_mock/world"), ("GET", "/_mock/"), ("POST", "/_mock/reset"), ("GET", "/_world/a/_mock/journal"))


@pytest.fixture(scope="module")
def named() -> Client:
    """A mock whose origins have names."""
    return Client(create_app(cors_origins=["http://app.test:3000", "null"]))


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("origin", [EVIL, "null", "http://mock.test:9", "http://mock.test", ""])
def test_no_page_of_another_origin_is_answered(client: Client, method: str, path: str, origin: str) -> None:
    """403, which no page may read, whether or not its request is a simple one; nothing is changed."""
    client.create(as_="adam")
    before = client.snapshot()
    reply = client(method, path, b"x", headers={"origin": origin, "content-type": "text/plain"})
    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers
    assert "--cors-origin" in reply.json["error"]
    assert client.snapshot() == before


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "mock.test.evil.example", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_other_name_is_answered(client: Client, host: str, method: str, path: str) -> None:
    """A name that was made to resolve to loopback: the page's Origin is that of the request then, and does not help."""
    before = client.snapshot()
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        reply = client(method, path, headers=headers)
        assert reply.status == 403
        assert "--public-url" in reply.json["error"]
    assert client.snapshot() == before


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "app.localhost:8080", "127.0.0.1:1", "[::1]:8080", "192.0.2.7"]
)
def test_loopback_and_addresses_are_its_own(client: Client, host: str) -> None:
    """Nobody can have a name resolve to something else there; the page of the mock itself may do everything."""
    assert client("GET", "/_mock/world", headers={"host": host}).status == 200
    reply = client("POST", "/_mock/reset", headers={"host": host, "origin": f"http://{host}"})
    assert reply.status == 204


def test_what_a_page_embeds_is_refused(client: Client) -> None:
    """An image or a script has no Origin; a link that somebody follows is answered."""
    embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client("GET", "/_mock/world", headers=embedded).status == 403
    assert client("GET", "/_mock/", headers={**embedded, "sec-fetch-mode": "navigate"}).status == 200
    answer = client("GET", "/_mock/world")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_everybody_may_see_that_it_runs_and_read_the_contract(client: Client) -> None:
    """A health check comes from anywhere, and tools fetch the document by whatever name."""
    for path in ("/_mock/health", "/_mock/openapi.yaml"):
        reply = client("GET", path, headers={"host": "mock.internal", "origin": EVIL})
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "*")


def test_a_named_origin_may_use_it(named: Client) -> None:
    """With its preflights and credentials; `null`, which any page can have, is not enough."""
    origin = {"origin": "http://app.test:3000"}
    asked = {**origin, "access-control-request-method": "PUT", "access-control-request-headers": "content-type"}
    for reply in (named("OPTIONS", "/_mock/world", headers=asked), named("POST", "/_mock/reset", headers=origin)):
        assert reply.status == 204
        assert reply.headers["access-control-allow-origin"] == "http://app.test:3000"
        assert reply.headers["access-control-allow-credentials"] == "true"
    assert named("GET", "/_mock/world", headers={"origin": "null"}).status == 403
    assert named("OPTIONS", "/_mock/world", headers={**asked, "origin": EVIL}).status == 403


def test_the_token_is_asked_for() -> None:
    """As a bearer token, or as the password of a browser's login box; then any name of the mock is right."""
    client = Client(create_app(control_token="s3cret"))
    for value in (None, "Bearer wrong", "Bearer", "Basic s3cret", "Basic ###", "Digest s3cret", basic("s3cret", "x")):
        reply = client("GET", "/_mock/world", headers={} if value is None else {"authorization": value})
        assert reply.status == 401, value
        assert [field.split()[0] for name, field in reply.pairs if name == "www-authenticate"] == ["Bearer", "Basic"]
        assert "s3cret" not in reply.body.decode()
    for value in ("Bearer s3cret", "bearer s3cret", basic("anybody", "s3cret")):
        right = {"authorization": value, "host": "mock.internal:80"}
        assert client("GET", "/_mock/world", headers=right).status == 200
        assert client("GET", "/_mock/world", headers={**right, "origin": EVIL}).status == 403
    assert client("GET", "/_mock/health").status == 200
    assert client.create(as_="adam").status == 204


def test_a_public_url_is_its_own_name() -> None:
    """Also where the proxy asks by another."""
    client = Client(create_app(public_url="https://mock.example.org/onezone"))
    origin = {"origin": "https://mock.example.org"}
    assert client("POST", "/_mock/reset", headers={"host": "mock.example.org", **origin}).status == 204
    assert client("POST", "/_mock/reset", headers=origin).status == 204
    assert client("POST", "/_mock/reset", headers={"origin": "https://mock.example"}).status == 403


def test_beyond_loopback_a_token_is_drawn() -> None:
    """It is printed, on standard error where only the address is on standard output; health needs none."""
    with mock_process("--host", "0.0.0.0") as (process, origin):
        assert process.stderr is not None
        token = process.stderr.readline().strip().removeprefix("control token: ")
        where = urlsplit(origin)
        address = where.hostname or "", where.port or 0
        assert _status(address, "GET", "/_mock/health") == 200
        assert _status(address, "POST", "/_mock/reset") == 401
        assert _status(address, "POST", "/_mock/reset", {"Authorization": f"Bearer {token}"}) == 204


def test_beyond_loopback_a_token_may_be_given_or_the_plane_switched_off() -> None:
    """Then nothing is drawn."""
    with mock_process("--host", "0.0.0.0", "--control-token", "given") as (_, origin):
        address = urlsplit(origin).hostname or "", urlsplit(origin).port or 0
        assert _status(address, "POST", "/_mock/reset", {"Authorization": "Bearer given"}) == 204
    with mock_process("--host", "0.0.0.0", "--no-control") as (_, origin):
        address = urlsplit(origin).hostname or "", urlsplit(origin).port or 0
        assert _status(address, "GET", "/_mock/health") == 404


def _status(address: Address, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection(*address)
    try:
        connection.request(method, path, headers=headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


PAGE = """<!doctype html><title>hostile</title><iframe name="away"></iframe>
<form method="post" target="away" enctype="text/plain" action="MOCK/_mock/reset"><input name="x" value="y"></form>
<script src="MOCK/_mock/world"></script>
<script>
const tries = {};
async function attempt(name, path, options) {
  try {
    const reply = await fetch("MOCK" + path, options);
    tries[name] = [reply.type, (await reply.text()).length];
  } catch (error) { tries[name] = ["blocked", 0]; }
}
(async () => {
  document.forms[0].submit();
  await attempt("read", "/_mock/world");
  await attempt("read with cookies", "/_mock/world", {credentials: "include"});
  await attempt("reset", "/_mock/reset", {method: "POST", body: "x"});
  await attempt("reset unseen", "/_mock/reset", {method: "POST", mode: "no-cors", body: "x"});
  await attempt("put", "/_mock/faults", {method: "PUT", body: "[]"});
  await attempt("contract", "/_mock/health");
  await fetch("/done", {method: "POST", body: JSON.stringify(tries)});
})();
</script>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium")
def test_a_hostile_page_in_chromium_neither_reads_nor_resets(address: Address, tmp_path: Path) -> None:
    """Fetch, a form and a script of a page of another origin: blocked, and what was there is still there."""
    where = f"http://{address[0]}:{address[1]}"
    connection = http.client.HTTPConnection(*address)
    connection.request("GET", "/api/v3/groups")
    connection.getresponse().read()
    with hostile_page(PAGE.replace("MOCK", where)) as (url, done):
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", url]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert done.wait(120)
        finally:
            browser.kill()
            browser.wait()
    tries = done.tries
    assert tries.pop("contract")[1] > 0
    assert {outcome for outcome, _ in tries.values()} == {"blocked"}
    assert all(size == 0 for _, size in tries.values())
    connection.request("GET", "/_mock/journal")
    assert json.load(connection.getresponse())["total"] == 1
    connection.close()


class Done(threading.Event):
    """Set when the page has tried everything; `tries` has what came of it."""

    tries: dict[str, Any]


@contextmanager
def hostile_page(text: str) -> Iterator[tuple[str, Done]]:
    """Serves a page from an origin of its own; gives its URL and what is set when it is done."""
    done = Done()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            done.tries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", done
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
