"""What names what: the keys by which entities of a kind name others, and whether what is named may go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onezone_spec import Reference

if TYPE_CHECKING:
    from onezone_spec import Contract

FILLED = "x-onezone-filled"
References = dict[str, dict[str, Reference]]
"""What entities of each kind name, by the keys of their details."""


def references(contract: Contract) -> References:
    """What the contract says of a kind, and what the bodies that make one name."""
    named = {
        kind: {key: Reference(target) for key, target in keys.items()} for kind, keys in contract.references.items()
    }
    for operation in contract.operations.values():
        if operation.effect.verb == "create" and operation.body:
            keys = {prop.name: prop.refers for prop in operation.body.properties if prop.refers}
            if keys:
                named.setdefault(contract.kind(operation.effect.resource), {}).update(keys)
    return named


def needed(contract: Contract, kind: str) -> frozenset[str]:
    """The keys without which no entity of a kind is shown."""
    return frozenset(_public_schema(contract, kind).get("required", ()))


def templates(contract: Contract, kind: str) -> dict[str, str]:
    """What a registry fills in where an entity of a kind is made: by its keys, a template each."""
    properties = _public_schema(contract, kind).get("properties", {})
    return {key: schema[FILLED] for key, schema in properties.items() if FILLED in schema}


def time_text(moment: int) -> str:
    """A time in seconds since 1970, as a registry writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def may_go(contract: Contract, kind: str, namer: str) -> bool:
    """Whether an entity of a kind may be deleted while one of the other kind names it."""
    return any(
        operation.effect.verb == "delete"
        and contract.kind(operation.effect.resource) == kind
        and namer not in operation.kept_by
        for operation in contract.operations.values()
    )


def _public_schema(contract: Contract, kind: str) -> Any:
    shown = contract.find("get", kind)
    return contract.resolve(shown.success.schema or {}) if shown else {}
