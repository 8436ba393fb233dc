"""Who was deleted, blocked or revoked in the traffic is not let in after it, and neither is an old password."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from onezone_contracts.exchange import basic
from onezone_contracts.traffic import admission
from onezone_contracts.traffic.facts import LAG, STALE
from onezone_contracts.traffic.judge import Choice, Follower
from onezone_contracts.traffic.recording import read
from onezone_spec import Contract, load
from traffic_tools import BASE, Story, failing

TEXT = "MDAxNWxvY2F00aW9uIG9uZXpvbmUK"
USER = {"username": "bob", "password": "bob-secret"}
ENDINGS: dict[str, tuple[str, Any, str]] = {
    "deleted": ("DELETE /users/u1", None, "delete_user.effect"),
    "blocked": ("PATCH /users/u1/access_block", {"blocked": True}, "update_user_access_block.effect"),
    "another password": ("PATCH /users/u1/basic_auth", {"newPassword": "another"}, "update_user_basic_auth.effect"),
    "no password": ("PATCH /users/u1/basic_auth", {"basicAuthEnabled": False}, "update_user_basic_auth.effect"),
}
TOKENS: dict[str, tuple[str, Any, str]] = {
    "deleted": ("DELETE /tokens/named/t1", None, "delete_named_token.effect"),
    "revoked": ("PATCH /tokens/named/t1", {"revoked": True}, "update_named_token.effect"),
    "its user deleted": ("DELETE /users/u1", None, "delete_user.effect"),
    "its user blocked": ("PATCH /users/u1/access_block", {"blocked": True}, "update_user_access_block.effect"),
}

OLD_PASSWORD = """
overlay: 1.0.0
extends: deployed
actions:
  - target: $.components.schemas.BasicAuthUpdateRequest.properties
    update:
      oldPassword:
        type: string
        format: password
        x-onezone-source: {document: onezone-21.02-deployed, section: Validation}
"""


def story() -> Story:
    """The administrator makes a user."""
    made = Story()
    made.add("POST /users", 201, who="admin", body=USER, location=f"{BASE}/users/u1")
    return made


def ended(made: Story, call: str, body: Any, **more: Any) -> None:
    made.add(call, 204, who="admin", **({} if body is None else {"body": body}), **more)


def comes(made: Story, status: int, **more: Any) -> None:
    """The user looks at the user's own details."""
    answer = (
        {"userId": "u1", "fullName": "Bob", "username": "bob"} if status == 200 else {"error": {"id": "unauthorized"}}
    )
    made.add("GET /user", status, **{"who": "bob", **more}, answer=answer)


def often(made: Story, **more: Any) -> None:
    """The user looks so often, soon after, that no server is that far behind."""
    for _ in range(STALE):
        comes(made, 200, **more)


def later(made: Story) -> float:
    """A moment at which a server is behind no longer."""
    return made.second + LAG + 2


def of(made: Story, tmp_path: Path) -> set[str]:
    """What a story violates."""
    return failing(made.judged(tmp_path, edition="deployed", profile="full"))


def followed(made: Story, tmp_path: Path, contract: Contract) -> Follower:
    """What followed a story."""
    follower = Follower(contract, Choice(profile="full"))
    follower.follow(read(made.write(tmp_path / "story.har")))
    return follower


def with_token(made: Story, header: str = "X-Auth-Token", prefix: str = "") -> dict[str, Any]:
    """A token of the user's; gives how requests come with it."""
    answer = {"tokenId": "t1", "token": TEXT}
    body = {"name": "mine"}
    made.add(
        "POST /users/u1/tokens/named", 201, who="admin", body=body, answer=answer, location=f"{BASE}/tokens/named/t1"
    )
    return {"who": None, "headers": ((header, prefix + TEXT),)}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_user_who_was_shut_out_is_let_in(name: str, tmp_path: Path) -> None:
    """The account of the requirement is that of what should have shut the user out."""
    call, body, requirement = ENDINGS[name]
    made = story()
    comes(made, 200)
    ended(made, call, body)
    often(made)
    assert requirement in failing(made.judged(tmp_path, edition="deployed", profile="full"))


