"""Compares an answer with what a pair expects, and with what every answer of an edition must be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from expectation_request import Sent
    from expectation_server import Answer, Server

ERRORS_WITH_BODY = {400, 401, 403, 404, 500}
KINDS = {"integer": int, "string": str}


def check_status(expect: dict[str, Any], answer: Answer, success: int) -> None:
    """The status is the one expected, or one of them; ``ok`` is the edition's success."""
    expected = expect["status"]
    allowed = {
        success if status == "ok" else status for status in (expected if isinstance(expected, list) else [expected])
    }
    assert answer.status in allowed, f"expected {sorted(allowed)}, got {answer.status}"


def check_error(sent: Sent, expect: dict[str, Any], answer: Answer, facts: dict[str, Any]) -> None:
    """A refusal has the edition's error body, no Location, and a challenge where it is about authentication."""
    shape = facts["error"]
    assert "location" not in answer.headers, "a refusal has a Location"
    challenged = bool(answer.headers.get("www-authenticate"))
    assert challenged == (answer.status == 401 and facts["challenge"]), "WWW-Authenticate is that of the edition's 401"
    if expect.get("shape") == "any" or sent.method == "HEAD":
        return
    if not answer.body:
        assert answer.status not in ERRORS_WITH_BODY, f"{answer.status} without an Error body"
        return
    assert answer.headers.get("content-type", "").startswith("application/json"), "an error that is not JSON"
    assert answer.json.keys() == {"error"}, "an error body is an object with the one key `error`"
    error = answer.json["error"]
    if shape == "text":
        assert isinstance(error, str), "the error is not a text"
        assert error, "the error is empty"
    else:
        check_error_object(expect, error)


def check_error_object(expect: dict[str, Any], error: Any) -> None:
    """An error object has id, description and perhaps details, and says what was expected."""
    assert isinstance(error, dict), "the error is not an object"
    assert {"id", "description"} <= error.keys() <= {"id", "description", "details"}, sorted(error)
    assert isinstance(error["id"], str), "the id is not a string"
    assert isinstance(error["description"], str), "the description is not a string"
    assert isinstance(error.get("details", {}), dict), "the details are not an object"
    if "error" in expect:
        assert error["id"] == expect["error"]
    if "details" in expect:
        assert error.get("details", "none") == expect["details"]
    if "auth_error" in expect:
        cause = error.get("details", {}).get("authError", {}).get("id")
        assert cause == expect["auth_error"] or (cause and expect["auth_error"] == "*"), f"authError is {cause!r}"


def check_headers(expect: dict[str, Any], answer: Answer) -> None:
    """The headers that the pair names have the values, or contain the words, that it names."""
    for name, expected in expect.get("headers", {}).items():
        value = answer.headers.get(name.lower())
        assert value, f"no {name}"
        if expected == "*any":
            assert value in {"*", "https://gui.example"}, f"{name}: {value}"
        elif expected != "*":
            words = [expected] if isinstance(expected, str) else expected
            assert {word.lower() for word in words} <= listed(value.lower()), f"{name}: {value}"
    if "allow" in expect:
        methods = listed(answer.headers.get("allow", "")) - {"HEAD", "OPTIONS"}
        assert methods == set(expect["allow"]), f"Allow: {answer.headers.get('allow')}"


def listed(value: str) -> set[str]:
    """Split a header that is a list."""
    return {word.strip() for word in value.split(",") if word.strip()}


def check_never(expect: dict[str, Any], answer: Answer) -> None:
    """The answer repeats none of these secrets."""
    for secret in (*expect.get("never", ()), "pa$$word"):
        assert secret not in str(answer), f"the answer repeats {secret!r}"


def check_empty(answer: Answer) -> None:
    """A success of the operation has no body, and with 204 no type of one."""
    assert answer.body == b"", "a success has a body"
    assert answer.status != 204 or "content-type" not in answer.headers, "204 with a Content-Type"


def check_created(server: Server, sent: Sent, expect: dict[str, Any], answer: Answer, before: set[str]) -> None:
    """Exactly one service came, the Location leads to it, and it is what was sent."""
    location = answer.headers.get("location")
    assert location, "a success without Location"
    service = location.rsplit("/", 1)[1]
    assert server.services(sent.group) == before | {service}, "not exactly the one service of the Location was created"
    assert service not in before, "the Location names a service that was there before"
    assert service != expect.get("location_not"), "the client chose the id"
    check_location(server, sent, location, service)
    response = server.get(urlsplit(location).path)
    assert response.status == 200, f"the Location {location} cannot be fetched: {response}"
    if stored := what_is_stored(sent, expect):
        check_json(stored | {"handleServiceId": service}, response.json)


def check_location(server: Server, sent: Sent, location: str, service: str) -> None:
    """The Location has the form of the edition's document and stands for this server."""
    uri = urlsplit(location)
    tail = f"/groups/{quote(sent.group)}/handle_services/{service}"
    assert uri.query + uri.fragment == "", f"{location} is more than an endpoint"
    if server.facts["location"] is None:
        assert uri.path.endswith(tail), f"{location} does not end with {tail}"
    else:
        assert uri.netloc, f"{location} is not a whole URI"
        assert uri.path == server.facts["location"] + tail, f"{location} has not the documented form"
    if uri.netloc and not {"Host", "X-Forwarded-Proto"} & sent.headers.keys():
        assert (uri.scheme, uri.netloc) == ("http", f"127.0.0.1:{server.port}"), f"{location} leads elsewhere"


def what_is_stored(sent: Sent, expect: dict[str, Any]) -> dict[str, Any]:
    """Say what the service must be: what was sent, unless the pair says otherwise."""
    value = sent.value or {}
    kept = {key: value[key] for key in ("name", "proxyEndpoint", "serviceProperties") if key in value}
    return kept | expect.get("stored", {})


def check_json(expected: Any, actual: Any, where: str = "body") -> None:
    """The JSON contains what is wanted; other keys of the outermost objects are free."""
    if not isinstance(expected, dict) or where.endswith(".serviceProperties"):
        same = json.dumps(actual, sort_keys=True) == json.dumps(expected, sort_keys=True)
        assert same, f"{where} is {actual!r}, expected {expected!r}"
    elif expected.keys() == {"containing"}:
        assert expected["containing"] in actual, f"{where} is {actual!r}"
    elif expected.keys() == {"lacking"}:
        assert expected["lacking"] not in actual, f"{where} is {actual!r}"
    elif expected.keys() == {"kind"}:
        assert isinstance(actual, KINDS[expected["kind"]]), f"{where} is {actual!r}"
    else:
        for key, part in expected.items():
            assert key in actual, f"{where} lacks {key}"
            check_json(part, actual[key], f"{where}.{key}")
