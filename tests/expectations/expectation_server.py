"""The server under these expectations: a process of its own, its personas, and plain exchanges with it."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from expectation_pairs import FOLDER, read_yaml

EDITIONS: dict[str, dict[str, Any]] = read_yaml(FOLDER / "editions.yaml")
WORLDS: dict[str, Any] = read_yaml(FOLDER / "worlds.yaml")
MISSING_GROUP = "f" * 32
TIMEOUT = 60


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a JSON value."""
        return json.loads(self.body)

    def __str__(self) -> str:
        """Show the answer the way it stands on the wire."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.status}\n{head}\n\n{self.body[:2000].decode('utf-8', 'replace')}"


@dataclass(frozen=True)
class Persona:
    """A user, its credentials, and the group in which it is judged."""

    group: str
    username: str = ""
    password: str = ""
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The credentials as the server gave them out."""
        if self.username:
            return {"Authorization": f"Basic {encode64(f'{self.username}:{self.password}')}"}
        return {"X-Auth-Token": self.token}


@dataclass
class Server:
    """A running server of one edition."""

    edition: str
    process: subprocess.Popen[str]
    port: int
    personas: dict[str, Persona] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)  # what the last look saw, as long as nothing was meant to change

    @property
    def facts(self) -> dict[str, Any]:
        """What the edition's document says about all answers."""
        return EDITIONS[self.edition]

    @cached_property
    def other_group(self) -> str:
        """Return a group to which no persona belongs."""
        return str(self.state("a group", {})["group"])

    def persona(self, name: str) -> Persona:
        """Make a persona through the provider-state call, once."""
        if name not in self.personas:
            given = self.state("a persona", grants(WORLDS["personas"][name]))
            account = {key: given[key] for key in ("group", "username", "password", "token") if key in given}
            self.personas[name] = self.complete(Persona(**account), WORLDS["personas"][name])
        return self.personas[name]

    def complete(self, persona: Persona, written: dict[str, Any]) -> Persona:
        """Write what provider states do not know into the world's snapshot."""
        if not written.keys() & {"token", "through", "home_zone"}:
            return persona
        world = json.loads(self.snapshot())
        if written.get("token"):
            persona = replace(persona, token=f"token-of-{persona.username}")
        extend(world, persona, written)
        answer = self.send(
            "PUT", "/_mock/world", {"Content-Type": "application/json"}, json.dumps(world, ensure_ascii=False).encode()
        )
        assert answer.status in {200, 204}, f"the world was not taken: {answer}"
        return persona

    def state(self, state: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask for one provider state."""
        self.forget()
        body = json.dumps({"action": "setup", "state": state, "params": params}).encode()
        answer = self.send("POST", "/_mock/states", {"Content-Type": "application/json"}, body)
        assert answer.status in {200, 201}, f"provider state {state!r} {params}: {answer}"
        return dict(answer.json)

    def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None, *, chunked: bool = False
    ) -> Answer:
        """Send one request on a connection of its own, exactly as it is given."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in (framing(method, body, chunked=chunked) | headers).items():
                connection.putheader(name, value)
            push(connection, body, chunked=chunked)
            return receive(connection, method)
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        """Look at a path as the observer, on one connection for all looks."""
        return self.look(path, self.persona("observer").headers)

    def look(self, path: str, headers: dict[str, str]) -> Answer:
        """Look at a path on the connection that is kept for it."""
        self.connection_for_looks.request("GET", path, headers=headers)
        response = self.connection_for_looks.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    @cached_property
    def connection_for_looks(self) -> HTTPConnection:
        """Return the connection for looks."""
        return HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)

    def services(self, group: str) -> set[str]:
        """List the ids of a group's services."""
        answer = self.get(f"{self.facts['base']}/groups/{group}/handle_services")
        assert answer.status == 200, f"the observer cannot list the group: {answer}"
        return set(answer.json["handle_services"])

    def create(self, group: str, body: dict[str, Any]) -> str:
        """Make a service beforehand and return its id."""
        self.forget()
        headers = self.persona("observer").headers | {"Content-Type": "application/json"}
        answer = self.send(
            "POST", f"{self.facts['base']}/groups/{group}/handle_services", headers, json.dumps(body).encode()
        )
        assert answer.status == self.facts["success"], f"a service could not be made beforehand: {answer}"
        return answer.headers["location"].rsplit("/", 1)[1]

    def leave(self, group: str, service: str) -> None:
        """Take the group out of a service."""
        self.forget()
        path = f"{self.facts['base']}/groups/{group}/handle_services/{service}"
        answer = self.send("DELETE", path, self.persona("observer").headers)
        assert answer.status == 204, f"the group could not leave its service: {answer}"

    def snapshot(self) -> bytes:
        """Take the whole state, to be compared as it stands and never read."""
        return self.look("/_mock/world", {}).body

    def before(self, group: str) -> tuple[set[str], bytes]:
        """Return the group's services and the whole state as they were last seen."""
        if group not in self.seen:
            self.seen = {group: (self.services(group), self.snapshot())}
        return self.seen[group]

    def after(self, group: str) -> tuple[set[str], bytes]:
        """Look again at the group's services and the whole state."""
        self.forget()
        return self.before(group)

    def forget(self) -> None:
        """Forget what was seen, since something was meant to change."""
        self.seen = {}


