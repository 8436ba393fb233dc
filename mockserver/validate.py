"""The validation stage: 400 with exactly one error, the one that released servers name first.

Source: Onezone 21.02 as deployed, Validation. Keys are looked at in alphabetical order; of one key, first whether it
is there, then null, then the type, then the keywords that the contract has an error for. Keys that the contract does
not know are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from mockserver.exchange import App, Exchange, Refusal
from mockserver.jsontext import exact
from mockserver.stage import Check, Stage

if TYPE_CHECKING:
    from spec import Body, Contract, Property

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
        whole = _whole(body)

        def check(exchange: Exchange) -> None:
            if not isinstance(exchange.value, dict):
                raise Refusal("malformedData", "validate: the body is JSON, but not an object")
            if whole:
                whole(exchange)
            for one, verdict in rules:
                error = verdict(exchange.value[one.name]) if one.name in exchange.value else _absent(one)
                if error:
                    raise _refusal(self.contract, one, error)
            sent = exact(exchange.body, exchange.value)
            exchange.data = {one.name: _stored(one, sent[one.name]) for one, _ in rules if one.name in sent}

        return check


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
    validators = {kind: _validator(one, branch) for kind, branch in _branches(contract, one.schema)}

    def verdict(value: Any) -> str | None:
        if value is None and "null" in one.errors:
            return one.errors["null"]
        kind = JSON_TYPES[type(value)]
        if kind not in one.types:
            return one.errors["type"]
        validator = validators.get(kind)
        if validator is None or validator.is_valid(value):
            return None
        broken = {_keyword(error) for error in validator.iter_errors(value)}
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


def _validator(one: Property, branch: Any) -> Any:
    """The validator of the branch's keywords that have an error id; None where it has none."""
    rules = {key: value for key, value in branch.items() if key != "type" and (key in one.errors or key == "items")}
    return jsonschema_rs.Draft4Validator(rules, validate_formats=False) if rules else None


def _stored(one: Property, value: Any) -> bytes:
    """The value as it is stored: where a string may be given as true or false, it becomes that word."""
    if isinstance(value, bool) and "string" in one.types:
        return BOOLEAN_WORDS[value]
    return orjson.dumps(value)