@pytest.mark.parametrize("name", ENDINGS)
def test_a_user_who_is_kept_out_and_another_are_fine(name: str, tmp_path: Path) -> None:
    """A server may be a moment behind, too."""
    call, body, requirement = ENDINGS[name]
    made = story()
    ended(made, call, body)
    comes(made, 200)
    comes(made, 401)
    made.add("GET /user", 200, who="admin", answer={"userId": "a", "fullName": "A", "username": "admin"})
    assert requirement not in failing(made.judged(tmp_path, edition="deployed", profile="full"))


@pytest.mark.parametrize("name", ENDINGS)
def test_what_another_request_may_have_undone_shuts_nobody_out(name: str, tmp_path: Path) -> None:
    """Two at once come in either order."""
    call, body, requirement = ENDINGS[name]
    made = story()
    ended(made, call, body, at=10, took=3)
    made.add("PATCH /users/u1/access_block", 204, who="admin", body={"blocked": False}, at=10, took=3)
    comes(made, 200, at=20)
    assert requirement not in failing(made.judged(tmp_path, edition="deployed", profile="full"))


def test_who_is_let_in_again_is_let_in(tmp_path: Path) -> None:
    """Blocked, and not blocked any more."""
    made = story()
    ended(made, "PATCH /users/u1/access_block", {"blocked": True})
    comes(made, 401)
    ended(made, "PATCH /users/u1/access_block", {"blocked": False})
    comes(made, 200)
    assert "update_user_access_block.effect" not in failing(made.judged(tmp_path, edition="deployed", profile="full"))


@pytest.mark.parametrize(("header", "prefix"), [("X-Auth-Token", ""), ("Authorization", "Bearer "), ("Macaroon", "")])
@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_was_shut_out_lets_in(name: str, header: str, prefix: str, tmp_path: Path) -> None:
    """Whichever header it comes in."""
    call, body, requirement = TOKENS[name]
    made = story()
    token = with_token(made, header, prefix)
    comes(made, 200, **token)
    ended(made, call, body)
    often(made, **token)
    judgement = made.judged(tmp_path, edition="deployed", profile="full")
    assert requirement in failing(judgement)
    assert TEXT not in str(judgement.results)


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_does_not_count_any_more_is_fine(name: str, tmp_path: Path) -> None:
    """401 is right."""
    call, body, requirement = TOKENS[name]
    made = story()
    token = with_token(made)
    ended(made, call, body)
    comes(made, 401, **token)
    assert requirement not in failing(made.judged(tmp_path, edition="deployed", profile="full"))


@pytest.mark.parametrize(
    ("call", "requirement"),
    [
        ("DELETE /users/u1/tokens/temporary", "revoke_user_temporary_tokens.effect"),
        ("DELETE /users/u1", "delete_user.effect"),
    ],
)
def test_a_temporary_token_that_was_ended_lets_in(call: str, requirement: str, tmp_path: Path) -> None:
    """All temporary tokens of a user end at once, one by one they cannot."""
    made = story()
    made.add("POST /users/u1/tokens/temporary", 201, who="admin", body={}, answer={"token": TEXT})
    token = {"who": None, "headers": (("X-Auth-Token", TEXT),)}
    comes(made, 200, **token)
    ended(made, call, None)
    often(made, **token)
    assert requirement in failing(made.judged(tmp_path, edition="deployed", profile="full"))


def test_what_keeps_the_user_out_need_not_keep_out_the_token(tmp_path: Path) -> None:
    """The password is refused, the token still lets in: each of them is judged by itself."""
    made = story()
    token = with_token(made)
    ended(made, "PATCH /users/u1/access_block", {"blocked": True})
    comes(made, 401)
    often(made, **token)
    assert "update_user_access_block.effect" in failing(made.judged(tmp_path, edition="deployed", profile="full"))


# --- a server that is behind --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENDINGS)
def test_once_later_is_enough(name: str, tmp_path: Path) -> None:
    """No server is behind for that long."""
    call, body, requirement = ENDINGS[name]
    made = story()
    ended(made, call, body)
    comes(made, 200, at=later(made))
    assert requirement in of(made, tmp_path)


@pytest.mark.parametrize("name", ENDINGS)
def test_twice_soon_after_may_be_a_server_that_is_behind(name: str, tmp_path: Path) -> None:
    """The recording shows nothing later that would tell."""
    call, body, requirement = ENDINGS[name]
    made = story()
    comes(made, 200)
    ended(made, call, body)
    for _ in range(STALE - 1):
        comes(made, 200)
    assert requirement not in of(made, tmp_path)


