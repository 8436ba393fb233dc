"""One run against one target: sends each case once, keeps account, and knows who may do what."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from onezone_spec import Contract, Operation

from onezone_contracts import alike
from onezone_contracts.cases import BODILESS, GROUP, HOME, MISSING, NOBODY, OTHER, WRITER, Case, encode, group_id
from onezone_contracts.exchange import Auth, Exchange, Redactor, Request
from onezone_contracts.hangs import Hangs
from onezone_contracts.options import Options
from onezone_contracts.patience import unlimited
from onezone_contracts.requirement import Finding, Level, NotJudged, OutOfTimeError, Requirement, tolerated
from onezone_contracts.sender import Evidence
from onezone_contracts.state import compare
from onezone_contracts.state.ledger import Created, Ledger, Sent
from onezone_contracts.state.readback import Readback
from onezone_contracts.target.file import Identity, SetupError, Target
from onezone_contracts.together import Prepared, Together
from onezone_contracts.wire import Wire


@dataclass(slots=True)
class Run:
    """The judged operation at a target, with everything that was sent and seen so far."""

    contract: Contract
    operation: Operation
    target: Target
    options: Options
    wire: Wire = field(init=False)
    readback: Readback = field(init=False)
    ledger: Ledger = field(init=False)
    redactor: Redactor = field(init=False)
    together: Together = field(init=False)
    log: list[Sent] = field(default_factory=list)
    writer: Identity | None = None
    hangs: Hangs = field(default_factory=Hangs)
    hints: list[str] = field(default_factory=list)
    shared: dict[type, Any] = field(default_factory=dict)
    """What several checks of this run have in common, by its type."""
    started: float = field(init=False)
    _sent: dict[str, Sent] = field(default_factory=dict)
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.started = self.options.clock()
        self.wire = Wire(self.target.origin, self.options.timeout)
        self.wire.patience.check_time = self.check_time
        effect = self.operation.effect
        self.readback = Readback(self.contract, self.target, self.wire, effect.resource, effect.within or "")
        self.readback.patience = max(self.options.patience, self.options.settle)
        self.readback.check_time = self.check_time
        self.ledger = Ledger(self.readback, self._again)
        self.redactor = self.readback.redactor = self.target.redactor()
        self.together = Together(self, self.options.workers)

    # --- what is sent -------------------------------------------------------------------------------------

    def body(self) -> dict[str, Any]:
        """A valid body with a name that this run has not sent before."""
        assert self.operation.body is not None
        examples = self.operation.body.examples
        others = (one for name, one in examples.items() if name != "documented" and one.level is Level.MUST)
        plain = next(others, examples["documented"])
        serial = next(self._serial)
        body = {key: copy.deepcopy(one) for key, one in plain.value.items() if key not in self.operation.body.ignored}
        body["name"] = f"{body['name']} {serial}"
        return body

    def identity(self, who: str) -> Identity:
        """The persona of that name, or for `writer` the one that was seen to be allowed. Raises NotJudged."""
        if who in {WRITER, NOBODY}:
            if self.writer is not None:
                return self.writer
            if who == WRITER:
                raise NotJudged("no persona could create anything", blocked=True)
            return next(iter(self.target.personas.values()))
        if who not in self.target.personas:
            raise NotJudged(f"the target has no persona {who}")
        return self.target.personas[who]

    def send(self, case: Case, *, accept: bool = False) -> Sent:
        """The case's exchange, sent now if it was not before. `accept`: the contract promises a success."""
        if case.name not in self._sent:
            if accept:
                self.ledger.flush()
            sent = self.transmit(case)
            self._sent[case.name] = sent
            self.record(sent)
        return self._sent[case.name]

    def record(self, sent: Sent) -> Created | None:
        """Put an exchange into the log and the ledger."""
        self.log.append(sent)
        if not sent.case.method and sent.exchange.succeeded:
            return self.ledger.accepted(sent)
        self.ledger.refused(sent)
        return None

    def each(self, cases: Iterable[Case], *, accept: bool = False) -> Iterator[Sent]:
        """The exchanges of the cases in their order; with several workers, some of them at the same time."""
        return self.together.each(cases, accept=accept)

    def in_turn(self, *cases: Case) -> list[Sent]:
        """The cases one directly after another, on one connection, with nothing read in between."""
        self.ledger.flush()
        sent = [self.transmit(case) for case in cases]
        accepted = [one for one in sent if not one.case.method and one.exchange.succeeded]
        if len(accepted) > 1:
            self.ledger.together(accepted)
            self.log += sent
        else:
            for one in sent:
                self.record(one)
        return sent

    def fresh(self, case: Case, *, accept: bool = False) -> Sent:
        """The case's exchange, sent now, whether it was sent before or not. Raises NotJudged."""
        if accept:
            self.ledger.flush()
        sent = self.transmit(case)
        self.record(sent)
        return sent

    @property
    def several(self) -> bool:
        """Whether there are several workers, and the target was not odd with them."""
        return self.together.possible

    def ahead(self, cases: list[Case], *, accept: bool = False) -> None:  # noqa: ARG002  (seen to either way)
        """Send cases at the same time, where there are several workers."""
        self.together.ahead(cases)

    def consequences(self, sent: Evidence) -> Iterator[Finding]:
        """What is wrong with what came of a case: what was accepted is there as sent, what was refused left nothing."""
        made = self.created(sent)
        if made is not None:
            yield from compare.located(self.ledger.created, made)
            yield from compare.differences_of(self.operation, made)
            return
        before = len(self.ledger.leaks)
        self.ledger.flush()
        for leak in self.ledger.leaks[before : before + 1]:
            yield leak.finding()

    def kept(self, sent: Evidence) -> Iterator[Finding]:
        """How what is read back of an accepted case differs from what was sent."""
        made = self.created(sent)
        if made is not None:
            yield from compare.differences_of(self.operation, made)

    def of(self, requirement: Requirement) -> Self:
        """This run, after what the requirement lives off was sent. Raises OutOfTimeError."""
        for one in requirement.evidence:
            wanted = [case for case in one.cases if not self.sent_before(case)]
            with tolerated():
                deque(self.each(wanted, accept=one.accept), 0)
        return self

    def sent_before(self, case: Case) -> bool:
        """Whether the case was sent."""
        return case.name in self._sent

    def keep(self, sent: Sent) -> None:
        """Remember an exchange as that of its case."""
        self._sent[sent.case.name] = sent
        self.log.append(sent)

    def transmit(self, case: Case) -> Sent:
        """Send the case, unrecorded. Raises OutOfTimeError when the run's time is over."""
        return self.dispatch(self.prepare(case))

    def prepare(self, case: Case) -> Prepared:
        """The case's request, ready to be sent. Raises NotJudged where nobody can send it."""
        identity = self.identity(case.who)
        group = group_id(self.target, case, identity.group)
        body = self.body()
        value = case.change(body) if case.change else body
        raw = case.raw(body) if case.raw else encode(value)
        if case.raw:
            value = None if case.loose else _read(raw)
        request = Request(
            method=case.method or self.operation.method,
            path=self.target.path(self.operation.path, id=group),
            auth=self._auth(case, identity),
            headers=case.headers,
            body=None if case.method in BODILESS else raw,
            chunked=case.chunked,
            label=case.label,
        )
        return Prepared(case, identity, group, value, request)

    def dispatch(self, one: Prepared) -> Sent:
        """Send what was prepared, unrecorded. Raises OutOfTimeError when the run's time is over."""
        self.check_time()
        self.hangs.check(one.case, self.operation.id)
        exchange = self.wire.send(one.request)
        self.hangs.note(one.case, self.operation.id, exchange)
        return Sent(one.case, one.identity, one.group, one.value, exchange)

    def _auth(self, case: Case, identity: Identity) -> Auth:
        if case.auth:
            made = case.auth(identity, self.target.personas)
            self.redactor.learn_basic(value for _, value in made.headers)
            return made
        return Auth() if case.who == NOBODY else identity.auth()

    def _again(self, sent: Sent) -> Sent:
        return self.transmit(sent.case)

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""
        limit = self.options.max_time
        if limit is not None and self.options.clock() - self.started > limit:
            raise OutOfTimeError

    # --- what was seen ------------------------------------------------------------------------------------

    @property
    def evidence(self) -> list[Sent]:
        """Everything that was sent and is judged."""
        return self.log

    def misread(self) -> str | None:
        """What could not be said of the state, since reads were not understood; None where all were."""
        return next((self.readback.lack(verb) for verb in self.readback.misread), None)

    def exchanges(self) -> Iterator[Exchange]:
        """Every judged exchange."""
        return (sent.exchange for sent in self.log)

    def creations(self) -> list[Created]:
        """Every accepted creation but what is left open. Raises NotJudged where there is none."""
        judged = [one for one in self.ledger.created if not one.sent.case.open]
        if not judged:
            raise NotJudged("nothing was created", blocked=True)
        return judged

    def created(self, sent: Evidence) -> Created | None:
        """What came of an accepted creation, None where the request was not accepted."""
        return next((one for one in reversed(self.ledger.created) if one.sent is sent), None)

    # --- before anything is judged ------------------------------------------------------------------------

    def preflight(self) -> None:
        """See that the target answers and that its personas are set up. Raises SetupError where it cannot be judged."""
        groups = dict.fromkeys(identity.group for identity in self.target.personas.values())
        if self.target.other:
            groups[self.target.other] = None
        for group in groups:
            self.ledger.open(group)
        late = self._settle([one for one in self.target.personas.values() if one.persona.allowed])
        if late:
            self.readback.forget()
        for group in groups:
            if group not in self.ledger.known:
                self.ledger.open(group)

    def _settle(self, allowed: list[Identity]) -> bool:
        """Send a valid request as each persona that must be allowed until it is; whether that took several tries."""
        waiting = {identity.persona.name: identity for identity in allowed}
        last: dict[str, Sent] = {}
        deadline, pause, rounds = time.monotonic() + self.options.settle, 0.1, 0
        while True:
            for name in list(waiting):
                last[name] = self.transmit(access_case(name))
                if last[name].exchange.succeeded:
                    self._allowed(waiting.pop(name), last[name])
            self._reachable(list(last.values()))
            if not waiting or time.monotonic() > deadline or all(_final(last[name]) for name in waiting):
                break
            time.sleep(pause)
            pause, rounds = min(2 * pause, 0.5), rounds + 1
        self._served(list(last.values()))
        self._credentials(list(last.values()))
        self._found(list(last.values()))
        for name in waiting:
            self._sent[last[name].case.name] = last[name]
            self.record(last[name])
        if rounds:
            time.sleep(min(self.options.settle, 2 * pause))  # what the other personas hold may be as late
        return rounds > 0

    def _allowed(self, identity: Identity, sent: Sent) -> None:
        self.writer = self.writer or identity
        self._sent[sent.case.name] = sent
        self.record(sent)

    def _reachable(self, sent: list[Sent]) -> None:
        if sent and all(one.exchange.response is None for one in sent):
            raise SetupError(f"the target {self.target.base_url} does not answer: {sent[0].exchange.failure}")

    def _served(self, sent: list[Sent]) -> None:
        """Raises SetupError where everything is answered alike, and not as the API would."""
        if self.ledger.known or not sent or not all(alike.suspicious(one.exchange) for one in sent):
            return
        who = sent[0].case.who
        others = (
            Case("preflight.anonymous", "a valid request without credentials", who=NOBODY),
            Case(
                "preflight.missing", "a valid request for a group that does not exist", who=who, roles={GROUP: MISSING}
            ),
        )
        exchanges = [one.exchange for one in (*sent, *map(self.transmit, others))]
        if alike.alike(exchanges):
            raise SetupError(alike.words(exchanges[0], self.target.base_url, self.redactor))

    def _credentials(self, sent: list[Sent]) -> None:
        if all(one.exchange.status == 401 for one in sent):  # noqa: PLR2004
            names = ", ".join(one.identity.persona.name for one in sent)
            raise SetupError(
                f"the target answers 401 to every persona that must be allowed ({names}): check their credentials"
            )

    def _found(self, sent: list[Sent]) -> None:
        if sent and all(one.exchange.status == 404 for one in sent):  # noqa: PLR2004
            self.hints.append(
                "every persona that must be allowed is answered 404: "
                f"is the base path of {self.target.base_url} right, and the home group's id?"
            )

    # --- afterwards ---------------------------------------------------------------------------------------

    def clean(self) -> None:
        """Remove what was created, where the target offers removal, and undo the personas."""
        self.wire.patience.check_time = unlimited
        ours = (one.id for one in self.ledger.created if one.id not in self.ledger.initial.get(one.sent.group, ()))
        self.target.created |= {one for one in ours if one}
        operation = self.contract.find("detach", self.operation.effect.resource, self.operation.effect.within)
        if operation is not None:
            self._detach(operation.path)
        self.target.cleanup()
        self.together.close()
        self.wire.close_all()

    def _detach(self, template: str) -> None:
        helpers = list(self.target.personas.values())
        left = {(made.sent.group, made.id or ""): None for made in self._ours()}
        vain = 0
        while left and vain < 2:  # noqa: PLR2004
            group, service = next(iter(left))
            del left[group, service]
            path = self.target.path(template, id=group, hsid=service)
            helper = next((one for one in helpers if self._removed(path, one)), None)
            vain = 0 if helper else vain + 1
            if helper:
                helpers = [helper, *(one for one in helpers if one is not helper)]
                self._remove_together(template, left, helper)

    def _ours(self) -> Iterator[Created]:
        """What this run created, in groups that it may act on."""
        for made in (*self.ledger.created, *self.ledger.spare):
            there = self.ledger.initial.get(made.sent.group, frozenset())
            if made.id and made.id not in there and made.sent.case.group in {HOME, OTHER}:
                yield made

    def _removed(self, path: str, helper: Identity) -> bool:
        label = "remove what the kit made"
        return self.wire.send(Request("DELETE", path, helper.auth(), label=label)).succeeded

    def _remove_together(self, template: str, left: dict[tuple[str, str], None], helper: Identity) -> None:
        """With several workers, remove at the same time what that persona may; the rest is left."""
        if self.together.possible:
            paths = {one: self.target.path(template, id=one[0], hsid=one[1]) for one in left}
            gone = self.together.map(lambda one: self._removed(paths[one], helper), list(left))
            for one, removed in zip(list(left), gone, strict=True):
                if removed:
                    del left[one]


def _read(raw: bytes) -> Any:
    """The JSON value of raw bytes, None where they are none that everybody reads alike."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _final(sent: Sent) -> bool:
    """Whether waiting cannot help: the answer is no refusal of access."""
    return sent.exchange.status not in {401, 403, 404}


def access_case(name: str) -> Case:
    """A valid request of the persona `name`."""
    return Case(f"access.{name}", f"a valid request of the persona {name}", who=name)
