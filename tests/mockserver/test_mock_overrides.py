"""Overrides: what the mock does with some requests other than usual, and how often."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, HOME, Client, basic
from onezone_mockserver.exchange import DroppedError
from socket_client import BODY, COMMON, Address, connected, head, journal, length

if TYPE_CHECKING:
    import subprocess

CREATE = "create_group_handle_service"
WHOLE = head(*COMMON, length(BODY)) + BODY


def set_overrides(client: Client, *rules: Any, **options: Any) -> None:
    reply = client("PUT", "/_mock/overrides", list(rules), headers={"host": "127.0.0.1", **options})
    assert (reply.status, reply.body) == (204, b"")


def answer_by(client: Client, **options: Any) -> Any:
    return client("GET", "/_mock/overrides", headers={"host": "127.0.0.1", **options}).json["overrides"]


def test_twice_503_then_as_usual(each: Client) -> None:
    """The status with its headers, so often; nothing is done by a request that is answered so."""
    rule = {"when": {"operation": CREATE}, "times": 2, "then": {"status": 503, "headers": {"Retry-After": "1"}}}
    set_overrides(each, rule)
    before = each.snapshot()
    replies = [each.create(as_="adam"), each.create(as_="adam")]
    assert each.snapshot() == before
    assert [(reply.status, reply.headers["retry-after"]) for reply in replies] == [(503, "1"), (503, "1")]
    assert isinstance(replies[0].json["error"], str) == each.app.contract.error_is_string
    assert replies[1].reason == "override: status 503 (2 of 2)"
    assert each.create(as_="adam").status == each.app.contract.operations[CREATE].success.status
    assert answer_by(each) == [{**rule, "used": 2}]


def test_several_come_in_order(client: Client) -> None:
    """The first that fits and is not used up."""
    set_overrides(client, {"times": 1, "then": {"status": 429}}, {"times": 1, "then": {"status": 502}})
    assert [client.create(as_="adam").status for _ in range(3)] == [429, 502, 204]


def test_without_times_an_override_lasts(client: Client) -> None:
    """Until it is removed, or the world is reset."""
    set_overrides(client, {"then": {"status": 500}})
    assert [client.create(as_="adam").status for _ in range(3)] == [500, 500, 500]
    assert client("DELETE", "/_mock/overrides").status == 204
    assert client.create(as_="adam").status == 204
    set_overrides(client, {"then": {"status": 500}})
    client("POST", "/_mock/reset")
    assert answer_by(client) == []


def test_post_puts_one_behind_the_others(client: Client) -> None:
    """One may be sent alone."""
    set_overrides(client, {"times": 1, "then": {"status": 429}})
    assert client("POST", "/_mock/overrides", {"times": 1, "then": {"status": 502}}).status == 204
    assert [row["then"]["status"] for row in answer_by(client)] == [429, 502]


FITS = [
    ({"operation": CREATE}, True),
    ({"operation": "list_group_handle_services"}, False),
    ({"user": "adam"}, True),
    ({"user": "otto"}, False),
    ({"method": "POST"}, True),
    ({"method": "GET"}, False),
    ({"path": "/groups/*/handle_services"}, True),
    ({"path": f"/api/v3/groups/{HOME}/handle_services"}, True),
    ({"path": "/groups"}, False),
    ({"header": {"X-Test": "one*"}}, True),
    ({"header": {"x-test": "two"}}, False),
    ({"header": {"x-other": "*"}}, False),
    ({"operation": CREATE, "user": "adam", "method": "POST", "header": {"x-test": "*"}}, True),
    ({"operation": CREATE, "user": "otto", "method": "POST"}, False),
    ({}, True),
]


@pytest.mark.parametrize(("when", "fits"), FITS)
def test_all_that_is_given_must_fit(client: Client, when: dict[str, Any], *, fits: bool) -> None:
    """Operation, user, method, path and headers."""
    set_overrides(client, {"when": when, "then": {"status": 503}})
    assert client.create(as_="adam", headers={"x-test": "one and more"}).status == (503 if fits else 204)


def test_a_user_is_known_by_good_credentials_alone(client: Client) -> None:
    """Wrong ones are refused as usual, and none are nobody's."""
    set_overrides(client, {"when": {"user": "adam"}, "then": {"status": 503}})
    assert client.create(headers={"authorization": basic("adam", "wrong")}).status == 401
    assert client.create().status == 401
    assert client.create(headers={"x-auth-token": "demo-token-adam"}).status == 503


