"""What a handle names stays: who is accused of deleting it was seen to, and of nothing that a limiter answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from front import Rewrite, front
from onezone_contracts.checks.carriers import lets_in
from onezone_contracts.checks.keeping import refused_while_referenced
from onezone_contracts.options import Options
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.fixtures import Stages
from onezone_contracts.trial import AccountTrial

if TYPE_CHECKING:
    from running_mock import Running

SERVICE = "/handle_services/"
BAD_REQUEST = 400


@contextmanager
def stages_at(mock: Running, instead: Rewrite) -> Iterator[Stages]:
    """What an administrator's account has at the mock, behind what answers some requests itself."""
    with front(mock.origin, instead) as origin:
        account = Account(mock.contract, origin + mock.contract.base_paths[0], mock.admin)
        account.open()
        try:
            yield Stages(Options(), account=account)
        finally:
            account.remove()


def trial_of(stages: Stages, verb: str, resource: str) -> AccountTrial:
    operation = stages.account.contract.find(verb, resource)
    assert operation
    return AccountTrial(stages, operation)


def findings_of(stages: Stages) -> list[Finding]:
    return list(refused_while_referenced("handle", BAD_REQUEST)(trial_of(stages, "delete", "handle_service")))


@pytest.mark.slow
def test_a_server_without_the_read_is_not_accused(mocks: dict[str, Running]) -> None:
    """That a handle service cannot be read does not mean that it is gone."""

    def unread(method: str, path: str) -> int | None:
        return 404 if method == "GET" and SERVICE in path and path.count("/") == 5 else None

    with stages_at(mocks["deployed"], unread) as stages:
        assert findings_of(stages) == []


def answered(status: int) -> Rewrite:
    """Every deletion of a handle service is answered so."""
    return lambda method, path: status if method == "DELETE" and SERVICE in path else None


@pytest.mark.slow
def test_what_a_limiter_answers_is_no_violation(mocks: dict[str, Running], monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing about the deletion."""
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)
    limited = True

    def limit(method: str, path: str) -> int | None:
        return answered(429)(method, path) if limited else None

    with stages_at(mocks["deployed"], limit) as stages:
        with pytest.raises(NotJudged, match="not answered for itself: 429") as reason:
            findings_of(stages)
        limited = False
    assert reason.value.blocked


@pytest.mark.slow
def test_another_refusal_is_told_as_one(mocks: dict[str, Running]) -> None:
    """It was refused, though not as documented."""
    other = 403

    def refusing(method: str, path: str) -> int | None:
        return answered(other)(method, path) if other else None

    with stages_at(mocks["deployed"], refusing) as stages:
        messages = [finding.message for finding in findings_of(stages)]
        other = 0
    assert messages == ["the deletion of a handle service that a handle names was not answered with 400"]


@pytest.mark.slow
def test_a_token_that_a_limiter_kept_out_is_no_violation(
    mocks: dict[str, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it lets its user in is not known."""
    monkeypatch.setattr("onezone_contracts.patience.SHORTEST", 0)
    limited = False

    def limit(method: str, path: str) -> int | None:
        return 429 if limited and method == "GET" and path.endswith("/user") else None

    with stages_at(mocks["deployed"], limit) as stages:
        limited = True
        with pytest.raises(NotJudged, match="not answered for itself: 429"):
            list(lets_in("X-Auth-Token", "{}")(trial_of(stages, "get", "caller")))
        limited = False
