"""The ledger of requirement ids: none is lost unnoticed, and none that was retired comes back."""

from __future__ import annotations

import re
from pathlib import Path

import onezone_contracts
import pytest
from onezone_contracts.derive.operations import all_requirements
from onezone_spec import editions, load

LEDGER = Path(onezone_contracts.__file__).parent / "requirement_ids.txt"
RETIRED = "# retired"


def ledger() -> tuple[list[str], list[str]]:
    """The ids in use and the retired ones, as they stand in the file."""
    active: list[str] = []
    retired: list[str] = []
    section = active
    for line in LEDGER.read_text(encoding="utf-8").splitlines():
        if line == RETIRED:
            section = retired
        elif line and not line.startswith("#"):
            section.append(line)
    return active, retired


def in_use() -> set[str]:
    """The ids of every edition and depth."""
    ids = set()
    for edition in editions():
        for depth in ("quick", "standard", "deep"):
            ids |= {requirement.id for requirement in all_requirements(load(edition), depth)}
    return ids


def listing(title: str, ids: set[str]) -> str:
    return "\n".join((f"{title} in {LEDGER.name}:", *sorted(ids)))


@pytest.mark.slow
def test_every_requirement_is_in_the_ledger() -> None:
    """A new id is added to the ledger, in its place."""
    active, retired = ledger()
    new = in_use() - set(active) - set(retired)
    assert not new, listing("add these lines to those in use", new)


@pytest.mark.slow
def test_lost_ids_are_retired() -> None:
    """An id that no requirement has any more moves to the retired ones."""
    lost = set(ledger()[0]) - in_use()
    assert not lost, listing(f"move these lines below “{RETIRED}”", lost)


def test_retired_ids_never_come_back() -> None:
    """An id that meant something once never means anything else."""
    back = set(ledger()[1]) & in_use()
    assert not back, listing("these ids are retired, choose others than those", back)


def test_ledger_is_in_order() -> None:
    """Both parts of the ledger are sorted, and no id is there twice."""
    active, retired = ledger()
    assert active == sorted(active)
    assert retired == sorted(retired)
    assert len({*active, *retired}) == len(active) + len(retired)


def test_ids_are_stable_slugs() -> None:
    """An id is the operation's and a topic of small letters, digits and hyphens; keys of the body stand as they are."""
    slug = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9][A-Za-z0-9_-]*)+")
    assert [identity for identity in in_use() if not slug.fullmatch(identity)] == []


def test_ids_are_unique_in_each_edition() -> None:
    """No two requirements of an edition share an id."""
    for edition in editions():
        ids = [requirement.id for requirement in all_requirements(load(edition), "deep")]
        assert len(ids) == len(set(ids)) > 100


def test_ledger_is_text_of_one_id_a_line() -> None:
    """The ledger says in its first line what it is, and ends with a line end."""
    text = LEDGER.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert text == "".join(f"{line.rstrip()}\n" for line in text.splitlines())
