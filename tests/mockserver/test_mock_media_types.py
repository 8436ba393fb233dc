"""Media types and servers as the document has them, or an error of the start."""

from __future__ import annotations

from typing import Any

import pytest
from mock_client import COLLECTION, GOOD, HOME, SERVICE, Client, changed, create_of
from onezone_mockserver.support import UnsupportedContractError

READ = "/handle_services/{id}"
READ_URL = f"/api/v3/handle_services/{SERVICE}"
VENDOR = "application/vnd.onezone+json"
PROBLEM = "application/problem+json"


def answered_as(media: str, *more: str) -> Any:
    """Makes the success of reading a service one of these media types."""

    def change(document: dict[str, Any]) -> None:
        answer = document["paths"][READ]["get"]["responses"]["200"]
        content = answer["content"].pop("application/json")
        answer["content"] = dict.fromkeys((media, *more), content)

    return change


def taken_as(*media: str) -> Any:
    """Makes the body of the create one of these media types."""

    def change(document: dict[str, Any]) -> None:
        body = create_of(document)["requestBody"]
        body["content"] = dict.fromkeys(media, body["content"]["application/json"])

    return change


def with_servers(*servers: dict[str, Any]) -> Any:
    return lambda document: document.update(servers=list(servers))


# --- answers --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_errors_have_the_media_type_that_is_documented() -> None:
    """And their body."""

    def problems(document: dict[str, Any]) -> None:
        for answer in document["components"]["responses"].values():
            answer["content"] = {PROBLEM: answer["content"]["application/json"]}

    reply = changed(problems).create({}, as_="adam")
    assert (reply.status, reply.headers["content-type"], reply.error) == (400, PROBLEM, "missingRequiredValue")
    assert changed(problems).create(as_="adam").status == 204


@pytest.mark.parametrize("media", [VENDOR, "application/json; charset=utf-8"])
def test_a_success_has_the_media_type_that_is_documented(media: str) -> None:
    """It is what the client must accept; errors may have another."""
    client = changed(answered_as(media))
    reply = client("GET", READ_URL, as_="adam")
    assert (reply.status, reply.headers["content-type"]) == (200, media)
    assert reply.json["handleServiceId"] == SERVICE
    bare = media.partition(";")[0]
    assert client("GET", READ_URL, as_="adam", headers={"accept": bare}).status == 200
    refused = client("GET", READ_URL, as_="adam", headers={"accept": PROBLEM})
    assert (refused.status, refused.headers["content-type"]) == (406, "application/json")


def test_a_range_of_media_types_is_answered_with_json() -> None:
    """JSON is in it."""
    reply = changed(answered_as("*/*"))("GET", READ_URL, as_="adam", headers={"accept": "application/json"})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")


def without_keys(document: dict[str, Any]) -> None:
    answered_as("application/json")(document)
    document["paths"][READ]["get"]["responses"]["200"]["content"]["application/json"] = {"schema": {"type": "object"}}


def without_success(document: dict[str, Any]) -> None:
    del document["paths"][READ]["get"]["responses"]["200"]


def without_content(document: dict[str, Any]) -> None:
    del document["paths"][READ]["get"]["responses"]["200"]["content"]


@pytest.mark.slow
@pytest.mark.parametrize(("change", "said"), [
    (answered_as("text/plain"), "answer 200: text/plain: document it as JSON: the mock sends no other"),
    (answered_as("application/json; v=2"), "answer 200: application/json; v=2: document it as JSON"),
    (answered_as("application/json", VENDOR), "answer 200: document one media type"),
    (without_keys, "answer 200: list the keys"),
    (without_success, "responses: document a success"),
    (without_content, "answer 200: document its content"),
])  # fmt: skip
def test_an_answer_that_the_mock_cannot_give_is_an_error_of_the_start(change: Any, said: str) -> None:
    """It names the operation and the answer."""
    with pytest.raises(UnsupportedContractError) as caught:
        changed(change)
    assert str(caught.value).startswith(f"GET {READ}: {said}")


def test_a_body_of_an_answer_that_has_none_is_an_error_of_the_start() -> None:
    """A create answers with a Location."""

    def body(document: dict[str, Any]) -> None:
        create_of(document)["responses"]["204"]["content"] = {"application/json": {"schema": {}}}

    with pytest.raises(UnsupportedContractError, match=r"^POST .*: answer 204: take its content out"):
        changed(body)


def without_location(document: dict[str, Any]) -> None:
    del create_of(document)["responses"]["204"]["headers"]["Location"]


def status(code: str) -> Any:
    return lambda document: create_of(document)["responses"].update({code: {"description": "Anything."}})


@pytest.mark.parametrize(("change", "said"), [
    (without_location, "answer 204: document the header Location"),
    (status("default"), "responses: default: document each status"),
    (status("4XX"), "responses: 4XX: document each status"),
])  # fmt: skip
def test_an_answer_that_is_not_told_exactly_is_an_error_of_the_start(change: Any, said: str) -> None:
    """A status, and where the new entity is."""
    with pytest.raises(UnsupportedContractError) as caught:
        changed(change)
    assert str(caught.value).startswith(f"POST {COLLECTION}: {said}")


def test_a_header_may_stand_in_the_components() -> None:
    """As any other part of the document."""

    def move(document: dict[str, Any]) -> None:
        headers = create_of(document)["responses"]["204"]["headers"]
        document["components"]["headers"] = {"Location": headers["Location"]}
        headers["Location"] = {"$ref": "#/components/headers/Location"}

    assert f"/groups/{HOME}/handle_services/" in changed(move).create(as_="adam").headers["location"]


# --- bodies ---------------------------------------------------------------------------------------------------


