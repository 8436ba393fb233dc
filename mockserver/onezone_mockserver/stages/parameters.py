"""The stage for parameters: 400 for one that is not as the document declares it.

Nothing is asked of an id of the path beyond what its schema says: an id that nobody has is for a later stage.
Connexion has a parser of parameters, too, but it leaves out headers and cookies, needs a `type`, and takes for a number
what Python does.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.jsontext import loads
from onezone_mockserver.schemas import BRANCHES, with_null
from onezone_mockserver.support import UnsupportedContractError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,999})(?:\.[0-9]{1,999})?(?:[eE][+-]?[0-9]{1,9})?")
"""A number of JSON (RFC 8259, 6), of a length that Python reads."""
WORDS = {"true": True, "false": False, "null": None}
DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
"""What stands between the items of an array, by the style of the parameter."""


def parameters(operation: Any, _state: MockState) -> Check | None:
    """Refuse a parameter that is missing, or not of its schema. A string that is not empty needs no check.

    Raises UnsupportedContractError for a parameter that the mock cannot read.
    """
    nodes = {(node["name"], node["in"]): node for node in reversed(operation.parameters)}  # the path's come last
    declared = [_Parameter(node, operation) for node in reversed(nodes.values()) if not _is_any_text(node)]
    if not declared:
        return None

    def check(exchange: Exchange) -> None:
        for parameter in declared:
            fault = parameter.fault(exchange)
            if fault:
                raise Refusal("malformedData", f"parameters: {parameter.name} {fault}")

    return check


def _is_any_text(node: Any) -> bool:
    """Whether the routing has seen to it: an id of the path with nothing but a type, and a length that is not 0."""
    rules = node.get("schema", {}).keys() - {"type", "minLength"}
    plain = node.get("schema", {}).get("type") == "string" and node["schema"].get("minLength", 0) <= 1
    return node["in"] == "path" and node.get("style", "simple") == "simple" and plain and not rules


class _Parameter:
    """A declared parameter with its schema compiled."""

    def __init__(self, node: Any, operation: Any) -> None:
        self.name: str = node["name"]
        self.place: str = node["in"]
        self.required = node.get("required", False)
        media, described = next(iter(node.get("content", {}).items()), ("", node))
        self.is_json = media.lower() == "application/json" or media.lower().endswith("+json")
        plain = described.get("schema", {})
        style = node.get("style", "form" if self.place in {"query", "cookie"} else "simple")
        if not media and (style not in DELIMITERS or plain.get("type") == "object"):
            where = f"{operation.method.upper()} {operation.path}: parameter {self.name}"
            raise UnsupportedContractError(f"{where}: objects and the style {style} are not read: give it `content`")
        self.delimiter = DELIMITERS.get(style, ",")
        self.repeats = self.place == "query" and node.get("explode", style == "form")
        schema = with_null(plain)
        self.schema = _compiled(schema)
        self.items = [_compiled(items) for items in _items(schema)]

    def fault(self, exchange: Exchange) -> str:
        """What is wrong with the parameter in a request, "" where nothing is."""
        texts = self._texts(exchange)
        if not texts:
            return "is missing" if self.required else ""
        if not all(map(_is_unicode, texts)):
            return "is not UTF-8"
        return "" if any(map(self.schema.is_valid, self._readings(texts))) else "is not as documented"

    def _texts(self, exchange: Exchange) -> list[str]:
        """The values as they came: several only of the query."""
        if self.place == "query":
            return exchange.query.get(self.name, [])
        if self.place == "header":
            header = exchange.headers.get(self.name.lower().encode())
            return [] if header is None else [header.decode("latin-1")]
        given = exchange.params if self.place == "path" else exchange.cookies
        return [given[self.name]] if self.name in given else []

    def _readings(self, texts: list[str]) -> Iterator[Any]:
        """What the values may stand for: the first one, or an array with items that are what its schema accepts."""
        if self.is_json:
            yield from _parsed(texts[0])
            return
        yield from _scalars(texts[0])
        parts = texts if self.repeats else texts[0].split(self.delimiter)
        if self.place == "header":
            parts = [part.strip() for part in parts]
        for items in self.items:
            yield [next(filter(items.is_valid, _scalars(part)), part) for part in parts]


def _scalars(text: str) -> Iterator[Any]:
    """What a text may stand for: itself, or the number or the word of JSON that it spells."""
    yield text
    if text in WORDS:
        yield WORDS[text]
    elif NUMBER.fullmatch(text):
        yield json.loads(text)  # with every digit of an integer, unlike orjson


def _parsed(text: str) -> Iterator[Any]:
    try:
        yield loads(text.encode())
    except ValueError:
        return


def _is_unicode(text: str) -> bool:
    """Whether there are no surrogates in it, which are what is left of bytes that are not UTF-8."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _items(schema: Any) -> Iterator[Any]:
    """The schemas for the items of the arrays that a schema accepts."""
    if "items" in schema:
        yield schema["items"]
    for key in BRANCHES:
        for branch in schema.get(key, ()):
            yield from _items(branch)


def _compiled(schema: Any) -> Any:
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True)
