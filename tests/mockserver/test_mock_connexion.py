"""Connexion drives the mock: the document decides what is served, and other middlewares can stand in the stack."""

from __future__ import annotations

import asyncio
import base64
import copy
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from connexion.exceptions import InvalidSpecification
from connexion.middleware.abstract import ROUTING_CONTEXT, RoutedAPI, RoutedMiddleware
from mock_client import COLLECTION, EDITIONS, GOOD, HOME, SERVICE, Client, basic, changed, create_of
from onezone_mockserver import create_app
from onezone_spec import load
from socket_client import BODY, COMMON, connected, head, length, statuses
from starlette.middleware.gzip import GZipMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

BASES = ("/api/v3", "/api/v3/onezone", "/api/onezone/v3")
TOKEN = {"x-auth-token": "demo-token-adam"}


# --- security -------------------------------------------------------------------------------------------------


def test_a_scheme_that_is_taken_out_is_no_credential() -> None:
    """Without Basic in the document nobody gets in by a password, and no challenge speaks of it."""

    def no_basic(document: dict[str, Any]) -> None:
        document["security"].remove({"basic": []})
        del document["components"]["securitySchemes"]["basic"]
        for item in document["paths"].values():
            for operation in item.values():
                if "security" in operation:
                    operation["security"] = [scheme for scheme in operation["security"] if "basic" not in scheme]

    client = changed(no_basic)
    refused = client.create(as_="adam")
    assert (refused.status, refused.error) == (401, "unauthorized")
    assert [value.split()[0] for name, value in refused.pairs if name == "www-authenticate"] == ["Bearer"]
    assert client.create(headers=TOKEN).status == 204


def test_a_document_whose_only_scheme_is_a_key_accepts_nothing_else() -> None:
    """A key in a header of another name, asked for by the one operation."""

    def only_key(document: dict[str, Any]) -> None:
        document["components"]["securitySchemes"]["key"] = {"type": "apiKey", "in": "header", "name": "X-Key"}
        create_of(document)["security"] = [{"key": []}]

    client = changed(only_key)
    assert client.create(as_="adam").status == 401
    assert client.create(headers=TOKEN).status == 401
    assert client.create(headers={"authorization": "Bearer demo-token-adam"}).status == 401
    assert client.create(headers={"x-key": "demo-token-adam"}).status == 204
    assert client.create(headers={"x-key": "nobody's"}).status == 401


def test_an_operation_with_an_empty_list_asks_for_nothing() -> None:
    """Neither credentials nor privileges; wrong credentials are not even looked at."""
    client = changed(lambda document: create_of(document).update(security=[]))
    assert client.create().status == 204
    assert client.create(headers={"authorization": basic("adam", "wrong")}).status == 204


def test_several_schemes_at_once_must_all_be_there() -> None:
    """One requirement with two schemes asks for both, of the same user."""
    client = changed(lambda document: create_of(document).update(security=[{"basic": [], "token": []}]))
    both = {"authorization": basic("adam", "adam-password"), **TOKEN}
    assert client.create(headers=both).status == 204
    assert client.create(headers=TOKEN).status == 401
    assert client.create(as_="adam").status == 401
    other = {"authorization": basic("alice", "alice-password"), **TOKEN}
    assert client.create(headers=other).status == 401


@pytest.mark.parametrize(("scheme", "status"), [
    ({"type": "http", "scheme": "Bearer"}, 204),
    ({"type": "http", "scheme": "digest"}, 401),
    ({"type": "openIdConnect", "openIdConnectUrl": "https://op.example.org"}, 204),
])  # fmt: skip
def test_a_bearer_token_is_what_other_schemes_come_to(scheme: dict[str, str], status: int) -> None:
    """But for those of HTTP that are neither Basic nor Bearer: those credentials nobody has."""

    def other(document: dict[str, Any]) -> None:
        document["components"]["securitySchemes"]["other"] = scheme
        create_of(document)["security"] = [{"other": []}]

    assert changed(other).create(headers={"authorization": "Bearer demo-token-adam"}).status == status


def test_the_macaroon_header_is_a_scheme_of_deployed(edition_client: Callable[[str], Client]) -> None:
    """Source: Onezone 21.02 as deployed, Authentication. Elsewhere it is no credential."""
    header = {"macaroon": "demo-token-adam"}
    assert edition_client("deployed").create(headers=header).status == 201
    assert edition_client("current").create(headers=header).status == 401
    wrong = edition_client("deployed").create(as_="adam", headers={"macaroon": "nobody's"})
    assert (wrong.status, wrong.json["error"]["details"]["authError"]["id"]) == (401, "badToken")


