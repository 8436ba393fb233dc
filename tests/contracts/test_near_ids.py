"""Ids that are near to a group's are never that group's."""

from __future__ import annotations

import unicodedata

import pytest
from onezone_contracts.cases import AS_NUMBER, GROUP, NEAR_HOME, OTHER_CASE, wide
from onezone_contracts.derive import judged_operations
from onezone_contracts.exchange import Redactor
from onezone_contracts.target.file import Target
from onezone_contracts.target.given import GivenFixtures
from onezone_spec import load

HOMES = ("4ebd9efd1e67f6c18695db1d762a914a", "ASASDLKALKSD", "42", "x", "żółw", "__")


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("word", [*NEAR_HOME, *AS_NUMBER])
def test_no_near_id_is_the_groups_own(word: str, home: str) -> None:
    """Where a change makes no difference, an id that no group has takes its place."""
    target = Target("http://127.0.0.1:1/api", {}, missing="f" * 32)
    fixtures = GivenFixtures(target, judged_operations(load("current"))[0], Redactor())
    _, near = fixtures.played(GROUP, word, {GROUP: (GROUP, home)}, None, None)
    assert near != home
    assert near


@pytest.mark.parametrize(
    ("home", "sent"),
    [
        ("9f0c1d2e-3a4b-4c5d-8e6f-7a8b9c0d1e2f", "f" * 32),
        ("9f0c1d2e3a4b4c5d8e6f7a8b9c0d1e2f", "9F0C1D2E3A4B4C5D8E6F7A8B9C0D1E2F"),
    ],
)
def test_a_uuid_in_other_case_may_be_the_groups_own(home: str, sent: str) -> None:
    """Stores of UUIDs take either case (RFC 9562, 4), so it is not sent; an id of another form is another one."""
    target = Target("http://127.0.0.1:1/api", {}, missing="f" * 32)
    fixtures = GivenFixtures(target, judged_operations(load("current"))[0], Redactor())
    assert fixtures.played(GROUP, OTHER_CASE, {GROUP: (GROUP, home)}, None, None) == (GROUP, sent)


def test_a_byte_that_is_no_utf_8_is_sent_as_it_is() -> None:
    """A surrogate escape in an id stands for one byte."""
    target = Target("http://127.0.0.1:1/api", {}, missing="f")
    assert target.path("/groups/{id}/x", id="a\udcff") == "/api/groups/a%FF/x"


@pytest.mark.parametrize("text", [*HOMES, "Pass word-1"])
def test_wide_text_is_normalised_to_the_text(text: str) -> None:
    """Full-width characters are others, until somebody normalises them."""
    assert wide(text) != text
    assert unicodedata.normalize("NFKC", wide(text)).startswith(unicodedata.normalize("NFKC", text))
