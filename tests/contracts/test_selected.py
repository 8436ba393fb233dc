"""`--requirement` where several operations require the same."""

from __future__ import annotations

import pytest
from onezone_contracts.judge import selected
from onezone_contracts.requirement import Level, Requirement
from onezone_contracts.target.file import SetupError

RULES = [
    Requirement(topic, operation, Level.MUST, "A rule.", "A page.", lambda _: ())
    for operation, topic in (("one", "access.member"), ("two", "access.member"), ("two", "body.missing"))
]


def test_a_topic_of_one_operation_is_clear() -> None:
    """It needs no operation before it."""
    assert selected(RULES, ["body.missing"]) == (RULES[2],)
    assert selected(RULES, ["two.access.member"]) == (RULES[1],)
    assert selected(RULES, ["access.*"]) == tuple(RULES[:2])


def test_a_topic_of_several_operations_is_not() -> None:
    """One line says what to write instead."""
    with pytest.raises(SetupError, match=r"fits 2 operations: write one\.access\.member, or \*\.access\.member"):
        selected(RULES, ["access.member"])
