"""One operation at the target: its cases, each sent once, and what came of them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, takewhile
from typing import Any, Self, TypeVar

from onezone_spec import Contract, Operation

from onezone_contracts.api import Api
from onezone_contracts.cases import BODILESS, HOME, NOBODY, OTHER, WRITER, Case, encode
from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.needs import Fixtures
from onezone_contracts.options import Options
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.requirement import Finding, Level, NotJudged, Requirement, Sending, SendingAs, tolerated
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.shared import Shared
from onezone_contracts.state.tracker import Tracker
from onezone_contracts.target.file import SetupError, TestUser

AT_ONCE = 64
"""How many cases are accounted for at once."""
ALONE = ("authentication.", "credentials.")
"""Topics whose requests may decide how the next ones are answered: they go together when the first is judged."""
ODD = 3
"""After so many odd answers in a row, a target is asked one thing at a time."""
FAILURE = 500
Item = TypeVar("Item")
Result = TypeVar("Result")


class Run:
    """Sends the cases of one operation, whichever it is and whoever sends, and keeps account.

    With several workers, cases are sent at the same time. What came of that counts only where nothing about it is odd:
    each was answered, none with a failure of the server, and exactly what was accepted is there. Else all of it is
    forgotten, and the same cases are sent one after another, where every change has one request that it comes of.
    """

    fixtures: Fixtures
    tracker: Tracker

    def __init__(self, shared: Shared, operation: Operation, api: Api) -> None:
        self.shared = shared
        self.operation = operation
        self.api = api
        self.log: list[Sent] = []
        self._sent: dict[str, Sent] = {}
        self._odd = 0
        self._foreseen: set[str] = set()

    @property
    def contract(self) -> Contract:
        """The edition."""
        return self.api.contract

    @property
    def options(self) -> Options:
        """How the run judges."""
        return self.shared.options

    def offered(self) -> bool:
        """Whether the target has the operation. Raises NotJudged where nobody could be set up."""
        return True

    def ready_for(self, requirement: Requirement) -> Self:
        """This run, after what the requirement lives off was sent. Raises OutOfTimeError."""
        for sending in requirement.evidence:
            with tolerated():
                deque(
                    self.each([case for case in sending.cases if not self.sent_before(case)], accept=sending.accept), 0
                )
        return self

    # --- what is sent -------------------------------------------------------------------------------------

    def identity(self, who: str) -> TestUser:
        """Who sends a case. Raises NotJudged."""
        return self.fixtures.identity(who)

    def credential_holder(self, kind: str, who: str) -> str | None:
        """Whoever has that kind of credentials: themselves first, for the writer somebody who may. None: nobody has."""
        return self.fixtures.credential_holder(kind, who)

    def fitting(self, kind: str, cases: Iterable[Case]) -> list[Case]:
        """The cases, each of somebody who has that kind of credentials; none where nobody has. Raises NotJudged."""
        return [replace(case, who=who) for case in cases if (who := self.credential_holder(kind, case.who)) is not None]

    def sent_before(self, case: Case) -> bool:
        """Whether the case was sent."""
        return case.name in self._sent

    def send(self, case: Case, *, accept: bool = False) -> Sent:
        """The case's exchange, sent now if it was not before. `accept`: the contract promises a success.

        Raises NotJudged where nobody can send it.
        """
        if case.name not in self._sent:
            self._sent[case.name] = self.fresh(case, accept=accept)
        return self._sent[case.name]

    def fresh(self, case: Case, *, accept: bool = False) -> Sent:
        """The case's exchange, sent now, whether it was sent before or not. Raises NotJudged."""
        prepared = self.prepare(case, accept=accept)
        self.tracker.before(prepared)
        sent = self.dispatch(prepared)
        self.record(sent)
        return sent

    def transmit(self, case: Case) -> Sent:
        """Send the case, unrecorded. Raises NotJudged."""
        return self.dispatch(self.prepare(case))

    def in_turn(self, *cases: Case) -> list[Sent]:
        """The cases one directly after another, with nothing read in between. Raises NotJudged."""
        return self._series([cases], map)[0]

    def in_turns(self, series: Sequence[Sequence[Case]]) -> Iterator[list[Sent]]:
        """One series after another; with workers nothing is read between them, where it can be told what each did.

        Raises NotJudged.
        """
        if self.several and self.tracker.separable:
            yield from self._series(series, map)
        else:
            yield from (self.in_turn(*cases) for cases in series)

    def side_by_side(self, series: Iterable[Sequence[Case]]) -> list[list[Sent]]:
        """Several series, each one case directly after another; with workers all series at the same time.

        Raises NotJudged.
        """
        return self._series(series, self.map)

    def _series(self, series: Iterable[Sequence[Case]], each: Callable[..., Iterator[list[Sent]]]) -> list[list[Sent]]:
        """Send all, and account for it; with workers at once. Where that is not plain, each series goes again alone."""
        prepared = [
            [self.prepare(case, accept=case.valid and case.who == WRITER) for case in cases] for cases in series
        ]
        every = list(chain.from_iterable(prepared))
        for request in every:
            self.tracker.before(request)
        sent = list(each(lambda cases: [self.dispatch(request) for request in cases], prepared))
        if len(prepared) > 1 and self.several:
            if self._accounted(list(chain.from_iterable(sent)), len(every)):
                return sent
            return [self.in_turn(*(request.case for request in cases)) for cases in prepared]
        for cases in sent:
            self._record_turn(cases)
        return sent

    def _record_turn(self, sent: list[Sent]) -> None:
        accepted = [request for request in sent if request.succeeded]
        if len(accepted) > 1:
            self.log += sent
            self.tracker.together(accepted)
        else:
            for each in sent:
                self.record(each)

    def prepare(self, case: Case, *, accept: bool = False) -> Prepared:
        """The case's request, ready to be sent. Raises NotJudged where nobody can send it."""
        try:
            return self._prepared(case, accept=accept)
        except SetupError as error:
            raise NotJudged(str(error), blocked=True) from None

    def _prepared(self, case: Case, *, accept: bool) -> Prepared:
        fixtures = self.fixtures
        if case.follows:
            first = self.send(case.follows, accept=True)
            if not first.exchange.succeeded:
                raise NotJudged("the first time was refused", blocked=True)
            stage, auth, user, roles = fixtures.assign_follower(first)
        else:
            stage, auth, user, roles = fixtures.assign(case)
        if case.auth:
            auth = fixtures.credentials(case)
        valid = fixtures.body(roles, user, case.keys)
        value, body = _body(case, valid)
        caller = user.ref if user else None
        roles |= {role: fixtures.entity(role, word, roles, stage, caller) for role, word in case.roles.items()}
        request = Request(
            case.method or self.operation.method,
            self.api.path(self.operation, roles) + case.tail,
            auth,
            case.headers if body is not None else (),
            None if case.method in BODILESS else body,
            case.chunked,
            case.label,
        )
        persona = fixtures.personas(case.keys or ()).get(case.who)
        may = persona.allowed if persona else case.who == NOBODY and self.operation.access.public
        return Prepared(case, roles, user, auth, value, accept or (may and case.valid), request, stage)

    def dispatch(self, prepared: Prepared) -> Sent:
        """Send what was prepared, unrecorded. Raises OutOfTimeError when the run's time is over."""
        self.shared.check_time()
        self.shared.hangs.check(prepared.case, self.operation.id)

        def send() -> Exchange:
            return self.api.wire.send(prepared.request)

        must = prepared.allowed and not prepared.case.loose and self._bound(prepared.case)
        exchange = self.fixtures.wait_until_allowed(send) if must else send()
        self.shared.hangs.note(prepared.case, self.operation.id, exchange)
        return prepared.answered(exchange)

    def _bound(self, case: Case) -> bool:
        """Whether the edition says what the case's user may: where it leaves that open, nobody waits for a success."""
        persona = self.fixtures.personas(case.keys or ()).get(case.who)
        return persona is None or persona.level is not Level.OBSERVE

    def record(self, sent: Sent) -> None:
        """Put an exchange into the log, and see what came of it."""
        self.log.append(sent)
        if sent.succeeded:
            self.tracker.accepted(sent)
        else:
            self.tracker.refused(sent)

    def keep(self, sent: Sent) -> None:
        """Remember an exchange as that of its case."""
        self._sent[sent.case.name] = sent

    def consequences(self, sent: Sent) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""
        return self.tracker.consequences(sent)

    def deviations(self, sent: Sent) -> Iterator[Finding]:
        """How what is read back of an accepted case, or the answer of a reading one, is not what it should be."""
        return self.tracker.deviations(sent)

    # --- several at the same time ---------------------------------------------------------------------------

    @property
    def several(self) -> bool:
        """Whether there are several workers, and the target was not odd with them."""
        return self.shared.pool is not None and self._odd < ODD

    def each(self, cases: Iterable[Case], *, accept: bool = False) -> Iterator[Sent]:
        """The exchanges of the cases in their order, a batch at a time whatever the number of workers."""
        rest = iter(cases)
        while batch := list(islice(rest, AT_ONCE)):
            self.ahead(batch, accept=accept)
            yield from self._batch(batch, accept=accept)

    def _batch(self, batch: list[Case], *, accept: bool) -> Iterator[Sent]:
        """All of a batch are sent before the first is judged, unless the target lets the kit wait."""
        waiting: list[Sent] = []
        for case in batch:
            waiting.append(self.send(case, accept=accept))
            if waiting[-1].exchange.timed_out:
                yield from waiting
                waiting.clear()
        yield from waiting

    def ahead(
        self, cases: Iterable[Case], *, accept: bool = False, statuses: Mapping[str, Collection[int]] | None = None
    ) -> None:
        """With several workers, send cases at the same time, as many as fit, and put on record what is plain.

        `statuses` has by the case's name what it may be answered: what is answered otherwise is asked again alone.
        """
        if not self.several or (accept and not self.tracker.separable):
            return
        prepared = []
        for case in (case for case in cases if case.name not in self._sent and not case.follows):
            try:
                prepared.append(self.prepare(case))
            except NotJudged:
                continue
        while self.several and len(prepared) > 1:
            wave: dict[tuple[object, ...], Prepared] = {}
            for request in prepared:
                if len(wave) < AT_ONCE:
                    wave.setdefault(_likeness(request), request)
            prepared = [request for request in prepared if wave.get(_likeness(request)) is not request]
            for request in wave.values():
                self.tracker.before(request)
            for sent in self._at_once(list(wave.values())):
                if statuses is None or sent.exchange.status in statuses[sent.case.name]:
                    self.keep(sent)
        self._discard(prepared)

    def _discard(self, prepared: list[Prepared]) -> None:
        """What was prepared, and is not sent yet: whoever judges its case prepares it again."""

    def foresee(self, requirements: Sequence[Requirement]) -> None:
        """With several workers, send what the operation is to refuse before anybody judges it.

        Cases of topics that may decide how the next ones are answered wait until the first of them is judged; of them
        one that is not answered as it may be is sent again alone.
        """
        if not self.several:
            return
        if _alone(requirements[0]):
            row = [requirement.check for requirement in takewhile(_alone, requirements)]
            refusals = [pair for check in row for pair in self._refusals(check)]
            self.ahead(self._new(case for case, _ in refusals), statuses={case.name: may for case, may in refusals})
            left_open = [
                check for check in row if isinstance(check, Sending) and not check.statuses and not check.accept
            ]
            self.ahead(self._new(case for check in left_open for case in check.cases))
            return
        checks = [requirement.check for requirement in requirements if not _alone(requirement)]
        sendings = (check for check in checks if isinstance(check, Sending))
        refused = (sending for sending in sendings if not sending.accept or self.tracker.separable)
        self.ahead(self._new(case for check in refused for case in check.cases))

    def _new(self, cases: Iterable[Case]) -> list[Case]:
        """Those that were not foreseen before."""
        new = {case.name: case for case in cases if case.name not in self._foreseen}
        self._foreseen.update(new)
        return list(new.values())

    def _refusals(self, check: object) -> Iterator[tuple[Case, Collection[int]]]:
        """The cases of a check that promises a refusal, as they would be sent for it, and what each may be answered."""
        if isinstance(check, SendingAs):
            with tolerated():
                yield from ((case, check.statuses) for case in self.fitting(check.kind, check.cases))
        elif isinstance(check, Sending) and check.statuses:
            yield from ((case, check.statuses) for case in check.cases)

    def _at_once(self, prepared: list[Prepared]) -> list[Sent]:
        """What was sent at the same time, nothing of it where it is not plain what came of it."""
        sent = [request for request in self.map(self._dispatched, prepared) if request is not None]
        return sent if self._accounted(sent, len(prepared)) else []

    def _accounted(self, sent: list[Sent], count: int) -> bool:
        """Account for what was sent at the same time; whether all were answered, and it is plain what came of it."""
        answered = len(sent) == count and not any(map(_failed, sent))
        plain = self.tracker.at_once(sent, answered=answered)
        self._odd = 0 if plain else self._odd + 1
        if plain:
            self.log += sent
        return plain

    def _dispatched(self, prepared: Prepared) -> Sent | None:
        try:
            return self.dispatch(prepared)
        except NotJudged:  # the time is over: whoever asks for the case is told
            return None

    def map(self, work: Callable[[Item], Result], items: list[Item]) -> Iterator[Result]:
        """The work done on each, in their order; at the same time where there are several workers."""
        pool = self.shared.pool if self.several else None
        return pool.map(work, items) if pool else map(work, items)


def _body(case: Case, valid: Any) -> tuple[Any, bytes | None]:
    """The JSON value and the bytes that a case makes of a valid body; no value where not everybody reads it alike."""
    if case.raw:
        raw = case.raw(valid)
        return None if case.loose else _read(raw), raw
    value = case.change(valid) if case.change else valid
    if isinstance(value, bytes):
        return None, value
    return value, None if value is None and not case.change else encode(value)


def _read(raw: bytes) -> Any:
    """The JSON value of raw bytes, None where they are none that everybody reads alike."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _alone(requirement: Requirement) -> bool:
    """Whether what is sent for it may decide how the next ones are answered."""
    return requirement.topic.startswith(ALONE)


def _likeness(prepared: Prepared) -> tuple[object, ...]:
    """What two requests must not have in common: the second may be answered by what the first one did."""
    # Whatever is sent to what is not there is alike.
    same = prepared.request.body if prepared.case.group in {HOME, OTHER} else None
    return prepared.request.method, prepared.request.path, prepared.request.auth, prepared.request.headers, same


def _failed(sent: Sent) -> bool:
    """Whether that so much was asked at once may be the reason of an answer."""
    status = sent.exchange.status
    return status is None or status >= FAILURE or status == TOO_MANY
