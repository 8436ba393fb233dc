"""The validation stage: 400 with exactly one error, the one that released servers name first.

Source: Onezone 21.02 as deployed, Validation. Keys are looked at in alphabetical order; of one key, first whether it
is there, then null, then the type, then the keywords that the contract has an error for. Keys that the contract does
not know are ignored, unless its schema rules them out. What the schema rules out without an error for it is malformed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.jsontext import members
from onezone_mockserver.schemas import BRANCHES, JSON_TYPES, Schema, broken
from onezone_mockserver.support import UnsupportedContractError

if TYPE_CHECKING:
    from onezone_spec import Body, Contract, Property

    from onezone_mockserver.exchange import Check
    from onezone_mockserver.state import MockState

MISSING = "missingRequiredValue"
GENERAL = "malformedData"
FEWEST = "minProperties"
TYPES = {kind: {name, "integer"} if name == "number" else {name} for kind, name in JSON_TYPES.items()}
"""What a value may be called, by its type; what a number is, only the validator knows."""
BOOLEAN_WORDS = {True: b'"true"', False: b'"false"'}
"""What true and false are stored as where they stand for a string."""

Whole = Callable[[Exchange], None]


def validation(operation: Any, state: MockState) -> Check | None:
    """Refuse bad data; leave each known key's value in `exchange.data`, as the text that is to be stored.

    Raises UnsupportedContractError for a body that the mock cannot judge or store.
    """
    contract = state.contract
    body = contract.operations[operation.operation_id].body
    if body is None:
        return None
    where = f"{operation.method.upper()} {operation.path}: body"
    _check_supported(contract, body, where)
    whole, good = _whole(body), Schema(contract, body.schema, where)
    rules = [(prop, Schema(contract, prop.schema, f"{where}: {prop.name}")) for prop in body.properties]
    names = [prop.name for prop in body.properties]
    words = [prop.name for prop in body.properties if _is_word(prop)]

    def check(exchange: Exchange) -> None:
        value = exchange.value
        if whole and isinstance(value, dict):
            whole(exchange)
        if not good.is_valid(value):
            raise _fault(contract, body, good, rules, value)
        if exchange.body:
            texts, data = members(exchange.body), {}
            for name in names:
                if name in texts:
                    data[name] = bytes(texts[name])
            exchange.data = data
        for name in words:
            if isinstance(value.get(name), bool):
                exchange.data[name] = BOOLEAN_WORDS[value[name]]

    return check


def _check_supported(contract: Contract, body: Body, where: str) -> None:
    """Raises UnsupportedContractError for a body that is no object with its keys listed, and for unusable error ids."""
    schema = body.schema
    if schema.get("type") != "object" or schema.get("nullable"):
        raise UnsupportedContractError(f"{where}: the mock takes objects only: give its schema the type object")
    listed = {prop.name for prop in body.properties}
    branches = [contract.resolve(branch) for key in BRANCHES for branch in schema.get(key, ())]
    hidden = sorted({name for branch in branches for name in branch.get("properties", ())} - listed)
    if hidden:
        raise UnsupportedContractError(f"{where}: {hidden[0]}: list it in the schema's own properties, too")
    own = schema.get("x-onezone-errors", {})
    used = [(f"{where}: {keyword}", error, {"keys"} if keyword == FEWEST else set()) for keyword, error in own.items()]
    for prop in body.properties:
        if prop.schema.get("readOnly"):
            raise UnsupportedContractError(
                f"{where}: {prop.name}: take the key out, or readOnly: it stands in a request"
            )
        used += [
            (f"{where}: {prop.name}: {keyword}", error, {"key", "allowed", "caveat"})
            for keyword, error in prop.errors.items()
        ]
    for place, error, given in used:
        if error not in contract.errors:
            raise UnsupportedContractError(f"{place}: there is no error {error}: add it to x-onezone-errors")
        if not given.issuperset(contract.errors[error].details):
            raise UnsupportedContractError(f"{place}: take an error other than {error}, whose details are not known")


def _fault(contract: Contract, body: Body, good: Schema, rules: list[tuple[Property, Schema]], value: Any) -> Refusal:
    """What is wrong with a body that is not as documented, by the first error that released servers would name."""
    if not isinstance(value, dict):
        return Refusal(GENERAL, "validation: the body is JSON, but not an object")
    for prop, schema in rules:
        error = _absent(prop) if prop.name not in value else _error(prop, schema, value[prop.name])
        if error:
            return _refusal(contract, prop, error, _bad_item(schema, value.get(prop.name)))
    for name in body.schema.get("required", ()):
        if name not in value:
            return Refusal(MISSING, f"validation: {name} is missing", details={"key": name})
    faults = [error for error in good.errors(value) if not error.instance_path]
    keywords = {keyword for error in faults for keyword in broken(error)}
    for keyword, error in body.schema.get("x-onezone-errors", {}).items():
        if keyword in keywords:
            details = {"keys": [prop.name for prop in body.properties]} if keyword == FEWEST else None
            return Refusal(error, f"validation: the body breaks {keyword}", details=details)
    return Refusal(GENERAL, f"validation: the body breaks {' and '.join(sorted(keywords)) or 'its schema'}")


def _whole(body: Body) -> Whole | None:
    """The check of which keys there are; None where the body asks for none in particular."""
    keys = [prop.name for prop in body.properties]
    if not body.none_known and not body.needs:
        return None

    def check(exchange: Exchange) -> None:
        if body.none_known and exchange.value.keys().isdisjoint(keys):
            raise Refusal(body.none_known, "validation: no known key is there", details={"keys": keys})
        for key, others in body.needs.items():
            for other in others if key in exchange.value else ():
                if other not in exchange.value:
                    raise Refusal(MISSING, f"validation: {key} needs {other}", details={"key": other})

    return check


def _absent(prop: Property) -> str | None:
    return MISSING if prop.required else None


def _refusal(contract: Contract, prop: Property, error: str, bad_item: Any = None) -> Refusal:
    names = contract.errors[error].details
    details: dict[str, Any] = {"key": prop.name} if "key" in names else {}
    if "allowed" in names:
        details["allowed"] = _allowed(prop.schema)
    if "caveat" in names:
        details["caveat"] = bad_item
    return Refusal(error, f"validation: {prop.name}: {error}", details=details)


def _bad_item(schema: Schema, value: Any) -> Any:
    """The first item of a list that its schema rules out; None where the value is no list."""
    places = (error.instance_path for error in schema.errors(value)) if isinstance(value, list) else ()
    return next((value[place[0]] for place in places if place), None)


def _allowed(schema: Any) -> list[str]:
    """The values that a schema allows, or its items."""
    return list(schema.get("enum") or schema.get("items", {}).get("enum", ()))


def _error(prop: Property, schema: Schema, value: Any) -> str | None:
    """The error id for a value of the property, None for a good one."""
    if schema.is_valid(value):
        return None
    if value is None and "null" in prop.errors:
        return prop.errors["null"]
    if "type" in prop.errors and prop.types and TYPES[type(value)].isdisjoint(prop.types):
        return prop.errors["type"]  # as the validator would say; to hear it from there is an eighth of such a refusal
    keywords = {keyword for error in schema.errors(value) for keyword in broken(error)}
    return next(
        (prop.errors[keyword] for keyword in ("type", *prop.errors) if keyword in keywords & prop.errors.keys()),
        GENERAL,
    )


def _is_word(prop: Property) -> bool:
    """Whether true and false become strings: where a string may be given as one of them."""
    return "string" in prop.types and "boolean" in prop.types
