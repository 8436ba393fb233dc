"""What becomes of groups that contain themselves, which is refused, or each other, which is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Level, Operation

from onezone_contracts.checks.nesting import each_other
from onezone_contracts.checks.status import answered
from onezone_contracts.derive import asks
from onezone_contracts.derive.build import Row

BAD = 400


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    effect, level = operation.effect, documented(Level.SHOULD)
    if effect.verb != "attach" or contract.kind(effect.resource) != contract.kind(effect.within or ""):
        return
    answer = operation.responses.get(BAD)
    text = "Nothing becomes a member of itself: 400."
    source = (answer.source if answer else None) or operation.source
    yield "itself", level, text, source, answered({BAD}, asks.itself(effect.resource))
    text = "Groups may contain each other: whoever belongs to one of them belongs to both."
    yield "effect.each-other", level, text, operation.source, each_other
