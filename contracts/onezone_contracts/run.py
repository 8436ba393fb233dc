"""One operation at the target: its cases, each sent once, and what came of them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Protocol, Self, TypeVar

from onezone_spec import Contract, Operation

from onezone_contracts.api import Api
from onezone_contracts.cases import BODILESS, HOME, NOBODY, OTHER, WRITER, Case, encode
from onezone_contracts.exchange import Auth, Exchange, Request
from onezone_contracts.options import Options
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Finding, NotJudged, Requirement, Sending, tolerated
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.shared import Shared
from onezone_contracts.state.expected import Ref
from onezone_contracts.state.tracker import Tracker
from onezone_contracts.target.file import SetupError, TestUser
from onezone_contracts.target.fixture import Stage

AT_ONCE = 64
"""How many cases are accounted for at once."""
ALONE = ("authentication.", "credentials.")
"""Topics whose requests may decide how the next ones are answered: only the cases of one requirement go together."""
ODD = 3
"""After so many odd answers in a row, a target is asked one thing at a time."""
FAILURE = 500
One = TypeVar("One")
Other = TypeVar("Other")
Cast = tuple[Stage | None, Auth, TestUser | None, dict[str, Ref]]
"""Where a case is sent, with which credentials, by whom, and who plays the roles."""


class Fixtures(Protocol):
    """What the cases of an operation are sent with: entities that play the roles of its path, users, and bodies."""

    def cast(self, case: Case) -> Cast:
        """Where a case is sent, by whom, and who plays the roles. Raises NotJudged and SetupError."""

    def like(self, sent: Sent) -> Cast:
        """The same for a case that follows another."""

    def played(self, role: str, word: str, roles: Mapping[str, Ref], stage: Stage | None, caller: Ref | None) -> Ref:
        """What a word of a case stands for. Raises SetupError."""

    def credentials(self, case: Case) -> Auth:
        """The credentials that a case makes of somebody's own. Raises NotJudged."""

    def having(self, kind: str, who: str) -> str | None:
        """Whoever has that kind of credentials: themselves first, for the writer somebody who may. None: nobody has."""

    def identity(self, who: str) -> TestUser:
        """Who sends a case, with their credentials. Raises NotJudged."""

    def body(self, roles: Mapping[str, Ref], user: TestUser | None, keys: tuple[str, ...] | None = None) -> Any:
        """A valid body, None where none is needed."""

    def personas(self, keys: Iterable[str] = ()) -> Mapping[str, Persona]:
        """The personas for a body with these keys, by name."""

    def insist(self, send: Callable[[], Exchange]) -> Exchange:
        """What is answered to who must be allowed, once privileges had the time that they may take."""


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
        self._foreseen = False

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

    def of(self, requirement: Requirement) -> Self:
        """This run, after what the requirement lives off was sent. Raises OutOfTimeError."""
        for one in requirement.evidence:
            with tolerated():
                deque(self.each([case for case in one.cases if not self.sent_before(case)], accept=one.accept), 0)
        return self

    # --- what is sent -------------------------------------------------------------------------------------

    def identity(self, who: str) -> TestUser:
        """Who sends a case. Raises NotJudged."""
        return self.fixtures.identity(who)

    def having(self, kind: str, who: str) -> str | None:
        """Whoever has that kind of credentials: themselves first, for the writer somebody who may. None: nobody has."""
        return self.fixtures.having(kind, who)

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
        return self.side_by_side([cases])[0]

    def side_by_side(self, series: Iterable[Sequence[Case]]) -> list[list[Sent]]:
        """Several series, each one case directly after another; with workers all series at the same time.

        Raises NotJudged.
        """
        prepared = [
            [self.prepare(case, accept=case.valid and case.who == WRITER) for case in cases] for cases in series
        ]
        for one in chain.from_iterable(prepared):
            self.tracker.before(one)
        sent = list(self.map(lambda cases: [self.dispatch(one) for one in cases], prepared))
        for each in sent:
            self._record_turn(each)
        return sent

    def _record_turn(self, sent: list[Sent]) -> None:
        accepted = [one for one in sent if one.succeeded]
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
        if case.like:
            first = self.send(case.like, accept=True)
            if not first.exchange.succeeded:
                raise NotJudged("the first time was refused", blocked=True)
            stage, auth, user, roles = fixtures.like(first)
        else:
            stage, auth, user, roles = fixtures.cast(case)
        if case.auth:
            auth = fixtures.credentials(case)
        valid = fixtures.body(roles, user, case.keys)
        value, body = _body(case, valid)
        caller = user.ref if user else None
        roles |= {role: fixtures.played(role, word, roles, stage, caller) for role, word in case.roles.items()}
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

    def dispatch(self, one: Prepared) -> Sent:
        """Send what was prepared, unrecorded. Raises OutOfTimeError when the run's time is over."""
        self.shared.check_time()
        self.shared.hangs.check(one.case, self.operation.id)

        def send() -> Exchange:
            return self.api.wire.send(one.request)

        exchange = self.fixtures.insist(send) if one.allowed else send()
        self.shared.hangs.note(one.case, self.operation.id, exchange)
        return one.answered(exchange)

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

    def kept(self, sent: Sent) -> Iterator[Finding]:
        """How what is read back of an accepted case, or the answer of a reading one, is not what it should be."""
        return self.tracker.kept(sent)

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

    def ahead(self, cases: Iterable[Case], *, accept: bool = False) -> None:
        """With several workers, send cases at the same time, as many as fit, and put on record what is plain."""
        if not self.several or (accept and not self.tracker.separable):
            return
        prepared = []
        for case in islice((one for one in cases if one.name not in self._sent and not one.like), AT_ONCE):
            try:
                prepared.append(self.prepare(case))
            except NotJudged:
                continue
        while self.several and len(prepared) > 1:
            apart = {_likeness(one): one for one in reversed(prepared)}
            wave = [one for one in prepared if apart[_likeness(one)] is one]
            prepared = [one for one in prepared if apart[_likeness(one)] is not one]
            for one in wave:
                self.tracker.before(one)
            self._at_once(wave)

    def foresee(self, requirements: Iterable[Requirement]) -> None:
        """With several workers, send what the operation is to refuse before anybody judges it."""
        if not self.several or self._foreseen:
            return
        self._foreseen = True
        own = (one for one in requirements if not one.topic.startswith(ALONE))
        checks = (one.check for one in own if isinstance(one.check, Sending))
        refused = (one for one in checks if not one.accept or self.tracker.separable)
        cases = list({case.name: case for check in refused for case in check.cases}.values())
        for start in range(0, len(cases), AT_ONCE):
            self.ahead(cases[start : start + AT_ONCE])

    def _at_once(self, prepared: list[Prepared]) -> None:
        sent = [one for one in self.map(self._dispatched, prepared) if one is not None]
        answered = len(sent) == len(prepared) and not any(map(_failed, sent))
        plain = self.tracker.at_once(sent, answered=answered)
        self._odd = 0 if plain else self._odd + 1
        if plain:
            self.log += sent
            for one in sent:
                self.keep(one)

    def _dispatched(self, one: Prepared) -> Sent | None:
        try:
            return self.dispatch(one)
        except NotJudged:  # the time is over: whoever asks for the case is told
            return None

    def map(self, work: Callable[[One], Other], items: list[One]) -> Iterator[Other]:
        """The work done on each, in their order; at the same time where there are workers."""
        return self.shared.pool.map(work, items) if self.shared.pool else map(work, items)


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


def _likeness(one: Prepared) -> tuple[object, ...]:
    """What two requests must not have in common: the second may be answered by what the first one did."""
    same = one.request.body if one.case.group in {HOME, OTHER} else None  # whatever is sent to what is not there
    return one.request.method, one.request.path, one.request.auth, one.request.headers, same


def _failed(sent: Sent) -> bool:
    """Whether that so much was asked at once may be the reason of an answer."""
    status = sent.exchange.status
    return status is None or status >= FAILURE or status == TOO_MANY
