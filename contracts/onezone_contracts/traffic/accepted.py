"""Rules of the request's body that a request broke which was accepted nevertheless."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs
from onezone_spec import Body, Contract, Property

from onezone_contracts.checks.error import first_error, is_json
from onezone_contracts.state.compare import brief
from onezone_contracts.traffic.recorded_call import NO_JSON, RecordedCall
from onezone_contracts.traffic.recording import MASK, header

Problem = tuple[str, str, str]
Judged = tuple[tuple[str, ...], Problem]
"""The topics that a rule may have, and what is wrong."""
REFUSED = "400"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
_MARK = b"\xef\xbb\xbf"
OTHER_TYPES = ("text/", "application/xml", "application/x-www-form-urlencoded", "multipart/", "application/yaml")
"""Media types that are not near to JSON."""
_ASIDE = r"(?:\s|/\*(?s:.*?)\*/|(?://|#)[^\r\n]*+)*+"
"""Blanks and comments."""
_OPENING = re.compile(_ASIDE)
_CLOSING = re.compile(rf"\}}{_ASIDE}\Z")
_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}


def broken_rules(contract: Contract, sent: RecordedCall) -> Iterator[Judged]:
    """The rules that the body of an accepted request breaks."""
    body = sent.operation.body
    data = sent.recorded.request_body
    if body is None or data is None or not sent.recorded.heads:
        return
    label = header(sent.recorded.request_headers, "content-type") or ""
    if data and label.lower().startswith(OTHER_TYPES) and not is_json(label):
        yield ("media-type.other",), (f"a body that is sent as {label} is accepted", "415", _answer_of(sent))
    if not data.strip():
        if body.required:
            yield ("body.nothing",), ("a request without a body is accepted", REFUSED, _answer_of(sent))
    elif sent.value is NO_JSON:
        if REPLACEMENT not in data and not data.startswith(_MARK) and _surely_no_json(data):
            extended = _extended(data)
            topic = "body.extended" if extended else "body.malformed"
            what = "a body with what JSON lacks" if extended else "a body that is no JSON"
            yield (topic,), (f"{what} is accepted", REFUSED, _answer_of(sent))
    elif not isinstance(sent.value, dict):
        yield ("body.non-object",), ("JSON that is no object is accepted", REFUSED, _answer_of(sent))
    else:
        yield from _of_object(contract, body, sent)


def _surely_no_json(data: bytes) -> bool:
    try:
        json.loads(data.decode("utf-8"))
    except RecursionError:
        return False
    except ValueError:
        return True
    return False


def _extended(data: bytes) -> bool:
    """Whether parsers that take more than JSON (RFC 8259, 9) may read an object in it.

    They take comments, single quotes or a last comma; or they stop after the first value.
    """
    text = data.decode("utf-8", "replace")
    text = text[_OPENING.match(text).end() :]  # type: ignore[union-attr]  # it matches anywhere
    if not text.startswith("{"):
        return False
    if _CLOSING.search(text):
        return True
    try:
        json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _answer_of(sent: RecordedCall) -> str:
    return str(sent.status)


def _of_object(contract: Contract, body: Body, sent: RecordedCall) -> Iterator[Judged]:
    for prop in body.properties:
        if prop.name in sent.value:
            yield from _of_property(contract, prop, sent)
        elif prop.required:
            topics = (f"body.missing.{prop.name}", f"body.{prop.name}.missing")
            yield topics, (f"a body without {prop.name} is accepted", REFUSED, _answer_of(sent))
    if body.none_known and not {prop.name for prop in body.properties} & sent.value.keys():
        yield ("body.none-known",), ("a body without any key that is known is accepted", REFUSED, _answer_of(sent))


def _of_property(contract: Contract, prop: Property, sent: RecordedCall) -> Iterator[Judged]:
    value, name = sent.value[prop.name], prop.name
    if value == MASK:
        return
    if value is None:
        yield (
            (f"body.null.{name}", f"body.{name}.null"),
            (f"a {name} that is null is accepted", REFUSED, _answer_of(sent)),
        )
    elif not _fits(value, prop.types):
        topics = (f"body.type.{name}", f"body.{name}.type")
        yield topics, (f"a {name} of another type is accepted: {brief(_TYPES[type(value)])}", REFUSED, _answer_of(sent))
    elif value in ("", {}) and "empty" in prop.levels:
        yield (
            (f"body.empty.{name}", f"body.{name}.empty"),
            (f"an empty {name} is accepted", REFUSED, _answer_of(sent)),
        )
    elif isinstance(value, list) and not _of_strings(prop, value):
        yield (f"body.{name}.items",), (f"a {name} of other things than strings is accepted", REFUSED, _answer_of(sent))
    else:
        for rule in ("enum", "pattern"):
            if rule in prop.levels and not _keeps(contract, prop, rule, value):
                problem = (f"a {name} that breaks the rule “{rule}” is accepted", REFUSED, _answer_of(sent))
                yield (f"body.{name}.{rule}",), problem


def _fits(value: Any, types: tuple[str, ...]) -> bool:
    came = _TYPES[type(value)]
    return came in types or (came == "number" and "integer" in types)


def _of_strings(prop: Property, value: list[Any]) -> bool:
    """Whether a list holds strings, where the schema says that it does."""
    return prop.schema.get("items", {}).get("type") != "string" or all(isinstance(entry, str) for entry in value)


def _keeps(contract: Contract, prop: Property, rule: str, value: Any) -> bool:
    schema = {key: prop.schema[key] for key in (rule, "anyOf") if key in prop.schema}
    if isinstance(value, list) and rule == "enum":
        scope = prop.schema.get("items", {}).get("x-onezone-privileges-of")
        allowed = contract.privileges.get(scope, {}) if scope else prop.schema.get("items", {}).get("enum", value)
        return all(entry in allowed for entry in value if isinstance(entry, str))
    return not schema or first_error(_validator(json.dumps(schema)), value) is None


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    return jsonschema_rs.Draft4Validator(json.loads(schema))
