"""The journal: what came and was answered, with secrets masked; filters, counts, archive, and events as they come."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator
from mock_client import GOOD, HOME, Client, basic
from onezone_mockserver import create_app
from onezone_mockserver.explain import explain
from onezone_mockserver.journal import LIMIT, LONG_BODY, Row
from onezone_mockserver.references import references
from onezone_mockserver.world import User, World
from onezone_spec import editions, load
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from socket_client import PATH, connected, head, post, statuses, until

if TYPE_CHECKING:
    import subprocess

    from socket_client import Address

EDITORS = "82f2f0fb8a4c9d6a1d7e5c3b2a190817"


def rows(client: Client, query: str = "", **options: Any) -> list[dict[str, Any]]:
    exchanges: list[dict[str, Any]] = client("GET", f"/_mock/journal{query}", **options).json["exchanges"]
    return exchanges


def row_of(client: Client, *arguments: Any, **options: Any) -> dict[str, Any]:
    client.create(*arguments, **options)
    return rows(client)[-1]


def test_a_row_has_heads_and_bodies_of_both_sides(client: Client) -> None:
    """With the query, as they were sent."""
    client("GET", f"{PATH}?limit=2", as_="adam", headers={"x-own": "1"})
    client.create({"name": "x"}, as_="adam")
    first, second = rows(client)
    assert (first["path"], first["query"]) == (PATH, "limit=2")
    assert ["x-own", "1"] in first["request"]["headers"]
    assert json.loads(first["response"]["body"]) == {"handle_services": ["4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"]}
    assert json.loads(second["request"]["body"]) == {"name": "x"}
    assert (second["status"], json.loads(second["response"]["body"])["error"]["id"]) == (400, "badValueName")
    assert ["content-type", "application/json"] in second["response"]["headers"]


def test_secrets_are_masked_wherever_they_stand(client: Client) -> None:
    """The journal and the archive have none of them, and all that is no secret."""
    properties = {
        "type": "DOI",
        "prefix": "10.5072",
        "username": "me",
        "password": "s3cret",
        "deep": {"apiKey": "s3cret"},
    }
    client.create({**GOOD, "serviceProperties": properties}, as_="adam")
    client.create(b'{"name": "x", "password": "s3cret', as_="adam")
    client.create(headers={"x-auth-token": "s3cret"})
    client("GET", "/nowhere?token=s3cret&access%5Ftoken=s3cret&page=2", headers={"authorization": basic("x", "s3cret")})
    client("GET", "/nowhere", headers={"cookie": "session=s3cret; mock_world=", "authorization": "s3cret"})
    client("GET", "/nowhere", b"user=me&password=s3cret&more=1", as_="adam")
    for path in ("/_mock/journal", "/_mock/journal.har"):
        text = client("GET", path).body.decode()
        for secret in ("s3cret", basic("adam", "adam-password"), basic("x", "s3cret").split()[1]):
            assert secret not in text
    first, second, third, fourth, fifth, _ = rows(client)
    assert '"username":"me"' in first["request"]["body"]
    assert '"deep":{"apiKey":"***"}' in first["request"]["body"]
    assert ["authorization", "Basic ***"] in first["request"]["headers"]
    assert second["request"]["body"] == '{"name": "x", "password": ***'
    assert ["x-auth-token", "***"] in third["request"]["headers"]
    assert fourth["query"] == "token=***&access%5Ftoken=***&page=2"
    assert ["cookie", "session=***; mock_world="] in fifth["request"]["headers"]


def test_what_an_answer_gives_away_is_masked_too(client: Client) -> None:
    """The properties of a service have the password of its provider."""
    service = f"{PATH}/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"
    assert b"pa$$word" in client("GET", service, as_="adam").body
    (row,) = rows(client)
    assert "pa$$word" not in row["response"]["body"]
    assert '"password":"***"' in row["response"]["body"]


def test_a_success_says_by_which_route_and_through_which_groups(client: Client) -> None:
    """Nora's privilege comes through the group inside."""
    row = row_of(client, as_="nora")
    assert (row["status"], row["route"]) == (204, "member")
    route = next(route for route in row["access"]["routes"] if route["name"] == "member")
    inside = next(need for need in route["needs"] if need["scope"] == "group")
    assert [group["id"] for group in inside["through"]] == [EDITORS]
    assert inside["of"]["name"] == "Community"
    assert not row["access"]["changed"]
    zone = next(need for need in route["needs"] if need["scope"] == "zone")
    assert (zone["held"], zone["through"]) == (True, [])


