"""What comes of invitations: who may not take one, and how long it serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Level, Operation

from onezone_contracts.checks import invited as checks
from onezone_contracts.derive.build import Row
from onezone_contracts.generate.values import INVITES
from onezone_contracts.state.expected import GROUP, USER


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    effect, source, level = operation.effect, operation.source, documented(Level.SHOULD)
    if effect.verb == "delete" and effect.resource == GROUP and contract.find("invite", USER, GROUP):
        text = "An invitation to what is deleted is answered with 400, and one to something else still serves."
        yield "effect.invitations", level, text, source, checks.withdrawn
    if effect.verb != "join" or operation.body is None:
        return
    for prop in operation.body.properties:
        if INVITES not in prop.schema:
            continue
        name, source = prop.name, prop.source or operation.source
        for role in sorted(_invited(contract) - {prop.schema[INVITES]}):
            text = f"{name} that invites a {role} is answered with 400."
            yield f"body.{name}.of-{role}", level, text, source, checks.of_another_kind(name, role)
        if effect.within == GROUP:
            text = "A group that takes its own invitation is answered with 400."
            yield "itself", level, text, source, checks.to_itself(name)


def _invited(contract: Contract) -> set[str]:
    """The roles that there are invitations for."""
    return {
        operation.effect.resource for operation in contract.operations.values() if operation.effect.verb == "invite"
    }
