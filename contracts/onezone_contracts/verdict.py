"""From outcomes to a verdict, and from a verdict to an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from onezone_contracts.requirement import OUT_OF_TIME, Level, Outcome, Result

if TYPE_CHECKING:
    from onezone_contracts.baseline import Change
    from onezone_contracts.causes import Cause
    from onezone_contracts.exchange import Redactor
    from onezone_contracts.traffic.coverage import Coverage


class Verdict(StrEnum):
    """What a run says of a target."""

    CONFORMANT = "conformant"
    NONCONFORMANT = "nonconformant"
    INCONCLUSIVE = "inconclusive"
    PARTIAL = "partial"


EXIT_CODES = {Verdict.CONFORMANT: 0, Verdict.NONCONFORMANT: 1, Verdict.INCONCLUSIVE: 2, Verdict.PARTIAL: 3}
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


@dataclass(slots=True)
class Judgement:
    """A finished run: what was judged with which outcome, the verdict, and why it is no better."""

    target: str
    edition: str
    profile: str
    depth: str
    seed: int
    verdict: Verdict
    reason: str | None = None
    results: tuple[Result, ...] = ()
    requests: int = 0
    duration_s: float = 0.0
    redactor: Redactor | None = None
    unseen: tuple[int, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Expected failures that are no requirements, in words."""
    total: int = 0
    """How many requirements there are at this depth, whether they were to be judged or not."""
    hints: tuple[str, ...] = ()
    """What may be the cause, for people."""
    interrupted: bool = False
    """Whether somebody ended the run before it was over."""
    causes: tuple[Cause, ...] = ()
    """What failed, by its roots, most telling first."""
    strict: bool = False
    """Whether a SHOULD that fails counts as violated."""
    change: Change | None = None
    """How it differs from the baseline, where there is one."""
    file: str | None = None
    """The target file, where there is one."""
    users_removed: bool = False
    """Whether the users of this run are removed after it; `--keep` would have let them stay."""
    coverage: Coverage | None = None
    """What recorded traffic showed of the contract, where that was judged."""
    counts: Counter[Outcome] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = Counter(result.outcome for result in self.results)

    @property
    def expected_failures(self) -> int:
        """How many requirements fail as expected."""
        return sum(result.fails_as_expected for result in self.results)

    def exit_code(self, *, allow_partial: bool = False) -> int:
        """0 conformant, 1 nonconformant, 2 inconclusive, 3 partial (0 where that is allowed), 130 interrupted."""
        if self.interrupted:
            return INTERRUPTED
        if allow_partial and self.verdict is Verdict.PARTIAL:
            return 0
        return EXIT_CODES[self.verdict]


def decide(
    results: Iterable[Result],
    unseen: Iterable[int],
    *,
    strict: bool = False,
    unmatched: tuple[str, ...] = (),
    misread: str | None = None,
) -> tuple[Verdict, str | None]:
    """The verdict of a run, and the reason where it is not `conformant`.

    Args:
        results: the outcome of every requirement.
        unseen: documented statuses that can be provoked and were not seen.
        strict: whether a SHOULD that fails counts as violated.
        unmatched: expected failures that are no requirements; each is a failure itself.
        misread: what a read was answered that was not understood, in words: the state was then not seen.
    """
    judged = list(results)
    if any(result.outcome is Outcome.ERROR for result in judged):
        return Verdict.INCONCLUSIVE, "the kit itself failed"
    against = list(_against(judged, {Outcome.FAIL, Outcome.WARN} if strict else {Outcome.FAIL}, unmatched))
    if against:
        return Verdict.NONCONFORMANT, "; ".join(against)
    if not any(
        result.fails_as_expected or result.outcome in {Outcome.PASS, Outcome.WARN, Outcome.OBSERVED}
        for result in judged
    ):
        return Verdict.INCONCLUSIVE, "nothing was judged"
    missing = sorted(set(unseen))
    if missing:
        return Verdict.PARTIAL, f"a documented answer was never seen: {', '.join(map(str, missing))}"
    open_ones = [result for result in judged if _lessens(result)]
    if open_ones:
        first = open_ones[0]
        what = "MUST" if not first.listed else "MUST or expected failures"
        return Verdict.PARTIAL, f"{len(open_ones)} {what} could not be judged: {first.requirement.id}: {first.reason}"
    return (Verdict.PARTIAL, misread) if misread else (Verdict.CONFORMANT, None)


def _against(judged: list[Result], bad: set[Outcome], unmatched: tuple[str, ...]) -> Iterator[str]:
    """What makes a run nonconformant, in words."""
    violated = sum(
        result.outcome in bad and not result.fails_as_expected and not result.unexpected_pass for result in judged
    )
    if violated:
        yield f"{violated} requirement{'s are' if violated > 1 else ' is'} violated"
    passing = sum(result.unexpected_pass for result in judged)
    if passing:
        yield f"{passing} expected failure{'s pass' if passing > 1 else ' passes'}"
    if unmatched:
        yield unmatched[0] + (f" (and {len(unmatched) - 1} more)" if len(unmatched) > 1 else "")


def _lessens(result: Result) -> bool:
    """Whether a MUST was not judged, and the target had no right to that: the run is then not conformant."""
    if result.excused:
        return False
    if result.reason == OUT_OF_TIME or (result.listed and not result.fails_as_expected):
        return True
    if result.requirement.level is not Level.MUST:
        return False
    if result.outcome is Outcome.BLOCKED:
        return True
    return result.outcome is Outcome.SKIP and (result.requirement.needs is None or result.wanting)
