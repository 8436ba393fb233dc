"""Requests that Hypothesis and Schemathesis draw: valid bodies, bodies with one thing wrong, and hostile bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import schemathesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from onezone_spec import Body, Contract, Level, Operation
from schemathesis import GenerationMode

from onezone_contracts.cases import encode

# Letters and digits that every Unicode table since 2010 knows and that normalisation leaves alone.
_SCRIPTS = "abcxyzABCXYZ0189_()ąćęłńóśźżßéèñøåçāőűžščřďťΑΒΓαβγδωЖДЯжюя句柄服务名あいアイ가나אבגשابتहिन्दी"
_LETTERS = "".join(dict.fromkeys(character for character in _SCRIPTS if character.isalnum() or character in "_()"))
NAME_LENGTH = 50
WORDS = ("text", "", " ", "two words", "17", "-0.5", "true", "null", "{}", "[]", "żółw", "a-b_c.d")
"""What stands where no text may stand: numbers and literals in quotes among it."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A body with exactly one thing wrong. `level` says how binding the broken rule is; `what` says what is wrong."""

    value: Any
    what: str
    level: Level


def names() -> SearchStrategy[str]:
    """Names that every release has accepted."""
    edge = st.sampled_from(_LETTERS)
    middle = st.text(st.sampled_from(_LETTERS + " .-"), max_size=NAME_LENGTH - 2)
    return st.builds(lambda a, b, c: a + b + c, edge, middle, edge)


def _urls() -> SearchStrategy[str]:
    label = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789"), min_size=1, max_size=12)
    return st.builds(
        "{}://{}.example.org{}{}".format,
        st.sampled_from(["http", "https"]),
        label,
        st.sampled_from(["", ":8080", ":17000", ":443"]),
        st.sampled_from(["", "/", "/handle_proxy", "/api/v1/proxy", "/a-b/c_d/"]),
    )


