"""Declared parameters: where they are read, and what a text may stand for. Of a request that is refused: 400."""

from __future__ import annotations

from typing import Any

import pytest
from mock_client import GOOD, HOME, Client, changed, create_of
from onezone_mockserver.support import UnsupportedContractError

PATH = f"/api/v3/groups/{HOME}/handle_services"
INTEGERS = {"type": "array", "items": {"type": "integer"}, "maxItems": 3}
TEXT = {"type": "string", "pattern": "^[^x]*$"}


def declares(schema: Any = None, where: str = "query", **more: Any) -> Client:
    """The mock of a document whose create has the parameter `p`."""
    node = {"name": "p", "in": where, **({} if schema is None else {"schema": schema}), **more}
    return changed(lambda document: create_of(document).update(parameters=[node]))


def accepted(client: Client, *values: str) -> list[str]:
    """The values with which the parameter of the query is taken; those with which it is not are a 400."""
    replies = {value: client("POST", f"{PATH}?{value}", GOOD, as_="adam") for value in values}
    refused = [reply.status for reply in replies.values() if reply.status != 204]
    assert refused == [400] * len(refused)
    return [value for value, reply in replies.items() if reply.status == 204]


def test_a_cookie_is_read_from_the_cookies() -> None:
    """And not from the query."""
    client = declares({"type": "integer"}, "cookie", required=True)
    assert client("POST", f"{PATH}?p=1", GOOD, as_="adam").reason == "parameters: p is missing"
    assert client.create(as_="adam", headers={"cookie": "a=b; p=1"}).status == 204
    assert client.create(as_="adam", headers={"cookie": "p=x"}).status == 400


def test_numbers_are_those_of_json() -> None:
    """RFC 8259, 6: what Python takes for a number beyond that is none."""
    good = ["p=1", "p=-0", "p=1.5", "p=1e3", "p=1E-3"]
    odd = ["1_0", "%2B1", "+1", "1%20", "1%0A", "%D9%A1", "nan", "inf", "Infinity", "01", "1.", ".5", "", "9" * 5000]
    assert accepted(declares({"type": "number"}), *good, *(f"p={text}" for text in odd)) == good


@pytest.mark.parametrize(("schema", "good", "bad"), [
    ({"type": "boolean"}, ["p=true", "p=false"], ["p=True", "p=1", "p="]),
    ({"type": "integer", "nullable": True}, ["p=1", "p=null"], ["p=x", "p=1.5"]),
    ({"allOf": [{"type": "integer"}, {"minimum": 5}]}, ["p=5"], ["p=4", "p=x"]),
    ({"anyOf": [{"type": "boolean"}, {"type": "integer"}]}, ["p=1", "p=true"], ["p=x"]),
    ({"oneOf": [{"type": "integer"}, {"type": "string", "enum": ["all"]}]}, ["p=1", "p=all"], ["p=x"]),
    ({"enum": [1, 2]}, ["p=1"], ["p=3"]),
    ({"type": "string", "format": "date"}, ["p=2026-01-02"], ["p=2026-13-02", "p=x"]),
    ({"type": "string", "enum": ["1", "true"]}, ["p=1", "p=true"], ["p=2"]),
])  # fmt: skip
def test_a_text_is_what_the_schema_accepts(schema: Any, good: list[str], bad: list[str]) -> None:
    """As it stands, or as the number or the word of JSON that it spells."""
    assert accepted(declares(schema), *good, *bad) == good


@pytest.mark.slow
@pytest.mark.parametrize(("more", "good", "bad"), [
    ({}, ["p=1", "p=1&p=2", "p=1&q=0&p=2&p=3"], ["p=1,2", "p=1&p=x", "p=1&p=2&p=3&p=4"]),
    ({"explode": False}, ["p=1", "p=1,2", "p=1%2C2"], ["p=1,x", "p=1,2,3,4"]),
    ({"style": "spaceDelimited"}, ["p=1%202", "p=1+2"], ["p=1,2"]),
    ({"style": "pipeDelimited"}, ["p=1|2", "p=1%7C2"], ["p=1,2"]),
])  # fmt: skip
def test_an_array_in_the_query_has_its_style(more: dict[str, Any], good: list[str], bad: list[str]) -> None:
    """OpenAPI 3.0.3, Parameter Object: names are repeated unless the document says otherwise."""
    assert accepted(declares(INTEGERS, **more), *good, *bad) == good


