"""From an operation of the contract to the requirements that it makes of an implementation. One file a topic."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_spec import Contract, Operation

from onezone_contracts.derive import (
    access,
    answers,
    bodies,
    bounds,
    credentials,
    edges,
    forbidden,
    generated,
    protocol,
    sequences,
    sizes,
    users,
)
from onezone_contracts.derive.build import Builder
from onezone_contracts.personas import personas
from onezone_contracts.requirement import Requirement, with_evidence

PROVOKED = frozenset({400, 401, 403, 404})
"""Documented error statuses that a client can bring about."""


def requirements(contract: Contract, operation: Operation, depth: str = "standard") -> tuple[Requirement, ...]:
    """The requirements of an operation, in the order in which they are judged.

    Those that send requests come first; those that look at everything that was sent come last.
    """
    build = Builder(contract, operation, personas(contract, operation))
    return with_evidence(_all(build, depth))


def _all(build: Builder, depth: str) -> Iterator[Requirement]:
    yield from access.requirements(build)
    yield from bodies.requirements(build)
    yield from protocol.requirements(build)
    if depth != "quick":
        yield from forbidden.requirements(build)
    yield from access.credentials(build)  # late: a server may lock an account after wrong passwords
    if depth != "quick":
        yield from bounds.requirements(build)
        yield from edges.requirements(build)
        yield from generated.requirements(build)
        yield from sequences.requirements(build)
        yield from credentials.requirements(build)
        yield from users.requirements(build)
        yield from sizes.requirements(build)
        yield generated.under_load(build)
    yield from answers.requirements(build)


def judged_operations(contract: Contract) -> tuple[Operation, ...]:
    """The operations of the profile `core`: those that create something from a body with documented examples.

    What is asked of them beyond what is asked of every operation is taken from Onezone's documents: a contract that
    does not rest on one of the kit's editions has none.
    """
    if contract.extends is None:
        return ()
    return tuple(
        operation
        for operation in contract.operations.values()
        if operation.effect.verb == "create" and operation.body and operation.body.examples
    )


def profile_of(contract: Contract, profile: str) -> str:
    """The profile by which a contract is judged: `full` where it has no operation for `core`."""
    return profile if judged_operations(contract) else "full"


def provoked(operation: Operation) -> frozenset[int]:
    """The documented statuses that a whole run must have seen."""
    return (PROVOKED & operation.responses.keys()) | {operation.success.status}
