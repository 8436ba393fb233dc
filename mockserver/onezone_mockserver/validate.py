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

from onezone_mockserver.exchange import App, Exchange, Refusal
from onezone_mockserver.jsontext import exact
from onezone_mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from onezone_spec import Body, Contract, Property

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

Judge = Callable[[Any], str | None]
"""The error id for a value, None for a good one."""
Rule = tuple["Property", Judge]


class Validate(Stage):
    """Refuses bad data; leaves each known key's value in `exchange.data`, serialised as it is to be stored."""

    name = "validate"

    def __init__(self, app: App, *, contract: Contract) -> None:
        super().__init__(app)
        self.contract = contract

    def prepare(self, operation_id: str) -> Check | None:
        """The check for an operation that takes a body; its validators are compiled here."""
        body = self.contract.operations[operation_id].body
        if body is None:
            return None
        rules = [(one, judge(self.contract, one)) for one in body.properties]
        whole, good = _whole(body), _Compiled(lambda: _quick(self.contract, body))
        plain = _Compiled(lambda: _without_numbers(_quick(self.contract, body)))
        stores = [(one.name, partial(_stored, one) if _is_word(one) else orjson.dumps) for one, _ in rules]

        def check(exchange: Exchange) -> None:
            value = exchange.value
            if whole or not plain.is_valid(value):
                if whole or not good.is_valid(value):
                    self._find_fault(value, exchange, whole, rules)
                value = exact(exchange.body, value)
            exchange.data = {name: store(value[name]) for name, store in stores if name in value}

        return check

    def _find_fault(self, value: Any, exchange: Exchange, whole: Check | None, rules: list[Rule]) -> None:
        """Refuse what is wrong, by the first error that released servers would name; it may be that nothing is."""
        if not isinstance(value, dict):
            raise Refusal("malformedData", "validate: the body is JSON, but not an object")
        if whole:
            whole(exchange)
        for one, verdict in rules:
            error = verdict(value[one.name]) if one.name in value else _absent(one)
            if error:
                raise _refusal(self.contract, one, error)


def _whole(body: Body) -> Check | None:
    """The check of which keys there are; None where the body asks for none in particular."""
    known = [one.name for one in body.properties]
    if not body.none_known and not body.needs:
        return None

    def check(exchange: Exchange) -> None:
        if body.none_known and exchange.value.keys().isdisjoint(known):
            raise Refusal(body.none_known, "validate: no known key is there", details={"keys": known})
        for key, others in body.needs.items():
            for other in others if key in exchange.value else ():
                if other not in exchange.value:
                    raise Refusal(MISSING, f"validate: {key} needs {other}", details={"key": other})

    return check


def _quick(contract: Contract, body: Body) -> dict[str, Any]:
    """One schema for the whole body, to see quickly that nothing is wrong; what it refuses is looked at closely."""
    properties = {one.name: {"anyOf": list(_good(contract, one))} for one in body.properties}
    required = [one.name for one in body.properties if one.required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _without_numbers(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, for values without any number in them: those cannot have lost a digit (RFC 8259, 6)."""
    anywhere = {"$ref": "#/definitions/plain"}
    plain = {"not": {"type": "number"}, "additionalProperties": anywhere, "items": anywhere}
    return {"allOf": [schema, anywhere], "definitions": {"plain": plain}}


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
    return Refusal(error, f"validate: {one.name}: {error}", details=details)


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


def _stored(one: Property, value: Any) -> bytes:
    """The value as it is stored: where a string may be given as true or false, it becomes that word."""
    if isinstance(value, bool) and "string" in one.types:
        return BOOLEAN_WORDS[value]
    return orjson.dumps(value)
