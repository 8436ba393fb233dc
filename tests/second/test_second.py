"""The second implementation is correct, its variants serve, and its faults show."""

import base64
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
import second_probe as probe
import server
from second_faults import DOUBTFUL, HARD, SLOW
from second_rules import ALL, Edition
from second_variants import COMBINATIONS

MEMBER = {"group_privileges": ["group_create_handle_service"], "zone_privileges": ["oz_handle_services_create"]}
ADMIN = {"group_privileges": None, "zone_privileges": ["oz_handle_services_create", "oz_groups_add_relationships"]}
OUTSIDER = {"group_privileges": None, "zone_privileges": []}
UNREADABLE = {"early-hints"}  # the standard library's client skips 100 only
RACES = {"race-lost", "race-mixed", "race-locked", "race-users"}
FORESEEN = {200, 201, 202, 204, 301, 303, *range(400, 500), 501, 503}
# What the fixed conversation cannot show: races, one that takes its time, and what needs a longer sequence.
ELSEWHERE = {entry for entry in server.FAULTS if entry in RACES or entry.startswith(("slow-400", "sequence-"))}
TOPICS = sorted({entry.topic for entry in server.FAULTS.values() if entry.id not in ELSEWHERE})
KINDS = sorted({entry.topic for entry in server.VARIANTS.values()})


def http_request(url: str, method: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any, bytes]:
    """One request over a socket of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def persona(handle: server.Handle, params: dict[str, Any]) -> tuple[dict[str, str], str]:
    """The headers and the group of a persona that the server makes."""
    body = json.dumps({"action": "setup", "state": "a persona", "params": params}).encode()
    status, _, answer = http_request(handle.states_url, "POST", {"Content-Type": "application/json"}, body)
    assert status == 200
    account = json.loads(answer)
    if "token" in account:
        return {"X-Auth-Token": account["token"]}, account["group"]
    secret = base64.b64encode(f"{account['username']}:{account['password']}".encode()).decode()
    return {"Authorization": f"Basic {secret}"}, account["group"]


def post(handle: server.Handle, who: tuple[dict[str, str], str], doc: Any, group: str = "") -> tuple[int, Any, bytes]:
    """One create request."""
    body = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
    url = f"{handle.base_url}/groups/{quote(group or who[1], safe='')}/handle_services"
    return http_request(url, "POST", {"Content-Type": "application/json"} | who[0], body)


@pytest.fixture(name="running", params=ALL, scope="module")
def running_server(request: pytest.FixtureRequest) -> Iterator[server.Handle]:
    """A correct server of each edition."""
    with server.start(request.param) as handle:
        yield handle


def success(handle: server.Handle) -> int:
    """The status that the edition documents."""
    edition: Edition = handle.app.edition
    return edition.success


def test_administrator_creates_and_follows_location(running: server.Handle) -> None:
    """What an administrator creates is where Location says, exactly as sent."""
    reader = persona(running, {"group_privileges": ["group_view"], "zone_privileges": []})
    status, headers, body = post(running, persona(running, ADMIN), probe.EXAMPLE)
    assert (status, body) == (success(running), b"")
    assert headers["Location"].startswith(f"{running.base_url}/groups/{reader[1]}/handle_services/")
    status, _, body = http_request(headers["Location"], "GET", reader[0], None)
    shown = json.loads(body)
    assert status == 200
    assert {key: shown[key] for key in probe.EXAMPLE} == probe.EXAMPLE
    assert b"10.5072" in body
    status, _, body = http_request(headers["Location"].rpartition("/")[0], "GET", reader[0], None)
    assert shown["handleServiceId"] in json.loads(body)["handle_services"]


def test_create_then_leave(running: server.Handle) -> None:
    """What a group has left is no longer on its list, nor to be read."""
    leaver = persona(running, {"group_privileges": ["group_leave_handle_service"], "zone_privileges": []})
    _, headers, _ = post(running, persona(running, ADMIN), probe.EXAMPLE)
    assert http_request(headers["Location"], "DELETE", leaver[0], None)[0] == 204
    assert http_request(headers["Location"], "GET", leaver[0], None)[0] == 404


def test_refusals(running: server.Handle) -> None:
    """Each documented refusal comes with its status and the edition's shape."""
    admin, outsider = persona(running, ADMIN), persona(running, OUTSIDER)
    cases = [
        (post(running, admin, {"name": 7}), 400),
        (post(running, admin, b"{"), 400),
        (post(running, ({}, admin[1]), probe.EXAMPLE), 401),
        (post(running, ({"X-Auth-Token": "x"}, admin[1]), probe.EXAMPLE), 401),
        (post(running, outsider, probe.EXAMPLE), 403),
        (post(running, admin, probe.EXAMPLE, "f" * 32), 404),
    ]
    for (status, headers, body), expected in cases:
        assert status == expected
        error = json.loads(body)["error"]
        if running.app.edition.text_errors:
            assert isinstance(error, str)
        else:
            assert {"id", "description"} <= error.keys()
        assert headers.get_content_type() == "application/json"
        assert "Location" not in headers


