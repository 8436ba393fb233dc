"""Drawn requests: valid bodies are valid by the document, broken ones are so in one place, and all are repeatable."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from judge_tools import EDITIONS, OPERATION
from onezone_contracts.generate.strategies import Broken, broken_bodies, hostile_bodies, json_type, names, valid_bodies
from onezone_spec import Contract, Level, Operation, bundled_text, load

KEYS = {"name", "proxyEndpoint", "serviceProperties"}
# By hand: what Onezone's releases allow in a name (2 to 50 letters, digits and marks; the ends are no blanks or dots).
NAME = re.compile(r"[\w()][\w() .\-]{0,48}[\w()]")
DRAWING = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    derandomize=True,
)


def subject(edition: str) -> tuple[Contract, Operation]:
    contract = load(edition)
    return contract, contract.operations[OPERATION]


def drawn(strategy: st.SearchStrategy[Any], number: int = 80) -> list[Any]:
    """So many examples of a strategy."""
    examples: list[Any] = []

    @settings(DRAWING, max_examples=number)
    @given(strategy)
    def collect(value: Any) -> None:
        examples.append(value)

    collect()
    return examples


@cache
def valid(edition: str) -> tuple[dict[str, Any], ...]:
    """Drawn valid bodies of an edition."""
    return tuple(drawn(valid_bodies(*subject(edition))))


@cache
def broken(edition: str) -> tuple[Broken, ...]:
    """Drawn broken bodies of an edition."""
    return tuple(drawn(broken_bodies(*subject(edition))))


@cache
def documented_schema(edition: str) -> Any:
    """A validator of the request body by the bundled document that anybody can take."""
    document: dict[str, Any] = yaml.safe_load(bundled_text(edition))
    operation = document["paths"]["/groups/{id}/handle_services"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft4Validator({**schema, "components": document["components"]})


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_drawn_valid_bodies_are_valid_by_the_document(edition: str) -> None:
    """What must be accepted satisfies the documented schema, has every key and no other."""
    validator = documented_schema(edition)
    bodies = valid(edition)
    assert len(bodies) > 50
    for body in bodies:
        assert [error.message for error in validator.iter_errors(body)] == []
        assert set(body) == KEYS


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_drawn_names_follow_every_release(edition: str) -> None:
    """Names are of the narrowest form that any release has asked for, so that each of them must be accepted."""
    drawn_names = [body["name"] for body in valid(edition)]
    assert [name for name in drawn_names if not NAME.fullmatch(name)] == []


@pytest.mark.slow
def test_names_reach_every_corner() -> None:
    """Among the drawn names are short and long ones, other scripts, blanks, dots and hyphens."""
    drawn_names = drawn(names(), 400)
    for reached in (lambda n: len(n) == 2, lambda n: len(n) > 20, lambda n: not n.isascii()):
        assert any(map(reached, drawn_names))
    assert {" ", ".", "-"} <= set("".join(drawn_names))


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_forms_of_properties_are_drawn(edition: str) -> None:
    """The form that the documents print comes up, whole; that of released servers where they are judged."""
    drawn = [body["serviceProperties"] for body in valid(edition)]
    assert {properties["type"] for properties in drawn} == ({"DOI", "PID"} if edition == "deployed" else {"DOI"})
    assert all("identifierTemplate" in properties for properties in drawn)
    if edition != "deployed":
        assert {type(properties["prefix"]) for properties in drawn} <= {int, float}


DOI = ("host", "doiEndpoint", "metadataEndpoint", "mediaEndpoint", "prefix", "username", "password")
GOOD = {
    "name": "A service",
    "proxyEndpoint": "https://proxy.example.org",
    "serviceProperties": {"type": "DOI"} | dict.fromkeys(DOI, "text"),
}


def wrong_places(broken_body: Broken, validator: Any) -> int:
    """In how many places a body is wrong by the document: each key of it tried in a body that is good."""
    assert validator.is_valid(GOOD)
    if not isinstance(broken_body.value, dict):
        return 1
    given = broken_body.value
    return sum(key not in given or not validator.is_valid({**GOOD, key: given[key]}) for key in KEYS)


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_broken_bodies_are_wrong_in_one_place(edition: str) -> None:
    """A broken body is wrong in exactly one place at the top, or in one at a level that no document rules out."""
    validator = documented_schema(edition)
    for broken_body in broken(edition):
        wrong = wrong_places(broken_body, validator)
        assert wrong <= 1, broken_body
        assert wrong == 1 or broken_body.level is Level.OBSERVE, broken_body


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_what_is_said_to_be_wrong_is_wrong(edition: str) -> None:
    """The words for what is wrong name the key and its type as they are."""
    for broken_body in broken(edition):
        if broken_body.what.startswith("no "):
            assert KEYS - set(broken_body.value) == {broken_body.what.removeprefix("no ")}
        elif broken_body.what.startswith("the body is "):
            assert broken_body.what.endswith(f" {json_type(broken_body.value)}")
            assert not isinstance(broken_body.value, dict)
        else:
            path, _, kind = broken_body.what.partition(" is ")
            value = broken_body.value
            for key in path.split(".", 1):
                value = value[key]
            assert json_type(value) == kind


@pytest.mark.parametrize("number", [60, 61, 62])
def test_few_broken_bodies_have_most_wrong_types_of_every_key(number: int) -> None:
    """What a usual run draws varies what is wrong, not what is around it."""
    bodies = drawn(broken_bodies(*subject("current")), number)
    types = ("null", "boolean", "integer", "number", "string", "array", "object")
    kinds = {f"{key} is {kind}" for key in (*KEYS, "the body") for kind in types}
    drawn_kinds = {broken_body.what for broken_body in bodies} & kinds
    assert len(drawn_kinds) > 15, drawn_kinds


@pytest.mark.slow
def test_large_and_negative_numbers_are_drawn() -> None:
    """They are rare in what a version of Hypothesis draws first."""
    bodies = drawn(broken_bodies(*subject("current")), 600)
    assert [
        broken_body
        for broken_body in bodies
        if broken_body.what == "name is integer" and abs(broken_body.value["name"]) > 9999
    ]
    assert [
        broken_body for broken_body in bodies if broken_body.what == "the body is integer" and broken_body.value < 0
    ]


# By hand from INTERFACES: missing keys are SHOULD but in `deployed`, types MUST but in `classic`.
LEVELS = {
    "classic": {"missing": Level.SHOULD, "type": Level.SHOULD},
    "current": {"missing": Level.SHOULD, "type": Level.MUST},
    "deployed": {"missing": Level.MUST, "type": Level.MUST},
}


@pytest.mark.parametrize("edition", EDITIONS)
def test_levels_of_broken_bodies(edition: str) -> None:
    """A broken rule is as binding as the edition promises; no document speaks of the keys inside serviceProperties."""
    seen = set()
    for broken_body in broken(edition):
        kind = "missing" if broken_body.what.startswith("no ") else "type"
        if broken_body.what.startswith("the body is "):
            kind, expected = "root", Level.MUST
        elif "." in broken_body.what.partition(" is ")[0]:
            kind, expected = "deep", Level.OBSERVE
        else:
            expected = LEVELS[edition][kind]
        assert broken_body.level is expected, broken_body
        seen.add(kind)
    assert seen == {"missing", "type", "root", "deep"}


def test_hostile_bodies_are_of_many_kinds() -> None:
    """Among the hostile bodies are noise, torn JSON, depth, and objects that can be read."""
    bodies = drawn(hostile_bodies(*subject("current")))
    assert all(isinstance(body, bytes) for body in bodies)
    readable = [body for body in bodies if _is_object(body)]
    assert readable
    assert len(readable) < len(bodies)
    assert max(map(len, bodies)) > 1000


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


@pytest.mark.slow
@pytest.mark.parametrize("make", [valid_bodies, broken_bodies], ids=lambda make: make.__name__)
def test_drawing_is_repeatable(make: Any) -> None:
    """The same strategy made twice draws the same."""
    first, second = (drawn(make(*subject("current"))) for _ in range(2))
    assert first == second


def test_json_types_are_named_as_in_openapi() -> None:
    """Each JSON value has the name of its type."""
    values = {"null": None, "boolean": True, "integer": 1, "number": 1.5, "string": "", "array": [], "object": {}}
    assert {name: json_type(value) for name, value in values.items()} == dict(zip(values, values, strict=True))