def test_a_refusal_says_what_is_missing_and_what_to_grant(client: Client) -> None:
    """For each route."""
    access = row_of(client, as_="vera")["access"]
    assert (access["allowed"], access["route"]) == (False, "member")
    assert access["lacks"] == [{"scope": "group", "privilege": "group_create_handle_service"}]
    grants = {need["grant"] for route in access["routes"] for need in route["needs"] if not need["held"]}
    assert "group_create_handle_service in the group Community for vera" in grants
    assert row_of(client, as_="otto")["access"]["lacks"]
    assert row_of(client)["access"]["routes"][0]["needs"][0]["grant"] == "credentials of a user"


def test_a_decision_that_would_be_another_now_says_that_the_world_changed(client: Client) -> None:
    """What was decided then stays."""
    client.create(as_="nora")
    client.app.world.unrelate("user", "nora", "group", EDITORS)
    access = rows(client)[0]["access"]
    assert (access["allowed"], access["changed"]) == (True, True)


@pytest.mark.parametrize("edition", editions())
def test_a_decision_on_what_is_gone_can_be_read(edition: str) -> None:
    """Whatever the rule asked about: the journal is there to be read afterwards."""
    contract, world = load(edition), World()
    world.references = references(contract)
    for operation in contract.operations.values():
        params = {parameter.name: "gone" for parameter in operation.parameters}
        body = {prop.name: "gone" for prop in operation.body.properties} if operation.body else {}
        assert explain(contract, operation, world, User("gone", "gone", "secret"), params, body)["routes"] is not None


def test_an_id_that_is_no_utf_8_is_shown_as_escapes(client: Client) -> None:
    """One such request does not break the journal."""
    client("POST", "/api/v3/groups/a%FF/handle_services", GOOD, as_="adam")
    row = rows(client)[-1]
    assert row["status"] == 404
    assert r"a\\xff" in json.dumps(row["access"])


def test_long_bodies_are_cut_and_say_so(client: Client) -> None:
    """Both sides' sizes are told."""
    body = json.dumps({**GOOD, "name": "x" * (2 * LONG_BODY)}).encode()
    row = row_of(client, body, as_="adam")
    assert (row["request"]["body_bytes"], row["request"]["truncated"]) == (len(body), True)
    assert len(row["request"]["body"]) == LONG_BODY


@pytest.mark.slow
def test_all_bodies_together_are_bounded() -> None:
    """The oldest rows lose their heads and bodies; what was decided stays."""
    client = Client(create_app())
    client.app.state.full_rows.most = 3 * LONG_BODY
    body = json.dumps({**GOOD, "name": "x" * LONG_BODY}).encode()
    for world in ("a", "b", "", "", ""):
        client.create(body, as_="adam", headers={"x-mock-world": world} if world else {})
    exchanges = rows(client, "?world=*")
    assert [row["forgotten"] for row in exchanges] == [True, True, True, False, False]
    assert (exchanges[0]["request"]["headers"], exchanges[0]["status"], exchanges[0]["user"]) == ([], 400, "adam")
    assert client.app.state.full_rows.size <= 3 * LONG_BODY