def test_members(running: server.Handle) -> None:
    """A member needs the privilege in the group and that in the zone, where the document says so."""
    member = post(running, persona(running, MEMBER), probe.EXAMPLE)[0]
    assert member == success(running)
    without = post(running, persona(running, MEMBER | {"zone_privileges": ["oz_groups_list"]}), probe.EXAMPLE)[0]
    assert without == 403
    lone = post(running, persona(running, MEMBER | {"group_privileges": ["group_view"]}), probe.EXAMPLE)[0]
    assert lone == (403 if running.app.edition.member_needs_group else success(running))


def test_states(running: server.Handle) -> None:
    """A group can be had, a persona given back, and nonsense is refused."""
    bodies = [{"action": "setup", "state": "a group"}, {"action": "teardown", "state": "a persona", "params": None}, []]
    answers = [http_request(running.states_url, "POST", {}, json.dumps(body).encode()) for body in bodies]
    assert [status for status, _, _ in answers] == [200, 200, 400]
    assert json.loads(answers[0][2])["group"] in running.app.world.groups


def test_chunked_request_on_a_kept_connection(running: server.Handle) -> None:
    """Bodies may come in chunks, and the connection serves the next request."""
    who = persona(running, ADMIN)
    parts = urlsplit(running.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    data = json.dumps(probe.EXAMPLE).encode()
    headers = {"Content-Type": "application/json"} | who[0]
    for body in (iter([data[:10], data[10:]]), data):
        connection.request("POST", f"{parts.path}/groups/{who[1]}/handle_services", body, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (success(running), b"")
    connection.close()


HOSTILE = [
    b"\x00\x01\r\n\r\n",
    b"POST\r\n\r\n",
    b"BREW /api/v3/groups/g/handle_services HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300 + b"\r\n",
    b"POST /states HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /states HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /states HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"POST /api/v3/groups/%ff%00/handle_services HTTP/1.1\r\nAuthorization: Basic \xff\r\nContent-Length: 1\r\n\r\n{",
    b"GET /api/v3/groups/%zz/handle_services?x=%ff HTTP/9.9\r\n\r\n",
    b"GET http://h/api/v3/handle_services/x HTTP/1.1\r\n\r\n",
]


def test_hostile_bytes(running: server.Handle) -> None:
    """Whatever comes, the answer is no success and no crash."""
    parts = urlsplit(running.base_url)
    for data in HOSTILE:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.makefile("rb").read()
        assert b" 4" in answer.split(b"\r\n")[0] or answer.startswith(b"{"), data
    assert not running.app.crashes


@pytest.mark.parametrize("edition", ALL)
def test_correct_server_repeats_itself(edition: str) -> None:
    """The fixed conversation goes the same way twice, and nothing crashes, so differences mean something."""
    app = server.build(edition)
    assert probe.conversation(app) == probe.conversation(server.build(edition))
    assert not app.crashes
    assert probe.together(server.build(edition)) == probe.together(server.build(edition))


def creates(edition: str, names: tuple[str, ...]) -> None:
    """Start variants, and create with each persona that may; what was created is there, at once or soon."""
    with server.start(edition, names) as handle:
        handle.app.states.delay = min(handle.app.states.delay, 0.3)
        url, who = "", persona(handle, MEMBER)
        deadline = time.monotonic() + 60
        for number, each in enumerate((who, persona(handle, ADMIN))):
            body = probe.EXAMPLE | {"name": f"Service {number}"}
            while (answer := post(handle, each, body))[0] == 403 and time.monotonic() < deadline:
                time.sleep(0.1)
            assert answer[0] == success(handle), (names, answer)
            url = url or answer[1]["Location"]
        place = urlsplit(urljoin(f"{handle.base_url}/groups/{quote(who[1], safe='')}/handle_services", url)).path
        path = f"/groups/{quote(who[1], safe='')}/handle_services/{place.rstrip('/').rpartition('/')[2]}"
        while (status := http_request(handle.base_url + path, "GET", who[0], None)[0]) == 404:
            if "get" not in handle.app.options.read_back or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        offered = "get" in handle.app.options.read_back and "reads-forbidden" not in names
        assert status == 200 if offered else status in {403, 404, 405}, (names, status)
        assert not handle.app.crashes


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in server.VARIANTS if name not in UNREADABLE])
def test_variant_serves(name: str) -> None:
    """A variant starts, creates, and its Location leads to what was created."""
    creates(server.VARIANTS[name].editions[-1], (name,))


@pytest.mark.parametrize("names", COMBINATIONS, ids="+".join)
def test_combined_variants_serve(names: tuple[str, ...]) -> None:
    """Variants can be combined."""
    creates("current", names)


@pytest.mark.slow
@pytest.mark.parametrize("topic", KINDS)
def test_variants_never_crash(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variant gets through the fixed conversation in each of its editions without a 5xx but its own."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    for entry in server.VARIANTS.values():
        for edition in entry.editions if entry.topic == topic else ():
            app = server.build(edition, [entry.id])
            answers = probe.conversation(app)
            assert not app.crashes, entry.id
            assert {answer[0] for answer in answers} <= FORESEEN, entry.id


@pytest.fixture(name="correct", scope="module")
def correct_conversations() -> dict[str, Any]:
    """How the fixed conversation goes in each edition."""
    return {edition: probe.conversation(server.build(edition)) for edition in ALL}


@pytest.mark.slow
@pytest.mark.parametrize("topic", TOPICS)
def test_faults_show(topic: str, correct: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault changes an answer of the fixed conversation, and breaks nothing in this server itself."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    for entry in server.FAULTS.values():
        if entry.topic != topic or entry.id in ELSEWHERE:
            continue
        edition = entry.editions[len(entry.id) % len(entry.editions)]
        app = server.build(edition, faults=[entry.id])
        assert probe.conversation(app) != correct[edition], entry.id
        assert not app.crashes, entry.id


@pytest.mark.parametrize("name", sorted(RACES))
def test_race_shows(name: str) -> None:
    """A fault of concurrency shows when creates come at the same time."""
    expected = probe.together(server.build("current"))
    assert any(probe.together(server.build("current", faults=[name])) != expected for _ in range(100))


def test_tables() -> None:
    """Entries say something, and the sets that speak of them name entries."""
    for entry in (*server.VARIANTS.values(), *server.FAULTS.values()):
        assert entry.text.endswith(".")
        assert entry.topic
        assert set(entry.editions) <= set(ALL)
    assert server.FAULTS.keys() >= DOUBTFUL | HARD | SLOW | RACES
    assert not server.FAULTS.keys() & server.VARIANTS.keys()


def test_command_line() -> None:
    """The command prints where it listens, and serves there."""
    command = [
        sys.executable,
        str(Path(server.__file__)),
        "--port",
        "0",
        "--variant",
        "base-api-v3",
        "--fault",
        "status-200",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        base = process.stdout.readline().removeprefix("listening on ").strip()
        status = http_request(f"{base}/groups/x/handle_services", "POST", {}, b"{}")[0]
        process.terminate()
    assert base.endswith("/api/v3")
    assert status in {401, 415}
