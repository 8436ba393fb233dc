"""Requests at the same time change no outcome of any operation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from onezone_contracts.derive import asks
from onezone_contracts.options import Options
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.fixtures import Stages
from onezone_contracts.trial import AccountTrial
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


@pytest.mark.parametrize(("operation", "ahead"), [("update_current_user_privileges", 0), ("update_group", 2)])
def test_who_is_changed_sends_one_request_after_the_other(
    mocks: dict[str, Running], operation: str, ahead: int
) -> None:
    """Else what was accepted may have taken from them what the next one needs: it would be a 403."""
    mock = mocks["current"]
    account = Account(mock.contract, mock.base_url, mock.admin)
    account.open()
    stages = Stages(Options(), account=account)
    trial = AccountTrial(stages, account.contract.operations[operation])
    with ThreadPoolExecutor(2) as stages.pool:
        trial.ahead(
            replace(asks.valid(), name=f"odd.{number}", change=lambda body, number=number: {**body, "x": number})
            for number in range(2)
        )
    stages.pool = None
    account.remove()
    assert len(trial.log) == ahead
