"""What the contract says of tokens, as it is loaded: whose they are, and by what they go."""

from __future__ import annotations

import pytest
from onezone_spec import Level, load
from onezone_spec.diff import report

NEWEST = load("deployed")


def test_a_token_has_an_owner() -> None:
    """It belongs to one user, and is no member of anything."""
    assert NEWEST.owners == {"token": "user"}


@pytest.mark.parametrize(
    ("name", "key", "level"),
    [
        ("get_named_token", "", Level.MUST),
        ("get_own_named_token_by_name", "name", Level.MUST),
        ("delete_client_token", "token", Level.MUST),
        ("list_user_named_tokens", "", Level.OBSERVE),
    ],
)
def test_parameters_say_what_they_go_by(name: str, key: str, level: Level) -> None:
    """Its id, its name or itself; and how binding a 404 is for one that is not there."""
    (parameter,) = NEWEST.operations[name].parameters
    assert (parameter.key, parameter.level) == (key, level)


def test_older_tokens_go_by_themselves() -> None:
    """Their list, and the answer that makes one, has no ids."""
    create = NEWEST.find("create", "token", "caller", by="token")
    assert create is not None
    assert (create.id, create.success.status, create.success.location) == ("create_client_token", 200, ())
    assert NEWEST.find("create", "token", "caller") is not create


@pytest.mark.parametrize(("edition", "number"), [("classic", 3), ("current", 22), ("deployed", 23)])
def test_an_edition_has_what_its_release_had(edition: str, number: int) -> None:
    """Named and temporary tokens came with 20.02, and the scope of access tokens with 21.02."""
    contract = load(edition)
    assert sum(operation.effect.resource in contract.owners for operation in contract.operations.values()) == number


def test_who_may_is_the_owner() -> None:
    """The sentence in the document says owner, and not member."""
    node = NEWEST.document["paths"]["/tokens/named/{id}"]["delete"]
    assert "Allowed: the owner of the token; those who hold `oz_tokens_manage` in the zone." in node["description"]


def test_what_one_edition_has_alone_is_a_line() -> None:
    """An operation with its call, and nothing else of it."""
    text = report(load("current"), NEWEST)
    line = "infer_access_token_scope: (nothing) → POST /tokens/infer_access_token_scope"
    assert [line.strip() for line in text.splitlines() if "infer_access_token_scope" in line] == [line]
