"""Whatever the document says of a body is followed, or refused at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, Client, changed, create_of
from onezone_mockserver.support import UnsupportedContractError
from onezone_spec import UnresolvedReferenceError

if TYPE_CHECKING:
    from collections.abc import Callable

NAME_ERRORS = {"type": "badValueString", "null": "badValueName", "pattern": "badValueName"}


def schema_of(document: dict[str, Any]) -> dict[str, Any]:
    """The schema of the documented operation's body, to be changed."""
    schema: dict[str, Any] = document["components"]["schemas"]["HandleServiceCreateRequest"]
    return schema


def keys_of(document: dict[str, Any], schema: str) -> dict[str, Any]:
    """The keys of a schema, to be changed."""
    keys: dict[str, Any] = document["components"]["schemas"][schema]["properties"]
    return keys


def of_body(**more: Any) -> Client:
    return changed(lambda document: schema_of(document).update(more))


def of_name(schema: dict[str, Any], *, keep: bool = False) -> Client:
    """The mock of a document in which the name has that schema, beside its own or instead of it."""

    def change(document: dict[str, Any]) -> None:
        properties = schema_of(document)["properties"]
        properties["name"] = {**properties["name"], **schema} if keep else schema

    return changed(change)


def create_named(client: Client, name: Any) -> tuple[int, Any]:
    reply = client.create({**GOOD, "name": name}, as_="adam")
    return reply.status, reply.error if reply.body else None


@pytest.mark.slow
@pytest.mark.parametrize(("keywords", "bad", "good"), [
    ({"maxLength": 9}, "A long name", "A name"),
    ({"minLength": 9}, "A name", "A long name"),
    ({"enum": ["One", "Two"]}, "Three", "Two"),
    ({"not": {"enum": ["One"]}}, "One", "Two"),
])  # fmt: skip
def test_a_keyword_without_an_error_of_its_own_counts(keywords: dict[str, Any], bad: str, good: str) -> None:
    """What it rules out is malformed."""
    client = of_name(keywords, keep=True)
    assert create_named(client, bad) == (400, "malformedData")
    assert create_named(client, good) == (204, None)
    assert create_named(client, "!") == (400, "badValueName")


@pytest.mark.slow
def test_a_keyword_with_an_error_of_its_own_is_told_by_it() -> None:
    """Also one that the contract did not have there; what is allowed may be anything."""
    said = {"enum": ["One", 2], "x-onezone-errors": {**NAME_ERRORS, "enum": "badValueNotAllowed"}}
    reply = of_name(said, keep=True).create({**GOOD, "name": "Three"}, as_="adam")
    assert reply.json["error"]["details"] == {"key": "name", "allowed": ["One", 2]}


