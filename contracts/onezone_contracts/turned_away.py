"""A target that turns away whom it served before: a ban, a locked account, credentials that ended: no violation."""

from __future__ import annotations

from collections.abc import Iterable

from onezone_contracts.cases import access_case
from onezone_contracts.requirement import Finding
from onezone_contracts.supplied_run import SuppliedRun

DENIALS = frozenset({401, 403, 429, 503})


def turned_away(run: SuppliedRun, findings: Iterable[Finding]) -> str | None:
    """Why findings say nothing about the requirement; None if they do.

    Where a request was denied, a valid request is sent by the persona that was allowed before: if that is denied alike,
    the reason is not in what was asked.

    Raises:
        NotJudged: the time of the run is over.
    """
    denied = {finding.exchange.status for finding in findings if finding.exchange} & DENIALS
    if not denied or run.writer is None:
        return None
    name = run.writer.name
    sent = run.transmit(access_case(name))
    run.record(sent)
    if sent.exchange.status not in denied:
        return None
    came = sent.exchange.answer()
    return (
        f"the target now answers {came} to the valid request of the persona {name}, which it accepted before: "
        "a ban or a locked account after wrong credentials, a limit, or credentials that ended"
    )
