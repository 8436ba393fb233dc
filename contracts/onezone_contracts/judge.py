"""Judge a target: every requirement in turn, then the verdict."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Protocol

from onezone_spec import Contract, Operation

from onezone_contracts.derive import provoked, requirements
from onezone_contracts.options import Options
from onezone_contracts.requirement import (
    OUT_OF_TIME,
    Finding,
    Level,
    NotJudged,
    Outcome,
    OutOfTimeError,
    Requirement,
    Result,
)
from onezone_contracts.run import Run
from onezone_contracts.target import SetupError, Target
from onezone_contracts.verdict import Judgement, Verdict, decide

DEEPEST = "deep"
FINDINGS = 5
"""How many findings of a requirement are kept; the others are counted."""
Progress = Callable[[int, int, Requirement], None]
log = logging.getLogger(__name__)


class Judged(Protocol):
    """What requirements are judged in: a run of one operation, or of all."""

    @property
    def options(self) -> Options: ...  # noqa: D102

    def check_time(self) -> None:
        """Raises OutOfTimeError when the run's time is over."""

    def gather(self, requirement: Requirement) -> None:
        """Send what the requirement lives off, where it was not sent before. Raises OutOfTimeError."""


def selected(wanted: Iterable[Requirement], patterns: Iterable[str]) -> tuple[Requirement, ...]:
    """The requirements whose id matches one of the glob patterns. Raises SetupError for a pattern without any."""
    wanted = tuple(wanted)
    for pattern in patterns:
        if not any(fnmatchcase(one.id, pattern) for one in wanted):
            raise SetupError(f"no requirement matches {pattern!r}; `ozkit requirements` lists them")
    return tuple(one for one in wanted if any(fnmatchcase(one.id, pattern) for pattern in patterns))


def judge_one(run: Judged, requirement: Requirement) -> Result:
    """The outcome of one requirement, by what is expected of it. Never raises: what fails in the kit is an `error`."""
    result = _judged(run, requirement)
    return run.options.expected.applied(result) if run.options.expected else result


def _judged(run: Judged, requirement: Requirement) -> Result:
    found: list[Finding] = []
    try:
        run.check_time()
        run.gather(requirement)
        found.extend(itertools.islice(requirement.check(run), FINDINGS + 1))
    except OutOfTimeError as late:
        if not found:
            return Result(requirement, Outcome.SKIP, (), late.reason)
    except NotJudged as reason:
        return Result(requirement, Outcome.BLOCKED if reason.blocked else Outcome.SKIP, (), reason.reason)
    except SetupError as reason:
        return Result(requirement, Outcome.BLOCKED, (), str(reason))
    except Exception as error:
        log.debug("a check failed", exc_info=True)
        return Result(requirement, Outcome.ERROR, (), f"the kit failed: {type(error).__name__}: {error}")
    return Result(requirement, _outcome(requirement, found), tuple(found[:FINDINGS]), _more(found))


def _outcome(requirement: Requirement, found: list[Finding]) -> Outcome:
    if requirement.level is Level.OBSERVE:
        return Outcome.OBSERVED
    if not found:
        return Outcome.PASS
    return Outcome.FAIL if requirement.level is Level.MUST else Outcome.WARN


def _more(found: list[Finding]) -> str | None:
    return f"only the first {FINDINGS} findings are shown" if len(found) > FINDINGS else None


def judge(
    contract: Contract,
    operation: Operation,
    target: Target,
    options: Options,
    patterns: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Judgement:
    """Judge a target by the requirements of one operation.

    Raises SetupError where a pattern of requirement ids matches nothing. A target that cannot be judged is no
    error: the verdict is then `inconclusive`, with the reason.
    """
    every = requirements(contract, operation, options.depth)
    wanted = selected(every, patterns) if patterns else every
    run = Run(contract, operation, target, options)
    started = time.perf_counter()
    try:
        results, reason = _results(run, wanted, progress)
    finally:
        run.clean()
    unseen = () if patterns else tuple(provoked(operation) - {one.status for one in run.exchanges() if one.status})
    unmatched = options.expected.unmatched(requirements(contract, operation, DEEPEST)) if options.expected else ()
    verdict, why = (
        (Verdict.INCONCLUSIVE, reason)
        if reason
        else decide(results, unseen, strict=options.strict, unmatched=unmatched, misread=run.misread())
    )
    return Judgement(
        target=target.base_url,
        edition=contract.edition,
        profile="core",
        depth=options.depth,
        seed=options.seed,
        verdict=verdict,
        reason=why,
        results=tuple(results),
        requests=run.wire.sent,
        duration_s=time.perf_counter() - started,
        redactor=run.redactor,
        unseen=unseen,
        unmatched=unmatched,
        total=len(every),
        hints=tuple(run.hints),
    )


def _results(run: Run, wanted: tuple[Requirement, ...], progress: Progress | None) -> tuple[list[Result], str | None]:
    try:
        run.preflight()
    except SetupError as error:
        return [], str(error)
    except NotJudged:
        return [], OUT_OF_TIME
    except Exception as error:
        log.debug("the preflight failed", exc_info=True)
        return [], f"the kit itself failed: {type(error).__name__}: {error}"
    results = []
    for number, requirement in enumerate(wanted):
        if progress:
            progress(number, len(wanted), requirement)
        run.together.foresee(wanted[number:])
        results.append(judge_one(run, requirement))
    return results, None
