"""Ids that are near to a group's are never that group's."""

from __future__ import annotations

import unicodedata

import pytest
from onezone_contracts.cases import AS_NUMBER, GROUP, NEAR_HOME, same_id, wide
from onezone_contracts.derive import judged_operations
from onezone_contracts.exchange import Redactor
from onezone_contracts.target.file import Target
from onezone_contracts.target.supplied_fixtures import SuppliedFixtures
from onezone_spec import load

HOMES = ("4ebd9efd1e67f6c18695db1d762a914a", "ASASDLKALKSD", "42", "x", "żółw", "__")


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("word", [*NEAR_HOME, *AS_NUMBER])
def test_no_near_id_is_the_groups_own(word: str, home: str) -> None:
    """Where a change makes no difference, an id that no group has takes its place."""
    target = Target("http://127.0.0.1:1/api", {}, missing="f" * 32)
    fixtures = SuppliedFixtures(target, judged_operations(load("current"))[0], Redactor())
    _, near = fixtures.entity(GROUP, word, {GROUP: (GROUP, home)}, None, None)
    assert near != home
    assert near


def test_a_byte_that_is_no_utf_8_is_sent_as_it_is() -> None:
    """A surrogate escape in an id stands for one byte."""
    target = Target("http://127.0.0.1:1/api", {}, missing="f")
    assert target.path("/groups/{id}/x", id="a\udcff") == "/api/groups/a%FF/x"


@pytest.mark.parametrize("text", [*HOMES, "Pass word-1"])
def test_wide_text_is_normalised_to_the_text(text: str) -> None:
    """Full-width characters are others, until somebody normalises them."""
    assert wide(text) != text
    assert unicodedata.normalize("NFKC", wide(text)).startswith(unicodedata.normalize("NFKC", text))


UUID, ULID = "0b6f9f0e-3c5b-4c1d-9a62-5f0f5ad7c1be", "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SAME = [(UUID, UUID.upper()), (ULID, ULID.lower()), ("42", "42 "), ("42", " 42"), ("42", "42\n"), ("42", wide("42"))]
OTHERS = [(UUID, f"{UUID} "), (UUID, UUID[:-1]), ("42", "42x"), ("42", "43"), ("4e", "4E"), ("Group", "group")]


@pytest.mark.parametrize(("home", "near"), SAME)
def test_what_may_be_read_as_the_same_id_is_not_sent(home: str, near: str) -> None:
    """The case of a UUID or a ULID does not count, nor do blanks around a number or the script of its digits."""
    assert same_id(home, near)


@pytest.mark.parametrize(("home", "near"), OTHERS)
def test_what_is_another_id_is_sent(home: str, near: str) -> None:
    """Whatever else is near to an id is another, the case of words included."""
    assert not same_id(home, near)