def test_one_request_that_two_details_shut_out_counts_once(tmp_path: Path) -> None:
    """Another password, and none any more, by one request."""
    made = story()
    ended(made, "PATCH /users/u1/basic_auth", {"newPassword": "another", "basicAuthEnabled": False})
    for _ in range(STALE - 1):
        comes(made, 200)
    assert "update_user_basic_auth.effect" not in of(made, tmp_path)


@pytest.mark.parametrize("name", ENDINGS)
def test_a_user_who_was_kept_out_once_may_have_been_let_in_again_unseen(name: str, tmp_path: Path) -> None:
    """Blocked, kept out, and unblocked by requests that are not in the recording."""
    call, body, requirement = ENDINGS[name]
    made = story()
    comes(made, 200)
    ended(made, call, body)
    comes(made, 401)
    often(made)
    comes(made, 200, at=later(made))
    assert requirement not in of(made, tmp_path)


# --- several credentials ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "beside",
    [
        {"who": "bob"},
        {"who": None, "headers": (("Cookie", "session=1"),)},
        {"who": None, "headers": (("Proxy-Authorization", basic("gateway", "secret")),)},
    ],
)
def test_a_stale_token_beside_other_credentials_is_not_judged(beside: dict[str, Any], tmp_path: Path) -> None:
    """Which of them let the user in, the server alone knows."""
    made = story()
    token = with_token(made)
    ended(made, "DELETE /tokens/named/t1", None)
    headers = (*token["headers"], *beside.get("headers", ()))
    comes(made, 200, who=beside["who"], headers=headers, at=later(made))
    assert "delete_named_token.effect" not in of(made, tmp_path)


def test_an_old_password_beside_a_session_is_not_judged(tmp_path: Path) -> None:
    """The session lets in."""
    made = story()
    comes(made, 200)
    ended(made, "PATCH /users/u1/basic_auth", {"newPassword": "another"})
    often(made, headers=(("Cookie", "session=1"),))
    assert "update_user_basic_auth.effect" not in of(made, tmp_path)


# --- secrets that other tools masked --------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", ["***", "[REDACTED]", "XXXX"])
def test_masked_tokens_are_nobodys(mask: str, tmp_path: Path) -> None:
    """All tokens then have the same text, which a tool may write as it likes."""
    made = story()
    for name in ("t1", "t2"):
        answer, location = {"tokenId": name, "token": mask}, f"{BASE}/tokens/named/{name}"
        made.add("POST /users/u1/tokens/named", 201, who="admin", body={"name": name}, answer=answer, location=location)
    ended(made, "DELETE /tokens/named/t1", None)
    ended(made, "DELETE /tokens/named/t2", None)
    often(made, who=None, headers=(("X-Auth-Token", mask),))
    assert "delete_named_token.effect" not in of(made, tmp_path)


@pytest.mark.parametrize("password", ["***", "[REDACTED]", None, "pässword", 17])
def test_a_password_that_cannot_be_compared_shuts_nobody_out(password: Any, tmp_path: Path) -> None:
    """Nor does the one before it, which it replaced."""
    made = story()
    comes(made, 200)
    ended(made, "PATCH /users/u1/basic_auth", {"newPassword": "another"})
    ended(made, "PATCH /users/u1/basic_auth", {"newPassword": password})
    often(made)
    assert "update_user_basic_auth.effect" not in of(made, tmp_path)


def test_a_password_in_latin_1_is_not_compared(tmp_path: Path) -> None:
    """How its bytes are read, the server alone knows."""
    made = story()
    sent = "Basic " + base64.b64encode("bob:sécret".encode("latin-1")).decode()
    comes(made, 200, who=None, headers=(("Authorization", sent),))
    ended(made, "PATCH /users/u1/basic_auth", {"newPassword": "another"})
    often(made, who=None, headers=(("Authorization", sent),))
    assert "update_user_basic_auth.effect" not in of(made, tmp_path)


