"""The judge makes its own personas with an administrator's account, judges with them, and removes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from onezone_contracts.judge import judge
from onezone_contracts.options import Options
from onezone_contracts.requirement import Outcome
from onezone_contracts.session import judge_target
from onezone_contracts.sessions import Everything
from onezone_contracts.subject import Subject
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.leftovers import clean
from onezone_contracts.target.provisioner import FromAccount, administered
from onezone_contracts.verdict import Verdict
from onezone_spec import editions

if TYPE_CHECKING:
    from running_mock import Running

QUICK = Options(depth="quick", settle=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_every_operation_of_the_mock_is_conformant_and_the_world_is_left_as_it_was(
    mocks: dict[str, Running], edition: str
) -> None:
    """The profile full finds nothing in the mock, skips nothing, and a snapshot after equals the one before."""
    mock = mocks[edition]
    before = mock.world()
    request = Subject(mock.base_url, admin=mock.admin, edition=edition, profile="full")
    judgement = judge_target(request, QUICK)
    bad = [
        result.requirement.id for result in judgement.results if result.outcome not in {Outcome.PASS, Outcome.OBSERVED}
    ]
    assert [finding for finding in bad if not finding.startswith("create_group_handle_service.")] == []
    assert (judgement.verdict, judgement.reason, judgement.profile) == (Verdict.CONFORMANT, None, "full")
    assert mock.world() == before


@pytest.mark.slow
def test_nobody_waits_for_what_the_edition_leaves_open(
    mocks: dict[str, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No privilege in a space can be given here: the refusal of that route is observed, and asked for once."""
    waits: list[float] = []
    monkeypatch.setattr("onezone_contracts.patience.waited", lambda _ready, seconds, _check: waits.append(seconds))
    mock = mocks["current"]
    request = Subject(mock.base_url, admin=mock.admin, edition="current", profile="full")
    result = judge_target(request, QUICK, ("create_user_handle.access.user",)).results[0]
    assert (result.outcome, waits) == (Outcome.OBSERVED, [])


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_core_judges_with_personas_of_its_own_making(mocks: dict[str, Running], edition: str) -> None:
    """With an administrator's account alone the profile core is conformant and leaves nothing."""
    mock = mocks[edition]
    before = mock.world()
    judgement = judge_target(Subject(mock.base_url, admin=mock.admin, edition=edition), QUICK)
    assert (judgement.verdict, judgement.profile) == (Verdict.CONFORMANT, "core")
    assert mock.world() == before


@pytest.mark.slow
def test_states_make_the_administrator(mock: Running) -> None:
    """With provider states alone a persona with every zone privilege is the administrator."""
    before = mock.world()
    request = Subject(mock.base_url, states_url=f"{mock.origin}/_mock/states", profile="full")
    judgement = judge_target(request, QUICK, ("delete_group.*",))
    assert {result.outcome for result in judgement.results} <= {Outcome.PASS, Outcome.OBSERVED, Outcome.SKIP}
    assert judgement.verdict is Verdict.CONFORMANT
    assert mock.world() == before


@pytest.mark.parametrize("user", ["alice:alice-password", "nora:nora-password"])
def test_an_account_that_may_too_little_is_no_verdict(mock: Running, user: str) -> None:
    """What the account lacks is said with the operation, the answer and the privilege; nothing is judged."""
    before = mock.world()
    account = Credentials(*user.split(":"))
    judgement = judge_target(Subject(mock.base_url, admin=account), QUICK)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "POST /groups was answered 403; create_group needs the zone privileges oz_groups_create" in (
        judgement.reason or ""
    )
    judgement = judge_target(Subject(mock.base_url, admin=account, profile="full"), QUICK)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "lacks zone privileges: oz_groups_add_relationships" in (judgement.reason or "")
    assert mock.world() == before


def test_a_wrong_base_path_is_no_verdict_and_is_named(mock: Running) -> None:
    """Where the API is not served, the reason asks whether the base URL is right."""
    wrong = mock.base_url.replace("/api/", "/elsewhere/")
    judgement = judge_target(Subject(wrong, admin=Credentials("adam", "adam-password")), QUICK)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert f"is {wrong} the base URL" in (judgement.reason or "")


def test_a_wrong_password_is_no_verdict(mock: Running) -> None:
    """An account that the target does not take is told in one line."""
    judgement = judge_target(Subject(mock.base_url, admin=Credentials("adam", "wrong"), profile="full"), QUICK)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason == "the target answers 401 to the administrator's account: check its credentials"


@pytest.mark.slow
def test_a_crash_halfway_leaves_nothing(mock: Running) -> None:
    """Whatever ends a run, what it made is removed."""
    before = mock.world()

    def stop(number: int, total: int, requirement: object) -> None:
        assert total
        assert requirement
        if number == 400:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_target(Subject(mock.base_url, admin=mock.admin, profile="full"), QUICK, (), stop)
    assert mock.world() == before


@pytest.mark.slow
def test_leftovers_of_earlier_runs_are_cleaned(mock: Running) -> None:
    """What a run made and could not remove is found by its mark; a dry run removes nothing; others' things stay."""
    before = mock.world()
    lost = Account(mock.contract, mock.base_url, mock.admin)
    lost.open()
    user = lost.person({"oz_handle_services_create"})
    group = lost.create("group", by=user)
    lost.create(
        "handle_service", {"name": "plain", "proxyEndpoint": "x", "serviceProperties": {"type": "DOI"}}, by=user
    )
    left = mock.world()
    account = Account(mock.contract, mock.base_url, mock.admin)
    planned = list(clean(account, dry_run=True))
    assert {leftover.ref[0] for leftover in planned} == {"user", "group", "handle_service"}
    assert group in {leftover.ref for leftover in planned}
    assert mock.world() == left
    removed = list(clean(account))
    assert all(str(note).startswith("removed the") for note in removed)
    assert mock.world() == before
    assert list(clean(account)) == []


@pytest.mark.slow
def test_patterns_choose_what_is_judged(mock: Running) -> None:
    """A glob chooses requirements of any operation; one that matches nothing is bad usage."""
    with administered(mock.contract, mock.base_url, mock.admin, QUICK) as account:
        judgement = judge(Everything(FromAccount(account), QUICK), ("get_group.access.*",))
        assert {result.requirement.operation for result in judgement.results} == {"get_group"}
        with pytest.raises(SetupError, match="no requirement matches"):
            judge(Everything(FromAccount(account), QUICK), ("get_group.no-such",))
