"""Small questions about one exchange or two: what it is about, what it touches, what came first."""

from __future__ import annotations

from typing import Any

from onezone_spec import Operation

from onezone_contracts.generate.values import privileges_of
from onezone_contracts.state.expected import CALLER, Ref
from onezone_contracts.traffic.recorded_call import RecordedCall


def nothing(_sent: RecordedCall) -> None:
    """A read that nothing is known of."""


def resource(sent: RecordedCall) -> Ref | None:
    """What an effect is about."""
    resource = sent.operation.effect.resource
    return sent.user if resource == CALLER else sent.roles.get(resource)


def touched(sent: RecordedCall) -> set[Ref]:
    """The entities that a write is about."""
    return {*sent.roles.values(), *([sent.user] if sent.user else [])}


def removed(sent: RecordedCall) -> Ref | None:
    """What is gone if it succeeded."""
    return resource(sent) if sent.operation.effect.verb == "delete" else None


def after(first: RecordedCall, second: RecordedCall) -> bool:
    """Whether one was over before the other began: by the time, or since the other names what the one created."""
    return first.end <= second.start or first.created_ref in second.roles.values()


def between(first: RecordedCall, middle: RecordedCall, last: RecordedCall) -> bool:
    """Whether three came one after the other."""
    return after(first, middle) and after(middle, last)


def strings(value: Any) -> frozenset[str]:
    """The strings of a list; none of anything else."""
    return frozenset(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else frozenset()


def list_of_privileges(operation: Operation, value: Any) -> frozenset[str] | None:
    """The privileges that the body of a joining names, None if it names none."""
    name = next((prop.name for prop in operation.body.properties if privileges_of(prop)), "") if operation.body else ""
    named = value.get(name) if isinstance(value, dict) else None
    return strings(named) if isinstance(named, list) else None


def words(kind: str) -> str:
    """A kind of entity as people write it."""
    return kind.replace("_", " ")