# --- the rest of an operation ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_declared_parameter_is_checked() -> None:
    """A pattern of an id, a required header, a number in the query: 400 where they are not as documented."""

    def declare(document: dict[str, Any]) -> None:
        create_of(document)["parameters"] = [
            {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string", "enum": ["a", "b"]}},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 5}},
        ]
        document["components"]["parameters"]["GroupId"]["schema"] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}

    client = changed(declare)
    assert client.create(as_="adam").error == "malformedData"
    assert client.create(as_="adam", headers={"x-tenant": "c"}).status == 400
    assert client.create(as_="adam", headers={"x-tenant": "a"}).status == 204
    odd = client.create(as_="adam", group="odd", headers={"x-tenant": "a"})
    assert (odd.status, odd.reason) == (400, "parameters: id is not as documented")


@pytest.mark.slow
def test_another_name_of_a_parameter_is_followed() -> None:
    """The path template says what a parameter is called."""

    def rename(document: dict[str, Any]) -> None:
        item = document["paths"].pop(COLLECTION)
        group = {**document["components"]["parameters"]["GroupId"], "name": "gid"}
        document["paths"]["/groups/{gid}/handle_services"] = {**item, "parameters": [group]}

    assert changed(rename).create(as_="vera").status == 403
    assert changed(rename).create(as_="adam").status == 204


def test_other_media_types_are_taken_as_the_document_says() -> None:
    """A body in one that is named, an answer in one that is named."""

    def vendor(document: dict[str, Any]) -> None:
        content = create_of(document)["requestBody"]["content"]
        create_of(document)["requestBody"]["content"] = {"application/vnd.onezone+json": content["application/json"]}

    client = changed(vendor)
    assert client.create(as_="adam").status == 415
    assert client.create(as_="adam", headers={"content-type": "application/vnd.onezone+json"}).status == 204


