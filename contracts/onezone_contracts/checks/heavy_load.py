"""More requests at the same time than a store that is not synchronised bears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median

from onezone_contracts.cases import WRITER, Case
from onezone_contracts.checks import status
from onezone_contracts.patience import LONGEST_PAUSES
from onezone_contracts.requirement import Finding, NotJudged
from onezone_contracts.sent import Created, Sent
from onezone_contracts.state.compare import differences_of
from onezone_contracts.state.readback import new_id
from onezone_contracts.supplied_run import SuppliedRun

THREADS = 16
EACH = {"standard": 100, "deep": 400}
"""How many creations a thread asks for, one directly after another."""
QUICK = 0.005
"""Seconds: the load is for targets that answer a creation as fast as this, in the middle of all."""
FULL = frozenset({400, 403, 409})
"""What may be said by a target whose group has as many services as it may have."""
DENIALS = frozenset({401, 403, 429})
"""What is said to somebody who is turned away: by a ban, a locked account, a limit, or credentials that ended."""
LABEL = "a valid request among hundreds"
PAGE = 10
"""So many services at least fit on a list that is cut."""
READ = 20
"""How many of what was created are read again."""


def creates(run: SuppliedRun) -> Iterator[Finding]:
    """Hundreds of creations by several threads are accepted, each has an id of its own, and the group lists all."""
    run.identity(WRITER)
    run.ledger.flush()
    seconds = [creation.sent.exchange.seconds for creation in run.creations()]
    if median(seconds) > QUICK:
        raise NotJudged(f"the target takes more than {QUICK * 1000:g} ms for a creation")
    first = run.transmit(Case("concurrent.load.before", "a valid request before hundreds"))
    run.record(first)
    if first.exchange.status in DENIALS:
        raise NotJudged(f"the target turns away whom it accepted before: {first.exchange.answer()}")
    before = {group: set(ids) for group, ids in run.ledger.services.items()}
    sent = _load(run)
    busy = _busy(run, sent)
    if busy:
        raise NotJudged(busy)
    refused = [request for request in sent if not request.exchange.succeeded]
    accepted = [request for request in sent if request.exchange.succeeded]
    run.log += refused[:READ] + accepted[:READ]
    yield from (status.finding(request, str(run.operation.success.status)) for request in refused)
    creations = [_created(request) for request in accepted]
    run.ledger.spare += creations
    counts = Counter(creation.id for creation in creations)
    for creation in creations:
        if creation.id is None or counts[creation.id] > 1:
            yield creation.finding("another got the same id", "an id of its own", str(creation.id))
    yield from _listed(run, creations, before)
    yield from _read(run, creations)


def _busy(run: SuppliedRun, sent: list[Sent]) -> str | None:
    """Why nothing can be said of a target that still answers: it asks for patience, is only slow, or is full."""
    asked = any(request.exchange.status in LONGEST_PAUSES for request in sent)
    refusals = {request.exchange.status or 0 for request in sent if not request.exchange.succeeded}
    full = not asked and len(refusals) == 1 and refusals <= FULL
    if not asked and not full and not any(request.exchange.timed_out for request in sent):
        return None
    after = run.transmit(Case("concurrent.load.after", LABEL))
    if after.exchange.status not in refusals if full else not after.exchange.succeeded:
        return None
    run.ledger.spare += [_created(request) for request in (*sent, after) if request.exchange.succeeded]
    for group in list(run.ledger.services):
        run.ledger.open(group)
    if full:
        return f"the target takes no more services: {after.exchange.answer()}"
    return "the target asks for fewer requests" if asked else "the target bears so many only slowly"


def _created(sent: Sent) -> Created:
    return Created(sent, new_id(sent.exchange) or None)


def _load(run: SuppliedRun) -> list[Sent]:
    """What came of all, in their order. A thread that gets no answer ends."""
    each = run.options.load or EACH.get(run.options.depth, EACH["standard"])

    def work(number: int) -> list[Sent]:
        sent: list[Sent] = []
        try:
            for count in range(each):
                sent.append(run.transmit(Case(f"concurrent.load.{number}.{count}", LABEL)))
                if sent[-1].exchange.response is None:
                    break
        finally:
            run.wire.close()
        return sent

    run.wire.close()
    with ThreadPoolExecutor(THREADS) as pool:
        return [request for sent in pool.map(work, range(THREADS)) for request in sent]


def _listed(run: SuppliedRun, creations: list[Created], before: dict[str, set[str]]) -> Iterator[Finding]:
    """That the group lists what was created and no more; a list that is cut says nothing."""
    for group in {creation.sent.group for creation in creations} & before.keys():
        ids = {creation.id for creation in creations if creation.id and creation.sent.group == group}
        now = run.ledger.listed(group, ids.issubset)
        if now is None:  # its list says nothing any more
            continue
        missing, extra = ids - now, now - ids - before[group]
        cut = len(missing) > len(creations) // 2 and len(now & (ids | before[group])) >= PAGE
        example = next((creation for creation in creations if creation.id in missing), creations[0])
        if missing and not cut:
            came = f"{len(missing)} of {len(creations)} are not there"
            yield Finding(
                f"{LABEL}: the group does not list it", "all of them in the list", came, example.sent.exchange
            )
        if extra:
            came = f"{len(extra)} that no answer named"
            yield Finding(f"{LABEL}: the group lists others", "what was created", came, example.sent.exchange)


def _read(run: SuppliedRun, creations: list[Created]) -> Iterator[Finding]:
    """That some of them, from first to last, are kept as they were sent."""
    if "get" not in run.readback.offered:
        return
    for creation in creations[:: max(1, len(creations) // READ)]:
        sent = creation.sent
        read = run.readback.read(sent)
        yield from differences_of(run.operation, replace(creation, read=read))
