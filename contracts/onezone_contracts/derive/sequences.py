"""Requirements that sequences of requests judge: what holds of one request holds whatever came before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onezone_spec import Contract

from onezone_contracts.checks.sequence import shows
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Check, Finding, Level, Requirement
from onezone_contracts.sequences.step import (
    ALLOWED,
    CREATED,
    FORBIDDEN,
    FRESH,
    LEFT,
    REFUSED,
    STATE,
    UNCHANGED,
)

ALL = "all_operations"
"""Stands for the operation in the ids."""
NEEDS = "the operations"
_TEXTS = {
    ALLOWED: "Whatever came before, who may by what is held now is allowed.",
    FORBIDDEN: "Whatever came before, who may not (any more) is refused, and so is what names something that is gone.",
    STATE: "Whatever came before, after each success exactly what the effects say is there, direct and effective.",
    UNCHANGED: "Whatever came before, a refused request changes nothing.",
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic; all look at the same sequences."""
    source = build.operation.source
    leave = build.contract.find("detach", build.operation.effect.resource, build.operation.effect.within)
    text = "Whatever came before, an accepted request adds its one service, and everything else stays as it was."
    yield build.requirement("sequence.created", Level.MUST, text, source, shows(CREATED), needs="reading")
    text = "Whatever came before, what is refused alone is refused, and changes nothing."
    yield build.requirement("sequence.refused", Level.MUST, text, source, shows(REFUSED), needs="reading")
    if leave is None:
        return
    text = "A service that the group leaves is gone, once and for all, and no other with it."
    check = shows(LEFT)
    level = build.documented(promised=Level.SHOULD)  # leaving is in no other document
    yield build.requirement("sequence.left", level, text, leave.source, check, needs="leaving")
    text = "The id of a service that the group left is not given to another."
    check = shows(FRESH)
    yield build.requirement("sequence.fresh", level, text, source, check, needs="leaving")


def over_all(contract: Contract) -> Iterator[Requirement]:
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
