"""Shares for handles: the API makes none, so those that are there have to do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from onezone_contracts.cases import with_value
from onezone_contracts.derive import asks
from onezone_contracts.options import Options
from onezone_contracts.requirement import HungError, NotJudged, OutOfTimeError
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.fixtures import Stages
from onezone_contracts.target.shares import Shares
from onezone_contracts.trial import AccountTrial

if TYPE_CHECKING:
    from running_mock import Running

HANDLE = "handle"


@pytest.fixture
def account(mocks: dict[str, Running]) -> Iterator[Account]:
    """An administrator's of the demo, where 128 shares are free."""
    mock = mocks["deployed"]
    account = Account(mock.contract, mock.base_url, mock.admin)
    account.open()
    yield account
    account.remove()


@pytest.fixture
def shares(account: Account) -> Shares:
    """What gives them for bodies that the account makes."""
    return Stages(Options(), account=account).shares


def all_of(shares: Shares) -> list[str]:
    """Every share that is free, one after the other."""
    given = []
    while True:
        try:
            given.append(shares.free())
        except SetupError:
            return given


@pytest.mark.slow
def test_a_share_is_given_once_in_an_operation(shares: Shares) -> None:
    """Then there is none: what an operation names it may still need."""
    given = all_of(shares)
    assert len(given) == len(set(given)) == 128
    with pytest.raises(SetupError, match="no share is free"):
        shares.free()


def test_what_a_refused_body_named_is_given_again(shares: Shares) -> None:
    """Nothing names it still."""
    given = all_of(shares)
    shares.back({"resourceId": given[3], "metadata": ["x"]})
    shares.back(None)
    assert all_of(shares) == [given[3]]


def test_what_is_given_a_second_time_comes_back_again(shares: Shares) -> None:
    """However often it is given in vain; and once only, however often it came back."""
    given = all_of(shares)
    for _ in range(3):
        before = shares.count
        shares.back({"resourceId": given[3]})
        shares.back({"resourceId": given[3]})
        assert all_of(shares) == [given[3]]
        shares.unsent(before, {"resourceId": "another"})
    assert all_of(shares) == [given[3]]


def test_what_is_kept_does_not_come_back_unsent(shares: Shares) -> None:
    """Stages are set up while a request is prepared: what they name is not in its body."""
    before = shares.count
    with shares.reserved():
        kept = shares.free()
    given = shares.free()
    shares.unsent(before, {})
    again = all_of(shares)
    assert given in again
    assert kept not in again


@pytest.mark.parametrize("count", [1, 2, 5])
def test_workers_give_back_what_a_refused_body_named(account: Account, count: int) -> None:
    """Those that were sent at the same time, and the one that was left over."""
    stages = Stages(Options(), account=account)
    trial = AccountTrial(stages, account.contract.operations["create_handle"])
    free = all_of(stages.shares)
    stages.shares.next_operation()
    with ThreadPoolExecutor(2) as stages.pool:
        for turn in range(3):
            trial.ahead(
                replace(asks.valid(), name=f"refused.{turn}.{number}", change=with_value("handleServiceId", "f" * 32))
                for number in range(count)
            )
    stages.pool = None
    assert set(all_of(stages.shares)) == set(free)


@pytest.mark.parametrize("error", [HungError("valid"), OutOfTimeError()])
def test_what_was_not_sent_gives_back_what_it_names(
    account: Account, monkeypatch: pytest.MonkeyPatch, error: NotJudged
) -> None:
    """The target answers nothing of the kind any more, or the time was over meanwhile."""
    stages = Stages(Options(), account=account)
    trial = AccountTrial(stages, account.contract.operations["create_handle"])
    free = all_of(stages.shares)
    stages.shares.next_operation()

    def refuse(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(stages.hangs, "check", refuse)
        for number in range(3):
            with pytest.raises(type(error)):
                trial.send(replace(asks.valid(), name=f"refused.{number}"))
    assert set(all_of(stages.shares)) == set(free)


@pytest.mark.slow
def test_the_next_operation_has_all_but_what_is_kept(shares: Shares) -> None:
    """What stages of several operations have is not given to another."""
    with shares.reserved():
        kept = shares.free()
    given = all_of(shares)
    shares.next_operation()
    assert sorted(all_of(shares)) == sorted(set(given) - {kept})


@pytest.mark.slow
def test_a_handle_that_the_kit_made_makes_room(account: Account, shares: Shares) -> None:
    """It is removed, and looked for no more; one that names the share of somebody else stays."""
    handle, foreign = account.create(HANDLE), account.create(HANDLE)
    account.created.pop(foreign)
    named, kept = (account.mirror.details[handle]["resourceId"] for handle in (handle, foreign))
    given = all_of(shares)
    assert not {named, kept} & set(given)
    shares.next_operation()
    assert set(all_of(shares)) == {*given, named}
    assert handle in account.removed
    assert (account.details(handle), handle in account.created, handle in account.mirror.details) == (
        None,
        False,
        False,
    )
    account.created[foreign] = None
