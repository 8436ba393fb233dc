"""Which status a case is answered with."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from onezone_contracts.cases import WRITER, Case
from onezone_contracts.checks.error import promised
from onezone_contracts.patience import asks_for_patience
from onezone_contracts.requirement import ALONE, Check, Finding, NotJudged, Sending, SendingAs
from onezone_contracts.run import Run
from onezone_contracts.sent import Sent
from onezone_contracts.supplied_run import SuppliedRun

HTTP_ERROR = 500
NOT_IMPLEMENTED = 501
HARMLESS = "method.harmless."


def accepted(*cases: Case, unless: Collection[int] = (), names_repeat: bool = False) -> Sending:
    """Each case is answered with a 2xx; which one is judged elsewhere. `unless` has what may be answered instead.

    A name that is taken excuses a refusal, unless `names_repeat` is what is judged.
    """

    def check(run: Run) -> Iterator[Finding]:
        def fits(sent: Sent) -> bool:
            excused = sent.exchange.status in unless or (not names_repeat and name_taken(run, sent))
            return sent.exchange.succeeded or excused

        yield from misfits(run.each(cases, accept=True), fits, f"{run.operation.success.status}", run)

    return Sending(check, cases, accept=True)


def misfits(
    sent: Iterable[Sent], fits: Callable[[Sent], bool], expected: str, run: Run | None = None
) -> Iterator[Finding]:
    """What does not fit, as findings; with a run, the first says whether it fits when it is sent again alone.

    Raises NotJudged if nothing but a limiter is the reason.
    """
    limited, yielded = None, False
    for request in sent:
        if fits(request):
            continue
        if asks_for_patience(request.exchange):
            limited = request
            continue
        first, yielded = not yielded, True
        yield finding(request, expected, _alone(run, request, fits) if run and first else "")
    if limited is not None and not yielded:
        raise limits(limited)


def _alone(run: Run, sent: Sent, fits: Callable[[Sent], bool]) -> str:
    """What a request is answered on a connection of its own, where that fits; "" where it does not.

    A trial's entities may be used up by the first time, so its requests are not sent again.
    """
    if sent.exchange.timed_out or not isinstance(run, SuppliedRun):
        return ""
    run.api.wire.close()
    try:
        again = run.fresh(sent.case, accept=sent.allowed)
    except NotJudged:  # what was seen is to be told, whatever became of the time
        return ""
    return f"{ALONE}, {again.exchange.answer()}" if fits(again) else ""


def limits(sent: Sent) -> NotJudged:
    """Why an answer of a limiter is not judged."""
    came = sent.exchange.answer()
    reason = f"the target, or what stands before it, limits requests: {came}, also after waiting (see --rate)"
    return NotJudged(reason, blocked=True)


def name_taken(run: Run, sent: Sent) -> bool:
    """Whether a refused body has the name of one that was accepted: whether names may repeat is judged by itself.

    Names that differ in case, width or blanks around them only are the same to some.
    """
    name = _name(sent)
    refused = sent.exchange.status in {400, 409}
    return (
        refused and name is not None and any(_name(logged) == name for logged in run.log if logged.exchange.succeeded)
    )


def _name(sent: Sent) -> str | None:
    value = getattr(sent, "value", None)
    name = value.get("name") if isinstance(value, dict) else None
    return unicodedata.normalize("NFKC", name).casefold().strip() if isinstance(name, str) else None


def answered(statuses: Iterable[int], *cases: Case) -> Sending:
    """Each case is answered with one of the statuses."""
    allowed = frozenset(statuses)

    def check(run: Run) -> Iterator[Finding]:
        yield from misfits(run.each(cases), lambda sent: sent.exchange.status in allowed, words(allowed), run)

    return Sending(check, cases, statuses=allowed)


def answered_with(kind: str, statuses: Iterable[int], *cases: Case) -> Check:
    """As `answered`, each case sent by somebody who has that kind of credentials, `password` or `token`."""
    allowed = frozenset(statuses)

    def check(run: Run) -> Iterator[Finding]:
        yield from answered(allowed, *fitting(run, kind, cases))(run)

    return SendingAs(check, kind, cases, allowed)


def observed_with(kind: str, *cases: Case) -> Check:
    """As `observed`, each case sent by somebody who has that kind of credentials, `password` or `token`."""

    def check(run: Run) -> Iterator[Finding]:
        yield from observed(*fitting(run, kind, cases))(run)

    return check


def fitting(run: Run, kind: str, cases: Iterable[Case]) -> list[Case]:
    """The cases, each of somebody who has that kind of credentials. Raises NotJudged if nobody has."""
    cases = tuple(cases)
    fitted = run.fitting(kind, cases)
    if not fitted:
        people = "persona who may" if all(case.who == WRITER for case in cases) else "persona"
        raise NotJudged(f"no {people} has a {kind}: give one of them a {kind} to have this judged")
    return fitted


def words(statuses: Collection[int]) -> str:
    """Statuses as people name them."""
    return " or ".join(map(str, sorted(statuses)))


def refused(*cases: Case) -> Sending:
    """Each case is neither accepted nor crashes the target: a 4xx, a redirect, or for chunks or another method 501."""

    def fits(sent: Sent) -> bool:
        response = sent.exchange.response
        return response is not None and (300 <= response.status < HTTP_ERROR or _not_implemented(sent))  # noqa: PLR2004

    def check(run: Run) -> Iterator[Finding]:
        yield from misfits(run.each(cases), fits, "4xx", run)

    return Sending(check, cases)


def _not_implemented(sent: Sent) -> bool:
    """A 501 where HTTP allows it: for chunked bodies (RFC 9112, 6.1) and unknown methods (RFC 9110, 15.6.2)."""
    return sent.exchange.status == NOT_IMPLEMENTED and (sent.case.chunked or sent.case.method is not None)


def observed(*cases: Case) -> Sending:
    """What each case is answered with, whatever it is; nothing else is judged by it."""
    return noted(*(replace(case, open=True) for case in cases))


def noted(*cases: Case) -> Sending:
    """Whether each case is accepted is left open; what holds of every success, and of every error, holds of it, too."""

    def check(run: Run) -> Iterator[Finding]:
        for sent in run.each(cases):
            yield sent.finding(f"{sent.exchange.answer()}", "left open", sent.exchange.answer())

    return Sending(check, cases)


def finding(sent: Sent, expected: str, more: str = "") -> Finding:
    """That a case was answered otherwise than expected; `more` is said after that."""
    came = sent.exchange.answer()
    return sent.finding(f"expected {expected}, got {came}{more}", expected, came)


def documented_success(run: SuppliedRun) -> Iterator[Finding]:
    """Every 2xx is the documented one."""
    run.creations()
    expected = run.operation.success.status
    for sent in successes(run):
        if sent.exchange.status != expected:
            yield finding(sent, str(expected))


def successes(run: Run) -> list[Sent]:
    """Every judged request of the operation that was answered with a 2xx."""
    return [sent for sent in run.log if not sent.case.method and not sent.case.open and sent.exchange.succeeded]


def no_server_error(run: Run) -> Iterator[Finding]:
    """No request was answered with a 5xx.

    Left open are HEAD and OPTIONS, and what need not be implemented.
    """

    def fits(sent: Sent) -> bool:
        status = sent.exchange.status
        tolerated = sent.case.name.startswith(HARMLESS) or _not_implemented(sent)
        return status is None or status < HTTP_ERROR or tolerated

    yield from misfits(run.log, fits, "no 5xx")


def always_answers(run: Run) -> Iterator[Finding]:
    """Every request was answered, in HTTP and in time."""
    for sent in run.log:
        if sent.exchange.response is None and not sent.case.name.startswith(HARMLESS):
            yield finding(sent, "an HTTP answer")


def known_status(run: Run) -> Iterator[Finding]:
    """No answer has a status that neither the contract nor HTTP itself foresees for such a request."""
    http_itself = {405, 406, 408, 409, 411, 413, 414, 415, 417, 421, 426, 429, 431}
    for sent in run.log:
        status = sent.exchange.status
        if status is None or not promised(sent) or asks_for_patience(sent.exchange) or sent.exchange.succeeded:
            continue
        if _not_implemented(sent):
            continue
        if status not in run.operation.responses and status not in http_itself:
            yield finding(sent, "a documented status")
