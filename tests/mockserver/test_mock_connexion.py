"""What of Connexion the mock relies on: a new version that changes it fails here first, and says where."""

from __future__ import annotations

import copy
import inspect
import subprocess
import sys

import pytest
from connexion import ConnexionMiddleware
from connexion.middleware.abstract import (
    ROUTING_CONTEXT,
    AbstractRoutingAPI,
    RoutedAPI,
    RoutedMiddleware,
    SpecMiddleware,
)
from mock_client import EDITIONS, HOME, Client
from onezone_mockserver import create_app
from onezone_mockserver.edge import Edge
from onezone_mockserver.stage import Stage
from onezone_spec import load


def test_the_private_names_are_there() -> None:
    """Building the stack eagerly, and registering routes of our own, go through private names."""
    assert list(inspect.signature(ConnexionMiddleware._build_middleware_stack).parameters) == ["self"]
    added = inspect.signature(AbstractRoutingAPI._add_operation_internal).parameters
    assert list(added) == ["self", "method", "path", "operation", "name"]
    assert list(inspect.signature(AbstractRoutingAPI._framework_path_and_name).parameters) == ["operation", "path"]
    assert ROUTING_CONTEXT == "connexion_routing"


def test_the_bases_call_what_the_stages_implement() -> None:
    """Abstract methods that Connexion would add are noticed."""
    assert RoutedAPI.__abstractmethods__ <= {"make_operation"} if hasattr(RoutedAPI, "__abstractmethods__") else True
    assert SpecMiddleware.__abstractmethods__ == {"add_api", "__call__"}
    assert list(inspect.signature(RoutedMiddleware.__init__).parameters) == ["self", "app"]


def test_the_stack_is_built_when_the_application_is_made() -> None:
    """A mistake in the contract is an error of the start, not of the first request."""
    stack = list(create_app().middleware_stack)
    assert isinstance(stack[0], Edge)
    assert [one.name for one in stack if isinstance(one, Stage)] == [
        "prefer", "authenticate", "accept", "media type", "parse", "locate", "authorize", "validate",
    ]  # fmt: skip


def test_connexion_sees_the_operations_and_nothing_of_its_own_is_in_the_stack() -> None:
    """Every operation went through Connexion's specification; its slow defaults are not assembled."""
    app = create_app()
    stages = [one for one in app.middleware_stack if isinstance(one, Stage)]
    assert all(set(stage.checks) == set(app.contract.operations) for stage in stages)
    assert not [one for one in app.middleware_stack if type(one).__module__.startswith("connexion")]


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_contract_stays_as_it_is(edition: str) -> None:
    """Connexion edits the document that it is given; the contract's own must not change."""
    before = copy.deepcopy(load(edition).document)
    create_app(edition)
    assert load(edition).document == before


def test_a_middleware_of_connexion_could_stand_among_the_stages() -> None:
    """The routing context in the scope is the one that Connexion's own middlewares read."""
    seen = []

    class Spy:
        def __init__(self, app: object) -> None:
            self.app = app

        async def __call__(self, scope: dict, receive: object, send: object) -> None:
            seen.append(scope["extensions"][ROUTING_CONTEXT])
            await self.app(scope, receive, send)  # type: ignore[operator]

    app = create_app()
    prefer = next(one for one in app.middleware_stack if isinstance(one, Stage))
    prefer.app = Spy(prefer.app)
    Client(app)("GET", f"/api/onezone/v3/groups/{HOME}/handle_services", as_="adam")
    assert seen == [{"api_base_path": "/api/v3", "operation_id": "list_group_handle_services"}]


def test_the_lifespan_and_web_sockets_are_answered() -> None:
    """An ASGI server that insists on the lifespan protocol starts; a web socket is closed."""
    import asyncio

    sent: list[str] = []
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict:
        return events.pop(0)

    async def send(message: dict) -> None:
        sent.append(message["type"])

    asyncio.run(create_app()({"type": "lifespan"}, receive, send))
    asyncio.run(create_app()({"type": "websocket", "path": "/"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


def test_a_fault_of_the_mock_is_a_500_in_the_editions_shape(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, answered as documented, and says that it is the mock's."""
    app = create_app()

    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    app.world.details = broken  # type: ignore[method-assign]
    reply = Client(app)("GET", "/api/v3/handle_services/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2", as_="adam")
    assert (reply.status, reply.error) == (500, "internalServerError")
    assert "the mock failed" in reply.reason
    assert "boom" in caplog.text
    assert b"boom" not in reply.body


LATER = """
import sys, warnings, onezone_mockserver
app = onezone_mockserver.create_app()
print(*({"httpx", "requests", "jinja2", "starlette.testclient", "starlette.templating"} & set(sys.modules)))
warnings.simplefilter("ignore")
import connexion, httpx, jinja2, requests, starlette.testclient
from connexion import json_schema, security, spec
print(security.httpx.AsyncClient is httpx.AsyncClient, spec.jinja2.Template is jinja2.Template)
print(json_schema.requests.get is requests.get)
theirs = connexion.AsyncApp("theirs")
theirs.add_api({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}})
client = theirs.test_client()
print(type(client) is starlette.testclient.TestClient)
print(client.get("/openapi.json").status_code, client.get("/x").status_code)
"""


def test_connexion_is_whole_for_everybody_else() -> None:
    """The mock starts without what it does not need; another application in the process has all of Connexion."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LATER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["", "True True", "True", "True", "200 404"]


def test_a_start_loads_no_judge_and_no_test_tools() -> None:
    """`onezone_mockserver` comes up without pytest, hypothesis, schemathesis and the judge."""
    code = "import sys, onezone_mockserver; onezone_mockserver.create_app(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pytest", "hypothesis", "schemathesis", "onezone_contracts"}