@pytest.mark.parametrize("names", [("oldPassword", "newPassword"), ("newPassword", "oldPassword")])
def test_of_two_passwords_in_one_body_neither_is_the_new_one(names: tuple[str, str], tmp_path: Path) -> None:
    """A contract of one's own may ask for the old one, too: which is which, only its words say."""
    (tmp_path / "own.yaml").write_text(OLD_PASSWORD, encoding="utf-8")
    made = story()
    ended(made, "PATCH /users/u1/basic_auth", dict.fromkeys(names, "other"))
    ended(made, "PATCH /users/u1/basic_auth", {"oldPassword": "another"})
    often(made)
    follower = followed(made, tmp_path, load(tmp_path / "own.yaml"))
    assert "update_user_basic_auth.effect" not in failing(follower.judgement("a story"))


# --- what the recording leaves open ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [{"status": 502}, {"status": 204, "body": "no JSON"}])
def test_what_may_have_let_the_user_in_again_leaves_it_open(answer: dict[str, Any], tmp_path: Path) -> None:
    """Its answer, or its body, does not say what it did."""
    made = story()
    ended(made, "PATCH /users/u1/access_block", {"blocked": True})
    call = {"body": {"blocked": False}, **answer}
    made.add("PATCH /users/u1/access_block", call.pop("status"), who="admin", **call)
    often(made)
    assert "update_user_access_block.effect" not in of(made, tmp_path)


def test_a_user_who_was_deleted_and_is_there_again_with_the_same_password(tmp_path: Path) -> None:
    """As another user, whose creation is not in the recording."""
    made = story()
    comes(made, 200)
    ended(made, "DELETE /users/u1", None)
    for second in (5, 6, 7, 20):
        made.add("GET /user/groups", 200, who="bob", answer={"groups": []}, at=second)
    assert "delete_user.effect" not in of(made, tmp_path)


def test_a_user_who_was_deleted_and_says_to_be_there_still(tmp_path: Path) -> None:
    """What comes with the same credentials afterwards is the deleted user's, too."""
    made = story()
    ended(made, "DELETE /users/u1", None)
    comes(made, 200)
    for _ in range(STALE - 1):
        made.add("GET /user/groups", 200, who="bob", answer={"groups": []})
    assert "delete_user.effect" in of(made, tmp_path)


@pytest.mark.parametrize(("second", "before"), [(11, True), (20, False)])
def test_who_is_read_while_being_deleted_may_be_gone(second: float, before: bool, tmp_path: Path) -> None:  # noqa: FBT001  (a parameter)
    """The read may have been served before the deletion; one that comes after it says whose credentials they are."""
    made = story()
    ended(made, "DELETE /users/u1", None, at=10, took=3)
    comes(made, 200, at=second)
    assert bool(followed(made, tmp_path, load("deployed"))._deleted) is before


# --- what is remembered ---------------------------------------------------------------------------------------------


def test_what_is_remembered_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten; who was let in wrongly before that stays found."""
    monkeypatch.setattr(admission, "MOST", 3)
    made = story()
    token = with_token(made)
    ended(made, "DELETE /tokens/named/t1", None)
    often(made, **token)
    for number in range(5):
        answer = {"token": f"{TEXT}{number}"}
        made.add("POST /users/u1/tokens/temporary", 201, who="admin", body={}, answer=answer)
    ended(made, "PATCH /users/u1/access_block", {"blocked": True})
    for number in range(5):
        comes(made, 401, who=None, headers=(("X-Auth-Token", f"{TEXT}{number}"),))
    follower = followed(made, tmp_path, load("deployed"))
    judge = follower._admission
    assert [len(judge._tokens), len(judge._temporary), len(judge._visits)] == [3, 3, 3]
    assert "delete_named_token.effect" in failing(follower.judgement("a story"))


def test_who_is_forgotten_is_judged_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 401 that is remembered no longer would have excused what comes later."""
    monkeypatch.setattr(admission, "MOST", 2)
    made = story()
    comes(made, 200)
    token = with_token(made)
    temporary = {"who": None, "headers": (("X-Auth-Token", "a-temporary-one"),)}
    made.add("POST /users/u1/tokens/temporary", 201, who="admin", body={}, answer={"token": "a-temporary-one"})
    ended(made, "PATCH /users/u1/access_block", {"blocked": True})
    for more in ({}, token, temporary):
        comes(made, 401, **more)
    comes(made, 200, at=later(made))
    assert "update_user_access_block.effect" not in of(made, tmp_path)