@pytest.mark.slow
@pytest.mark.parametrize(("schema", "bad", "good"), [
    ({"type": "integer", "minimum": 5}, 3, 7),
    ({"type": "integer", "minimum": 5, "x-onezone-errors": {"minimum": "badValueName"}}, True, 7),
    ({"type": "string"}, 5, "A name"),
    ({"type": "string", "nullable": True}, 5, None),
    ({"allOf": [{"type": "string"}, {"maxLength": 3}]}, "Long", "One"),
    ({"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]}, "Long", 5),
    ({"anyOf": [{"$ref": "#/components/schemas/GroupType"}]}, "none", "team"),
    ({"$ref": "#/components/schemas/GroupType"}, 5, "team"),
    ({"not": {"type": "string"}}, "text", 5),
])  # fmt: skip
def test_any_schema_of_a_key_is_followed(schema: dict[str, Any], bad: Any, good: Any) -> None:
    """With and without errors of its own, and however it is put together."""
    client = of_name(schema)
    assert create_named(client, bad)[0] == 400
    assert create_named(client, good) == (204, None)


@pytest.mark.slow
def test_the_errors_of_a_key_hold_in_the_branches_of_its_schema() -> None:
    """Wherever the keyword stands."""
    for key in ("allOf", "anyOf", "oneOf"):
        schema = {key: [{"type": "string", "pattern": "^[a-z]+$"}], "x-onezone-errors": NAME_ERRORS}
        client = of_name(schema)
        answers = [create_named(client, name)[1] for name in ("A", 5, None, "a")]
        assert answers == ["badValueName", "badValueString", "badValueName", None]


@pytest.mark.slow
def test_the_rules_of_the_whole_body_count() -> None:
    """Unknown keys, too few keys, a key that is required and not described, and rules for the whole in branches."""
    odd = {**GOOD, "colour": "red"}
    assert of_body(additionalProperties=False).create(odd, as_="adam").error == "malformedData"
    assert of_body(additionalProperties=False).create(as_="adam").status == 204
    assert of_body(minProperties=4).create(as_="adam").error == "malformedData"
    assert of_body(minProperties=4).create(odd, as_="adam").status == 204
    missing = of_body(required=["colour"]).create(as_="adam")
    assert missing.json["error"]["details"] == {"key": "colour"}
    assert of_body(anyOf=[{"required": ["colour"]}]).create(as_="adam").error == "malformedData"
    own = of_body(additionalProperties=False, **{"x-onezone-errors": {"additionalProperties": "badValueName"}})
    assert own.create(odd, as_="adam").error == "badValueName"


@pytest.mark.slow
def test_a_request_body_may_stand_in_the_components() -> None:
    """As any other part of the document."""

    def move(document: dict[str, Any]) -> None:
        document["components"]["requestBodies"] = {"Service": create_of(document)["requestBody"]}
        create_of(document)["requestBody"] = {"$ref": "#/components/requestBodies/Service"}

    assert changed(move).create(as_="adam").status == 204
    assert changed(move).create({}, as_="adam").status == 400


def replaced(**schema: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        create_of(document)["requestBody"]["content"]["application/json"]["schema"] = schema

    return change


@pytest.mark.slow
@pytest.mark.parametrize(("change", "said"), [
    (replaced(type="array", items={}), "body: the mock takes objects only"),
    (replaced(type="object", nullable=True), "body: the mock takes objects only"),
    (replaced(allOf=[{"$ref": "#/components/schemas/HandleServiceCreateRequest"}]), "body: the mock takes objects"),
    (replaced(type="object", allOf=[{"type": "object", "properties": {"a": {}}}]), "body: a: list it"),
    (replaced(type="object", **{"x-onezone-errors": {"maxProperties": "badValueEmpty"}}), "maxProperties: take an"),
    (replaced(type="object", properties={"a": {"x-onezone-errors": {"type": "odd"}}}), "a: type: there is no error"),
    (replaced(type="object", properties={"a": {"type": "string", "readOnly": True}}), "body: a: take the key out"),
    (replaced(type="object", properties={"a": {"type": "string", "pattern": "["}}), "body: make it a schema"),
    (replaced(type="object", properties={"a": {"maximum": 2**64}}), "body: make it a schema"),
])  # fmt: skip
def test_a_body_that_cannot_be_judged_is_an_error_of_the_start(change: Any, said: str) -> None:
    """In one line, which names the operation."""
    with pytest.raises(UnsupportedContractError, match=r"^POST /groups/\{id\}/handle_services: body: ") as caught:
        changed(change)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_schema_that_is_a_part_of_itself_is_an_error_of_the_start() -> None:
    """There is no end to it."""

    def circle(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["HandleServiceProperties"]["properties"] = {
            "more": {"$ref": "#/components/schemas/HandleServiceProperties"}
        }

    with pytest.raises(UnsupportedContractError, match="HandleServiceProperties is a part of itself"):
        changed(circle)


@pytest.mark.parametrize("refer", [
    lambda document: schema_of(document).update(properties={"name": {"$ref": "#/components/schemas/Nothing"}}),
    lambda document: document["components"]["schemas"].update(Unused={"$ref": "#/components/schemas/Nothing"}),
    lambda document: document["paths"]["/groups"]["post"].update(requestBody={"$ref": "#/components/schemas/Nothing"}),
])  # fmt: skip
def test_a_reference_to_nothing_is_an_error_of_the_start(refer: Any) -> None:
    """In one line, which says what is not there."""
    with pytest.raises((UnsupportedContractError, UnresolvedReferenceError)) as caught:
        changed(refer)
    assert "$ref #/components/schemas/Nothing: the document has nothing there" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_format_is_checked() -> None:
    """One that JSON Schema has; others are words for people, as OpenAPI 3.0 has it."""
    client = of_name({"type": "string", "format": "date-time"})
    assert create_named(client, "2026-01-02T03:04:05Z")[0] == 204
    assert create_named(client, "tomorrow")[0] == 400
    assert create_named(of_name({"type": "string", "format": "password"}), "tomorrow")[0] == 204


@pytest.mark.parametrize(("name", "key", "schema"), [
    ("ZonePrivilegesUpdate", "grant", {"type": "integer"}),
    ("HandleServicePrivilegesUpdate", "revoke", {"type": "array", "items": {}}),
    ("GroupMemberRequest", "privileges", {"type": "array", "items": {"type": "string"}, "nullable": True}),
    ("UserCreateRequest", "username", {}),
    ("AccessBlockRequest", "blocked", {"type": "string"}),
])  # fmt: skip
def test_a_key_that_the_mock_acts_on_has_the_type_that_it_reads(name: str, key: str, schema: dict[str, Any]) -> None:
    """What is merely stored may be anything."""
    with pytest.raises(UnsupportedContractError, match=f": body: {key}: give it the type"):
        changed(lambda document: keys_of(document, name).update({key: schema}), whole=True)
