"""The fixtures that pytest has where the mock is installed, and the mock in process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from mock_client import GOOD, HOME
from onezone_mockserver import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from onezone_mockserver.pytest_plugin import RunningMock


def create(mock: RunningMock, name: str = "member") -> httpx.Response:
    user = mock.persona(name)
    url = f"{mock.url}/groups/{user.group}/handle_services"
    with httpx.Client(trust_env=False) as client:
        return client.post(url, json=GOOD, headers=user.headers)


@pytest.mark.slow
def test_a_mock_of_ones_own(onezone_mock: RunningMock) -> None:
    """Persona, world, journal and reset."""
    answer = create(onezone_mock)
    assert answer.status_code == 204
    assert answer.headers["location"].startswith(onezone_mock.origin)
    assert len(onezone_mock.world()["handle_services"]) == 2
    (row,) = onezone_mock.journal()
    assert (row["status"], row["user"]) == (204, onezone_mock.persona("member").username)
    onezone_mock.reset()
    assert (len(onezone_mock.world()["handle_services"]), onezone_mock.journal()) == (1, [])


@pytest.mark.slow
@pytest.mark.parametrize("onezone_mock", [["--edition", "deployed", "--fault", "status-202"]], indirect=True)
def test_options_for_one_test(onezone_mock: RunningMock) -> None:
    """The base path is that of the edition."""
    assert onezone_mock.url.endswith("/api/v3/onezone")
    assert create(onezone_mock).status_code == 202


@pytest.mark.slow
def test_personas_are_those_of_the_scenario(onezone_mock_server: RunningMock) -> None:
    """And its users, by name; nobody has no credentials."""
    assert onezone_mock_server.persona("no credentials").headers == {}
    assert create(onezone_mock_server, "no credentials").status_code == 401
    assert create(onezone_mock_server, "wrong password").status_code == 401
    assert create(onezone_mock_server, "outsider").status_code == 403
    adam = onezone_mock_server.persona("adam")
    assert (adam.auth, adam.group) == (("adam", "adam-password"), None)
    with pytest.raises(KeyError, match="no persona or user 'nobody'; it has member, "):
        onezone_mock_server.persona("nobody")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_world_of_its_own(onezone_mock_server: RunningMock, turn: int) -> None:
    """On one server; a Location stays in the world."""
    assert len(onezone_mock_server.world()["handle_services"]) == 1, turn
    answer = create(onezone_mock_server)
    assert answer.headers["location"].startswith(onezone_mock_server.url.partition("/api/")[0])
    assert len(onezone_mock_server.journal()) == 1


def test_a_test_shapes_its_world(onezone_mock_server: RunningMock) -> None:
    """Overrides and more entities; a mistake is a ValueError that names it."""
    onezone_mock_server.override({"times": 1, "then": {"status": 503}})
    assert [create(onezone_mock_server).status_code for _ in range(2)] == [503, 204]
    onezone_mock_server.add(users=[{"username": "yve", "password": "secret"}])
    assert onezone_mock_server.persona("yve").auth == ("yve", "secret")
    with pytest.raises(ValueError, match="say what to do"):
        onezone_mock_server.override({"then": {}})


@pytest.mark.slow
def test_the_mock_ends_with_the_session(tmp_path: Path) -> None:
    """Also under xdist's eyes; other people's suites see two fixtures and a server that was theirs."""
    (tmp_path / "test_it.py").write_text(
        "import pathlib\n"
        "def test_it(onezone_mock_server):\n"
        "    pathlib.Path('origin').write_text(onezone_mock_server.origin)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{(tmp_path / 'origin').read_text()}/_mock/health", timeout=5)


def test_a_mock_that_does_not_start_says_why() -> None:
    """In the words of `ozkit mock`."""
    from onezone_mockserver.pytest_plugin import running

    with pytest.raises(RuntimeError, match="--only needs --forward"), running(["--only", "get_group"]):
        pass


@pytest.mark.slow
def test_the_mock_in_process() -> None:
    """By httpx' ASGI transport, as docs/mock.md shows it."""

    async def talk() -> Any:
        transport = httpx.ASGITransport(app=create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.post(
                f"/api/v3/groups/{HOME}/handle_services", json=GOOD, auth=("adam", "adam-password")
            )
            assert (await client.get("/_mock/journal")).json()["total"] == 1
            return answer

    answer = asyncio.run(talk())
    assert answer.status_code == 204
    assert answer.headers["location"].startswith("http://127.0.0.1/api/onezone/v3/")