@pytest.mark.slow
def test_the_body_schema_decides() -> None:
    """A property that is no longer required may be missing."""

    def no_name(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["HandleServiceCreateRequest"]["required"].remove("name")

    nameless = {key: value for key, value in GOOD.items() if key != "name"}
    assert changed(lambda _: None).create(nameless, as_="adam").status == 400
    assert changed(no_name).create(nameless, as_="adam").status == 204


def test_operations_come_and_go_with_the_document() -> None:
    """A removed method is a 405 whose Allow leaves it out, a removed path a 404, an added path is served."""

    def move(document: dict[str, Any]) -> None:
        del document["paths"][COLLECTION]["get"]
        document["paths"]["/services/{id}"] = document["paths"].pop("/handle_services/{id}")

    client = changed(move)
    gone = client("GET", f"/api/v3/groups/{HOME}/handle_services", as_="adam")
    assert (gone.status, gone.headers["allow"]) == (405, "OPTIONS, POST")
    assert client("GET", f"/api/v3/handle_services/{SERVICE}", as_="adam").status == 404
    assert client("GET", f"/api/v3/services/{SERVICE}", as_="adam").status == 200


def test_templates_may_overlap_and_need_no_fixed_segment() -> None:
    """Of several that fit, the one with the fewest parameters is meant; a path may be all parameters."""

    def odd(document: dict[str, Any]) -> None:
        paths = document["paths"]
        group = document["components"]["parameters"]["GroupId"]
        paths["/{id}"] = {**paths.pop("/groups/{id}"), "parameters": [group]}

    client = changed(odd)
    assert client("GET", f"/api/v3/{HOME}", as_="adam").status == 200
    assert client("GET", "/api/v3/groups", as_="adam").json.keys() == {"groups"}
    assert client("GET", "/api/v3/planets", as_="adam").status == 404
    assert client("GET", "/api/v3//", as_="adam").status == 404


def test_a_document_that_is_not_openapi_is_an_error_of_the_start() -> None:
    """Connexion validates the whole document, also what the mock itself does not read."""
    with pytest.raises(InvalidSpecification):
        changed(lambda document: document["info"].pop("title") and document["info"].update(title=5))


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_contract_stays_as_it_is(edition: str) -> None:
    """Connexion resolves the document that it is given; the contract's own must not change."""
    before = copy.deepcopy(load(edition).document)
    create_app(edition)
    assert load(edition).document == before


# --- the stack ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES)
def test_a_middleware_of_connexion_finds_its_operation(base: str) -> None:
    """Connexion's own dispatch works on what the mock's routing leaves in the scope, under every base path."""
    seen: list[tuple[str, dict[str, str], dict[str, str]]] = []

    class NotingAPI(RoutedAPI):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.add_paths()

        def make_operation(self, operation: Any) -> Any:
            async def note(scope: Any, receive: Any, send: Any) -> None:
                seen.append((operation.operation_id, scope["extensions"][ROUTING_CONTEXT], scope["path_params"]))
                await self.next_app(scope, receive, send)

            return note

    class Noting(RoutedMiddleware):  # type: ignore[type-arg]
        api_cls = NotingAPI

    client = Client(create_app(middlewares=[Noting]))
    assert client.create(base=base, as_="adam").status == 204
    context = {"api_base_path": base, "operation_id": "create_group_handle_service"}
    assert seen == [("create_group_handle_service", context, {"id": HOME})]


@pytest.mark.slow
def test_an_asgi_middleware_of_somebody_else_stands_in_the_stack() -> None:
    """Starlette's compression sees the mock's answers."""
    client = Client(create_app(middlewares=[lambda app: GZipMiddleware(app, minimum_size=1)]))
    reply = client("GET", f"/api/v3/handle_services/{SERVICE}", as_="adam", headers={"accept-encoding": "gzip"})
    assert (reply.status, reply.headers["content-encoding"]) == (200, "gzip")
    assert client.create(as_="adam").status == 204


@pytest.mark.slow
def test_a_middleware_may_do_what_asgi_allows() -> None:
    """Change its path parameters, answer without headers, or with one constant list, again and again."""
    constant = [(b"x-constant", b"1")]

    class ConstantAnswer:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            scope["path_params"]["extra"] = "1"
            if scope["method"] == "POST":
                await self.app(scope, receive, send)
                return
            headers = {"headers": constant} if scope["method"] == "PATCH" else {}
            await send({"type": "http.response.start", "status": 418, **headers})
            await send({"type": "http.response.body", "body": b""})

    client = Client(create_app(middlewares=[ConstantAnswer]))
    for _ in range(2):
        assert client.create(as_="adam").status == 204
        assert client("GET", f"/api/v3/groups/{HOME}").status == 418
        origins = [name for name, _ in client("PATCH", f"/api/v3/groups/{HOME}").pairs]
        assert origins.count("access-control-allow-origin") == 1


@pytest.mark.slow
def test_the_lifespan_and_web_sockets_are_answered() -> None:
    """An ASGI server that insists on the lifespan protocol starts; a web socket is closed."""
    sent: list[str] = []
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict[str, str]:
        return events.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(create_app()({"type": "lifespan"}, receive, send))
    asyncio.run(create_app()({"type": "websocket", "path": "/"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


@pytest.mark.slow
def test_a_failure_of_the_mock_is_a_500_in_the_editions_shape(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, answered as documented, and says that it is the mock's."""
    app = create_app()

    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    app.world.details = broken  # type: ignore[method-assign,assignment]
    reply = Client(app)("GET", f"/api/v3/handle_services/{SERVICE}", as_="adam")
    assert (reply.status, reply.error) == (500, "internalServerError")
    assert "the mock failed" in reply.reason
    assert "boom" in caplog.text
    assert b"boom" not in reply.body


TIMED = """
import asyncio
from onezone_mockserver import create_app
from onezone_mockserver.serve import bind, configure, origin, serve

class Timed:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async with asyncio.timeout(30):
            await self.app(scope, receive, send)

app = create_app(middlewares=[Timed])
listening = bind("127.0.0.1", 0)
url = origin(listening, "127.0.0.1", tls=False)
serve(configure(app, None, None), listening, lambda: print(url, flush=True), app.state.stop)
"""


@pytest.mark.slow
def test_asyncio_timeout_works_in_a_middleware() -> None:
    """The server runs each request in a task, so that what asyncio gives to tasks works; pipelined ones, too."""
    with subprocess.Popen([sys.executable, "-c", TIMED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        parts = urlsplit(process.stdout.readline().strip())
        try:
            with connected((parts.hostname or "", parts.port or 0)) as connection:
                connection.sendall((head(*COMMON, length(BODY)) + BODY) * 2)
                assert statuses(connection, 2) == [204, 204]
        finally:
            process.kill()


@pytest.mark.slow
def test_a_start_loads_no_judge_and_no_test_tools() -> None:
    """`onezone_mockserver` comes up without pytest, hypothesis, schemathesis and the judge."""
    code = "import sys, onezone_mockserver; onezone_mockserver.create_app(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pytest", "hypothesis", "schemathesis", "onezone_contracts"}


@pytest.mark.slow
def test_what_a_middleware_makes_of_the_request_counts() -> None:
    """Headers that it adds, in place or in a scope of its own, and other path parameters."""

    class Signs:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            signed = (b"authorization", b"Basic " + base64.b64encode(b"adam:adam-password"))
            if dict(scope["headers"]).get(b"x-way") == b"copy":
                scope = {**scope, "headers": [*scope["headers"], signed]}
            elif dict(scope["headers"]).get(b"x-way") == b"in-place":
                scope["headers"].append(signed)
            else:
                scope["path_params"]["id"] = "f" * 32
            await self.app(scope, receive, send)

    client = Client(create_app(middlewares=[Signs]))
    assert client.create(headers={"x-way": "copy"}).status == 204
    assert client.create(headers={"x-way": "in-place"}).status == 204
    assert client.create(as_="adam").status == 404


@pytest.mark.slow
def test_a_body_that_waited_is_there_for_a_middleware() -> None:
    """With a latency, too, whoever reads the body gets it."""
    seen: list[bytes] = []

    class Reads:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append((await receive())["body"])

            async def again() -> Any:
                return {"type": "http.request", "body": seen[-1], "more_body": False}

            await self.app(scope, again, send)

    client = Client(create_app(latency=0.01, middlewares=[Reads]))
    assert client.create(as_="adam").status == 204
    assert b"proxyEndpoint" in seen[0]
