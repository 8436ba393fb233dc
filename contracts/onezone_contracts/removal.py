"""After a run: what it created is removed by whoever may, where the target offers that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from onezone_spec import Contract, Operation

from onezone_contracts.api import new_id
from onezone_contracts.cases import HOME, OTHER
from onezone_contracts.exchange import Request
from onezone_contracts.options import Options
from onezone_contracts.state.ledger import Ledger, Sent
from onezone_contracts.target.file import Identity, Target
from onezone_contracts.together import Together
from onezone_contracts.wire import Wire

IN_VAIN = 2
"""After so many services in a row that nobody could remove, the rest is left."""
Place = tuple[str, str]
"""A group, and a service in it."""


class Creator(Protocol):
    """The run of the documented operation, as far as it takes to remove what it created."""

    contract: Contract
    operation: Operation
    target: Target
    options: Options
    wire: Wire
    ledger: Ledger
    together: Together
    accepted: list[Sent]


def remove(run: Creator) -> None:
    """Have the groups leave what the run created. What the target says to that does not matter."""
    effect = run.operation.effect
    operation = run.contract.find("detach", effect.resource, effect.within)
    if operation is None:
        return
    helpers = list(run.target.personas.values())
    left = dict.fromkeys(_ours(run))
    vain = 0
    while left and vain < IN_VAIN:
        group, service = next(iter(left))
        del left[group, service]
        path = run.target.path(operation.path, id=group, hsid=service)
        helper = next((one for one in helpers if _removed(run, path, one)), None)
        vain = 0 if helper else vain + 1
        if helper:
            helpers = [helper, *(one for one in helpers if one is not helper)]
            _remove_together(run, operation.path, left, helper)


def _ours(run: Creator) -> Iterator[Place]:
    """What the run created in groups that it may act on; after an interrupt also what was not looked at any more."""
    for made in (*run.ledger.created, *run.ledger.spare):
        if made.id and made.sent.case.group in {HOME, OTHER} and not _initial(run, made.sent, made.id):
            yield made.sent.group, made.id
    for sent in run.accepted if run.options.network.stop.asked else ():
        service = new_id(sent.exchange)
        if service and sent.case.group in {HOME, OTHER} and not _initial(run, sent, service):
            yield sent.group, service


def _initial(run: Creator, sent: Sent, service: str) -> bool:
    return service in run.ledger.initial.get(sent.group, ())


def _removed(run: Creator, path: str, helper: Identity) -> bool:
    label = "remove what the kit made"
    return run.wire.send(Request("DELETE", path, helper.auth(), label=label)).succeeded


def _remove_together(run: Creator, template: str, left: dict[Place, None], helper: Identity) -> None:
    """With several workers, remove at the same time what that persona may; the rest is left."""
    if run.together.possible:
        paths = {one: run.target.path(template, id=one[0], hsid=one[1]) for one in left}
        gone = run.together.map(lambda one: _removed(run, paths[one], helper), list(left))
        for one, removed in zip(list(left), gone, strict=True):
            if removed:
                del left[one]
