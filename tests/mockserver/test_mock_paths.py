"""Which path leads where: base paths, equivalent spellings, what lies above the mock, and documents it cannot serve."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from mock_client import COLLECTION, HOME, SERVICE, Client, changed
from onezone_mockserver import create_app
from onezone_mockserver.cli import main
from onezone_mockserver.support import UnsupportedContractError
from onezone_spec import load, read_contract
from starlette.applications import Starlette
from starlette.routing import Mount

ORIGIN = "http://mock.test:8080"
SHOWN = "/api/onezone/v3"
"""The base path that the edition shows in its Locations."""


@pytest.mark.slow
def test_a_base_path_ends_with_a_segment() -> None:
    """A path that begins with the letters of a longer base path belongs to the shorter one."""

    def rename(document: dict[str, Any]) -> None:
        document["paths"]["/onezone_services/{id}"] = document["paths"].pop("/handle_services/{id}")

    client = changed(rename)
    assert client("GET", f"/api/v3/onezone_services/{SERVICE}", as_="adam").status == 200
    assert client("GET", f"/api/v3/onezone/onezone_services/{SERVICE}", as_="adam").status == 200
    assert client("GET", f"/api/v3x/onezone_services/{SERVICE}", as_="adam").status == 404
    assert client("GET", "/api/v3", as_="adam").status == 404


@pytest.mark.slow
@pytest.mark.parametrize("base", ["/%61pi/v3", "/api/v%33/onezone", "/%61%70%69/%6Fnezone/v3"])
def test_an_equivalent_spelling_is_the_same_path(base: str) -> None:
    """Of characters that need no encoding (RFC 3986, 6.2.2.2), also in a base path."""
    assert Client(create_app()).create(base=base, as_="adam").status == 204


@pytest.mark.slow
def test_an_encoded_slash_divides_no_base_path() -> None:
    """It is data of a segment (RFC 3986, 2.2)."""
    client = Client(create_app())
    assert client.create(base="/api%2Fv3", as_="adam").status == 404
    assert client.create(base="/api/v3%2Fonezone", as_="adam").status == 404
    assert client.create(base="/api/v3/%", as_="adam").status in {400, 404}


@pytest.mark.slow
def test_the_control_plane_has_equivalent_spellings_too() -> None:
    """`_` is a character that needs no encoding."""
    assert Client(create_app())("GET", "/%5Fmock/").status == 200


# --- below a root path ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["/prefix", "/a/b", "/a%20b", "/%70refix"])
def test_the_mock_may_be_mounted(prefix: str) -> None:
    """Starlette leaves the path as it is and says in `root_path` what of it is above: Location leads back there."""
    app = create_app()
    client = Client(Starlette(routes=[Mount(path, app=app) for path in ("/prefix", "/a/b", "/a b")]))
    reply = client.create(base=f"{prefix}/api/v3", as_="adam")
    assert reply.status == 204
    above = prefix.replace("%70", "p")
    assert reply.headers["location"].startswith(f"{ORIGIN}{above}{SHOWN}/groups/{HOME}/handle_services/")
    assert client("GET", reply.headers["location"].removeprefix(ORIGIN), as_="adam").status == 200
    assert client("GET", f"{prefix}/_mock/").status == 200
    assert client("GET", f"{prefix}/api/v3/planets").status == 404


@pytest.mark.slow
@pytest.mark.parametrize("base", ["/prefix/api/v3", "/api/v3"])
def test_a_root_path_may_come_from_the_server(base: str) -> None:
    """The path begins with it, as ASGI has it; some servers have taken it away, and it still belongs in Location."""
    app = create_app()

    async def behind_proxy(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": "/prefix/"}, receive, send)

    reply = Client(behind_proxy).create(base=base, as_="adam")
    assert reply.status == 204
    assert reply.headers["location"].startswith(f"{ORIGIN}/prefix{SHOWN}/groups/{HOME}/")


@pytest.mark.slow
def test_a_root_path_ends_with_a_segment() -> None:
    """Letters are not taken off the middle of one."""
    app = create_app()

    async def behind_proxy(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": "/api"}, receive, send)

    assert Client(behind_proxy).create(base="/api/api/v3", as_="adam").status == 204
    assert Client(behind_proxy).create(base="/apix/v3", as_="adam").status == 404


# --- what cannot be served ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/groups/{id}.json", "/groups/x{id}", "/groups/{id}{id}"])
def test_a_parameter_that_is_no_whole_segment_is_an_error_of_the_start(path: str) -> None:
    """In one line that says which path, and what to write instead."""

    def move(document: dict[str, Any]) -> None:
        document["paths"][path] = document["paths"].pop("/groups/{id}")

    with pytest.raises(UnsupportedContractError, match=r"a parameter must be a whole segment") as caught:
        changed(move)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_the_command_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, as for any contract that cannot be served."""
    document = copy.deepcopy(dict(load("current").document))
    document["paths"]["/groups/{id}.json"] = document["paths"].pop("/groups/{id}")
    monkeypatch.setattr("onezone_mockserver.source.load", lambda *_: read_contract(document))
    assert main("mock", ["--port", "0"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"ozkit mock: /groups/\{id\}\.json: .+\n", said.err)


@pytest.mark.parametrize("method", ["head", "options", "trace"])
def test_an_operation_of_another_method_is_an_error_of_the_start(method: str) -> None:
    """HEAD and OPTIONS are answered from the other operations."""

    def add(document: dict[str, Any]) -> None:
        item = document["paths"][COLLECTION]
        item[method] = {**item["get"], "operationId": "another"}

    with pytest.raises(UnsupportedContractError) as caught:
        changed(add)
    assert str(caught.value).startswith(f"{method.upper()} {COLLECTION}: take the operation out")
