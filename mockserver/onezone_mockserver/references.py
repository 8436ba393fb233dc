"""What names what: the keys by which entities of a kind name others, and whether what is named may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_spec import Reference

if TYPE_CHECKING:
    from onezone_spec import Contract

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
