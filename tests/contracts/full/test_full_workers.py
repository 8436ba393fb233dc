"""Requests at the same time change no outcome of any operation."""

from __future__ import annotations

import pytest
from onezone_contracts.options import Options
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from running_mock import Running

OWN = "update_current_user_privileges.authentication.*"
"""By who changes with it what they may do next."""
PATTERNS = ("create_group.*", "update_group.*", "list_users.*", "add_group_user.*", "delete_group.*", OWN)


@pytest.mark.slow
def test_outcomes_are_the_same_for_any_number_of_workers(mock: Running) -> None:
    """Those of verbs that make, change, read, relate and remove."""

    def outcomes(workers: int) -> dict[str, str]:
        request = Subject(mock.base_url, admin=mock.admin, profile="full")
        judgement = judge_target(request, Options(seed=7, workers=workers), PATTERNS)
        return {result.requirement.id: str(result.outcome) for result in judgement.results}

    alone = outcomes(1)
    assert set(alone.values()) <= {"pass", "observed"}
    assert outcomes(4) == alone
