"""The pytest fixtures `onezone_mock` and `onezone_mock_server`, which start mocks for your tests.

Every pytest of such an environment loads this file, so it imports nothing of the mock until a fixture is used.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onezone_mockserver.source import Source

READY = "listening on "
STOP_SECONDS = 10
ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class MockUser:
    """A persona or a user of the scenario, with its credentials. Nobody has none.

    `group` is the one that a persona of the scenario acts on.
    """

    name: str
    username: str | None
    password: str | None
    token: str | None
    group: str | None

    @property
    def auth(self) -> tuple[str, str] | None:
        """User name and password, as `httpx` and `requests` take them; None without a password."""
        return None if self.username is None or self.password is None else (self.username, self.password)

    @property
    def headers(self) -> dict[str, str]:
        """The header that logs in, by password if there is one, otherwise by token. Empty for nobody."""
        if self.auth is not None:
            return {"Authorization": f"Basic {base64.b64encode(':'.join(self.auth).encode()).decode()}"}
        return {} if self.token is None else {"X-Auth-Token": self.token}


class RunningMock:
    """A running mock, seen in one of its worlds. `url` is the base URL of the API, `origin` that of the server."""

    def __init__(self, origin: str, source: Source, world: str = "") -> None:
        from onezone_mockserver.location import edition_base_path

        self._source = source
        contract, self._scenario = source.read()
        self._root = f"{origin}/_world/{world}" if world else origin
        self.origin = origin
        self.url = self._root + edition_base_path(contract)

    def in_world(self, name: str) -> RunningMock:
        """The same mock in the world of that name."""
        return RunningMock(self.origin, self._source, name)

    def persona(self, name: str) -> MockUser:
        """A persona of the scenario (`member`), or a user by name or id.

        Raises KeyError with the names that there are.
        """
        users = self.world()["users"]
        personas = {persona.name: persona for persona in self._scenario.personas}
        persona = personas.get(name)
        sought = persona.user if persona else name
        user = next((account for account in users if sought in {account["id"], account.get("username")}), None)
        if user is None and persona is None:
            names = [*personas, *(account.get("username") or account["id"] for account in users)]
            raise KeyError(f"the mock has no persona or user {name!r}; it has {', '.join(names)}")
        details = user or {}
        password = persona.password if persona and persona.password is not None else details.get("password")
        token = next(iter(details.get("tokens", ())), None)
        username = details.get("username") or (persona.user if persona else None)
        return MockUser(name, username, password, token, persona.group if persona else None)

    def reset(self) -> None:
        """Go back to the scenario, with an empty journal and no overrides."""
        self._ask("POST", "reset")

    def world(self) -> dict[str, Any]:
        """All users, groups and services, in the form of a scenario file."""
        entities: dict[str, Any] = self._ask("GET", "world")
        return entities

    def add(self, **entities: Any) -> None:
        """Add users, groups and services, in the form of a scenario file: `add(users=[{"username": "zoe"}])`."""
        self._ask("PATCH", "world", entities)

    def override(self, *rules: dict[str, Any]) -> None:
        """Change the answer to some requests: `override({"times": 2, "then": {"status": 503}})`. No rules: none."""
        self._ask("PUT", "overrides", list(rules))

    def journal(self) -> list[dict[str, Any]]:
        """Each request, its answer and how the mock decided, oldest first."""
        exchanges: list[dict[str, Any]] = self._ask("GET", "journal")["exchanges"]
        return exchanges

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._root}/_mock/{path}", data, method=method)  # noqa: S310  (the mock's)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=ANSWER_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise ValueError(json.loads(error.read())["error"]) from None
        return json.loads(text) if text else None


@contextmanager
def running(options: Sequence[str]) -> Iterator[tuple[str, Source]]:
    """Run `ozkit mock` as a process; gives its origin and its source. Raises RuntimeError if it does not start."""
    from onezone_mockserver.cli import parser, source

    words = ["--port", "0", "--quiet", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OZKIT_MOCK_")}
    command = [sys.executable, "-m", "ozkit", "mock", *words]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)  # noqa: S603  (the mock)
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith(READY):
                process.wait()
                errors.seek(0)
                raise RuntimeError(errors.read().strip() or "the mock did not start")
            yield line.removeprefix(READY).strip(), source(parser().parse_args(words))
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def onezone_mock_options() -> list[str]:
    """Options of `ozkit mock`; override this fixture to have others."""
    return []


@pytest.fixture
def onezone_mock(request: pytest.FixtureRequest, onezone_mock_options: list[str]) -> Iterator[RunningMock]:
    """A mock for this test alone. An indirect parameter gives it options."""
    with running([*onezone_mock_options, *getattr(request, "param", ())]) as (origin, source):
        yield RunningMock(origin, source)


@pytest.fixture(scope="session")
def onezone_mock_session(onezone_mock_options: list[str]) -> Iterator[RunningMock]:
    """The mock of the session, in its common world."""
    with running(onezone_mock_options) as (origin, source):
        yield RunningMock(origin, source)


@pytest.fixture
def onezone_mock_server(request: pytest.FixtureRequest, onezone_mock_session: RunningMock) -> RunningMock:
    """The mock of the session, in a world for this test alone."""
    name = re.sub(r"[^\w.-]+", "-", request.node.name, flags=re.ASCII).strip("-._")[:60]
    return onezone_mock_session.in_world(f"{name or 'test'}-{uuid.uuid4().hex[:8]}")
