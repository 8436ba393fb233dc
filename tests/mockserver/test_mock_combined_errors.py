"""Two things wrong at once: the table that pins the order of the stages, and that a refusal leaves no trace."""

from __future__ import annotations

import pytest
from mock_client import GOOD, HOME, MISSING, Client, basic

TEXT = {"content-type": "text/plain"}
XML = {"accept": "application/xml"}
WRONG = {"authorization": basic("alice", "wrong")}
BAD = {"proxyEndpoint": "x", "serviceProperties": {"a": 1}}

# what is wrong, who, body, headers, group, status, error id
TABLE = [
    ("nobody", None, GOOD, {}, None, 401, "unauthorized"),
    ("nobody, bad body", None, BAD, {}, None, 401, "unauthorized"),
    ("nobody, unparsable body", None, b"{", {}, None, 400, "malformedData"),
    ("nobody, JSON that is no object", None, b"[]", {}, None, 401, "unauthorized"),
    ("nobody, wrong media type", None, GOOD, TEXT, None, 415, "unsupportedMediaType"),
    ("nobody, no JSON accepted", None, GOOD, XML, None, 406, "notAcceptable"),
    ("nobody, no JSON accepted, wrong media type", None, GOOD, XML | TEXT, None, 406, "notAcceptable"),
    ("nobody, wrong media type, unparsable body", None, b"{", TEXT, None, 415, "unsupportedMediaType"),
    ("nobody, unknown group", None, GOOD, {}, MISSING, 401, "unauthorized"),
    ("wrong password, bad body", None, BAD, WRONG, None, 401, "unauthorized"),
    ("wrong password, unparsable body", None, b"{", WRONG, None, 401, "unauthorized"),
    ("wrong password, wrong media type", None, GOOD, WRONG | TEXT, None, 401, "unauthorized"),
    ("wrong password, no JSON accepted", None, GOOD, WRONG | XML, None, 401, "unauthorized"),
    ("wrong password, unknown group", None, GOOD, WRONG, MISSING, 401, "unauthorized"),
    ("wrong token, good password", "alice", GOOD, {"x-auth-token": "x"}, None, 401, "unauthorized"),
    ("no privilege", "zoe", GOOD, {}, None, 403, "forbidden"),
    ("no privilege, bad body", "zoe", BAD, {}, None, 403, "forbidden"),
    ("no privilege, JSON that is no object", "zoe", b"[]", {}, None, 403, "forbidden"),
    ("no privilege, unparsable body", "zoe", b"{", {}, None, 400, "malformedData"),
    ("no privilege, wrong media type", "zoe", GOOD, TEXT, None, 415, "unsupportedMediaType"),
    ("no privilege, body too large", "zoe", b" " * 1048577, {}, None, 413, "payloadTooLarge"),
    ("no privilege, unknown group", "zoe", GOOD, {}, MISSING, 403, "forbidden"),
    ("administrator, unknown group, bad body", "adam", BAD, {}, MISSING, 400, "missingRequiredValue"),
    ("administrator, unknown group", "adam", GOOD, {}, MISSING, 404, "notFound"),
    ("administrator, JSON that is no object", "adam", b"[]", {}, None, 400, "malformedData"),
    ("administrator, empty body", "adam", b"", {}, None, 400, "missingRequiredValue"),
    ("administrator, wrong method", "adam", GOOD, {"x-method": "PUT"}, None, 405, "methodNotAllowed"),
    ("wrong password, wrong method", None, GOOD, WRONG | {"x-method": "DELETE"}, None, 405, "methodNotAllowed"),
]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_the_first_stage_that_refuses_answers_and_nothing_changes(each: Client, row: tuple) -> None:
    """Of several mistakes the one of the earliest stage is told, in every edition, and the world stays the same."""
    _, user, body, headers, group, status, error = row
    path = f"/api/v3/groups/{group or HOME}/handle_services"
    before = each.snapshot()
    method = headers.get("x-method", "POST")
    sent = {name: value for name, value in headers.items() if name != "x-method"}
    reply = each(method, path, body, as_=user, headers=sent)
    assert reply.status == status
    assert reply.reason
    assert "location" not in reply.headers
    assert each.snapshot() == before
    if reply.body:
        kind = each.app.contract.errors[error]
        assert reply.error in {error, kind.description} or each.app.contract.error_is_string
    else:
        assert each.app.contract.operations["create_group_handle_service"].responses[status].schema is None
    assert ("www-authenticate" in reply.headers) == (status == 401 and each.app.contract.challenges)


