"""What comes of a body that names something: what is not there or taken, and what may not go while it is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Level, Operation, Property

from onezone_contracts.cases import Case, with_value
from onezone_contracts.checks.keeping import refused_while_referenced
from onezone_contracts.checks.status import answered, observed
from onezone_contracts.checks.tokens import another_has
from onezone_contracts.derive import asks
from onezone_contracts.derive.build import Row
from onezone_contracts.generate.values import INVITES
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.trial import Trial

NOTHING = "f" * 32
"""An id that nothing has, and a token that nobody gave."""
BAD = 400


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    level = documented(Level.SHOULD)
    for prop in operation.body.properties if operation.body else ():
        yield from _property(contract, operation, prop, level)
    for kind, name in operation.kept_by.items():
        status = contract.errors[name].status
        text = f"Something that a {kind.replace('_', ' ')} names cannot be deleted: the answer is {status}."
        yield "effect.kept", Level.MUST, text, operation.source, refused_while_referenced(kind, status)


def _property(contract: Contract, operation: Operation, prop: Property, level: Level) -> Iterator[Row]:
    name, source = prop.name, prop.source or operation.source
    if prop.refers or INVITES in prop.schema:
        text = f"{name} that names nothing is answered with 400."
        case = asks.broken(
            operation, f"{name}.unknown.0", with_value(name, NOTHING), f"a body whose {name} names nothing"
        )
        judge = observed(case) if level is Level.OBSERVE else answered({BAD}, case)
        yield f"body.{name}.unknown", level, text, source, judge
    if prop.unique_of_owner and operation.effect.verb == "update":
        status = contract.errors[prop.unique_of_owner].status
        text = f"{name} that another one of the same owner has is answered with {status}."
        yield f"body.{name}.taken", level, text, source, another_has(name, status)
    if prop.refers and prop.refers.taken and operation.effect.verb == "create":
        status = contract.errors[prop.refers.taken].status
        kind = contract.kind(operation.effect.resource).replace("_", " ")
        text = f"A {name} that another {kind} already names is answered with {status}."
        binding = level if status in operation.responses else Level.OBSERVE
        yield f"body.{name}.taken", binding, text, source, name_taken(name, status, binding)


def name_taken(name: str, status: int, level: Level = Level.MUST) -> Check:
    """The check of a body with the value that another entity has; where that is left open, what comes is noted."""

    def check(trial: Trial) -> Iterator[Finding]:
        first = trial.send(asks.valid(), accept=True)
        if not first.exchange.succeeded:
            raise NotJudged("the first one was refused", blocked=True)
        change = with_value(name, first.value[name])
        case = Case(f"{name}.taken", f"{name} that another one has", follows=asks.valid(), change=change)
        yield from (observed(case) if level is Level.OBSERVE else answered({status}, case))(trial)

    return check