def test_what_the_contract_lacks_can_be_answered_too(client: Client) -> None:
    """With a body of one's own, JSON or text."""
    set_overrides(
        client,
        {"when": {"path": "/spaces"}, "then": {"status": 200, "body": {"spaces": ["a"]}}},
        {"when": {"path": "/ping"}, "then": {"status": 200, "body": "<p>", "headers": {"Content-Type": "text/html"}}},
        {"when": {"path": "/text"}, "then": {"status": 418, "body": "tea"}},
    )
    spaces, ping, text = (client("GET", f"/api/v3/{path}") for path in ("spaces", "ping", "text"))
    assert (spaces.json, spaces.headers["content-type"]) == ({"spaces": ["a"]}, "application/json")
    assert (ping.body, ping.headers["content-type"]) == (b"<p>", "text/html")
    assert (text.status, text.body, text.headers["content-type"]) == (418, b"tea", "text/plain; charset=utf-8")
    assert client("GET", "/api/v3/spaces/x").status == 501


@pytest.mark.parametrize("then", [{"status": 204}, {"status": 200}, {"status": 304}])
def test_an_answer_that_is_no_error_is_empty(client: Client, then: dict[str, Any]) -> None:
    """Unless it has a body of its own."""
    set_overrides(client, {"then": then})
    assert client.create(as_="adam").body == b""


def test_a_wait_goes_with_anything(client: Client) -> None:
    """Alone it delays what is done as usual."""
    set_overrides(client, {"then": {"wait": 0.1}})
    started = time.perf_counter()
    assert client.create(as_="adam").status == 204
    assert time.perf_counter() - started >= 0.1
    set_overrides(client, {"then": {"wait": 0.1, "status": 504}})
    started = time.perf_counter()
    assert client.create(as_="adam").status == 504
    assert time.perf_counter() - started >= 0.1


def test_a_fault_for_one_request(client: Client) -> None:
    """Without a reset: what was there stays, and other requests are served as usual."""
    assert client.create(as_="adam").status == 204
    before = client.snapshot()
    set_overrides(client, {"times": 1, "when": {"user": "adam"}, "then": {"fault": "status-202"}})
    assert client.snapshot() == before
    assert client.create(as_="alice").status == 204
    assert [client.create(as_="adam").status for _ in range(2)] == [202, 204]


def test_a_fault_of_the_world_itself_is_refused(client: Client) -> None:
    """It is in every request's way; whatever stands elsewhere works for one request."""
    reply = client("PUT", "/_mock/overrides", {"then": {"fault": "authentication-no-password"}})
    assert (reply.status, answer_by(client)) == (400, [])
    assert "for every request: switch it on by PUT /_mock/faults" in reply.json["error"]


def test_the_connection_is_dropped(client: Client) -> None:
    """In process, where there is no connection, an error stands for it; nothing is done."""
    before = client.snapshot()
    set_overrides(client, {"then": {"drop": True}})
    with pytest.raises(DroppedError):
        client.create(as_="adam")
    assert client.snapshot() == before


def override(address: Address, rule: bytes) -> None:
    with connected(address) as connection:
        lines = ("Host: 127.0.0.1", "Content-Type: application/json", "Connection: close", length(rule))
        connection.sendall(head(*lines, method="PUT", path="/_mock/overrides") + rule)
        assert connection.recv(65536).startswith(b"HTTP/1.1 204 ")


def answered(address: Address, request: bytes = WHOLE) -> bytes:
    """All that comes until the connection ends."""
    with connected(address) as connection:
        connection.sendall(request)
        text = b""
        try:
            while part := connection.recv(65536):
                text += part
        except ConnectionError:
            pass
        return text


@pytest.mark.slow
def test_a_dropped_connection_sends_nothing(own: tuple[subprocess.Popen[str], Address]) -> None:
    """Whatever the request is; the next one is served, and the journal has both."""
    process, address = own
    override(address, b'{"times": 1, "then": {"drop": true}}')
    assert answered(address) == b""
    closing = head(*COMMON, length(BODY), "Connection: close") + BODY
    assert answered(address, closing).startswith(b"HTTP/1.1 204 ")
    rows = journal(address)
    assert [(row["status"], row["stage"], row["pending"]) for row in rows] == [
        (None, "override", False),
        (204, "effect", False),
    ]
    process.terminate()
    assert process.communicate(timeout=60)[1] == "", "nothing is complained about"


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 5])
def test_an_answer_is_cut(own: tuple[subprocess.Popen[str], Address], size: int) -> None:
    """After so many bytes of its body, whose length was announced as usual."""
    process, address = own
    override(address, b'{"then": {"cut": %d}}' % size)
    start, _, body = answered(address, head("Host: x", method="GET", path="/api/v3/groups/x")).partition(b"\r\n\r\n")
    assert start.startswith(b"HTTP/1.1 404 ")
    assert len(body) == size
    process.terminate()
    assert process.communicate(timeout=60)[1] == "", "nothing is complained about"


