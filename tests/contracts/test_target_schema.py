"""The JSON Schema of target files accepts what the kit reads, and refuses what it refuses for its shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
import yaml
from judge_tools import CommandResult
from onezone_contracts.target.schema import schema
from onezone_spec import editions

Command = Callable[..., CommandResult]
GOOD: dict[str, Any] = {
    "base_url": "${ZONE_URL}",
    "groups": {"home": "a", "other": "b", "missing": "c"},
    "personas": {
        "create_group_handle_service": {
            "member": {"username": "alice", "password": "", "group": "g"},
            "administrator": {"token": "t"},
            "without": {"bearer": "b"},
            "outsider": {"headers": {"X-Session": "s"}},
        }
    },
}


def mistakes(data: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(data)]


def test_it_is_a_schema(command: Command) -> None:
    """`ozkit target schema` prints a valid schema."""
    printed = json.loads(command("target", "schema").out)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert printed == schema()


def test_every_kind_of_credentials_is_accepted() -> None:
    """A file with each of them, one with an administrator alone, and one that names what was kept."""
    assert mistakes(GOOD) == []
    assert mistakes({"base_url": "u", "edition": "current", "admin": {"username": "a", "password": "b"}}) == []
    assert mistakes({"base_url": "u", "personas": {}, "groups": {"home": "a"}, "kept": {"entities": []}}) == []


@pytest.mark.parametrize("edition", editions())
@pytest.mark.parametrize("profile", ["core", "full"])
def test_what_init_prints_is_accepted(command: Command, edition: str, profile: str) -> None:
    """An editor has nothing to say of the shape of a skeleton."""
    assert mistakes(yaml.safe_load(command("target", "init", "--edition", edition, "--profile", profile).out)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {**GOOD, "personnas": {}},
        {**GOOD, "groups": {"other": "b"}},
        {**GOOD, "personas": {"create_group_handle_service": {"member": {"username": "a"}}}},
        {**GOOD, "personas": {"create_group_handle_service": {"member": {"token": "a", "bearer": "b"}}}},
        {"base_url": "u", "admin": {"token": "t", "group": "g"}},
        {"base_url": "u"},
    ],
)
def test_a_wrong_shape_is_refused(wrong: dict[str, Any]) -> None:
    """Unknown keys, missing ones, and credentials of two kinds are mistakes."""
    assert mistakes(wrong)