def test_the_rows_of_a_world_are_bounded(client: Client) -> None:
    """The oldest exchanges are forgotten, the count goes on."""
    for _ in range(LIMIT + 5):
        client.app.journal.begin(Row(), "", [])
    assert client("GET", "/_mock/journal/count").json == {"total": LIMIT + 5, "count": LIMIT}
    assert rows(client, "?brief=true&number=6")[0]["number"] == 6
    assert rows(client, "?number=5") == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("status=403", [2]),
        ("status=4xx", [2, 3, 4]),
        ("status=204,404", [1, 4]),
        ("status=204&status=401", [1, 3]),
        ("method=post", [1, 2, 3]),
        ("method=post,get", [1, 2, 3, 4]),
        ("operation=create_group_handle_service", [1, 2, 3]),
        ("operation=create_*&user=vera", [2]),
        ("user=", [3, 4]),
        ("since=2", [3, 4]),
        ("limit=1", [4]),
        ("limit=0", []),
        ("since=1&limit=2&method=POST", [2, 3]),
        ("world=", [1, 2, 3, 4]),
        ("world=other", []),
        ("status=pending", []),
    ],
)
def test_filters(client: Client, query: str, numbers: list[int]) -> None:
    """Each narrows; a value given several times, or a list of statuses, widens. The count takes the same."""
    client.create(as_="adam")
    client.create(as_="vera")
    client.create()
    client("GET", "/nowhere")
    assert [row["number"] for row in rows(client, f"?{query}")] == numbers
    assert client("GET", f"/_mock/journal/count?{query}").json["count"] == len(numbers)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("state=403", "there is no filter state: there are status, method"),
        ("status=abc", "status is a number such as 403"),
        ("since=yesterday", "since is a whole number"),
        ("limit=-1", "limit is a whole number"),
        ("world=a%20b", "?world= names no world"),
        ("world=*&since=1", "since counts the rows of one world"),
        ("brief=perhaps", "brief is true or false"),
    ],
)
def test_a_filter_that_is_none_is_told(client: Client, query: str, words: str) -> None:
    """Rather than ignored: a test that counts would count the wrong rows."""
    for path in ("journal", "journal/count", "journal.har", "events"):
        reply = client("GET", f"/_mock/{path}?{query}")
        assert reply.status == 400
        assert words in reply.json["error"]


def test_every_world_has_its_rows_and_all_can_be_asked_for(client: Client) -> None:
    """By the order in which they came."""
    client.create(as_="adam", headers={"x-mock-world": "one"})
    client.create(as_="vera")
    assert [row["world"] for row in rows(client)] == [""]
    assert [row["user"] for row in rows(client, "?world=one")] == ["adam"]
    assert [row["user"] for row in rows(client, headers={"x-mock-world": "one"})] == ["adam"]
    assert [row["world"] for row in rows(client, "?world=*")] == ["one", ""]


