"""Requests at the same time: none may disturb another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from onezone_contracts.cases import WRITER, Case, access_case
from onezone_contracts.checks import status
from onezone_contracts.patience import asks_for_patience
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.run import Run
from onezone_contracts.sent import Sent
from onezone_contracts.state.compare import beyond_the_list, differences_of
from onezone_contracts.supplied_run import SuppliedRun

AT_ONCE = 8
"""How many go at the same time; to a target that was seen to bear more workers, one for each of them."""
CREATES = 24
FEW = 8
"""With fewer creations, a limiter let too little through to judge by."""
FORBIDDEN = 403


def _at_once(run: Run, cases: list[Case]) -> list[Sent]:
    """The cases, sent by several threads at the same time, each on a connection of its own.

    None is kept: a server with a single thread would wait for it, and let the others wait.
    """

    def send(case: Case) -> Sent:
        try:
            return run.transmit(case)
        finally:
            run.api.wire.close()

    run.api.wire.close()
    most = max(AT_ONCE, run.shared.workers if run.several else 1)
    with ThreadPoolExecutor(min(len(cases), most)) as pool:
        return list(pool.map(send, cases))


def creates(run: SuppliedRun) -> Iterator[Finding]:
    """Creations at the same time are all accepted, each with an id of its own, and all are kept as they were sent."""
    run.identity(WRITER)
    run.ledger.flush()
    cases = [Case(f"concurrent.create.{n}", "a valid request among others at the same time") for n in range(CREATES)]
    sent = _at_once(run, cases)
    run.log += sent
    accepted = [request for request in sent if request.exchange.succeeded]
    limited = next((request for request in sent if asks_for_patience(request.exchange)), None)
    for request in sent:
        if not request.exchange.succeeded and not asks_for_patience(request.exchange):
            yield status.finding(request, str(run.operation.success.status))
    creations = run.ledger.together(accepted)
    if any(each.listed is False for each in creations):  # a list that grows by another one is not at its end
        run.record(run.transmit(Case("concurrent.after", "a valid request after others at the same time")))
    twice = {identity for identity, count in Counter(each.id for each in creations if each.id).items() if count > 1}
    for each in creations:
        if each.id in twice:
            yield each.sent.finding("another got the same id", "an id of its own", str(each.id))
        missing = each.listed is False and not beyond_the_list(run.ledger.created, each)
        if missing or each.extra:
            came = f"{len(each.extra)} unknown ones" if each.extra else "not there"
            yield each.finding("the list is not what was created", f"{each.id} in the list", came, each.listing)
        yield from differences_of(run.operation, each)
    if limited is not None and len(creations) < FEW:
        raise status.limits(limited)


def access(persona: str) -> Check:
    """Requests of a persona that may not are refused, even while those of others are allowed at the same time."""

    def check(run: Run) -> Iterator[Finding]:
        run.identity(WRITER)
        alone = run.send(access_case(persona))
        if alone.exchange.succeeded:
            raise NotJudged(f"the persona {persona} is not refused alone either", blocked=True)
        run.tracker.look(alone)
        label = "a valid request of {} beside others at the same time"
        cases = [
            Case(
                f"concurrent.access.{n}",
                label.format("the writer" if n % 2 else persona),
                who=WRITER if n % 2 else persona,
            )
            for n in range(CREATES)
        ]
        sent = _at_once(run, cases)
        run.log += sent
        run.tracker.together([request for request in sent if request.exchange.succeeded])
        for request in sent:
            expected = FORBIDDEN if request.case.who == persona else run.operation.success.status
            if asks_for_patience(request.exchange):
                continue
            if request.exchange.succeeded if expected == FORBIDDEN else not request.exchange.succeeded:
                yield status.finding(request, str(expected))

    return check
