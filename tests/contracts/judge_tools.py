"""What the judge's tests share: running the command, writing target files, and servers of a few lines."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml
from onezone_contracts.derive import judged_operations
from onezone_contracts.personas import Persona, personas
from onezone_spec import load

import ozkit

EDITIONS = ("classic", "current", "deployed")
OPERATION = "create_group_handle_service"
AGES = 60.0
"""Seconds: an upper bound that nobody comes near to on any machine, unless something hangs."""
DRIP = 0.05
HOME = "4ebd9efd1e67f6c18695db1d762a914a"


@dataclass
class Clock:
    """A clock that stands still until somebody moves it."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class CommandResult:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def last(self) -> str:
        """The last line on standard output."""
        return self.out.rstrip("\n").rpartition("\n")[2]


def exit_code(arguments: list[str]) -> int:
    """Run the command; bad usage ends it the way argparse does."""
    try:
        return ozkit.main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


def wanted_personas(edition: str) -> tuple[Persona, ...]:
    contract = load(edition)
    return personas(contract, judged_operations(contract)[0])


def post_json(url: str, value: Any) -> Any:
    """POST a JSON value; the JSON value that comes back."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=AGES)
    with contextlib.closing(connection):
        connection.request("POST", parts.path, json.dumps(value), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())


def set_up(states_url: str, edition: str) -> dict[str, dict[str, str]]:
    """Every persona of an edition, made through provider states: what the implementation answered for each."""
    accounts = {}
    for persona in wanted_personas(edition):
        privileges = {
            f"{scope}_privileges": None if have is None else sorted(have) for scope, have in persona.grants.items()
        }
        accounts[persona.name] = post_json(states_url, {"action": "setup", "state": "a persona", "params": privileges})
    other = post_json(states_url, {"action": "setup", "state": "a group", "params": {}})
    return {name: {**account, "other": other["group"]} for name, account in accounts.items()}


def target_file(folder: Path, base_url: str, accounts: Mapping[str, Mapping[str, Any]], **more: Any) -> Path:
    """A target file for personas that were set up."""
    keys = ("username", "password", "token", "bearer", "headers")
    people = {name: {key: account[key] for key in keys if key in account} for name, account in accounts.items()}
    first = next(iter(accounts.values()))
    groups = {"home": first["group"], **({"other": first["other"]} if "other" in first else {})}
    data = {"base_url": base_url, "groups": groups, "personas": {OPERATION: people}, **more}
    path = folder / "target.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def read_request(connection: socket.socket) -> bytes:
    """One request with all of its body; empty where the client closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line.lower().partition(b":") for line in head.split(b"\r\n")[1:]]
    headers = {name.strip(): value.strip() for name, _, value in lines}
    while len(body) < int(headers.get(b"content-length", 0)) or (
        headers.get(b"transfer-encoding") == b"chunked" and not body.endswith(b"0\r\n\r\n")
    ):
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


@dataclass
class RawServer:
    """A loopback server that leaves everything to `talk(connection, number of the connection)`."""

    talk: Callable[[socket.socket, int], None]
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection, self.connections), daemon=True).start()

    def _talk(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            self.talk(connection, number)

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def silent(connection: socket.socket, _: int) -> None:
    """Read a request and never answer: wait until the client leaves."""
    connection.settimeout(AGES)
    if read_request(connection):
        connection.recv(1)


def dripping(head: bytes, drop: bytes) -> Callable[[socket.socket, int], None]:
    """Answer with a beginning and then with one drop after the other, until the client leaves."""

    def talk(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(head)
        for _number in range(int(AGES / DRIP)):
            connection.sendall(drop)
            time.sleep(DRIP)

    return talk


def always(data: bytes, *, close: bool = False) -> Callable[[socket.socket, int], None]:
    """Answer every request with the same bytes."""

    def talk(connection: socket.socket, _: int) -> None:
        while read_request(connection):
            connection.sendall(data)
            if close:
                return

    return talk


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def states(answer_to: Callable[[dict[str, Any]], bytes]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A provider-state URL that answers each message with the bytes that are given for it; and the messages it got."""
    got: list[dict[str, Any]] = []

    def talk(connection: socket.socket, _: int) -> None:
        while data := read_request(connection):
            got.append(json.loads(data.partition(b"\r\n\r\n")[2]))
            connection.sendall(answer_to(got[-1]))

    with RawServer(talk) as raw:
        yield f"{raw.origin}/states", got


def as_json(value: Any, status: int = 200) -> bytes:
    """An answer whose body is a JSON value."""
    return answer(status, json.dumps(value).encode(), "Content-Type: application/json")


def person(**change: Any) -> Callable[[dict[str, Any]], bytes]:
    """For `states`: each persona alike is a user in the home group, but for what changes; None leaves a key out."""

    def reply(message: dict[str, Any]) -> bytes:
        if message["state"] == "a group":
            return answer(400)
        full = {"username": "alice", "password": "secret", "group": HOME} | change
        return as_json({key: value for key, value in full.items() if value is not None})

    return reply
