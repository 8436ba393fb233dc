"""What becomes of members through a group where direct ones are meant, and of groups in themselves or in each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Level, Operation, Source

from onezone_contracts.checks.nesting import each_other
from onezone_contracts.checks.status import answered, observed
from onezone_contracts.derive import asks
from onezone_contracts.derive.build import Row
from onezone_contracts.state.expected import GROUP, UNRELATED, ZONE, member_and_container, role_of

BAD, NOT_THERE = 400, 404
DIRECT = frozenset({"detach", "grant", "privileges"})
"""Verbs that are about direct members alone, unless the effect says otherwise."""


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    effect, level = operation.effect, documented(Level.SHOULD)
    if effect.verb in DIRECT and not effect.effective and _through_groups(contract, operation):
        name = effect.resource.replace("_", " ")
        text = f"For a {name} that belongs there through a group alone, the answer is 404: it must do so directly."
        binding = level if NOT_THERE in operation.responses else Level.OBSERVE
        case = asks.indirect(effect.resource)
        judge = observed(case) if binding is Level.OBSERVE else answered({NOT_THERE}, case)
        yield "relation.indirect", binding, text, _source(operation, NOT_THERE), judge
    if effect.verb != "attach" or contract.kind(effect.resource) != contract.kind(effect.within or ""):
        return
    text = "Nothing becomes a member of itself: 400."
    yield "itself", level, text, _source(operation, BAD), answered({BAD}, asks.itself(effect.resource))
    text = "Groups may contain each other: whoever belongs to one of them belongs to both."
    yield "effect.each-other", level, text, operation.source, each_other


def _source(operation: Operation, status: int) -> Source:
    answer = operation.responses.get(status)
    return (answer.source if answer else None) or operation.source


def _through_groups(contract: Contract, operation: Operation) -> bool:
    """Whether the path names something that can belong to what the effect is within through a group."""
    effect, within = operation.effect, operation.effect.within
    named = {parameter.entity for parameter in operation.parameters}
    if within is None or within in {ZONE, effect.resource} or effect.resource not in named or effect.verb in UNRELATED:
        return False
    member, container = map(contract.kind, member_and_container(contract, effect.resource, within))
    return all(contract.find("attach", role_of(*ends), ends[1]) for ends in ((member, GROUP), (GROUP, container)))
