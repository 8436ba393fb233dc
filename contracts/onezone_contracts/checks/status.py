"""Which status a case is answered with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from onezone_contracts.cases import Case
from onezone_contracts.requirement import Check, Finding, NotJudged, Sending
from onezone_contracts.run import Run
from onezone_contracts.sender import Evidence, Sender
from onezone_contracts.state.ledger import Sent

HTTP_ERROR = 500
NOT_IMPLEMENTED = 501
HARMLESS = "method.harmless."


def accepted(*cases: Case) -> Check:
    """Each case is answered with a 2xx; which one is judged elsewhere."""

    def check(run: Sender) -> Iterator[Finding]:
        for sent in run.each(cases, accept=True):
            if not sent.exchange.succeeded:
                yield finding(sent, f"{run.operation.success.status}")

    return Sending(check, cases, accept=True)


def answered(statuses: Iterable[int], *cases: Case) -> Check:
    """Each case is answered with one of the statuses."""
    allowed = frozenset(statuses)

    def check(run: Sender) -> Iterator[Finding]:
        for sent in run.each(cases):
            if sent.exchange.status not in allowed:
                yield finding(sent, words(allowed))

    return Sending(check, cases, statuses=allowed)


def answered_with(kind: str, statuses: Iterable[int], *cases: Case) -> Check:
    """As `answered`, each case sent by somebody who has that kind of credentials, `password` or `token`."""
    allowed = frozenset(statuses)

    def check(run: Sender) -> Iterator[Finding]:
        yield from answered(allowed, *fitting(run, kind, cases))(run)

    return check


def fitting(run: Sender, kind: str, cases: Iterable[Case]) -> list[Case]:
    """The cases, each of somebody who has that kind of credentials. Raises NotJudged where nobody has."""
    found = [replace(one, who=who) for one in cases if (who := run.having(kind, one.who)) is not None]
    if not found:
        raise NotJudged(f"no persona has a {kind}: give one of them a {kind} to have this judged")
    return found


def words(statuses: Collection[int]) -> str:
    """Statuses as people name them."""
    return " or ".join(map(str, sorted(statuses)))


def refused(*cases: Case) -> Check:
    """Each case is answered with some 4xx: what is documented is only that it is no success and no failure."""

    def check(run: Sender) -> Iterator[Finding]:
        for sent in run.each(cases):
            if sent.exchange.response is None or not sent.exchange.response.refusal:
                yield finding(sent, "4xx")

    return Sending(check, cases)


def observed(*cases: Case) -> Check:
    """What each case is answered with, whatever it is."""

    def check(run: Sender) -> Iterator[Finding]:
        for sent in run.each(cases):
            yield Finding(
                f"{sent.case.label}: {sent.exchange.answer()}", "left open", sent.exchange.answer(), sent.exchange
            )

    return Sending(check, cases)


def finding(sent: Evidence, expected: str) -> Finding:
    """That a case was answered otherwise than expected."""
    came = sent.exchange.answer()
    return Finding(f"{sent.case.label}: expected {expected}, got {came}", expected, came, sent.exchange)


def documented_success(run: Run) -> Iterator[Finding]:
    """Every 2xx is the documented one."""
    run.creations()
    wanted = run.operation.success.status
    for sent in successes(run):
        if sent.exchange.status != wanted:
            yield finding(sent, str(wanted))


def successes(run: Run) -> list[Sent]:
    """Every judged request of the operation that was answered with a 2xx."""
    return [sent for sent in run.log if not sent.case.method and sent.exchange.succeeded]


def no_server_error(run: Sender) -> Iterator[Finding]:
    """No request was answered with a 5xx; a 501 to chunks (RFC 9112, 6.1), HEAD and OPTIONS are left open."""
    for sent in run.evidence:
        status = sent.exchange.status
        tolerated = sent.case.name.startswith(HARMLESS) or (sent.case.chunked and status == NOT_IMPLEMENTED)
        if status is not None and status >= HTTP_ERROR and not tolerated:
            yield finding(sent, "no 5xx")


def always_answers(run: Sender) -> Iterator[Finding]:
    """Every request was answered, in HTTP and in time."""
    for sent in run.evidence:
        if sent.exchange.response is None and not sent.case.name.startswith(HARMLESS):
            yield finding(sent, "an HTTP answer")


def known_status(run: Sender) -> Iterator[Finding]:
    """No answer has a status that neither the contract nor HTTP itself foresees for such a request."""
    http_itself = {405, 406, 408, 411, 413, 414, 415, 429, 431}
    for sent in run.evidence:
        status = sent.exchange.status
        if status is None or sent.case.name.startswith(HARMLESS):
            continue
        if status not in run.operation.responses and status not in http_itself and not sent.exchange.succeeded:
            yield finding(sent, "a documented status")
