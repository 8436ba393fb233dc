"""What is asked of operations that only look, of entities that the usual fixture does not have."""

from __future__ import annotations

import pytest
from onezone_contracts.derive import protocol
from onezone_contracts.derive.build import Builder
from onezone_contracts.derive.operations import requirements
from onezone_contracts.requirement import Level, Sending
from onezone_spec import editions, load

TOPICS = ("effect.direct", "effect.bare", "effect.foreign", "effect.before", "success.deprecated")


def topics(edition: str, operation: str) -> set[str]:
    """The topics of an operation, of those above."""
    contract = load(edition)
    return {requirement.topic for requirement in requirements(contract, contract.operations[operation])} & set(TOPICS)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("get_group_user_membership", {"effect.direct"}),
        ("get_group_effective_user_privileges", {"effect.direct"}),
        ("get_user_effective_group", {"effect.direct", "effect.bare", "effect.foreign"}),
        ("get_group_effective_user", {"effect.direct", "effect.bare", "success.deprecated"}),
        ("get_group", {"effect.bare", "effect.foreign", "effect.before"}),
        ("get_handle_service", {"effect.foreign"}),
        ("get_user", {"effect.bare", "success.deprecated"}),
        ("list_group_users", set()),
        ("get_zone_privilege_sets", set()),
        ("create_group", set()),
    ],
)
def test_what_is_asked_of_an_operation(operation: str, expected: set[str]) -> None:
    """It follows from the effect and from the keys that are shown."""
    assert topics("current", operation) == expected


def test_what_no_release_sent_is_not_asked_for() -> None:
    """The older documents know no deprecated keys, and only `deployed` names a label, details and unknown paths."""
    assert "success.deprecated" not in topics("classic", "get_user")
    only = {"conflict.details", "success.labelled", "unknown.path"}
    for edition in editions():
        contract = load(edition)
        derived = {
            requirement.topic
            for name in ("add_handle_service_user", "create_group", "get_current_user")
            for requirement in requirements(contract, contract.operations[name])
        }
        assert derived & only == (only if edition == "deployed" else set())


def test_what_was_there_before_binds_where_it_is_documented() -> None:
    """Nobody knows who made it: advice but for released servers."""
    for edition, level in (("classic", Level.SHOULD), ("current", Level.SHOULD), ("deployed", Level.MUST)):
        contract = load(edition)
        levels = {
            requirement.topic: requirement.level
            for requirement in requirements(contract, contract.operations["get_group"])
        }
        assert levels["effect.before"] is level


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_methods_that_onezone_has_are_not_asked_to_be_refused(edition: str) -> None:
    """A zone has more methods at some paths than the contract: they would be answered, and do something."""
    contract = load(edition)
    lacking = {(operation.method, operation.path) for operation in contract.uncovered}
    for operation in contract.operations.values():
        for requirement in protocol.methods(Builder(contract, operation, (), None)):
            check = requirement.check
            for case in check.cases if isinstance(check, Sending) else ():
                assert case.method is not None
                assert case.method not in contract.methods(operation.path)
                assert (case.method, operation.path) not in lacking