def status_of(client: Client, content_type: str) -> int:
    return client.create(as_="adam", headers={"content-type": content_type}).status


@pytest.mark.slow
@pytest.mark.parametrize(("documented", "taken", "refused"), [
    ("application/*", ["application/json", VENDOR, "application/json; charset=utf-8"], ["text/json", "*/*", "json"]),
    ("*/*", ["application/json", "text/json"], ["json"]),
    ("application/json; charset=utf-8", ["application/json; charset=utf-8", "application/json"], [VENDOR]),
    ("Application/JSON;charset=UTF-8", ["application/json;charset=utf-8", "application/json"], ["text/json"]),
])  # fmt: skip
@pytest.mark.parametrize("edition", ["current", "deployed"])
def test_a_key_of_the_content_may_be_a_range_or_have_a_charset(
    edition: str, documented: str, taken: list[str], refused: list[str]
) -> None:
    """Source: OpenAPI 3.0.3, Request Body Object."""
    client = changed(taken_as(documented), edition)
    good = 204 if edition == "current" else 201
    plain = [each for each in taken if ";" not in each or ";" in documented or edition == "current"]
    assert {status_of(client, each) for each in plain} == {good}
    assert {status_of(client, each) for each in refused if each != "*/*"} == {415}


def other_schema(document: dict[str, Any]) -> None:
    taken_as("application/json", VENDOR)(document)
    create_of(document)["requestBody"]["content"][VENDOR] = {"schema": {"type": "object"}}


def test_several_media_types_of_one_schema_are_all_taken() -> None:
    """Each is judged by it."""
    client = changed(taken_as("application/json", VENDOR))
    assert {status_of(client, media_type) for media_type in ("application/json", VENDOR)} == {204}
    assert client.create({}, as_="adam", headers={"content-type": VENDOR}).status == 400


@pytest.mark.parametrize(("change", "said"), [
    (taken_as("application/x-www-form-urlencoded"), "body: application/x-www-form-urlencoded: document it as JSON"),
    (taken_as("application/json", "text/*"), "body: text/*: document it as JSON"),
    (taken_as("application/json; v=2"), "body: application/json; v=2: document it as JSON"),
    (taken_as("application/json; charset=latin-1"), "body: application/json; charset=latin-1: document it"),
    (other_schema, "body: give all media types one schema"),
    (taken_as(), "body: the mock takes objects only"),
])  # fmt: skip
def test_a_body_that_the_mock_cannot_read_is_an_error_of_the_start(change: Any, said: str) -> None:
    """It names the operation and the media type."""
    with pytest.raises(UnsupportedContractError) as caught:
        changed(change)
    assert str(caught.value).startswith(f"POST {COLLECTION}: {said}")


# --- servers --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("server", "base"), [
    ({"url": "http://onezone.example.org/api/v9"}, "/api/v9"),
    ({"url": "https://onezone.example.org:8443/api/v9/"}, "/api/v9"),
    ({"url": "//onezone.example.org/v9"}, "/v9"),
    ({"url": "https://onezone.example.org"}, ""),
    ({"url": "/"}, ""),
    ({"url": "https://{host}/{v}", "variables": {"host": {"default": "a", "enum": ["a", "b"]},
                                                  "v": {"default": "v9"}}}, "/v9"),
])  # fmt: skip
def test_the_base_path_is_the_path_of_the_server(server: dict[str, Any], base: str) -> None:
    """Source: OpenAPI 3.0.3, Server Object. Variables have their defaults."""
    client = changed(with_servers(server))
    reply = client.create(GOOD, HOME, base, as_="adam")
    assert reply.status == 204
    path = reply.headers["location"].removeprefix("http://mock.test:8080")
    assert path.startswith(f"{base}/")
    assert client("GET", f"{base}/handle_services/{path.rpartition('/')[2]}", as_="adam").status == 200
    assert client.create(as_="adam", base="/api/v8").status == 404


@pytest.mark.slow
def test_a_document_without_servers_is_served_at_the_root() -> None:
    """Source: OpenAPI 3.0.3, OpenAPI Object."""
    for change in (lambda document: document.pop("servers"), with_servers()):
        assert changed(change).create(base="", as_="adam").status == 204


@pytest.mark.slow
def test_several_servers_may_have_one_path() -> None:
    """It is served once."""
    client = changed(with_servers({"url": "http://a/api/v9"}, {"url": "http://b/api/v9"}, {"url": "/api/v8"}))
    assert client.app.contract.base_paths == ("/api/v9", "/api/v8")
    assert {client.create(as_="adam", base=base).status for base in ("/api/v9", "/api/v8")} == {204}


def of_path(document: dict[str, Any]) -> None:
    document["paths"][COLLECTION]["servers"] = [{"url": "/other"}]


def of_operation(document: dict[str, Any]) -> None:
    create_of(document)["servers"] = [{"url": "/other"}]


@pytest.mark.parametrize(("change", "said"), [
    (with_servers({"url": "api/v9"}), "servers: api/v9: make it a path"),
    (with_servers({"url": "./v9"}), "servers: ./v9: make it a path"),
    (with_servers({"url": "/api/{version}"}), "servers: /api/{version}: make it a path"),
    (
        with_servers({"url": "/{v}", "variables": {"v": {"default": "1", "enum": ["1", "2"]}}}),
        "servers: /{v}: make each value",
    ),
    (of_path, f"{COLLECTION}: servers: take them out"),
    (of_operation, f"POST {COLLECTION}: servers: take them out"),
])  # fmt: skip
def test_a_server_that_cannot_be_served_is_an_error_of_the_start(change: Any, said: str) -> None:
    """It says which one."""
    with pytest.raises(UnsupportedContractError) as caught:
        changed(change)
    assert str(caught.value).startswith(said)
