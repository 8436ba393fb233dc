"""After a run: a persona that may removes what the run created, if the target offers that."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.api import new_id
from onezone_contracts.cases import HOME, OTHER
from onezone_contracts.exchange import Request
from onezone_contracts.sent import Sent
from onezone_contracts.supplied_run import SuppliedRun
from onezone_contracts.target.file import TestUser

IN_VAIN = 2
"""After so many services in a row that nobody could remove, the rest is left."""
Place = tuple[str, str]
"""A group, and a service in it."""
Way = tuple[str, TestUser]
"""The path of an operation that removes, and who sends it."""


def clean(run: SuppliedRun) -> None:
    """Remove what was created, where the target offers removal, and undo the personas."""
    run.wire.finish()
    initial = run.ledger.initial
    ours = (creation for creation in run.ledger.created if creation.id not in initial.get(creation.sent.group, ()))
    run.target.created |= {creation.id for creation in ours if creation.id}
    remove(run)
    run.target.cleanup()
    run.wire.close_all()


def remove(run: SuppliedRun) -> None:
    """Delete what the run created, or have its group leave it where nobody may. Whatever is answered, it goes on."""
    effect = run.operation.effect
    operations = (
        run.contract.find("delete", effect.resource),
        run.contract.find("detach", effect.resource, effect.within),
    )
    helpers = sorted(run.target.personas.values(), key=_privileges, reverse=True)
    ways = [(operation.path, helper) for operation in operations if operation for helper in helpers]
    left = dict.fromkeys(_created_entities(run))
    listed = set(_listed(run, {group for group, _ in left}))
    vain = 0
    while left and vain < IN_VAIN:
        place = next(iter(left))
        del left[place]
        fitting = (way for way in ways if place in listed or not _deletes(way))
        way = next((way for way in fitting if _removed(run, place, way)), None)
        vain = 0 if way else vain + 1
        if way:
            ways = [way, *(other for other in ways if other is not way)]
            _remove_together(run, left, [other for other in left if other in listed or not _deletes(way)], way)


def _listed(run: SuppliedRun, groups: set[str]) -> Iterator[Place]:
    """What the groups hold that they did not: surely the run's. A Location alone may name what is somebody else's."""
    initial = run.ledger.initial
    places = sorted(groups & initial.keys())
    for group, ids in zip(places, run.map(run.readback.ids, places), strict=True):
        for service in (ids or set()) - initial[group]:
            yield group, service


def _deletes(way: Way) -> bool:
    """Whether that deletes a service, which is then the path's only id; else a group leaves it."""
    return "{hsid}" not in way[0]


def _privileges(helper: TestUser) -> int:
    return sum(len(privileges or ()) for privileges in helper.persona.grants.values())


def _created_entities(run: SuppliedRun) -> Iterator[Place]:
    """What the run created in groups that it may act on; after an interrupt also what was not looked at any more."""
    for creation in (*run.ledger.created, *run.ledger.spare):
        if creation.id and creation.sent.case.group in {HOME, OTHER} and not _initial(run, creation.sent, creation.id):
            yield creation.sent.group, creation.id
    for sent in run.accepted if run.options.network.stop.requests else ():
        service = new_id(sent.exchange)
        if service and sent.case.group in {HOME, OTHER} and not _initial(run, sent, service):
            yield sent.group, service


def _initial(run: SuppliedRun, sent: Sent, service: str) -> bool:
    return service in run.ledger.initial.get(sent.group, ())


def _removed(run: SuppliedRun, place: Place, way: Way) -> bool:
    (group, service), (template, helper) = place, way
    ids = {"id": service} if _deletes(way) else {"id": group, "hsid": service}
    request = Request("DELETE", run.target.path(template, **ids), helper.auth, label="remove what the kit made")
    return run.wire.send(request).succeeded


def _remove_together(run: SuppliedRun, left: dict[Place, None], places: list[Place], way: Way) -> None:
    """With several workers, remove at the same time what can be removed in that way; the rest is left."""
    if run.several:
        gone = run.map(lambda place: _removed(run, place, way), places)
        for place, removed in zip(places, gone, strict=True):
            if removed:
                del left[place]
