"""What the judge requires and sends is what it was: `python tests/golden/freeze.py` writes the files anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from onezone_spec import editions

sys.path.insert(0, str(Path(__file__).parent))
import freeze


@pytest.mark.parametrize("edition", editions())
def test_the_requirements_are_what_they_were(edition: str) -> None:
    """Ids, levels, sentences and sources, for each profile and depth."""
    assert freeze.changed(freeze.read(f"requirements-{edition}.tsv"), freeze.required(edition)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "depth"), [run for run in freeze.RUNS if run[1] == "quick"])
@pytest.mark.parametrize("edition", editions())
def test_no_request_is_missing(edition: str, profile: str, depth: str) -> None:
    """Each is sent as often as before, as the same persona, and is answered alike by the mock.

    What Hypothesis draws from `standard` on depends on the modules that are loaded, pytest's among them: `freeze.py
    --check` compares those requests, in a process of its own.
    """
    name = f"requests-{edition}-{profile}-{depth}.tsv"
    assert freeze.missing(freeze.read(name), freeze.sent(edition, profile, depth)) == []


def test_a_difference_is_told() -> None:
    """So the tests above can fail."""
    assert freeze.changed(["a", "b"], ["b", "c"]) == ["gone: a", "new: c"]
    assert freeze.missing(["2\tGET /x"], ["1\tGET /x", "5\tPUT /x"]) == ["1 fewer: GET /x"]
    assert freeze.unnoticed(["fault\ta b", "other\tc"], ["fault\tb d"]) == ["fault: a", "other: c"]
