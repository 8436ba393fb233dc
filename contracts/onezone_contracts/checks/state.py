"""What the target holds afterwards: exactly what was accepted, and nothing of what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from onezone_contracts.cases import HOME
from onezone_contracts.given import GivenRun
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.run import Run
from onezone_contracts.state.compare import beyond_the_list, differences_of
from onezone_contracts.target.file import NO_OTHER_GROUP

KEPT = 5
"""How many of the services created first, and how many of the others, are read again at the end."""


def created_one(run: GivenRun) -> Iterator[Finding]:
    """An accepted creation adds exactly one service to its group, and takes none away."""
    run.ledger.flush()
    seen = [one for one in run.creations() if one.listed is not None]
    if not seen:
        raise NotJudged(run.readback.lack("list"))
    for one in seen:
        if (one.listed and not one.extra and not one.gone) or beyond_the_list(run.ledger.created, one):
            continue
        new = len(one.extra) + bool(one.listed)
        came = f"{new} new" + (f", {len(one.gone)} gone" if one.gone else "")
        if new != 1 or one.gone:
            yield Finding(
                f"{one.sent.case.label}: not exactly one service more",
                "1 new",
                came,
                one.sent.exchange,
                one.then(one.listing),
            )


def unchanged(run: Run) -> Iterator[Finding]:
    """No refused request changed anything."""
    leaks = run.tracker.all(run.log)
    if all(one.exchange.succeeded for one in run.log):
        raise NotJudged("no request was refused")
    for leak in leaks:
        yield leak.finding()


def other_group(run: GivenRun) -> Iterator[Finding]:
    """Nothing that was created in one group appears in another."""
    other = run.target.other
    if not other:
        raise NotJudged(NO_OTHER_GROUP, wanting=True)
    if other not in run.ledger.initial:
        raise NotJudged("no second group is known whose services can be listed")
    now: set[str] = run.readback.ids(other) or set()
    asked = {one.id for one in run.creations() if one.sent.group == other}
    for one in run.creations():
        if one.id in now and one.id not in asked and one.id not in run.ledger.initial[other]:
            message = f"{one.sent.case.label}: the service is listed by another group, too"
            look = one.then(run.readback.lists.get(other))
            yield Finding(message, "listed by its own group only", f"{one.id} in {other}", one.sent.exchange, look)


def data_kept(run: GivenRun) -> Iterator[Finding]:
    """What is read back is what was sent."""
    read = [one for one in run.creations() if one.read.details is not None]
    if not read:
        raise NotJudged(run.readback.lack("get"))
    for one in read:
        yield from differences_of(run.operation, one)


def kept(run: GivenRun) -> Iterator[Finding]:
    """Services created early are there at the end of the run, with their data."""
    run.ledger.flush()
    home = [one for one in run.creations() if one.id and one.sent.case.group == HOME]
    if not run.readback.offered or not home:
        raise NotJudged(run.misread() or "the target offers neither to list nor to read services")
    for one in home:
        ids = run.ledger.known.get(one.sent.group)
        if one.listed and ids is not None and one.id not in ids:
            message = f"{one.sent.case.label}: it is not in the list by the end"
            look = one.then(run.readback.lists.get(one.sent.group))
            yield Finding(message, f"{one.id} in the list", "not there", one.sent.exchange, look)
    readable = [one for one in home if one.read.details is not None and not one.sent.case.loose]
    chosen = [*readable[:KEPT], *readable[KEPT :: max(1, len(readable) // KEPT)]]

    for one, again in zip(chosen, run.map(lambda one: run.readback.read(one.sent), chosen), strict=True):
        if again.details is None:
            message = f"{one.sent.case.label}: it cannot be read any more by the end"
            came = again.exchange.answer() if again.exchange else "nothing"
            yield Finding(message, "the service", came, again.exchange, one.then(again.exchange))
        elif not list(differences_of(run.operation, one)):
            yield from differences_of(run.operation, replace(one, read=again))