def _paths() -> SearchStrategy[str]:
    return st.builds("/{}".format, st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-_/"), max_size=20))


def _texts() -> SearchStrategy[str]:
    """Printable text of any script; blanks inside only."""
    characters = st.sampled_from(_LETTERS + " !#$%&*+,-./:;<=>?@[]^`{|}~'\"\\")
    return st.text(characters, min_size=1, max_size=40).map(str.strip).filter(bool)


@cache
def _register_formats() -> None:
    for name, strategy in (("name", names()), ("url", _urls()), ("path", _paths()), ("text", _texts())):
        schemathesis.openapi.format(f"onezone-{name}", strategy)


def accepted_schema(contract: Contract, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a schema that an implementation must accept: no branch or key that is left open, no extra keys.

    Strings become formats that our strategies draw, by what the contract's examples look like.
    """
    schema = contract.resolve(schema)
    branches = [contract.resolve(branch) for branch in schema.get("anyOf", ())]
    if branches and schema.get("type") != "object":
        kinds = [
            accepted_schema(contract, {**branch, "example": schema.get("example")}) for branch in _binding(branches)
        ]
        return {"anyOf": [kind for kind in kinds if kind.get("type") != "boolean"] or kinds}
    if branches:
        return {"anyOf": [_whole(accepted_schema(contract, branch)) for branch in _binding(branches)]}
    if schema.get("type") == "object":
        return _accepted_object(contract, schema)
    if schema.get("type") == "string" and "enum" not in schema:
        return {"type": "string", "format": _format(schema)}
    if schema.get("type") == "array":
        items = accepted_schema(contract, schema.get("items", {}))
        return {"type": "array", "items": items, "minItems": 1, "maxItems": 3, "uniqueItems": True}
    if schema.get("type") == "number":
        return {"type": "number", "enum": [10.5072, 20.5, 11089, 0.25]}
    return {key: value for key, value in schema.items() if key in {"type", "enum"}}


def _binding(branches: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The branches that the edition does not leave open."""
    return [branch for branch in branches if branch.get("x-onezone-level") != Level.OBSERVE]


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """An object with all of its keys, as documents print it: that one may be left out is no sentence of theirs."""
    return {**schema, "required": list(schema.get("properties", ()))}


def _accepted_object(contract: Contract, schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        name: {"type": "string", "format": "onezone-name"} if name == "name" else accepted_schema(contract, node)
        for name, node in schema.get("properties", {}).items()
        if node.get("x-onezone-level") != "OBSERVE"
    }
    required = list(schema.get("required", ()))
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
        **({} if required else {"minProperties": 1}),
    }


def _format(schema: Mapping[str, Any]) -> str:
    example = str(schema.get("example", ""))
    kind = "url" if "://" in example else "path" if example.startswith("/") else "text"
    return f"onezone-{kind}"


def valid_bodies(contract: Contract, operation: Operation) -> SearchStrategy[dict[str, Any]]:
    """Bodies that every implementation must accept, drawn by Schemathesis from the documented schema."""
    _register_formats()
    assert operation.body is not None
    document = copy.deepcopy({key: value for key, value in contract.document.items() if not key.startswith("x-")})
    node = document["paths"][operation.path][operation.method.lower()]
    node["requestBody"]["required"] = True
    node["requestBody"]["content"] = {"application/json": {"schema": accepted_schema(contract, operation.body.schema)}}
    document["paths"] = {operation.path: {operation.method.lower(): node}}
    node["responses"] = {"default": {"description": "any"}}
    node["parameters"] = [
        {"name": parameter.name, "in": "path", "required": True, "schema": {"type": "string"}}
        for parameter in operation.parameters
    ]
    config = schemathesis.Config.from_dict({"generation": {"database": "none", "with-security-parameters": False}})
    schema = schemathesis.openapi.from_dict(document, config=config)
    cases = schema[operation.path][operation.method].as_strategy(
        generation_mode=GenerationMode.POSITIVE,
        path_parameters={parameter.name: "x" for parameter in operation.parameters},
    )
    return cases.map(_object)


def _object(case: Any) -> dict[str, Any]:
    body: dict[str, Any] = case.body
    return body


# --- one thing wrong ------------------------------------------------------------------------------------------


def broken_bodies(contract: Contract, operation: Operation) -> SearchStrategy[Broken]:
    """Valid bodies with exactly one thing wrong, at any depth."""
    assert operation.body is not None
    valid = st.sampled_from(_bodies(contract, operation))
    ways = [
        st.builds(lambda body, value, breaker=breaker: breaker(body, value), valid, values)
        for breaker, values in _breakers(operation.body)
    ]
    return st.one_of(ways).filter(lambda broken: broken is not None)


def _bodies(contract: Contract, operation: Operation) -> list[dict[str, Any]]:
    """Valid bodies to break: the examples that bind. Drawn ones make Hypothesis vary them, and not what is wrong."""
    assert operation.body is not None
    binding = [example.value for example in operation.body.examples.values() if example.level is Level.MUST]
    return binding or [example_of(contract, operation)]


def _values() -> list[tuple[str, SearchStrategy[Any]]]:
    """JSON values by their type, as OpenAPI names it; a type is there as often as it has kinds of values."""
    leaves: list[tuple[str, SearchStrategy[Any]]] = [
        ("null", st.none()),
        ("boolean", st.booleans()),
        ("integer", st.sampled_from([0, 1, -1])),
        ("integer", st.integers(2**16, 2**31)),
        ("integer", st.integers(-(2**31), -(2**16))),
        ("number", st.sampled_from([0.5, -1.25, 1e10])),
        ("string", st.sampled_from(WORDS)),
    ]
    leaf = st.one_of(*(values for _, values in leaves))
    return [
        *leaves,
        ("array", st.one_of(st.just([]), leaf.map(lambda value: [value]))),
        ("object", st.one_of(st.just({}), leaf.map(lambda value: {"text": value}))),
    ]


Breaker = Callable[[dict[str, Any], Any], Broken | None]


def _breakers(body: Body) -> Iterator[tuple[Breaker, SearchStrategy[Any]]]:
    """What can be wrong, with the values for it: each wrong type of each key is as likely as any other fault."""
    every = _values()
    for prop in body.properties:
        if prop.required:
            yield _drop(prop.name, body.required_level), st.none()
        retype = _retype(prop.name, prop.types, prop.levels.get("type", Level.MUST))
        yield from ((retype, values) for kind, values in every if kind not in prop.types)
    yield from ((_root, values) for kind, values in every if kind != "object")
    yield from ((_deep, values) for _, values in every)


def _drop(key: str, level: Level) -> Breaker:
    return lambda valid, _: Broken({k: v for k, v in valid.items() if k != key}, f"no {key}", level)


def json_type(value: Any) -> str:
    """The JSON type of a value, as OpenAPI names it."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _retype(key: str, types: tuple[str, ...], level: Level) -> Breaker:
    def broken(valid: dict[str, Any], value: Any) -> Broken | None:
        kind = json_type(value)
        return None if kind in types else Broken({**valid, key: value}, f"{key} is {kind}", level)

    return broken


def _root(_: dict[str, Any], value: Any) -> Broken | None:
    kind = json_type(value)
    return None if kind == "object" else Broken(value, f"the body is {kind}", Level.MUST)


def _deep(valid: dict[str, Any], value: Any) -> Broken | None:
    """Something else at a key inside an object of the body: no document rules it out."""
    inner = next((key for key, nested in sorted(valid.items()) if isinstance(nested, dict) and nested), None)
    if inner is None:
        return None
    key = sorted(valid[inner])[len(json.dumps(value)) % len(valid[inner])]
    if json_type(value) == json_type(valid[inner][key]):
        return None
    return Broken({**valid, inner: {**valid[inner], key: value}}, f"{inner}.{key} is {json_type(value)}", Level.OBSERVE)


# --- hostile --------------------------------------------------------------------------------------------------


def example_of(contract: Contract, operation: Operation) -> dict[str, Any]:
    """A valid body: the first documented example, else one value for each key."""
    assert operation.body is not None
    documented = next(iter(operation.body.examples.values()), None)
    if documented:
        body: dict[str, Any] = copy.deepcopy(documented.value)
        return body
    return {prop.name: _example(contract, prop.schema) for prop in operation.body.properties}


def _example(contract: Contract, schema: Mapping[str, Any]) -> Any:
    schema = contract.resolve(schema)
    if "example" in schema:
        return schema["example"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _example(contract, schema["anyOf"][0])
    if schema.get("type") == "array":
        return [_example(contract, schema.get("items", {}))]
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: _example(contract, properties[name]) for name in schema.get("required", properties)}
    return {"boolean": True, "integer": 1, "number": 1}.get(schema.get("type", ""), "text")


def hostile_bodies(contract: Contract, operation: Operation) -> SearchStrategy[bytes]:
    """Bytes that no careful client sends: noise, torn JSON, JSON at the edges of what parsers can take."""
    example = example_of(contract, operation)
    whole = encode(example)
    return st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(whole) - 1).map(lambda end: whole[:end]),
        st.builds(_flip, st.just(whole), st.integers(0, len(whole) - 1), st.integers(1, 255)),
        st.sampled_from(_edges(example)),
        st.builds(_with_text, st.just(example), st.text(max_size=80)),
    )


def _flip(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def _with_text(example: dict[str, Any], text: str) -> bytes:
    key = next((key for key, value in example.items() if isinstance(value, str)), "name")
    return json.dumps({**example, key: text}).encode()


def _edges(example: dict[str, Any]) -> list[bytes]:
    place = next((key for key, value in example.items() if isinstance(value, dict)), None)

    def with_raw(raw: str) -> bytes:
        body = {**example, place: {"type": "DOI", "x": "HERE"}} if place else {**example, "x": "HERE"}
        return json.dumps(body).replace('"HERE"', raw).encode()

    whole = encode(example)
    depths = [64, 1000, 10_000]
    return [
        *(with_raw("[" * depth + "]" * depth) for depth in depths),
        *(with_raw('{"a":' * depth + "1" + "}" * depth) for depth in depths),
        *(b"[" * depth for depth in depths),
        with_raw("9" * 5000),
        with_raw("-0"),
        with_raw("1e400"),
        with_raw("1E-400"),
        with_raw("NaN"),
        with_raw("-Infinity"),
        with_raw("0x10"),
        with_raw("01"),
        with_raw('"\\ud800"'),
        with_raw('"\\u0000"'),
        with_raw('"' + "x" * 100_000 + '"'),
        with_raw("{" + ",".join(f'"k{n}":{n}' for n in range(2000)) + "}"),
        b"\xef\xbb\xbf" + whole,
        whole.decode().encode("utf-16"),
        whole.replace(b"alice", b"\xff\xfe"),
        whole.replace(b'"name"', b'"name":"first","name"', 1),
        whole + b"\x00",
        b"\x1f\x8b\x08\x00" + whole,
        whole * 2,
        b"null",
        b'"' + b"\\" * 999,
    ]
