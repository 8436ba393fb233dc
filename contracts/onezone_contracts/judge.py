"""Judge a target: every requirement in turn, then the verdict."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from onezone_spec import Contract

from onezone_contracts.causes import Cause, causes, signature
from onezone_contracts.exchange import Redactor
from onezone_contracts.options import Options
from onezone_contracts.requirement import (
    OUT_OF_TIME,
    Finding,
    HungError,
    Level,
    NotJudged,
    Outcome,
    OutOfTimeError,
    Requirement,
    Result,
    ambiguous,
    fits,
)
from onezone_contracts.subject import CannotSetUpError
from onezone_contracts.target.file import SetupError
from onezone_contracts.verdict import Judgement, Verdict, decide

DEEPEST = "deep"
FINDINGS = 5
"""How many findings of a requirement are kept: of those that differ one each, and then the first of the others."""
LOOKED_AT = 60
"""How many findings of a requirement are looked at."""
Progress = Callable[[int, int, Requirement], None]
log = logging.getLogger(__name__)


class Judged(Protocol):
    """What requirements are judged in: a run of one operation, or of all."""

    options: Options

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""

    def turned_away(self, findings: Sequence[Finding]) -> str | None:
        """Why findings do not count: the target turns away users whom it served before. Otherwise None."""

    def ready_for(self, requirement: Requirement) -> Any:
        """What the check of the requirement is given, after what it lives off was sent. Raises NotJudged."""


class Session(Judged, Protocol):
    """All that is judged at one target, and in what."""

    profile: str
    contract: Contract

    @property
    def target(self) -> str:
        """The base URL."""

    @property
    def redactor(self) -> Redactor:
        """What knows every secret."""

    @property
    def requests(self) -> int:
        """How many were sent."""

    @property
    def hints(self) -> list[str]:
        """What may be the cause, for people."""

    def requirements(self, depth: str) -> tuple[Requirement, ...]:
        """What is required at a depth, in the order in which it is judged."""

    def preflight(self, requirements: tuple[Requirement, ...]) -> str | None:
        """See that the target answers and that its personas are set up; why there can be no verdict, if that is so.

        Raises SetupError if nothing can be judged.
        """

    def foresee(self, requirements: tuple[Requirement, ...]) -> None:
        """What is judged next, so that cases of several requirements can be sent at the same time."""

    def unseen(self) -> frozenset[int]:
        """The documented statuses that can be provoked and were never seen."""

    def unknown(self, *, whole: bool) -> str | None:
        """Why a target that keeps everything is not known to be conformant, None if it is."""

    def clean(self) -> None:
        """Remove what was made."""


def selected(
    requirements: Iterable[Requirement], patterns: Iterable[str], profile: str = "core"
) -> tuple[Requirement, ...]:
    """The requirements whose id, with or without the operation, matches one of the glob patterns.

    Raises SetupError for a pattern without any, and for a topic that several operations have.
    """
    requirements = tuple(requirements)
    command = "ozkit requirements" + (" --profile full" if profile == "full" else "")
    for pattern in patterns:
        if not any(fits(requirement, pattern) for requirement in requirements):
            raise SetupError(f"no requirement matches {pattern!r}; `{command}` lists them")
        if several := ambiguous(requirements, pattern):
            raise SetupError(f"{pattern} fits {len(several)} operations: write {several[0]}, or *.{pattern}")
    return tuple(requirement for requirement in requirements if any(fits(requirement, pattern) for pattern in patterns))


def judge_one(run: Judged, requirement: Requirement) -> Result:
    """The outcome of one requirement, by the expected failures. Never raises: a failure of the kit is an `error`."""
    started = time.perf_counter()
    result = replace(_judged(run, requirement), seconds=time.perf_counter() - started)
    for expectation in (run.options.expected, run.options.baseline):
        result = expectation.applied(result) if expectation else result
    return result


def excused(results: Iterable[Result]) -> frozenset[int]:
    """The documented statuses in whose place another is known to come: that they are never seen is known, too."""
    expected = (finding.expected for result in results if result.fails_as_expected for finding in result.findings)
    return frozenset(int(status) for status in expected if status.isdecimal())


def _excusing(results: list[Result], statuses: frozenset[int]) -> list[Result]:
    """The results; those that could not be judged only because an excused status was never seen are excused."""
    reasons = {f"no {status} was seen" for status in statuses}
    return [replace(result, excused=True) if result.reason in reasons else result for result in results]


def _judged(run: Judged, requirement: Requirement) -> Result:
    findings: list[Finding] = []
    try:
        run.check_time()
        findings.extend(itertools.islice(requirement.check(run.ready_for(requirement)), LOOKED_AT))
    except (OutOfTimeError, HungError) as ended:
        if not findings:
            return Result(requirement, Outcome.BLOCKED if ended.blocked else Outcome.SKIP, (), ended.reason)
    except NotJudged as reason:
        outcome = Outcome.BLOCKED if reason.blocked else Outcome.SKIP
        return Result(requirement, outcome, (), reason.reason, wanting=reason.wanting)
    except SetupError as reason:
        return Result(requirement, Outcome.BLOCKED, (), str(reason))
    except KeyboardInterrupt:
        if not findings:
            raise
    except Exception as error:
        log.debug("a check failed", exc_info=True)
        return Result(requirement, Outcome.ERROR, (), f"the kit failed: {type(error).__name__}: {error}")
    changed = _turned_away(run, requirement, findings)
    if changed:
        return Result(requirement, Outcome.BLOCKED, (), changed)
    return Result(requirement, _outcome(requirement, findings), _representative(findings), _more(findings))


def _turned_away(run: Judged, requirement: Requirement, findings: list[Finding]) -> str | None:
    try:
        return run.turned_away(findings) if findings and requirement.level is not Level.OBSERVE else None
    except OutOfTimeError:
        return None


def _outcome(requirement: Requirement, findings: list[Finding]) -> Outcome:
    if requirement.level is Level.OBSERVE:
        return Outcome.OBSERVED
    if not findings:
        return Outcome.PASS
    return Outcome.FAIL if requirement.level is Level.MUST else Outcome.WARN


def _representative(findings: list[Finding]) -> tuple[Finding, ...]:
    """One finding of each that differ, then others, in their order."""
    first: dict[tuple[object, ...], int] = {}
    for number, finding in enumerate(findings):
        first.setdefault(signature(finding), number)
    chosen = [*first.values(), *(number for number in range(len(findings)) if number not in first.values())][:FINDINGS]
    return tuple(findings[number] for number in sorted(chosen))


def _more(findings: list[Finding]) -> str | None:
    if len(findings) <= FINDINGS:
        return None
    number = f"{len(findings)}{' or more' if len(findings) == LOOKED_AT else ''}"
    return f"{number} findings, of which the reports show {FINDINGS}"


def judge(session: Session, patterns: tuple[str, ...] = (), progress: Progress | None = None) -> Judgement:
    """Judge a target by the requirements of a session, those that the patterns name or all.

    Raises SetupError if a pattern matches nothing, and CannotSetUpError where nothing can be judged at all. A target
    that cannot be judged for what it answers is no error: the verdict is then `inconclusive`, with the reason.
    """
    options = session.options
    if options.baseline and options.baseline.edition != session.contract.edition:
        raise SetupError(f"--baseline: {options.baseline.place} is of edition {options.baseline.edition}")
    every = session.requirements(options.depth)
    chosen = selected(every, patterns, session.profile) if patterns else every
    started = time.perf_counter()
    results: list[Result] = []
    reason, interrupted = None, False
    try:
        reason = _judge_all(session, chosen, results, progress)
    except KeyboardInterrupt:
        if not options.network.stop.requests:
            raise
        interrupted = True
    finally:
        session.clean()
    statuses = excused(results)
    results = _excusing(results, statuses)
    baseline = options.baseline
    unseen = () if patterns else tuple(session.unseen() - statuses - (baseline.unseen if baseline else frozenset()))
    unmatched = options.expected.unmatched(session.requirements(DEEPEST)) if options.expected else ()
    verdict, why = decide(
        results, unseen, strict=options.strict, unmatched=unmatched, misread=session.unknown(whole=not patterns)
    )
    roots = causes(results, unseen, session.contract, session.redactor)
    if reason:
        verdict, why = Verdict.INCONCLUSIVE, reason
        roots = (Cause("target", reason),)
    if interrupted:
        verdict, why = _cut_short(verdict, why, len(results), len(chosen))
    return Judgement(
        target=session.target,
        edition=session.contract.edition,
        profile=session.profile,
        depth=options.depth,
        seed=options.seed,
        verdict=verdict,
        reason=why,
        results=tuple(results),
        requests=session.requests,
        duration_s=time.perf_counter() - started,
        redactor=session.redactor,
        unseen=unseen,
        unmatched=unmatched,
        total=len(every),
        hints=tuple(session.hints),
        interrupted=interrupted,
        causes=roots,
        strict=options.strict,
        change=baseline.change(results) if baseline else None,
    )


def _cut_short(verdict: Verdict, why: str | None, judged: int, total: int) -> tuple[Verdict, str]:
    """The verdict of a run that was interrupted: what is violated is, the rest is not known."""
    cut = f"interrupted after {judged} of {total} requirements"
    if verdict is Verdict.NONCONFORMANT:
        return verdict, f"{why}; {cut}"
    return Verdict.INCONCLUSIVE, cut


def _judge_all(
    session: Session, requirements: tuple[Requirement, ...], results: list[Result], progress: Progress | None
) -> str | None:
    """Add each outcome to `results`; returns why there is no verdict, or None."""
    try:
        reason = session.preflight(requirements)
    except NotJudged:
        return OUT_OF_TIME
    except CannotSetUpError:
        raise
    except SetupError as error:
        return str(error)
    except Exception as error:
        log.debug("the preflight failed", exc_info=True)
        return f"the kit itself failed: {type(error).__name__}: {error}"
    for number, requirement in enumerate(requirements):
        if progress:
            progress(number, len(requirements), requirement)
        _foresee(session, requirements[number:])
        results.append(judge_one(session, requirement))
        session.options.network.stop.check()
    return reason


def _foresee(session: Session, requirements: tuple[Requirement, ...]) -> None:
    """Send ahead the requests of the next requirements; if that fails, those requirements get the reason."""
    try:
        session.foresee(requirements)
    except Exception:
        log.debug("nothing was sent ahead", exc_info=True)
