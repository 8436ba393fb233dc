"""The document's schemas as JSON Schema, with every `$ref` replaced by what it points at, ready to be compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from onezone_mockserver.support import UnsupportedContractError

if TYPE_CHECKING:
    from onezone_spec import Contract

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
"""What OpenAPI 3.0.3 builds its schemas on, the booleans `exclusiveMinimum` and `exclusiveMaximum` included."""
JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
BRANCHES = ("allOf", "anyOf", "oneOf")


class Schema:
    """A schema that is compiled when it is first asked: some patterns take milliseconds, and megabytes.

    Until then it is kept as it is: its long patterns are those of the contract, and take no memory twice.

    Raises UnsupportedContractError, which begins with `where`, for one that cannot be compiled.
    """

    __slots__ = ("errors", "is_valid", "schema")

    def __init__(self, contract: Contract, node: Any, where: str) -> None:
        schema = with_null(_whole(contract, node, where))
        try:
            jsonschema_rs.meta.validate({**schema, "$schema": DRAFT_4})
            orjson.dumps(schema)  # what JSON has no word for is told at the start
        except (TypeError, ValueError) as error:
            message = f"{where}: make it a schema of OpenAPI 3.0: {str(error).splitlines()[0]}"
            raise UnsupportedContractError(message) from None
        self.schema = schema
        self.is_valid: Callable[[Any], bool] = partial(self._first, "is_valid")
        self.errors: Callable[[Any], Iterable[Any]] = partial(self._first, "errors")

    def _first(self, name: str, value: Any) -> Any:
        validator = compiled(orjson.dumps(self.schema, option=orjson.OPT_SORT_KEYS))
        self.is_valid, self.errors = validator.is_valid, validator.iter_errors
        return getattr(self, name)(value)


@cache
def compiled(schema: bytes) -> Any:
    """The validator of a schema, which is given as JSON: equal ones are compiled once. There are as many as rules."""
    return jsonschema_rs.Draft4Validator(orjson.loads(schema), validate_formats=True)


def _whole(contract: Contract, node: Any, where: str, inside: tuple[str, ...] = ()) -> Any:
    """A schema in which nothing refers to another place."""
    if isinstance(node, list):
        return [_whole(contract, part, where, inside) for part in node]
    if not isinstance(node, dict):
        return node
    target = node.get("$ref")
    if not isinstance(target, str):
        return {key: _whole(contract, value, where, inside) for key, value in node.items()}
    if target in inside:
        raise UnsupportedContractError(f"{where}: {target} is a part of itself: write out as many levels as are meant")
    return _whole(contract, contract.resolve(node), where, (*inside, target))


def with_null(node: Any) -> Any:
    """A schema of OpenAPI 3.0 with its `nullable` as JSON Schema says it."""
    if isinstance(node, list):
        return [with_null(part) for part in node]
    if not isinstance(node, dict):
        return node
    schema = {key: with_null(value) for key, value in node.items()}
    nullable = schema.get("nullable") is True and isinstance(schema.get("type"), str)
    return schema | {"type": [schema["type"], "null"]} if nullable else schema


def broken(error: Any) -> set[str]:
    """The keywords that a value breaks by an error; an item of another type breaks `items`.

    Of several branches only those for the value's own type count, if there are any.
    """
    name: str = error.kind.name
    if name not in BRANCHES:
        return {"items" if name == "type" and error.instance_path else name}
    branches = [set().union(*map(broken, branch)) for branch in getattr(error.kind, "context", ())]
    fitting = [keywords for keywords in branches if "type" not in keywords]
    return {name}.union(*(fitting or branches))
