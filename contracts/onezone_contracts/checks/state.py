"""The state afterwards: everything that was accepted, and nothing that was refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from onezone_contracts.cases import HOME
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.run import Run
from onezone_contracts.sent import Created, Sent
from onezone_contracts.state.compare import beyond_the_list, differences_of
from onezone_contracts.supplied_run import SuppliedRun
from onezone_contracts.target.file import NO_OTHER_GROUP

SAMPLE = 5
"""How many of the services created first, and how many of the others, are read again at the end."""


def created_one(run: SuppliedRun) -> Iterator[Finding]:
    """An accepted creation adds exactly one service to its group, and takes none away."""
    run.ledger.flush()
    seen = [creation for creation in run.creations() if creation.listed is not None]
    if not seen:
        raise NotJudged(run.readback.lack("list"))
    for creation in seen:
        if (creation.listed and not creation.extra and not creation.vanished) or beyond_the_list(
            run.ledger.created, creation
        ):
            continue
        new = len(creation.extra) + bool(creation.listed)
        came = f"{new} new" + (f", {len(creation.vanished)} gone" if creation.vanished else "")
        if new != 1 or creation.vanished:
            yield creation.finding("not exactly one service more", "1 new", came, creation.listing)


def unchanged(run: Run) -> Iterator[Finding]:
    """No refused request changed anything."""
    leaks = run.tracker.all(run.log)
    if all(sent.exchange.succeeded for sent in run.log):
        raise NotJudged("no request was refused")
    for leak in leaks:
        yield leak.finding()


def other_group(run: SuppliedRun) -> Iterator[Finding]:
    """Nothing that was created in one group appears in another."""
    other = run.target.other
    if not other:
        raise NotJudged(NO_OTHER_GROUP, wanting=True)
    if other not in run.ledger.initial:
        raise NotJudged("no second group is known whose services can be listed")
    now: set[str] = run.readback.ids(other) or set()
    asked = {creation.id for creation in run.creations() if creation.sent.group == other}
    for creation in run.creations():
        if creation.id in now and creation.id not in asked and creation.id not in run.ledger.initial[other]:
            what, came = "the service is listed by another group, too", f"{creation.id} in {other}"
            yield creation.finding(what, "listed by its own group only", came, run.readback.lists.get(other))


def data_kept(run: SuppliedRun) -> Iterator[Finding]:
    """What is read back is what was sent."""
    read = [creation for creation in run.creations() if creation.read.details is not None]
    if not read:
        raise NotJudged(run.readback.lack("get"))
    own = (sent for sent in run.log if not sent.case.change and not sent.case.raw and isinstance(sent.value, dict))
    names = {str(sent.value.get("name")): sent for sent in own}
    for creation in read:
        yield from differences_of(run.operation, creation)
        yield from _of_another(creation, names)


def _of_another(creation: Created, names: Mapping[str, Sent]) -> Iterator[Finding]:
    """That a body without a name got the one of another request; the kit sends such names once."""
    value, details = creation.sent.value, creation.read.details
    if not isinstance(value, dict) or "name" in value or details is None:
        return
    other = names.get(str(details.get("name")))
    if other is not None:
        what, came = "its name is that of another request", repr(details["name"])
        finding = creation.misread(what, "no name, or one of the server's own", came, creation.read.exchange)
        yield replace(finding, steps=(other.exchange, *finding.steps))


def still_there(run: SuppliedRun) -> Iterator[Finding]:
    """Services created early are there at the end of the run, with their data."""
    run.ledger.flush()
    home = [creation for creation in run.creations() if creation.id and creation.sent.case.group == HOME]
    if not run.readback.offered or not home:
        raise NotJudged(run.misread() or "the target offers neither to list nor to read services")
    for creation in home:
        ids = run.ledger.services.get(creation.sent.group)
        if creation.listed and ids is not None and creation.id not in ids:
            look = run.readback.lists.get(creation.sent.group)
            yield creation.finding("it is not in the list by the end", f"{creation.id} in the list", "not there", look)
    readable = [creation for creation in home if creation.read.details is not None and not creation.sent.case.loose]
    chosen = [*readable[:SAMPLE], *readable[SAMPLE :: max(1, len(readable) // SAMPLE)]]

    for creation, again in zip(chosen, run.map(lambda created: run.readback.read(created.sent), chosen), strict=True):
        if again.details is None:
            came = again.exchange.answer() if again.exchange else "nothing"
            yield creation.misread("it cannot be read any more by the end", "the service", came, again.exchange)
        elif not list(differences_of(run.operation, creation)):
            yield from differences_of(run.operation, replace(creation, read=again))