def start(edition: str) -> Server:
    """Start a server on a free port and read from its first line which one it is."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet", "--edition", edition]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    listening = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
    if listening is None:
        stop(process)
        raise RuntimeError(f"no server of edition {edition}: {line!r}")
    return Server(edition, process, int(listening[1]))


def stop(process: subprocess.Popen[str]) -> None:
    """End the process, by force where it does not end by itself."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def grants(persona: dict[str, Any]) -> dict[str, Any]:
    """Spell out a persona's grants as the provider-state call wants them."""
    return {
        "group_privileges": None if persona["group"] is None else privileges(persona["group"], "group-all"),
        "zone_privileges": privileges(persona["zone"], "zone-all"),
    }


def extend(world: dict[str, Any], persona: Persona, written: dict[str, Any]) -> None:
    """Give a persona its token, and put it into groups inside its home group."""
    user = next(user for user in world["users"] if user["username"] == persona.username)
    home = next(group for group in world["groups"] if group["id"] == persona.group)
    user["tokens"] += [persona.token] if persona.token else []
    home["zone_privileges"] = written.get("home_zone", [])
    outer = home
    for depth, link in reversed(list(enumerate(written.get("through", [])))):
        inner = {"id": f"{depth}-inside-{home['id']}", "name": "Inside", "users": {}, "children": {}}
        inner["zone_privileges"] = link.get("zone", [])
        if link["user"] is not None:
            inner["users"][user["id"]] = privileges(link["user"], "group-all")
        outer["children"][inner["id"]] = privileges(link["outwards"], "group-all")
        world["groups"].append(inner)
        outer = inner


def privileges(written: str | list[str] | dict[str, list[str]], everything: str) -> list[str]:
    """Spell out a set's name, a list, or all but a few of a scope."""
    sets: dict[str, list[str]] = WORLDS["sets"]
    if isinstance(written, str):
        return sets[written]
    if isinstance(written, dict):
        assert set(written["all-but"]) <= set(sets[everything]), written
        return [privilege for privilege in sets[everything] if privilege not in written["all-but"]]
    return written


def encode64(text: str) -> str:
    """Encode text as Basic credentials are."""
    return base64.b64encode(text.encode()).decode()


def framing(method: str, body: bytes | None, *, chunked: bool) -> dict[str, str]:
    """Say how the body is delimited."""
    if chunked:
        return {"Transfer-Encoding": "chunked"}
    if body is not None or method in {"POST", "PUT", "PATCH"}:
        return {"Content-Length": str(len(body or b""))}
    return {}


def push(connection: HTTPConnection, body: bytes | None, *, chunked: bool) -> None:
    """Send head and body; a server that has answered already may have stopped listening."""
    connection.endheaders()
    try:
        if chunked:
            pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] if body else []
            for piece in pieces:
                connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
        elif body:
            connection.send(body)
    except (BrokenPipeError, ConnectionResetError):
        return


def receive(connection: HTTPConnection, method: str) -> Answer:
    """Read the answer, also one that came before the body was sent to its end."""
    response = HTTPResponse(connection.sock, method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())
