"""What an operation that only looks must say of entities that the usual fixture does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from onezone_spec import Contract, Level, Operation

from onezone_contracts.cases import BARE, BEFORE, DIRECT, FOREIGN, Case
from onezone_contracts.checks import reading as checks
from onezone_contracts.derive.build import Row
from onezone_contracts.requirement import at_successes
from onezone_contracts.state.expected import CALLER, GROUP, READING

DEPRECATED, CREATOR = "deprecated", "creator"
OLD = 3
"""So many entities that were there before are looked at."""


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    effect, source = operation.effect, operation.source
    if effect.verb not in READING:
        return
    kind, related = contract.kind(effect.resource), effect.within in {*_roles(operation), CALLER}
    named = effect.resource in _roles(operation)
    if named and related and effect.effective:
        text = "It says the same of who belongs directly as of who belongs through a group."
        case = Case("reading.direct", "who belongs directly", roles={effect.resource: DIRECT})
        yield "effect.direct", Level.MUST, text, source, checks.right(case)
    shown = keys(contract, operation) if effect.verb == "get" else {}
    if named and shown and _makes_bare(contract, kind):
        text = "What was created without anything that may be left out is shown as documented."
        case = Case("reading.bare", "what has nothing but what it must", roles={effect.resource: BARE})
        yield "effect.bare", Level.MUST, text, source, checks.right(case)
    if named and CREATOR in shown and contract.find("create", kind, CALLER):
        text = "What somebody else created names that user as its creator."
        case = Case("reading.foreign", "what somebody else created", roles={effect.resource: FOREIGN})
        yield "effect.foreign", Level.MUST, text, source, checks.right(case)
    if named and kind == GROUP and effect.within is None and CREATOR in shown:  # others may hold what is secret
        text = "What was there before is shown as documented, whoever made it."
        old = [Case(f"reading.before.{n}", "what was there before", roles={kind: f"{BEFORE}{n}"}) for n in range(OLD)]
        yield "effect.before", documented(Level.SHOULD), text, source, checks.as_documented(*old)
    if any(DEPRECATED in schema for schema in shown.values()):
        text = "Keys that are deprecated are still there."
        yield "success.deprecated", Level.SHOULD, text, source, at_successes(checks.deprecated)


def keys(contract: Contract, operation: Operation) -> dict[str, Any]:
    """The keys that a success shows, with their schemas."""
    schema = contract.resolve(operation.success.schema or {})
    return {name: contract.resolve(value) for name, value in schema.get("properties", {}).items()}


def _roles(operation: Operation) -> set[str | None]:
    return {parameter.entity for parameter in operation.parameters}


def _makes_bare(contract: Contract, kind: str) -> bool:
    """Whether something of that kind can be created with less than everything."""
    operation = contract.find("create", kind)
    return (
        operation is not None and operation.body is not None and not all(p.required for p in operation.body.properties)
    )
