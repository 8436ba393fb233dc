"""Cases are named in words, in every report: the kit's own short names stay inside."""

from __future__ import annotations

import re

import pytest
from judge_tools import EDITIONS
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.requirement import Sending
from onezone_spec import load

SHORT = re.compile(r": [a-z0-9]+([-.][a-z0-9]+)+$")


@pytest.mark.parametrize("edition", EDITIONS)
def test_cases_are_named_in_words(edition: str) -> None:
    """No label ends in a name with hyphens or dots, as ids have them."""
    contract = load(edition)
    every = (*requirements(contract, judged_operations(contract)[0], "deep"), *all_requirements(contract, "deep"))
    sendings = [requirement.check for requirement in every if isinstance(requirement.check, Sending)]
    labels = {
        case.label
        for sending in (*sendings, *(each for rule in every for each in rule.evidence))
        for case in sending.cases
    }
    assert len(labels) > 100
    assert [label for label in labels if SHORT.search(label)] == []
