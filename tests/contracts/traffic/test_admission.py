"""Who was deleted, blocked or revoked in the traffic is not let in after it, and neither is an old password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
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
    comes(made, 200)
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
    comes(made, 200, **token)
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
    comes(made, 200, **token)
    assert requirement in failing(made.judged(tmp_path, edition="deployed", profile="full"))


def test_what_keeps_the_user_out_need_not_keep_out_the_token(tmp_path: Path) -> None:
    """The password is refused, the token still lets in: each of them is judged by itself."""
    made = story()
    token = with_token(made)
    ended(made, "PATCH /users/u1/access_block", {"blocked": True})
    comes(made, 401)
    comes(made, 200, **token)
    assert "update_user_access_block.effect" in failing(made.judged(tmp_path, edition="deployed", profile="full"))
