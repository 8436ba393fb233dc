"""The validation stage: 400 with exactly one error, the one that released servers name first.

Source: Onezone 21.02 as deployed, Validation. Keys are looked at in alphabetical order; of one key, first whether it
is there, then null, then the type, then the keywords that the contract has an error for. Keys that the contract does
not know are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.jsontext import members

if TYPE_CHECKING:
    from onezone_spec import Body, Contract, Property

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
MISSING = "missingRequiredValue"
BOOLEAN_WORDS = {True: b'"true"', False: b'"false"'}
"""What true and false are stored as where they stand for a string."""

Judge = Callable[[Any], str | None]
"""The error id for a value, None for a good one."""
Rule = tuple["Property", Judge]
Whole = Callable[[Exchange], None]


def validation(operation: Any, state: MockState) -> Check | None:
    """Refuse bad data; leave each known key's value in `exchange.data`, as the text that is to be stored."""
    contract = state.contract
    body = contract.operations[operation.operation_id].body
    if body is None:
        return None
    rules = [(one, judge(contract, one)) for one in body.properties]
    whole, good = _whole(body), _Compiled(lambda: _quick(contract, body))
    names = [one.name for one in body.properties]
    words = [one.name for one in body.properties if _is_word(one)]

    def check(exchange: Exchange) -> None:
        value = exchange.value
        if whole or not good.is_valid(value):
            _find_fault(contract, exchange, whole, rules)
        texts = members(exchange.body) if exchange.body else {}
        exchange.data = {name: texts[name] for name in names if name in texts}
        for name in words:
            if isinstance(value.get(name), bool):
                exchange.data[name] = BOOLEAN_WORDS[value[name]]

    return check


def _find_fault(contract: Contract, exchange: Exchange, whole: Whole | None, rules: list[Rule]) -> None:
    """Refuse what is wrong, by the first error that released servers would name; it may be that nothing is."""
    value = exchange.value
    if not isinstance(value, dict):
        raise Refusal("malformedData", "validation: the body is JSON, but not an object")
    if whole:
        whole(exchange)
    for one, verdict in rules:
        error = verdict(value[one.name]) if one.name in value else _absent(one)
        if error:
            raise _refusal(contract, one, error)


def _whole(body: Body) -> Whole | None:
    """The check of which keys there are; None where the body asks for none in particular."""
    known = [one.name for one in body.properties]
    if not body.none_known and not body.needs:
        return None

    def check(exchange: Exchange) -> None:
        if body.none_known and exchange.value.keys().isdisjoint(known):
            raise Refusal(body.none_known, "validation: no known key is there", details={"keys": known})
        for key, others in body.needs.items():
            for other in others if key in exchange.value else ():
                if other not in exchange.value:
                    raise Refusal(MISSING, f"validation: {key} needs {other}", details={"key": other})

    return check


def _quick(contract: Contract, body: Body) -> dict[str, Any]:
    """One schema for the whole body, to see quickly that nothing is wrong; what it refuses is looked at closely."""
    properties = {one.name: {"anyOf": list(_good(contract, one))} for one in body.properties}
    required = [one.name for one in body.properties if one.required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _good(contract: Contract, one: Property) -> Iterable[dict[str, Any]]:
    """A schema for each type that a value of the property may have."""
    for kind, branch in _branches(contract, one.schema):
        if kind in one.types and not (kind == "null" and kind in one.errors):
            yield {**_rules(one, branch), "type": kind}


def _absent(one: Property) -> str | None:
    return MISSING if one.required else None


def _refusal(contract: Contract, one: Property, error: str) -> Refusal:
    known = contract.errors[error].details
    said = {"key": one.name, "allowed": _allowed(one.schema)}
    details = {key: value for key, value in said.items() if key in known}
    return Refusal(error, f"validation: {one.name}: {error}", details=details)


def _allowed(schema: Any) -> list[str]:
    """The values that a schema allows, or its items."""
    return list(schema.get("enum") or schema.get("items", {}).get("enum", ()))


def judge(contract: Contract, one: Property) -> Judge:
    """What finds the error of a value of the property; the schema keywords are compiled once.

    Of a property with several types only the branch of the value's own type counts.
    """
    branches = _branches(contract, one.schema)
    validators = {kind: _Compiled(partial(_rules, one, branch)) for kind, branch in branches if _rules(one, branch)}

    def verdict(value: Any) -> str | None:
        if value is None and "null" in one.errors:
            return one.errors["null"]
        kind = JSON_TYPES[type(value)]
        if kind not in one.types:
            return one.errors["type"]
        validator = validators.get(kind)
        if validator is None or validator.is_valid(value):
            return None
        broken = {_keyword(error) for error in validator.errors(value)}
        return next(error for keyword, error in one.errors.items() if keyword in broken)

    return verdict


def _keyword(error: Any) -> str:
    """The keyword that a value breaks; an item of another type breaks `items`."""
    name: str = error.kind.name
    return "items" if name == "type" and error.instance_path else name


def _branches(contract: Contract, schema: Any) -> Iterable[tuple[str, Any]]:
    """The types of a schema, each with the part of the schema that speaks of it."""
    if "type" in schema:
        return [(schema["type"], schema)]
    return [pair for branch in schema.get("anyOf", ()) for pair in _branches(contract, contract.resolve(branch))]


class _Compiled:
    """A schema that is compiled when it is first asked: some patterns take milliseconds, and megabytes."""

    __slots__ = ("errors", "is_valid", "schema")

    def __init__(self, schema: Callable[[], dict[str, Any]]) -> None:
        self.schema = schema
        self.is_valid: Callable[[Any], bool] = partial(self._first, "is_valid")
        self.errors: Callable[[Any], Iterable[Any]] = partial(self._first, "errors")

    def _first(self, name: str, value: Any) -> Any:
        validator = compiled(orjson.dumps(self.schema(), option=orjson.OPT_SORT_KEYS))
        self.is_valid, self.errors = validator.is_valid, validator.iter_errors
        return getattr(self, name)(value)


@cache
def compiled(schema: bytes) -> Any:
    """The validator of a schema, which is given as JSON: equal ones are compiled once. There are as many as rules."""
    return jsonschema_rs.Draft4Validator(orjson.loads(schema), validate_formats=False)


def _rules(one: Property, branch: Any) -> dict[str, Any]:
    """The keywords of a branch that have an error id."""
    return {key: value for key, value in branch.items() if key != "type" and (key in one.errors or key == "items")}


def _is_word(one: Property) -> bool:
    """Whether true and false become strings: where a string may be given as one of them."""
    return "string" in one.types and "boolean" in one.types
