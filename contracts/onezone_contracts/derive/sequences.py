"""Requirements that sequences of requests judge: what holds of one request holds whatever came before it."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.checks.sequence import shows
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement
from onezone_contracts.sequences.action import CREATED, FRESH, LEFT, UNCHANGED


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic; all look at the same sequences."""
    source = build.operation.source
    leave = build.contract.find("detach", build.operation.effect.resource, build.operation.effect.within)
    text = "Whatever came before, an accepted request adds its one service, and everything else stays as it was."
    yield build.requirement("sequence.created", Level.MUST, text, source, shows(CREATED), needs="reading")
    text = "Whatever came before, what is refused alone is refused, and changes nothing."
    yield build.requirement("sequence.refused", Level.MUST, text, source, shows(UNCHANGED), needs="reading")
    if leave is None:
        return
    text = "A service that the group leaves is gone, once and for all, and no other with it."
    check = shows(LEFT)
    level = build.documented(promised=Level.SHOULD)  # leaving is in no other document
    yield build.requirement("sequence.left", level, text, leave.source, check, needs="leaving")
    text = "The id of a service that the group left is not given to another."
    check = shows(FRESH)
    yield build.requirement("sequence.fresh", level, text, source, check, needs="leaving")
