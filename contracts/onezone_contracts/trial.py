"""One operation at the target: its fixtures, what was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onezone_spec import Operation

from onezone_contracts.api import NOT_OFFERED, new_id
from onezone_contracts.attempt import Attempt
from onezone_contracts.cases import BODILESS, MISSING, NOBODY, WRITER, Case, encode
from onezone_contracts.derive import asks
from onezone_contracts.exchange import Auth, Exchange, Request
from onezone_contracts.options import Options
from onezone_contracts.requirement import Finding, Level, NotJudged
from onezone_contracts.sender import Evidence
from onezone_contracts.state.effects import apply
from onezone_contracts.state.expected import CALLER, Ref
from onezone_contracts.state.observe import Difference, differences, misread, probes
from onezone_contracts.state.side_effects import Leak, Traces
from onezone_contracts.target.administrator import Person
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.fixture import Stage
from onezone_contracts.target.fixtures import Fixtures, Shared

FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case with all that it takes to send it."""

    case: Case
    stage: Stage
    roles: Mapping[str, Ref]
    auth: Auth
    person: Person | None
    value: Any
    request: Request
    allowed: bool


class Trial(Fixtures):
    """Sends the cases of one operation, each once."""

    def __init__(self, bench: Shared, operation: Operation) -> None:
        super().__init__(bench, operation)
        self.log: list[Attempt] = []
        self.traces = Traces(bench.account, operation, self._replay)
        self._sent: dict[str, Attempt] = {}
        self._offered: bool | None = None

    @property
    def options(self) -> Options:
        """How the run judges."""
        return self.bench.options

    @property
    def evidence(self) -> list[Attempt]:
        """Everything that was sent so far."""
        return self.log

    # --- is it there at all -------------------------------------------------------------------------------

    def offered(self) -> bool:
        """Whether the target has the operation: somebody who must be allowed is not answered as if it were not there.

        Raises NotJudged where nobody could be set up.
        """
        if self._offered is None:
            self._offered = self._answered()
        return self._offered

    @property
    def known_offered(self) -> bool:
        """Whether the operation was seen to be offered."""
        return bool(self._offered)

    def _answered(self) -> bool:
        if self.operation.access.public:
            return self.send(asks.anonymous()).exchange.status not in NOT_OFFERED
        last: NotJudged | None = None
        seen = False
        for name, (persona, level) in self.personas().items():
            if not persona.allowed or level is not Level.MUST:
                continue
            try:
                seen = True
                if self.send(asks.access(name)).exchange.status not in NOT_OFFERED:
                    return True
            except NotJudged as reason:
                last = reason
        if last is not None and self.by_administrator:
            return self.send(asks.valid(), accept=True).exchange.status not in NOT_OFFERED
        if last is not None or not seen:
            raise last or NotJudged("nobody is known to be allowed", blocked=True)
        return False

    # --- what is sent -------------------------------------------------------------------------------------

    def send(self, case: Case, *, accept: bool = False) -> Attempt:
        """The case's exchange, sent now if it was not before. `accept`: the contract promises a success.

        Raises NotJudged where nobody can send it.
        """
        if case.name not in self._sent:
            self.bench.check_time()
            self.bench.hangs.check(case, self.operation.id)
            try:
                prepared = self.prepare(case, accept=accept)
            except SetupError as error:
                raise NotJudged(str(error), blocked=True) from None
            self._before(prepared)
            self._sent[case.name] = self._record(prepared, self._dispatch(prepared))
        return self._sent[case.name]

    def each(self, cases: Iterable[Case], *, accept: bool = False) -> Iterator[Attempt]:
        """The exchanges of the cases in their order."""
        wanted = list(cases)
        self.ahead(wanted, accept=accept)
        for case in wanted:
            yield self.send(case, accept=accept)

    def ahead(self, cases: list[Case], *, accept: bool = False) -> None:
        """Send what changes nothing at the same time; a case that cannot be prepared is left for later."""
        if self.bench.pool is None or (accept and not self.reading):
            return
        prepared = []
        for case in cases:
            if case.name not in self._sent and not case.like:
                try:
                    prepared.append(self.prepare(case))
                except (NotJudged, SetupError):
                    continue
        if not self.reading:
            self.traces.newcomers.remember()
        exchanges = list(self.bench.pool.map(self._dispatch, prepared))
        for one, exchange in zip(prepared, exchanges, strict=True):
            self._sent[one.case.name] = self._record(one, exchange)

    def in_turn(self, *cases: Case) -> list[Attempt]:
        """The cases one directly after another, with nothing read in between. Raises NotJudged."""
        self.bench.check_time()
        prepared = [self.prepare(case, accept=case.valid and case.who == WRITER) for case in cases]
        for one in prepared:
            self._before(one)
        exchanges = [self._dispatch(one) for one in prepared]
        if self.reading or sum(exchange.succeeded for exchange in exchanges) < 2:  # noqa: PLR2004
            return [self._record(one, exchange) for one, exchange in zip(prepared, exchanges, strict=True)]
        sent = [self._attempt(one, exchange) for one, exchange in zip(prepared, exchanges, strict=True)]
        self.log += sent  # which of them did what cannot be told: the state is not looked at
        for one in prepared:
            one.stage.spoiled = True
        for each in sent:
            self._adopt(each.exchange)
        return sent

    def fresh(self, case: Case, *, accept: bool = False) -> Attempt:
        """The case's exchange, sent now, whether it was sent before or not. Raises NotJudged."""
        self._sent.pop(case.name, None)
        return self.send(case, accept=accept)

    @property
    def several(self) -> bool:
        """Whether there are several workers."""
        return self.bench.pool is not None

    def sent_before(self, case: Case) -> bool:
        """Whether the case was sent."""
        return case.name in self._sent

    def consequences(self, sent: Evidence) -> Iterator[Finding]:
        """What is wrong with what came of a case: a success did what it should, a refusal left nothing."""
        if sent.exchange.succeeded:
            yield from self.kept(sent)
            return
        before = len(self.traces.leaks)
        if self._stage is not None:
            self.traces.flush(self._stage)
        for leak in self.traces.leaks[before : before + 1]:
            yield leak.finding()

    def kept(self, sent: Evidence) -> Iterator[Finding]:
        """How the state after an accepted case, or the answer of a reading one, is not what it should be."""
        attempt = next((one for one in self.log if one is sent), None)
        for one in attempt.differences if attempt else ():
            yield one.finding(f"{sent.case.label}: {one.what}", sent.exchange)

    def _replay(self, attempt: Attempt) -> Attempt:
        prepared = self.prepare(replace(attempt.case, apart=True))
        return self._attempt(prepared, self._dispatch(prepared))

    def prepare(self, case: Case, *, accept: bool = False) -> Prepared:
        """The case's request, ready to be sent. Raises NotJudged and SetupError where nobody can send it."""
        if case.like:
            first = self.send(case.like, accept=True)
            if not first.exchange.succeeded:
                raise NotJudged("the first time was refused", blocked=True)
            stage, auth, person, roles = self.new_stage(), first.auth, first.person, dict(first.roles)
        else:
            stage, auth, person, roles = self.cast(case)
        if case.auth:
            auth = self.credentials(case)
        value = self.body(roles, person, case.keys)
        raw = case.raw(value) if case.raw else None
        value = case.change(value) if case.change else value
        if isinstance(value, bytes):
            raw, value = value, None
        roles |= {role: self.played(role, word, roles) for role, word in case.roles.items()}
        body = raw if raw is not None else None if value is None and not case.change else encode(value)
        request = Request(
            case.method or self.operation.method,
            self.account.api.path(self.operation, roles),
            auth,
            case.headers if body is not None else (),
            None if case.method in BODILESS else body,
            case.chunked,
            case.label,
        )
        persona = self.personas(case.keys or ()).get(case.who)
        may = persona[0].allowed if persona else case.who == NOBODY and self.operation.access.public
        return Prepared(case, stage, roles, auth, person, value, request, accept or (may and case.valid))

    def _before(self, one: Prepared) -> None:
        """Look at what earlier requests left behind, as long as it can be told from what this one does."""
        if one.allowed and not self.reading:
            self.traces.flush(one.stage)
        elif not self.reading:
            self.traces.newcomers.remember()

    def _dispatch(self, one: Prepared) -> Exchange:
        """The exchange; one that must be allowed is tried again as long as privileges may be late."""
        last: list[Exchange] = []

        def settled() -> bool:
            last.append(self.account.api.wire.send(one.request))
            return not one.allowed or last[-1].status != FORBIDDEN

        self.account.until(settled)
        self.bench.hangs.note(one.case, self.operation.id, last[-1])
        return last[-1]

    # --- what came of it ----------------------------------------------------------------------------------

    def _attempt(self, one: Prepared, exchange: Exchange) -> Attempt:
        return Attempt(one.case, one.roles, one.auth, one.person, one.value, one.allowed, exchange)

    def _record(self, one: Prepared, exchange: Exchange) -> Attempt:
        """Put an exchange into the log, and see what came of it."""
        attempt = self._attempt(one, exchange)
        self.log.append(attempt)
        if exchange.succeeded and not one.case.method:
            self._succeeded(one.stage, attempt)
        elif self.tolerated(one.case):
            self.traces.newcomers.found()  # they are taken for given
        elif not self.reading:
            one.stage.pending.append(attempt)
        return attempt

    def tolerated(self, case: Case) -> bool:
        """Whether released servers may keep what they made, though the request is refused."""
        return self.operation.locate_at_effect and MISSING in case.roles.values()

    def _adopt(self, exchange: Exchange) -> None:
        """Have removed what was made."""
        made = new_id(exchange) if self.operation.effect.verb == "create" and exchange.succeeded else None
        if made:
            self.account.adopt((self.contract.kind(self.operation.effect.resource), made))

    def _succeeded(self, stage: Stage, attempt: Attempt) -> None:
        effect = self.operation.effect
        if self.reading:
            attempt.differences = self._reread(attempt) if attempt.allowed else []
            return
        made = new_id(attempt.exchange) if effect.verb == "create" else None
        if attempt.person and (effect.resource == CALLER or attempt.caller in attempt.roles.values()):
            stage.dismiss(attempt.person)
        if not attempt.allowed:
            stage.spoiled = True
            stage.pending.clear()  # what they left cannot be told from what this one did
            self._adopt(attempt.exchange)
            return
        wanted = [*stage.witnesses, *probes(self.contract, self.operation, attempt.roles, attempt.caller)]
        wanted += apply(
            self.account, self.operation, attempt.roles, attempt.caller, attempt.value, made, attempt.exchange
        )
        attempt.differences = differences(self.account, wanted)
        stage.spoiled = stage.spoiled or bool(attempt.differences)

    def _reread(self, attempt: Attempt) -> list[Difference]:
        """What is wrong with an answer, once the target had time to show what was set up."""
        answers = [attempt.exchange]
        found: list[Difference] = []

        def right() -> bool:
            found[:] = misread(self.account, self.operation, attempt.roles, attempt.caller, answers[-1])
            if found:
                answers.append(self.account.api.wire.send(attempt.exchange.request))
            return not found

        self.account.until(right)
        return found

    def leaks(self) -> list[Leak]:
        """Everything that refused requests left behind."""
        if self._stage is not None:
            self.traces.flush(self._stage)
        refused = (one for one in self.log if not one.exchange.succeeded and not self.tolerated(one.case))
        return self.traces.all(tuple(refused))