def test_the_archive_is_one(client: Client) -> None:
    """By the schema of HAR 1.2; what it has no word for begins with an underscore."""
    client.create(as_="adam")
    client("GET", "/nowhere?a=1&a=2", as_="vera")
    client("GET", "/api/v3/%zz", headers={"host": ""})
    archive = client("GET", "/_mock/journal.har").json
    schemas = json.loads((Path(__file__).parent / "har_schema.json").read_text(encoding="utf-8"))["schemas"]
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(schema, DRAFT7)) for name, schema in schemas.items()
    )
    assert not list(Draft7Validator(schemas["har.json"], registry=registry).iter_errors(archive))
    assert not list(Draft7Validator(schemas["log.json"], registry=registry).iter_errors(archive["log"]))
    first, second, _ = archive["log"]["entries"]
    assert first["request"]["url"] == f"http://mock.test:8080{PATH}"
    assert first["request"]["postData"]["mimeType"] == "application/json"
    assert json.loads(first["request"]["postData"]["text"]) == GOOD
    assert (first["_route"], first["_user"], first["response"]["redirectURL"][:4]) == ("administrator", "adam", "http")
    assert second["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]
    assert client("GET", "/_mock/journal.har?status=404").json["log"]["entries"][0]["response"]["status"] == 404


def _events(text: bytes) -> list[tuple[str, Any]]:
    blocks = [block for block in text.decode().split("\n\n") if block.startswith("event: ")]
    pairs = [block.removeprefix("event: ").split("\ndata: ") for block in blocks]
    return [(name, json.loads(data)) for name, data in pairs]


def _until_event(stream: Any, sought: str) -> tuple[bytes, list[tuple[str, Any]]]:
    text = b""
    while True:
        line = stream.readline()
        assert line, text
        text += line
        if line == b"\n" and any(sought in f"{name} {json.dumps(data)}" for name, data in _events(text)):
            return text, _events(text)


@pytest.mark.slow
def test_events_come_pending_and_then_done(own: tuple[subprocess.Popen[str], Address]) -> None:
    """A reset is told, and the stream ends with the server."""
    process, address = own
    base = f"http://{address[0]}:{address[1]}"
    with urllib.request.urlopen(f"{base}/_mock/events") as stream:
        _, events = _until_event(stream, "hello")
        assert events[0][1]["instance"]
        request = urllib.request.Request(base + PATH, headers={"Prefer": "wait=0.5"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
        _, events = _until_event(stream, '"status": 401')
        assert [(name, row["pending"], row["status"]) for name, row in events] == [
            ("row", True, None),
            ("row", False, 401),
        ]
        post(address, "/_mock/reset")
        _, events = _until_event(stream, "reset")
        assert events == [("reset", {"world": ""})]
        process.terminate()
        assert b"event" not in stream.read()
    assert process.wait(20) == 0


@pytest.mark.slow
def test_what_waits_for_its_turn_is_pending_until_it_is_answered(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Pipelined requests: the row that stood for one is not told as over, without a status."""
    _, address = own
    with urllib.request.urlopen(f"http://{address[0]}:{address[1]}/_mock/events") as stream:
        _until_event(stream, "hello")
        with connected(address) as connection:
            connection.sendall(head("Host: a", method="GET", path=PATH) * 6)
            assert statuses(connection, 6) == [401] * 6
        _, events = _until_event(stream, '"number": 6, ')
        while not any(row["number"] == 6 and row["status"] for _, row in events):
            events += _until_event(stream, '"number": 6, ')[1]
    assert [row for _, row in events if not row["pending"] and row["status"] is None] == []


@pytest.mark.slow
def test_events_can_be_narrowed(own: tuple[subprocess.Popen[str], Address]) -> None:
    """By the filters of the journal."""
    _, address = own
    base = f"http://{address[0]}:{address[1]}"
    with urllib.request.urlopen(f"{base}/_mock/events?status=404&world=*") as stream:
        _until_event(stream, "hello")
        for path in (PATH, "/nowhere", "/_world/w/nowhere/else"):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(base + path)
        _, events = _until_event(stream, "nowhere/else")
    assert {(row["path"], row["world"]) for _, row in events} == {("/nowhere", ""), ("/nowhere/else", "w")}


@pytest.mark.slow
def test_a_client_that_leaves_is_no_longer_told(own: tuple[subprocess.Popen[str], Address]) -> None:
    """The journal goes on."""
    _, address = own
    base = f"http://{address[0]}:{address[1]}"
    for _ in range(3):
        with urllib.request.urlopen(f"{base}/_mock/events") as stream:
            _until_event(stream, "hello")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{base}/nowhere")

    def count() -> int:
        with urllib.request.urlopen(f"{base}/_mock/journal/count") as answer:
            return int(json.load(answer)["count"])

    until(lambda: count() == 1)


def test_head_of_the_events_ends_at_once(client: Client) -> None:
    """It has no body that could go on."""
    assert client("HEAD", "/_mock/events").headers["content-type"].startswith("text/event-stream")


def test_who_follows_in_process_is_told(client: Client) -> None:
    """Without a server, too: by ASGI."""

    async def follow() -> list[bytes]:
        parts: list[bytes] = []
        gone, more = asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            parts.append(message.get("body", b""))
            more.set()

        async def until_sent(count: int) -> None:
            while len(parts) < count:
                await more.wait()
                more.clear()

        headers = [(b"host", b"127.0.0.1:8080")]
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/_mock/events",
            "raw_path": b"/_mock/events",
            "headers": headers,
        }
        bodies = [{"type": "http.request", "body": b""}]

        async def first() -> dict[str, Any]:
            return bodies.pop() if bodies else await receive()

        following = asyncio.ensure_future(client.app(scope, first, send))
        await until_sent(2)
        await client.send("POST", f"/api/v3/groups/{HOME}/handle_services", GOOD, as_="vera")
        await until_sent(3)
        gone.set()
        await following
        return parts

    assert b'"status":403' in b"".join(asyncio.run(asyncio.wait_for(follow(), 60)))
