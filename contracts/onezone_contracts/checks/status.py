"""Which status a case is answered with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from onezone_contracts.cases import Case
from onezone_contracts.given import GivenRun
from onezone_contracts.requirement import Check, Finding, NotJudged, Sending
from onezone_contracts.run import Run
from onezone_contracts.sent import Sent

HTTP_ERROR = 500
NOT_IMPLEMENTED = 501
HARMLESS = "method.harmless."


def accepted(*cases: Case) -> Check:
    """Each case is answered with a 2xx; which one is judged elsewhere."""

    def check(run: Run) -> Iterator[Finding]:
        for sent in run.each(cases, accept=True):
            if not sent.exchange.succeeded:
                yield finding(sent, f"{run.operation.success.status}")

    return Sending(check, cases, accept=True)


def answered(statuses: Iterable[int], *cases: Case) -> Check:
    """Each case is answered with one of the statuses."""
    allowed = frozenset(statuses)

    def check(run: Run) -> Iterator[Finding]:
        for sent in run.each(cases):
            if sent.exchange.status not in allowed:
                yield finding(sent, words(allowed))

    return Sending(check, cases, statuses=allowed)


def answered_with(kind: str, statuses: Iterable[int], *cases: Case) -> Check:
    """As `answered`, for the cases of personas that have that kind of credentials, `password` or `token`."""
    allowed = frozenset(statuses)

    def check(run: Run) -> Iterator[Finding]:
        fitting = [one for one in cases if getattr(run.identity(one.who).credentials, kind) is not None]
        if not fitting:
            raise NotJudged(f"the personas have no {kind}")
        yield from answered(allowed, *fitting)(run)

    return check


def words(statuses: Collection[int]) -> str:
    """Statuses as people name them."""
    return " or ".join(map(str, sorted(statuses)))


def refused(*cases: Case) -> Check:
    """Each case is answered with some 4xx: what is documented is only that it is no success and no failure."""

    def check(run: Run) -> Iterator[Finding]:
        for sent in run.each(cases):
            if sent.exchange.response is None or not sent.exchange.response.refusal:
                yield finding(sent, "4xx")

    return Sending(check, cases)


def observed(*cases: Case) -> Check:
    """What each case is answered with, whatever it is."""

    def check(run: Run) -> Iterator[Finding]:
        for sent in run.each(cases):
            yield Finding(
                f"{sent.case.label}: {sent.exchange.answer()}", "left open", sent.exchange.answer(), sent.exchange
            )

    return Sending(check, cases)


def finding(sent: Sent, expected: str) -> Finding:
    """That a case was answered otherwise than expected."""
    came = sent.exchange.answer()
    return Finding(f"{sent.case.label}: expected {expected}, got {came}", expected, came, sent.exchange)


def documented_success(run: GivenRun) -> Iterator[Finding]:
    """Every 2xx is the documented one."""
    run.creations()
    wanted = run.operation.success.status
    for sent in successes(run):
        if sent.exchange.status != wanted:
            yield finding(sent, str(wanted))


def successes(run: Run) -> list[Sent]:
    """Every judged request of the operation that was answered with a 2xx."""
    return [sent for sent in run.log if not sent.case.method and sent.exchange.succeeded]


def no_server_error(run: Run) -> Iterator[Finding]:
    """No request was answered with a 5xx; a 501 to chunks (RFC 9112, 6.1), HEAD and OPTIONS are left open."""
    for sent in run.log:
        status = sent.exchange.status
        tolerated = sent.case.name.startswith(HARMLESS) or (sent.case.chunked and status == NOT_IMPLEMENTED)
        if status is not None and status >= HTTP_ERROR and not tolerated:
            yield finding(sent, "no 5xx")


def always_answers(run: Run) -> Iterator[Finding]:
    """Every request was answered, in HTTP and in time."""
    for sent in run.log:
        if sent.exchange.response is None and not sent.case.name.startswith(HARMLESS):
            yield finding(sent, "an HTTP answer")


def known_status(run: Run) -> Iterator[Finding]:
    """No answer has a status that neither the contract nor HTTP itself foresees for such a request."""
    http_itself = {405, 406, 408, 411, 413, 414, 415, 429, 431}
    for sent in run.log:
        status = sent.exchange.status
        if status is None or sent.case.name.startswith(HARMLESS):
            continue
        if status not in run.operation.responses and status not in http_itself and not sent.exchange.succeeded:
            yield finding(sent, "a documented status")
