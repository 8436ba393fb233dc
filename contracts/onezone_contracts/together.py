"""Requests at the same time, for slow targets (`--workers`): what is plain is taken, anything odd is asked again alone.

What came of requests at the same time counts only where nothing about it is odd: each was answered, none with a failure
of the server, and the groups hold exactly what was accepted, readable. Else all of it is forgotten, and the same
cases are sent one after another, where every change has one request that it comes of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

from onezone_contracts.cases import HOME, OTHER, Case
from onezone_contracts.exchange import Request
from onezone_contracts.patience import TOO_MANY
from onezone_contracts.requirement import NotJudged, Requirement, Sending
from onezone_contracts.state.ledger import Ledger, Sent
from onezone_contracts.state.readback import Readback
from onezone_contracts.target.file import Identity

AT_ONCE = 16
"""How many cases are sent before the first of them is judged, whatever the number of workers."""
AHEAD = 64
"""How many cases, at most, are sent ahead at the same time, and accounted for at once."""
ODD = 3
"""After so many odd answers in a row, a target is asked one thing at a time."""
FAILURE = 500
ALONE = ("authentication.", "credentials.")
"""Topics whose requests may decide how the next ones are answered: only the cases of one requirement go together."""
One = TypeVar("One")
Other = TypeVar("Other")


class Prepared(NamedTuple):
    """A case as whom, to which group, with which JSON value, and the request that it is."""

    case: Case
    identity: Identity
    group: str
    value: Any
    request: Request


class Sends(Protocol):
    """The run of the documented operation, as far as it takes to send for it at the same time."""

    ledger: Ledger
    readback: Readback

    def send(self, case: Case, *, accept: bool = False) -> Sent:
        """The case's exchange, sent now if it was not before."""

    def sent_before(self, case: Case) -> bool:
        """Whether the case was sent."""

    def prepare(self, case: Case) -> Prepared:
        """The case's request. Raises NotJudged."""

    def dispatch(self, one: Prepared) -> Sent:
        """Send what was prepared, unrecorded. Raises OutOfTimeError."""

    def keep(self, sent: Sent) -> None:
        """Remember an exchange as that of its case."""


class Together:
    """Sends the cases of a run, as many at the same time as there are workers; a connection each."""

    def __init__(self, run: Sends) -> None:
        self._run = run
        self._odd = 0
        self._pool: ThreadPoolExecutor | None = None
        self._next: list[Case] = []

    def begin(self, workers: int) -> None:
        """From here on there are so many workers."""
        if workers > 1 and self._pool is None:
            self._pool = ThreadPoolExecutor(workers, "worker")

    @property
    def possible(self) -> bool:
        """Whether there are several workers, and the target was not odd with them."""
        return self._pool is not None and self._odd < ODD

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown()

    def foresee(self, requirements: Iterable[Requirement]) -> None:
        """What is judged next, so that cases of several requirements can be sent at the same time."""
        self._next = []
        accept = None
        for one in islice(requirements, AT_ONCE):
            if not isinstance(one.check, Sending) or one.topic.startswith(ALONE) or accept == (not one.check.accept):
                break
            accept = one.check.accept
            self._next += one.check.cases

    def each(self, cases: Iterable[Case], *, accept: bool) -> Iterator[Sent]:
        """The exchanges of the cases in their order, a batch at a time whatever the number of workers."""
        rest = iter(cases)
        while batch := list(islice(rest, AT_ONCE)):
            if any(not self._run.sent_before(case) for case in batch):
                self.ahead([*batch, *self._next])
            yield from self._in_turn(batch, accept=accept)

    def _in_turn(self, batch: list[Case], *, accept: bool) -> Iterator[Sent]:
        """All of a batch are sent before the first is judged, unless the target lets the kit wait."""
        held: list[Sent] = []
        for case in batch:
            held.append(self._run.send(case, accept=accept))
            if held[-1].exchange.timed_out:
                yield from held
                held.clear()
        yield from held

    def ahead(self, cases: list[Case]) -> None:
        """Send cases at the same time, as many as fit, and put on record what is plain."""
        if not self.possible:
            return
        fresh = {case.name: case for case in cases if not self._run.sent_before(case)}
        try:
            prepared = [self._run.prepare(case) for case in list(fresh.values())[:AHEAD]]
        except NotJudged:
            return
        if len({_likeness(one) for one in prepared}) < 2:  # noqa: PLR2004
            return
        while prepared and self.possible:
            apart = {_likeness(one): one for one in reversed(prepared)}
            self._run.ledger.flush()
            self._send([one for one in prepared if apart[_likeness(one)] is one])
            prepared = [one for one in prepared if apart[_likeness(one)] is not one]

    def _send(self, prepared: list[Prepared]) -> None:
        run = self._run
        sent = [one for one in self.map(self._dispatched, prepared) if one is not None]
        accepted = [one for one in sent if not one.case.method and one.exchange.succeeded]
        answered = len(sent) == len(prepared) and not any(map(_failed, sent))
        if answered and not accepted:
            self._refused(sent)
            return
        plain, gone = run.ledger.plain(accepted, sent)
        plain &= answered
        made = list(self.map(run.ledger.seen, accepted))
        if any(one.read.details is None for one in made) and "get" in run.readback.offered:
            plain = False
        self._odd = 0 if plain else self._odd + 1
        if not plain:
            if gone and made:  # what vanished cannot vanish again: this must not be forgotten
                run.ledger.created.append(replace(made.pop(0), gone=gone))
            run.ledger.spare += made
            return
        for one in sent:
            run.keep(one)
        run.ledger.created += made

    def _refused(self, sent: list[Sent]) -> None:
        """Put refusals on record; where they changed something, the ledger finds out which of them did."""
        for one in sent:
            self._run.keep(one)
        self._run.ledger.pending += sent
        self._run.ledger.flush()

    def _dispatched(self, one: Prepared) -> Sent | None:
        try:
            return self._run.dispatch(one)
        except NotJudged:  # the time is over: whoever asks for the case is told
            return None

    def each_of(self, work: Callable[[One], Other], items: Iterable[One]) -> list[Other]:
        """The work done on each, in their order: at the same time where there are several workers."""
        return list(self.map(work, list(items)) if self.possible else map(work, items))

    def map(self, work: Callable[[One], Other], ones: list[One]) -> Iterator[Other]:
        """The work done on each at the same time, in their order. There must be workers."""
        assert self._pool is not None
        return self._pool.map(work, ones)


def _likeness(one: Prepared) -> tuple[object, ...]:
    """What two requests must not have in common: the second may be answered by what the first one did."""
    same: bytes | str | None = one.request.body
    if one.case.group not in {HOME, OTHER}:
        same = None  # whatever is sent to a group that is not there
    return one.request.method, one.request.path, one.request.auth, one.request.headers, same


def _failed(sent: Sent) -> bool:
    """Whether that so much was asked at once may be the reason of an answer."""
    status = sent.exchange.status
    return status is None or status >= FAILURE or status == TOO_MANY
