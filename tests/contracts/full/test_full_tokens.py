"""Tokens in the judge: personas that log in with them, and what it knows of those that it made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from front import front
from onezone_contracts.options import TOKENS, Options
from onezone_contracts.requirement import Outcome
from onezone_contracts.session import judge_target
from onezone_contracts.state.tokens import as_sent, counts
from onezone_contracts.subject import Subject
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.file import SetupError
from onezone_contracts.verdict import Verdict

if TYPE_CHECKING:
    from running_mock import Running

SOME = ("delete_own_named_tokens.*", "list_client_tokens.*", "get_user.*", "delete_user.*")
LATER = 3600


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["core", "full"])
def test_personas_may_have_tokens(mock: Running, profile: str) -> None:
    """What they have changes no verdict, and nothing of it is left."""
    before = mock.world()
    options = Options(depth="quick", settle=1.0, personas=TOKENS)
    request = Subject(mock.base_url, admin=mock.admin, edition="current", profile=profile)
    judgement = judge_target(request, options, SOME if profile == "full" else ())
    assert {result.outcome for result in judgement.results} <= {Outcome.PASS, Outcome.OBSERVED, Outcome.SKIP}
    assert judgement.verdict is Verdict.CONFORMANT
    assert mock.world() == before


@pytest.mark.slow
def test_where_users_have_no_passwords_it_says_what_to_give(mock: Running) -> None:
    """The option is named when a user cannot be made, and only where it was not given."""

    def refuses(method: str, path: str) -> int | None:
        return 400 if (method, path.rpartition("/")[2]) == ("POST", "users") else None

    with front(mock.origin, refuses) as origin:
        for tokens in (False, True):
            account = Account(mock.contract, origin + mock.contract.base_paths[0], mock.admin)
            account.with_tokens = tokens
            with pytest.raises(SetupError) as caught:
                account.person()
            assert ("give --personas tokens" in str(caught.value)) is not tokens


def test_an_edition_without_tokens_for_others_says_so(mocks: dict[str, Running]) -> None:
    """In the oldest edition nobody makes tokens for somebody else."""
    mock = mocks["classic"]
    account = Account(mock.contract, mock.base_url, mock.admin)
    account.with_tokens = True
    try:
        with pytest.raises(SetupError, match="edition classic has no operation that makes tokens for others"):
            account.person()
    finally:
        account.remove()


@pytest.mark.parametrize(
    ("details", "owner", "may"),
    [
        ({}, {}, True),
        ({}, None, False),
        ({}, {"blocked": True}, False),
        ({"revoked": True}, {}, False),
        ({"type": {"accessToken": {}}}, {}, True),
        ({"type": {"identityToken": {}}}, {}, False),
        ({"caveats": [{"type": "time", "validUntil": time.time() + LATER}]}, {}, True),
        ({"caveats": [{"type": "time", "validUntil": 1}]}, {}, False),
        ({"caveats": [{"type": "api", "whitelist": ["ozw/get/*.*.*:*"]}]}, {}, True),
        ({"caveats": [{"type": "api", "whitelist": ["ozw/delete/*.*.*:*"]}]}, {}, False),
    ],
)
def test_which_tokens_should_count(details: Any, owner: Any, may: bool) -> None:  # noqa: FBT001  (a parameter)
    """By its details, and by those of its owner."""
    assert counts(details, owner) is may


@pytest.mark.slow
def test_a_target_without_tokens_can_block_users(mock: Running) -> None:
    """Tokens of who is blocked are looked at where there are any, and nothing is lacking where there are none."""
    front_of: dict[str, list[str]] = {"": [], "/tokens/": []}
    for without, asked in front_of.items():

        def refuses(method: str, path: str, without: str = without, asked: list[str] = asked) -> int | None:
            asked.append(f"{method} {path}")
            return 404 if without and without in path else None

        with front(mock.origin, refuses) as origin:
            subject = Subject(origin + mock.contract.base_paths[0], admin=mock.admin, edition="current", profile="full")
            judged = judge_target(subject, Options(depth="quick", settle=1.0), ("update_user_access_block.effect",))
        assert {result.outcome for result in judged.results} == {Outcome.PASS}
    assert any("tokens/named" in line for line in front_of[""])


@pytest.mark.slow
def test_notes_are_read_where_they_are_shown() -> None:
    """A token shows what was sent as `customMetadata` among its metadata."""
    assert as_sent("token", {"metadata": {"custom": {"a": 1}}})["customMetadata"] == {"a": 1}
    assert "customMetadata" not in as_sent("user", {"metadata": {"custom": {"a": 1}}})
