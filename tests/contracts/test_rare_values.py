"""Rare inputs to any operation with a body: what is sent where, and how binding that is."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from onezone_contracts.derive import judged_operations
from onezone_contracts.derive.odd import BESIDE, VALUES, WHOLE
from onezone_contracts.derive.operations import all_requirements, operations
from onezone_contracts.requirement import Requirement, Sending
from onezone_spec import editions, load

TOPICS = {"edges.values", "edges.keys", "edges.bytes"}
BODY = {"name": "group", "type": "team"}


@cache
def topics(edition: str) -> dict[str, set[str]]:
    """The topics of rare inputs at `standard`, by operation."""
    by_operation: dict[str, set[str]] = {}
    for requirement in all_requirements(load(edition), "standard"):
        if requirement.topic.startswith("edges."):
            by_operation.setdefault(requirement.operation, set()).add(requirement.topic)
    return by_operation


def requirements_of(operation: str) -> dict[str, Requirement]:
    """The requirements of an operation of `current`, by topic."""
    every = all_requirements(load("current"), "standard")
    return {requirement.topic: requirement for requirement in every if requirement.operation == operation}


def bodies_of(requirement: Requirement) -> dict[str, Any]:
    """What each case makes of a valid body, by the end of its name."""
    assert isinstance(requirement.check, Sending)
    return {
        case.name.removeprefix(requirement.topic.removesuffix("s")).lstrip("s."): case.change(dict(BODY))
        for case in requirement.check.cases
        if case.change
    }


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_every_operation_with_a_body_has_them(edition: str) -> None:
    """Odd values, unknown keys and odd bytes; none has them that takes no body."""
    contract = load(edition)
    bodies = {operation.id for operation in operations(contract) if operation.body}
    having = {name for name, found in topics(edition).items() if found >= TOPICS}
    assert having - {operation.id for operation in judged_operations(contract)} == bodies


def test_text_is_sent_where_any_text_may_stand() -> None:
    """A key with a form, with words to choose from, or with names that nobody shares has other rules."""
    texts = {
        f"{operation} {topic.rpartition('.')[2]}"
        for operation, found in topics("deployed").items()
        for topic in found
        if topic.startswith("edges.text.")
    }
    assert {"create_group name", "update_group name", "create_user fullName"} <= texts
    assert not {"create_user username", "create_user password", "create_group type", "join_group token"} & texts
    assert not {"create_handle metadata", "create_handle resourceId", "update_handle_service proxyEndpoint"} & texts


def test_values_that_a_key_takes_are_no_odd_ones() -> None:
    """True for a boolean would block a user, and say nothing."""
    names = set(bodies_of(requirements_of("update_user_access_block")["edges.values"]))
    assert len(names) == len(VALUES) - 1
    assert not any(name.endswith("true") for name in names)


def test_bytes_are_beside_what_is_right() -> None:
    """The body has all of its keys, and one more that nobody knows; or each key twice."""
    bodies = bodies_of(requirements_of("update_group")["edges.bytes"])
    assert len(bodies) == len(BESIDE) + len(WHOLE)
    assert json.loads(bodies["an-escaped-nul"]) == {**BODY, "kitEdge": "\0"}
    assert bodies["every-key-twice"].count(b'"name"') == 2


def test_what_would_be_in_the_way_is_sent_by_itself() -> None:
    """A second time, a member is there already."""
    for operation, apart in (("add_group_user", True), ("update_group", False)):
        check: Any = requirements_of(operation)["edges.bytes"].check
        assert {case.apart for case in check.cases} == {apart}
