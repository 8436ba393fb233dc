"""The stage for parameters: 400 for one that is not as the document declares it.

Nothing is asked of an id of the path beyond what its schema says: an id that nobody has is for a later stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jsonschema_rs

from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

NUMBERS = {"integer": int, "number": float}
WORDS = {"true": True, "false": False}


def parameters(operation: Any, _state: MockState) -> Check | None:
    """Refuse a parameter that is missing, or not of its schema. A string that is not empty needs no check."""
    declared = [_Parameter(node) for node in operation.parameters if not _is_any_text(node)]
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
    return node["in"] == "path" and plain and not rules


class _Parameter:
    """A declared parameter of the path, the query or a header, with its schema compiled."""

    def __init__(self, node: Any) -> None:
        self.name: str = node["name"]
        self.place: str = node["in"]
        self.required = node.get("required", False)
        self.type = node.get("schema", {}).get("type", "string")
        self.schema = jsonschema_rs.Draft4Validator(node.get("schema", {}), validate_formats=False)

    def fault(self, exchange: Exchange) -> str:
        """What is wrong with the parameter in a request, "" where nothing is."""
        text = self._text(exchange)
        if text is None:
            return "is missing" if self.required else ""
        return "" if self.schema.is_valid(self._value(text)) else "is not as documented"

    def _text(self, exchange: Exchange) -> str | None:
        if self.place == "path":
            return exchange.params.get(self.name)
        if self.place == "header":
            header = exchange.headers.get(self.name.lower().encode())
            return None if header is None else header.decode("latin-1")
        query = parse_qs(exchange.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        return next(iter(query.get(self.name, ())), None)

    def _value(self, text: str) -> Any:
        """The text as a value of the declared type; as it is where it is none."""
        if self.type == "boolean":
            return WORDS.get(text, text)
        try:
            return NUMBERS[self.type](text) if self.type in NUMBERS else text
        except ValueError:
            return text
