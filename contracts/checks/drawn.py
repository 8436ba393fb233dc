"""Judge drawn requests, one by one, and shrink what is found."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from contracts.cases import Case, constant
from contracts.checks import error, state, status, success
from contracts.ledger import Created, Sent
from contracts.requirement import Check, Finding, Level
from contracts.run import Run

EXAMPLES = {"quick": 0, "standard": 60, "deep": 600}
SHRINKING = 4.0
"""Seconds that shrinking may take, by the clock."""
BAD_REQUEST = 400
RARE = ("edges.", "generated")
TOLERATED = frozenset({400, 413, 415, 431})


class _Violation(AssertionError):
    """A drawn request showed a finding."""


class _Shrinker:
    """Remembers the smallest request that showed a finding, and ends the search when its time is over."""

    def __init__(self) -> None:
        self.best: tuple[int, list[Finding]] | None = None
        self._since: float | None = None

    @property
    def over(self) -> bool:
        """Whether the time for shrinking is used up."""
        return self._since is not None and time.monotonic() - self._since > SHRINKING

    def found(self, sent: Sent, findings: list[Finding]) -> None:
        """Take note of findings; raises the violation that Hypothesis shrinks."""
        self._since = self._since or time.monotonic()
        size = len(sent.exchange.request.body or b"")
        if self.best is None or size <= self.best[0]:
            self.best = (size, findings)
        if sent.exchange.timed_out:
            self._since = float("-inf")  # a hang costs its whole time-out again at every step
        raise _Violation(findings[0].message)


def _search(run: Run, strategy: Any, judge: Callable[[Any], tuple[Sent, list[Finding]]]) -> Iterator[Finding]:
    """Draw until something is found or the examples are used up; yields the findings of the smallest request."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis.errors import HypothesisException

    shrinker = _Shrinker()

    @seed(run.options.seed)
    @settings(
        max_examples=EXAMPLES[run.options.depth],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(strategy)
    def search(drawn: Any) -> None:
        if shrinker.over:
            return
        sent, findings = judge(drawn)
        if findings:
            shrinker.found(sent, findings)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            search()
        except (_Violation, HypothesisException, BaseExceptionGroup):
            if shrinker.best is None:
                raise
    if shrinker.best:
        yield from shrinker.best[1]


def _case(label: str, value: Any = None, raw: bytes | None = None) -> Case:
    if raw is not None:
        return Case("generated", label, raw=lambda _: raw, loose=True)
    return Case("generated", label, change=constant(value))


def valid(run: Run) -> Iterator[Finding]:
    """Drawn valid bodies are accepted, located and kept."""
    from contracts.generate import valid_bodies

    def judge(body: Any) -> tuple[Sent, list[Finding]]:
        run.ledger.flush()
        sent = run.transmit(_case("a drawn valid body", body))
        made = run.record(sent)
        if made is None:
            return sent, [status.finding(sent, str(run.operation.success.status))]
        return sent, [*_located(run, made), *state.differences_of(run, made)]

    yield from _search(run, valid_bodies(run.contract, run.operation), judge)


def _located(run: Run, made: Created) -> Iterator[Finding]:
    label = made.sent.case.label
    if not made.id:
        yield Finding(f"{label}: no Location with an id", "a Location", str(made.sent.location), made.sent.exchange)
    elif made.listed is False and not success.beyond_the_list(run, made):
        yield Finding(f"{label}: the group does not list it", f"{made.id} in the list", "not there", made.sent.exchange)
    if made.extra or made.gone:
        came = f"{len(made.extra)} others new, {len(made.gone)} gone"
        yield Finding(f"{label}: not exactly one service more", "1 new", came, made.sent.exchange)


def invalid(run: Run) -> Iterator[Finding]:
    """Drawn bodies with one thing wrong are refused, and change nothing."""
    from contracts.generate import Broken, broken_bodies

    def judge(broken: Broken) -> tuple[Sent, list[Finding]]:
        sent = run.transmit(_case(f"a drawn body with one thing wrong: {broken.what}", broken.value))
        findings = _recorded(run, sent)
        came = sent.exchange.status
        if broken.level is Level.MUST and came != BAD_REQUEST:
            findings.insert(0, status.finding(sent, str(BAD_REQUEST)))
        return sent, findings + _answered(run, sent)

    yield from _search(run, broken_bodies(run.contract, run.operation), judge)


def hostile(run: Run) -> Iterator[Finding]:
    """Drawn bytes are answered in time, without a 5xx, and errors have the documented shape."""
    from contracts.generate import hostile_bodies

    def judge(body: bytes) -> tuple[Sent, list[Finding]]:
        sent = run.transmit(_case("drawn hostile bytes", raw=body))
        findings = _recorded(run, sent)
        if sent.exchange.succeeded and not _could_be_read(body, run):
            findings.append(status.finding(sent, str(BAD_REQUEST)))
        return sent, findings + _answered(run, sent)

    yield from _search(run, hostile_bodies(run.operation), judge)


def tolerated(*cases: Case) -> Check:
    """Each case is accepted and kept, or refused as documented; there is always an answer, and never a 5xx."""

    def check(run: Run) -> Iterator[Finding]:
        for case in cases:
            sent = run.send(case)
            yield from _answered(run, sent)
            made = run.created(sent)
            if made is not None and made.read.details is not None:
                yield from state.differences_of(run, made)

    return check


def _could_be_read(body: bytes, run: Run) -> bool:
    """Whether some lenient parser could take these bytes for an object, or for the lack of one that may be accepted."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff").strip("\x00 \t\r\n")
    if not text and run.operation.body and run.operation.body.presence_level is not Level.MUST:
        return True
    for encoding in ("", "utf-16"):
        try:
            tried = body.decode(encoding) if encoding else text
            return isinstance(json.loads(tried, strict=False), dict)
        except (ValueError, RecursionError):
            continue
    return _nested(text)


def _nested(text: str) -> bool:
    """Whether the text is only too deep, or too long a number, for Python's own parser."""
    return text.count("[") > 500 or text.count('{"a"') > 500 or "9" * 4000 in text  # noqa: PLR2004


def _recorded(run: Run, sent: Sent) -> list[Finding]:
    """Put the exchange on record and look at once whether a refusal left a trace."""
    before = len(run.ledger.leaks)
    run.record(sent)
    run.ledger.flush()
    leaks = run.ledger.leaks[before:]
    return [
        Finding(
            f"{sent.case.label}: refused, yet the group's services changed", "nothing changed", "changed", sent.exchange
        )
        for _ in leaks[:1]
    ]


def _answered(run: Run, sent: Sent) -> list[Finding]:
    """What holds of every answer: it comes, is no 5xx, and an error body is the documented Error."""
    response = sent.exchange.response
    if response is None:
        return [status.finding(sent, "an HTTP answer")]
    if response.status >= status.HTTP_ERROR:
        return [status.finding(sent, "no 5xx")]
    if response.success or response.status not in run.operation.responses:
        return []
    problem = (
        error.misshaped(error.validator(run.contract), response)
        if response.body or response.status == BAD_REQUEST
        else None
    )
    if problem and not _known_misshaped(run, response.status):
        message = f"{sent.case.label}: the {response.status} does not carry the documented Error"
        return [Finding(message, "the documented Error", problem, sent.exchange)]
    return []


def _known_misshaped(run: Run, code: int) -> bool:
    """Whether ordinary requests showed already that this status has another shape: that is judged on its own."""
    validate = error.validator(run.contract)
    ordinary = (one for one in run.log if one.exchange.status == code and not one.case.name.startswith(RARE))
    answers = (one.exchange.response for one in ordinary)
    return any(answer is not None and error.misshaped(validate, answer) for answer in answers)