NEIGHBOURS = [
    ("GET", f"/groups/{MISSING}/handle_services"),
    ("GET", f"/groups/{MISSING}/handle_services/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"),
    ("GET", f"/groups/4ebd9efd1e67f6c18695db1d762a914a/handle_services/{MISSING}"),
    ("DELETE", f"/groups/4ebd9efd1e67f6c18695db1d762a914a/handle_services/{MISSING}"),
    ("DELETE", "/groups/82f2f0fb8a4c9d6a1d7e5c3b2a190817/handle_services/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"),
    ("GET", "/groups/0c1b7a44f6b0495e9b8f2d8d4f7f3a52/handle_services/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"),
    ("GET", f"/handle_services/{MISSING}"),
]


@pytest.mark.parametrize("user", [None, "otto", "adam"])
@pytest.mark.parametrize(("method", "path"), NEIGHBOURS)
def test_what_the_path_names_and_is_not_there_is_404_for_everybody(
    each: Client, method: str, path: str, user: str | None
) -> None:
    """Except for the creation, an unknown or unrelated entity is told before anybody is authorized."""
    before = each.snapshot()
    assert each(method, f"/api/v3{path}", as_=user).status == 404
    assert each.snapshot() == before


def test_a_service_of_the_parent_group_is_seen_through_the_child_but_not_left(client: Client) -> None:
    """GET looks at the effective relation of a group to a service, DELETE at the direct one."""
    path = "/api/v3/groups/82f2f0fb8a4c9d6a1d7e5c3b2a190817/handle_services/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"
    assert client("GET", path, as_="nora").status == 200
    assert client("DELETE", path, as_="adam").status == 404


BODIES = [
    ({"proxyEndpoint": "", "serviceProperties": {}}, "missingRequiredValue", "name"),
    ({"name": 5}, "badValueString", "name"),
    ({"name": None}, "badValueName", None),
    ({"name": ""}, "badValueName", None),
    ({"name": "a"}, "badValueName", None),
    ({"name": " ab"}, "badValueName", None),
    ({"name": "a" * 51}, "badValueName", None),
    ({"name": True}, "badValueString", "name"),
    ({"name": "ok"}, "missingRequiredValue", "proxyEndpoint"),
    ({"name": "ok", "proxyEndpoint": ""}, "badValueEmpty", "proxyEndpoint"),
    ({"name": "ok", "proxyEndpoint": None}, "badValueEmpty", "proxyEndpoint"),
    ({"name": "ok", "proxyEndpoint": []}, "badValueString", "proxyEndpoint"),
    ({"name": "ok", "proxyEndpoint": "x"}, "missingRequiredValue", "serviceProperties"),
    ({"name": "ok", "proxyEndpoint": "x", "serviceProperties": {}}, "badValueEmpty", "serviceProperties"),
    ({"name": "ok", "proxyEndpoint": "x", "serviceProperties": None}, "badValueJSON", "serviceProperties"),
    ({"name": "ok", "proxyEndpoint": "x", "serviceProperties": [1]}, "badValueJSON", "serviceProperties"),
    ({"name": "ok", "proxyEndpoint": "x", "serviceProperties": "{}"}, "badValueJSON", "serviceProperties"),
    ({"name": "ok", "proxyEndpoint": 1, "serviceProperties": 1}, "badValueString", "proxyEndpoint"),
]


@pytest.mark.parametrize(("body", "error", "key"), BODIES)
def test_exactly_one_error_of_the_first_bad_key_is_reported(
    client: Client, body: dict, error: str, key: str | None
) -> None:
    """Keys are looked at in alphabetical order, and a bad value of an earlier key wins over a missing later one."""
    before = client.snapshot()
    reply = client.create(body, as_="adam")
    assert (reply.status, reply.error) == (400, error)
    assert reply.json["error"].get("details") == ({"key": key} if key else None)
    assert client.snapshot() == before


@pytest.mark.parametrize("edition", ["classic", "deployed"])
def test_true_counts_as_a_word_where_the_edition_says_so(edition_client: object, edition: str) -> None:
    """A boolean for a string is stored as "true" or "false"."""
    client = edition_client(edition)  # type: ignore[operator]
    reply = client.create({**GOOD, "name": True, "proxyEndpoint": False}, as_="adam")
    shown = client("GET", reply.headers["location"].removeprefix("http://mock.test:8080"), as_="adam").json
    assert (shown["name"], shown["proxyEndpoint"]) == ("true", "false")
