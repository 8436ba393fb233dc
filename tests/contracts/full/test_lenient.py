"""Honest servers that take more than is documented: rare inputs to the operations with a body wrong none of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from front import front
from onezone_contracts.options import Options
from onezone_contracts.requirement import Outcome
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_spec import Contract

if TYPE_CHECKING:
    from running_mock import Running

KINDS = {"string": str, "boolean": bool, "array": list, "object": dict, "integer": int, "number": int}


def types(contract: Contract) -> dict[str, set[str]]:
    """The documented types of each key that some body has."""
    known: dict[str, set[str]] = {}
    for operation in contract.operations.values():
        for prop in operation.body.properties if operation.body else ():
            known.setdefault(prop.name, set()).update(prop.types)
    return known


def lenient(contract: Contract, *, coerces: bool) -> Callable[[bytes], bytes]:
    """Reads a body as well as it can, without unknown keys; a value of another type is made a string, or left out."""
    known = types(contract)

    def of_type(key: str, value: Any) -> bool:
        fits = any(type(value) is KINDS[name] for name in known[key] if name in KINDS)
        return fits and not (isinstance(value, list) and None in value)

    def read(body: bytes) -> bytes:
        try:
            value = json.loads(body.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\0"), strict=False)
        except (ValueError, RecursionError):
            return body
        if not isinstance(value, dict):
            return body
        kept = {key: content for key, content in value.items() if key in known and of_type(key, content)}
        for key in value.keys() & known.keys() - kept.keys():
            if coerces and value[key] is not None and "string" in known[key]:
                kept[key] = json.dumps(value[key])
        return json.dumps(kept).encode()

    return read


@pytest.mark.slow
@pytest.mark.parametrize("coerces", [False, True])
@pytest.mark.parametrize("edition", ["current", "deployed"])
def test_a_lenient_server_is_not_wronged(mocks: dict[str, Running], edition: str, coerces: bool) -> None:  # noqa: FBT001
    """Whatever it makes of an odd value is its own affair, as long as no document says more."""
    mock = mocks[edition]
    with front(mock.origin, lambda *_: None, body_read=lenient(mock.contract, coerces=coerces)) as origin:
        subject = Subject(origin + mock.contract.base_paths[0], admin=mock.admin, profile="full", edition=edition)
        patterns = ("*.edges.values", "*.edges.keys", "*.edges.bytes", "*.edges.text.*")
        judgement = judge_target(subject, Options(depth="standard", settle=0.3), patterns)
    wronged = [
        (result.requirement.id, [finding.message for finding in result.findings], result.reason)
        for result in judgement.results
        if result.outcome in {Outcome.FAIL, Outcome.WARN, Outcome.BLOCKED, Outcome.ERROR}
    ]
    assert wronged == []
    assert len(judgement.results) > 100