def test_overrides_are_of_a_world(client: Client) -> None:
    """Of the one that the control request names, or of the one that they name."""
    there = {"x-mock-world": "one"}
    set_overrides(client, {"then": {"status": 503}}, **there)
    set_overrides(client, {"when": {"world": "two"}, "then": {"status": 502}})
    assert client.create(as_="adam").status == 204
    assert client.create(as_="adam", headers=there).status == 503
    assert client.create(as_="adam", headers={"x-mock-world": "two"}).status == 502
    assert (answer_by(client), len(answer_by(client, **there))) == ([], 1)


MISTAKES = [
    (b"{", "the body is not JSON"),
    (b'{"then": {"status": 503, "status": 404}}', "then.status: this key stands here twice"),
    (b"3", "Expected `object | array`, got `int`"),
    ([{"then": {"status": 503}}, {"then": {"statu": 1}}], "[1].then: Object contains unknown field `statu`"),
    ({"when": {"operation": CREATE}}, "Object missing required field `then`"),
    ({"then": {}}, "then: say what to do: one of status, drop, cut, fault, or wait"),
    ({"then": {"status": 99}}, "then.status: Expected `int` >= 200"),
    ({"then": {"status": "503"}}, "then.status: Expected `int | null`, got `str`"),
    ({"then": {"status": 503, "drop": True}}, "then: status and drop do not go together"),
    ({"then": {"drop": True, "body": 1}}, "then: headers and body belong to a status"),
    ({"then": {"status": 204, "body": 1}}, "then.body: an answer 204 has none"),
    (
        {"then": {"status": 503, "headers": {"Retry-After": 1}}},
        "then.headers: Expected `str`, got `int`: put it in quotes",
    ),
    ({"then": {"status": 503, "headers": {"a b": "c"}}}, "then.headers: 'a b' cannot be sent as a header"),
    ({"then": {"status": 503, "headers": {"a": "b\r\nc: d"}}}, "then.headers: 'a' cannot be sent as a header"),
    ({"then": {"status": 503, "headers": {"Content-Length": "1"}}}, "Content-Length is the server's to send"),
    ({"then": {"fault": "no-such"}}, "then.fault: there is no fault 'no-such'"),
    ({"then": {"wait": 301}}, "then.wait: Expected `float` <= 300"),
    ({"times": 0, "then": {"drop": True}}, "times: Expected `int` >= 1"),
    ({"when": {"operation": "create_group_handle_servic"}, "then": {"drop": True}}, f"did you mean {CREATE}?"),
    ({"when": {"method": "post"}, "then": {"drop": True}}, "when.method: methods are written in capitals: POST"),
    ({"when": {"header": {"a b": ""}}, "then": {"drop": True}}, "when.header: 'a b' is not a valid header name"),
    ({"when": {"world": "/"}, "then": {"drop": True}}, "world: when.world names no world"),
]


@pytest.mark.parametrize(("body", "message"), MISTAKES)
def test_a_mistake_is_named_and_changes_nothing(client: Client, body: Any, message: str) -> None:
    """With 400 and its place."""
    set_overrides(client, {"then": {"status": 503}})
    reply = client("PUT", "/_mock/overrides", body)
    assert reply.status == 400
    assert message in reply.json["error"]
    assert len(answer_by(client)) == 1


def test_the_world_of_a_snapshot_keeps_the_overrides(client: Client) -> None:
    """As it keeps the journal."""
    set_overrides(client, {"then": {"status": 503}})
    taken = client("GET", "/_mock/world").body
    assert client("PUT", "/_mock/world", taken).status == 204
    assert client.create(GOOD, as_="adam").status == 503


@pytest.mark.slow
def test_a_client_that_leaves_a_dropped_connection_first_is_no_error(own: Any) -> None:
    """Waits end with it."""
    _, address = own
    override(address, b'{"then": {"wait": 0.2, "drop": true}}')
    with connected(address) as connection:
        connection.sendall(WHOLE)
        connection.shutdown(socket.SHUT_RDWR)
    assert answered(address) == b""
