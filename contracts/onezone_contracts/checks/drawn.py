"""Judge drawn requests, one by one, and shrink what is found."""

from __future__ import annotations

import json
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from onezone_spec import Body

from onezone_contracts.cases import Case, constant
from onezone_contracts.checks import error, status
from onezone_contracts.options import Options
from onezone_contracts.patience import asks_for_patience
from onezone_contracts.requirement import Check, Finding, Level, Sending
from onezone_contracts.run import AT_ONCE, Run
from onezone_contracts.sent import Sent
from onezone_contracts.target.file import SetupError

EXAMPLES = {"quick": 0, "standard": 60, "deep": 600}
BAD_REQUEST = 400
RARE = ("edges.", "generated")


class _Violation(AssertionError):
    """A drawn request showed a finding."""


class _Shrinker:
    """Remembers the smallest request that showed a finding, and ends the search when its time is over."""

    def __init__(self, options: Options) -> None:
        self.clock, self.seconds = options.clock, options.shrinking
        self.best: tuple[int, list[Finding]] | None = None
        self._since: float | None = None

    @property
    def over(self) -> bool:
        """Whether the time for shrinking is used up."""
        return self._since is not None and self.clock() - self._since > self.seconds

    def record(self, sent: Sent, findings: list[Finding]) -> None:
        """Take note of findings; raises the violation that Hypothesis shrinks."""
        if self._since is None:
            self._since = self.clock()
        size = len(sent.exchange.request.body or b"")
        if self.best is None or size <= self.best[0]:
            self.best = (size, findings)
        if sent.exchange.timed_out:
            self._since = float("-inf")  # a hang costs its whole time-out again at every step
        raise _Violation(findings[0].message)


