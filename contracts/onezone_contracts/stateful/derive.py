"""Requirements that belong to no single operation: they hold whatever came before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onezone_spec import Contract

from onezone_contracts.requirement import Check, Finding, Level, Requirement
from onezone_contracts.stateful.step import ALLOWED, FORBIDDEN, STATE, UNCHANGED

ALL = "all_operations"
"""Stands for the operation in the ids."""
NEEDS = "the operations"
_TEXTS = {
    ALLOWED: "Whatever came before, who may by what is held now is allowed.",
    FORBIDDEN: "Whatever came before, who may not (any more) is refused, and so is what names something that is gone.",
    STATE: "Whatever came before, after each success exactly what the effects say is there, direct and effective.",
    UNCHANGED: "Whatever came before, a refused request changes nothing.",
}


def requirements(contract: Contract) -> Iterator[Requirement]:
    """The requirements of sequences over all operations; all look at the same sequences.

    The tours tell of groups and their handle services, so a contract that is all one's own has none.
    """
    if contract.extends is None:
        return
    effective = contract.find("privileges", "user", "group", effective=True)
    source = effective.source if effective else contract.title
    level = contract.at_most(Level.MUST, source)
    for kind, text in _TEXTS.items():
        yield Requirement(f"sequence.{kind}", ALL, level, text, str(source), _check(kind), NEEDS)


def _check(kind: str) -> Check:
    def check(bench: Any) -> Iterator[Finding]:
        yield from bench.sequences.shows(kind)

    return check
