"""What the judge requires and sends is what it was: `python tests/golden/freeze.py` writes the files anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from onezone_spec import editions

sys.path.insert(0, str(Path(__file__).parent))
import freeze


@pytest.mark.slow
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
    assert freeze.missing(freeze.read(name), freeze.request_log(edition, profile, depth)) == []


def test_a_difference_is_told() -> None:
    """So the tests above can fail."""
    assert freeze.changed(["a", "b"], ["b", "c"]) == ["gone: a", "new: c"]
    assert freeze.missing(["2\tGET /x"], ["1\tGET /x", "5\tPUT /x"]) == ["1 fewer: GET /x"]
    assert freeze.unnoticed(["fault\ta b", "other\tc"], ["fault\tb d"]) == ["fault: a", "other: c"]


def test_what_one_run_noticed_by_chance_is_not_kept() -> None:
    """Of several runs of `ozkit prove`, what all of them noticed is frozen."""
    runs = [{"rows": [{"fault": "late", "noticed_by": ids}]} for ids in (["a", "b"], ["b", "c"])]
    assert freeze.noticed(runs) == ["late\tb"]
    assert freeze.noticed(runs[:1]) == ["late\ta b"]


@pytest.mark.parametrize("edition", editions())
def test_what_noticed_is_required(edition: str) -> None:
    """Each fault was noticed, by something that the judge still requires by that name."""
    lines = [line.split("\t") for line in freeze.read(f"requirements-{edition}.tsv")]
    ids = {line[2] for line in lines}
    topics = {identity.partition(".")[2] for identity in (line[2] for line in lines if line[0] == "core")}
    noticed = dict(line.split("\t") for line in freeze.read(f"noticed-{edition}.tsv"))
    assert [fault for fault, by in noticed.items() if not by] == []
    assert {identity for by in noticed.values() for identity in by.split()} <= ids | topics
