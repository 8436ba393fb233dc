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
    from spec import Contract, Property

JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
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

        def check(exchange: Exchange) -> None:
            if not isinstance(exchange.value, dict):
                raise Refusal("malformedData", "validate: the body is JSON, but not an object")
            for one, verdict in rules:
                error = verdict(exchange.value[one.name]) if one.name in exchange.value else _absent(one)
                if error:
                    raise _refusal(self.contract, one, error)
            sent = exact(exchange.body, exchange.value)
            exchange.data = {one.name: _stored(one, sent[one.name]) for one, _ in rules if one.name in sent}

        return check


def _absent(one: Property) -> str | None:
    return "missingRequiredValue" if one.required else None


def _refusal(contract: Contract, one: Property, error: str) -> Refusal:
    keyed = "key" in contract.errors[error].details
    return Refusal(error, f"validate: {one.name}: {error}", details={"key": one.name} if keyed else None)


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
        broken = {error.kind.name for error in validator.iter_errors(value)}
        return next(error for keyword, error in one.errors.items() if keyword in broken)

    return verdict


def _branches(contract: Contract, schema: Any) -> Iterable[tuple[str, Any]]:
    """The types of a schema, each with the part of the schema that speaks of it."""
    if "type" in schema:
        return [(schema["type"], schema)]
    return [pair for branch in schema.get("anyOf", ()) for pair in _branches(contract, contract.resolve(branch))]


def _validator(one: Property, branch: Any) -> Any:
    """The validator of the branch's keywords that have an error id; None where it has none."""
    rules = {keyword: value for keyword, value in branch.items() if keyword in one.errors and keyword != "type"}
    return jsonschema_rs.Draft4Validator(rules, validate_formats=False) if rules else None


def _stored(one: Property, value: Any) -> bytes:
    """The value as it is stored: where a string may be given as true or false, it becomes that word."""
    if isinstance(value, bool) and "string" in one.types:
        return BOOLEAN_WORDS[value]
    return orjson.dumps(value)
