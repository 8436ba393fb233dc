"""A client for the mock in process, without any HTTP library between, and the mock as a process of its own."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from onezone_mockserver import create_app
from onezone_mockserver.scenario.snapshot import snapshot
from onezone_spec import load, read_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME = "4ebd9efd1e67f6c18695db1d762a914a"
SERVICE = "4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"
COLLECTION = "/groups/{id}/handle_services"
NEIGHBOURS = (COLLECTION, "/groups", "/groups/{id}", "/groups/{id}/handle_services/{hsid}", "/handle_services/{id}")
MISSING = "ffffffffffffffffffffffffffffffff"
GOOD = {
    "name": "A service",
    "proxyEndpoint": "https://proxy",
    "serviceProperties": {"type": "DOI", "prefix": "10.5072"},
}
EDITIONS = ("classic", "current", "deployed")


@dataclass
class Reply:
    """An answer as it came over ASGI."""

    status: int
    pairs: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The id of the error, or the sentence where the edition has no ids."""
        error = self.json["error"]
        return error if isinstance(error, str) else error["id"]

    @property
    def reason(self) -> str:
        return self.headers.get("x-mock-reason", "")


class Client:
    """Sends requests to an application object. `as_` is a demo user; its password is `<name>-password`."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        """Send one request; options are `as_`, `headers` (an object or a list of pairs) and `chunks`.

        The path may have a query, and a character of either beyond ASCII is one byte.
        """
        return asyncio.run(self.send(method, path, body, **options))

    async def send(self, method: str, path: str, body: Any = None, *, chunks: Any = None, **who: Any) -> Reply:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        raw_path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(raw_path),
            "raw_path": raw_path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "scheme": "http",
            "server": ("mock.test", 8080),
            "headers": header_list(raw, chunked=bool(chunks), **who),
        }
        parts = list(chunks or [raw])
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not parts:
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"], (
            "one whole answer"
        )
        answered = [(name.decode("ascii"), value.decode("ascii")) for name, value in sent[0]["headers"]]
        return Reply(sent[0]["status"], answered, sent[1].get("body", b""))

    def create(self, body: Any = GOOD, group: str = HOME, base: str = "/api/v3", **options: Any) -> Reply:
        """The documented operation."""
        return self("POST", f"{base}/groups/{group}/handle_services", body, **options)

    def snapshot(self) -> bytes:
        """The whole state, to be compared."""
        import orjson

        return orjson.dumps(snapshot(self.app.world), option=orjson.OPT_SORT_KEYS)


def changed(change: Callable[[dict[str, Any]], object], edition: str = "current", *, whole: bool = False) -> Client:
    """The mock of a changed document: of its paths the documented one and its neighbours, or the `whole` lot."""
    document = dict(load(edition).document)
    if not whole:
        document["paths"] = {path: item for path, item in document["paths"].items() if path in NEIGHBOURS}
    document = copy.deepcopy(document)
    change(document)
    return Client(create_app(read_contract(document)))


def create_of(document: dict[str, Any]) -> dict[str, Any]:
    """The documented operation, to be changed."""
    operation: dict[str, Any] = document["paths"][COLLECTION]["post"]
    return operation


def header_list(raw: bytes, *, chunked: bool, as_: str | None = None, headers: Any = None) -> list[tuple[bytes, bytes]]:
    """What a client sends of itself, with the headers of the test laid over it."""
    given = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    own = {"host": "mock.test:8080", "content-length": str(len(raw))}
    if chunked:
        own = {"host": "mock.test:8080", "transfer-encoding": "chunked"}
    if raw or chunked:
        own["content-type"] = "application/json"
    pairs = [pair for pair in own.items() if pair[0] not in {name for name, _ in given}]
    pairs += [("authorization", basic(as_, f"{as_}-password"))] if as_ is not None else []
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [*pairs, *given]]


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@contextmanager
def mock_process(*options: str, quiet: bool = True) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`ozkit mock --port 0` as a process; gives it and its origin, which stands in the last line of its start."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", *(["--quiet"] if quiet else []), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        while line and not quiet and not line.startswith("listening on "):
            line = process.stdout.readline()
        line = line.strip()
        assert line.startswith("listening on "), f"{line}{process.stderr.read() if process.stderr else ''}"
        yield process, line.rpartition(" ")[2]
    finally:
        process.kill()
        process.communicate()