@pytest.mark.slow
def test_an_array_in_a_header_a_cookie_and_the_path_has_commas() -> None:
    """The style `simple`, where a header may have blanks and come twice."""
    client = declares(INTEGERS, "header")
    assert client.create(as_="adam", headers={"p": "1, 2,3"}).status == 204
    assert client.create(as_="adam", headers=[("p", "1"), ("p", "2")]).status == 204
    assert client.create(as_="adam", headers={"p": "1,x"}).status == 400
    assert declares(INTEGERS, "cookie", explode=False).create(as_="adam", headers={"cookie": "p=1,2"}).status == 204

    def ids(document: dict[str, Any]) -> None:
        document["components"]["parameters"]["GroupId"]["schema"] = {
            "type": "array", "items": {"type": "string", "maxLength": 32}, "maxItems": 2,
        }  # fmt: skip

    assert changed(ids).create(as_="adam").status == 204
    assert changed(ids).create(as_="adam", group="1,2").status == 404
    assert changed(ids).create(as_="adam", group="1,2,3").status == 400


def test_an_array_may_be_one_of_several_things() -> None:
    """Items are what the items of one branch accept."""
    arrays = [{"type": "array", "items": {"type": kind}} for kind in ("integer", "boolean")]
    client = declares({"anyOf": [*arrays, {"type": "string", "enum": ["all"]}]})
    assert accepted(client, "p=1&p=2", "p=true&p=false", "p=all", "p=1&p=true") == [
        "p=1&p=2",
        "p=true&p=false",
        "p=all",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("value", ["%FF", "\xff", "%ED%A0%80", "%C3"])
def test_bytes_that_are_no_text_are_a_400(value: str) -> None:
    """Wherever a text is looked at."""
    reply = declares(TEXT)("POST", f"{PATH}?p={value}", GOOD, as_="adam")
    assert (reply.status, reply.error) == (400, "malformedData")

    def pattern(document: dict[str, Any]) -> None:
        document["components"]["parameters"]["GroupId"]["schema"] = TEXT

    assert changed(pattern).create(as_="adam", group=value).status == 400
    assert changed(pattern).create(as_="adam", group="%C3%A9").status == 404


@pytest.mark.slow
def test_a_parameter_may_be_json() -> None:
    """One with `content` instead of a schema is parsed, and checked as a whole."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    client = declares(content={"application/json": {"schema": schema}})
    good = ['p={"a":1}', "p=%7B%22a%22%3A1%7D"]
    assert accepted(client, *good, 'p={"a":"1"}', "p={}", "p=1", "p=", "p={", "p=" + "[" * 5000) == good


def test_a_parameter_of_the_operation_replaces_that_of_its_path() -> None:
    """OpenAPI 3.0.3, Operation Object: they are the same where name and place are."""

    def both(document: dict[str, Any]) -> None:
        item = document["paths"]["/groups/{id}/handle_services"]
        item["parameters"].append({"name": "p", "in": "query", "required": True, "schema": {"type": "boolean"}})
        item["post"]["parameters"] = [{"name": "p", "in": "query", "schema": {"type": "integer"}}]

    assert accepted(changed(both), "p=1", "", "p=true") == ["p=1", ""]


@pytest.mark.parametrize("more", [
    {"schema": {"type": "object"}}, {"schema": {"type": "string"}, "in": "path", "style": "matrix"},
])  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_an_error_of_the_start(more: dict[str, Any]) -> None:
    """In one line that says where it is and what to write instead."""

    def declare(document: dict[str, Any]) -> None:
        document["components"]["parameters"]["GroupId"].update(more)

    with pytest.raises(UnsupportedContractError, match=r"^[A-Z]+ /groups/.*: parameter id: .*: give it `content`$"):
        changed(declare)