def _settings(run: Run, *, shrink: bool = True) -> Callable[[Any], Any]:
    """How a search draws."""
    from hypothesis import HealthCheck, Phase, seed, settings

    chosen = settings(
        max_examples=EXAMPLES[run.options.depth],
        deadline=None,
        database=example_database(run.options.examples) if shrink else None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
    return lambda test: chosen(seed(run.options.seed)(test))  # in this order: a seed alone would keep nothing


@cache
def example_database(where: str | None) -> Any:
    """Hypothesis's database in a folder or a Redis, None if nothing is kept. Raises SetupError."""
    from hypothesis.database import DirectoryBasedExampleDatabase

    if where is None:
        return None
    if "://" not in where:
        return DirectoryBasedExampleDatabase(where)
    try:
        from hypothesis.extra.redis import RedisExampleDatabase
        from redis import Redis, RedisError
    except ImportError:
        raise SetupError("--examples redis://… needs the package redis: `pip install redis`") from None
    try:
        client = Redis.from_url(where)
        client.ping()
    except (RedisError, ValueError, OSError) as error:
        raise SetupError(f"--examples {where}: {error}") from None
    return RedisExampleDatabase(client, key_prefix=b"onezone:")


class _Prefetch:
    """With several workers, what a search is going to draw is sent before it is asked for, some at a time."""

    def __init__(
        self, run: Run, kind: str, strategy: Any, make: Callable[[Any], Case], *, accept: bool = False
    ) -> None:
        self._run = run
        self._accept = accept
        self._cases: dict[str, Case] = {}
        if run.several:
            drawn = {repr(each): each for each in _drawn(run, strategy)}
            for number, (key, each) in enumerate(drawn.items()):
                self._cases[key] = replace(make(each), name=f"generated.{kind}.{number}")
        self._waiting = deque(self._cases.values())

    def exchange_of(self, drawn: Any) -> Sent | None:
        """The exchange of what was drawn, if it is on record already."""
        case = self._cases.get(repr(drawn))
        if case in self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            self._run.ahead(batch, accept=self._accept)
        return self._run.send(case) if case and self._run.sent_before(case) else None


def _drawn(run: Run, strategy: Any) -> list[Any]:
    """What a search with this seed draws as long as it finds nothing."""
    from hypothesis import given

    draws: list[Any] = []

    @_settings(run, shrink=False)
    @given(strategy)
    def draw(drawn: Any) -> None:
        draws.append(drawn)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw()
    return draws


def _search(
    run: Run, kind: str, strategy: Any, judge: Callable[[Any], tuple[Sent, list[Finding]]]
) -> Iterator[Finding]:
    """Draw until something is found or the examples are used up; yields the findings of the smallest request.

    What is drawn again is not sent again.
    """
    from hypothesis import given
    from hypothesis.errors import HypothesisException

    shrinker = _Shrinker(run.options)
    results: dict[str, tuple[Sent, list[Finding]]] = {}

    def search(drawn: Any) -> None:
        if shrinker.over:
            return
        key = repr(drawn)
        if key not in results:
            results[key] = judge(drawn)
        sent, findings = results[key]
        if findings:
            shrinker.record(sent, findings)

    search.__name__ = f"{kind}_{run.operation.id}"  # what is kept is kept by the name
    draw: Any = given(strategy)
    searching = _settings(run)(draw(search))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            searching()
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
    from onezone_contracts.generate.strategies import valid_bodies

    strategy = valid_bodies(run.contract, run.operation)

    def make(body: Any) -> Case:
        return _case("a drawn valid body", body)

    fore = _Prefetch(run, "valid", strategy, make, accept=True)

    def judge(body: Any) -> tuple[Sent, list[Finding]]:
        sent = fore.exchange_of(body) or run.fresh(make(body), accept=True)
        if asks_for_patience(sent.exchange) or status.name_taken(run, sent):
            return sent, []
        if not sent.exchange.succeeded:
            return sent, [status.finding(sent, str(run.operation.success.status))]
        return sent, list(run.consequences(sent))

    yield from _search(run, "valid", strategy, judge)


def invalid(run: Run) -> Iterator[Finding]:
    """Drawn bodies with one thing wrong are refused, and change nothing."""
    from onezone_contracts.generate.strategies import Broken, broken_bodies

    strategy = broken_bodies(run.contract, run.operation)

    def make(broken: Broken) -> Case:
        return _case(f"a drawn body with one thing wrong: {broken.what}", broken.value)

    fore = _Prefetch(run, "invalid", strategy, make)

    def judge(broken: Broken) -> tuple[Sent, list[Finding]]:
        sent, findings = _sent_once(run, fore.exchange_of(broken), make(broken))
        came = sent.exchange.status
        if broken.level is Level.MUST and came != BAD_REQUEST and not asks_for_patience(sent.exchange):
            findings.insert(0, status.finding(sent, str(BAD_REQUEST)))
        return sent, findings + _answered(run, sent)

    yield from _search(run, "invalid", strategy, judge)


def hostile(run: Run) -> Iterator[Finding]:
    """Drawn bytes are answered in time, without a 5xx, and errors have the documented shape."""
    from onezone_contracts.generate.strategies import hostile_bodies

    strategy = hostile_bodies(run.contract, run.operation)

    def make(body: bytes) -> Case:
        return _case("drawn hostile bytes", raw=body)

    fore = _Prefetch(run, "hostile", strategy, make)

    def judge(body: bytes) -> tuple[Sent, list[Finding]]:
        sent, findings = _sent_once(run, fore.exchange_of(body), make(body))
        if sent.exchange.succeeded and not _could_be_read(body, run):
            findings.append(status.finding(sent, str(BAD_REQUEST)))
        return sent, findings + _answered(run, sent)

    yield from _search(run, "hostile", strategy, judge)


def tolerated(*cases: Case) -> Sending:
    """Each case is accepted and kept, or refused as documented; there is always an answer, and never a 5xx."""

    def check(run: Run) -> Iterator[Finding]:
        for sent in run.each(cases):
            yield from _kept_or_refused(run, sent)

    return Sending(check, cases)


def kept_or_refused(*cases: Case) -> Check:
    """The same of cases that may well succeed: what they do is then looked at by itself, one after the other."""

    def check(run: Run) -> Iterator[Finding]:
        for case in cases:
            yield from _kept_or_refused(run, run.send(case, accept=True))

    return check


def _kept_or_refused(run: Run, sent: Sent) -> Iterator[Finding]:
    yield from _answered(run, sent)
    if sent.exchange.succeeded:
        yield from run.deviations(sent)


def _could_be_read(body: bytes, run: Run) -> bool:
    """Whether some lenient parser could take these bytes for an object, or for the lack of one that may be accepted."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff").strip("\x00 \t\r\n")
    documented = run.operation.body
    if not text and documented and (documented.presence_level is not Level.MUST or not _asks_for_keys(documented)):
        return True
    for encoding in ("", "utf-16"):
        try:
            tried = body.decode(encoding) if encoding else text
            return isinstance(json.JSONDecoder(strict=False).raw_decode(tried)[0], dict)  # some stop after a value
        except (ValueError, RecursionError):
            continue
    return _nested(text)


def _asks_for_keys(body: Body) -> bool:
    """Whether a request without anything in its body lacks something."""
    return body.required and (bool(body.none_known) or any(prop.required for prop in body.properties))


def _nested(text: str) -> bool:
    """Whether the text is only too deep, or too long a number, for Python's own parser."""
    return text.count("[") > 500 or text.count('{"a"') > 500 or "9" * 4000 in text  # noqa: PLR2004


def _sent_once(run: Run, sent: Sent | None, case: Case) -> tuple[Sent, list[Finding]]:
    """The exchange of a case that may be on record, and whether it left a trace where it should not."""
    if sent is not None:
        return sent, []
    now = run.fresh(case)
    return now, [] if now.exchange.succeeded else list(run.consequences(now))


def _answered(run: Run, sent: Sent) -> list[Finding]:
    """What holds of every answer: it comes, is no 5xx, and an error body is the documented Error."""
    response = sent.exchange.response
    if response is None:
        return [status.finding(sent, "an HTTP answer")]
    if asks_for_patience(sent.exchange):
        return []
    if response.status >= status.HTTP_ERROR:
        return [status.finding(sent, "no 5xx")]
    if response.success or response.status not in run.operation.responses or error.stopped(sent):
        return []
    problem = (
        error.misshaped(error.validator(run.contract), response)
        if response.body or response.status == BAD_REQUEST
        else None
    )
    if problem and not _known_misshaped(run, response.status):
        return [
            sent.finding(f"the {response.status} does not carry the documented Error", "the documented Error", problem)
        ]
    return []


def _known_misshaped(run: Run, code: int) -> bool:
    """Whether ordinary requests showed already that this status has another shape: that is judged on its own."""
    validate = error.validator(run.contract)
    ordinary = (sent for sent in run.log if sent.exchange.status == code and not sent.case.name.startswith(RARE))
    answers = (sent.exchange.response for sent in ordinary)
    return any(answer is not None and error.misshaped(validate, answer) for answer in answers)
