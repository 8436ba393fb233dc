"""From outcomes to a verdict and an exit code, for every combination that matters."""

from __future__ import annotations

import pytest
from onezone_contracts.requirement import Level, Outcome, Requirement, Result
from onezone_contracts.verdict import EXIT_CODES, OUT_OF_TIME, Judgement, Verdict, decide

M, S, O = Level.MUST, Level.SHOULD, Level.OBSERVE  # noqa: E741


def result(outcome: str, level: Level = M, needs: str | None = None, reason: str | None = None) -> Result:
    requirement = Requirement(f"{outcome}.{level}", "operation", level, "text", "source", lambda _: (), needs)
    return Result(requirement, Outcome(outcome), (), reason)


PASS = result("pass")
CASES: dict[str, tuple[list[Result], set[int], str, str]] = {
    # name: results, unseen statuses, verdict, verdict with --strict
    "all pass": ([PASS, PASS], set(), "conformant", "conformant"),
    "one fails": ([PASS, result("fail")], set(), "nonconformant", "nonconformant"),
    "only failures": ([result("fail")], set(), "nonconformant", "nonconformant"),
    "a SHOULD warns": ([PASS, result("warn", S)], set(), "conformant", "nonconformant"),
    "only a warning": ([result("warn", S)], set(), "conformant", "nonconformant"),
    "only observed": ([result("observed", O)], set(), "conformant", "conformant"),
    "the kit failed": ([PASS, result("error")], set(), "inconclusive", "inconclusive"),
    "the kit failed at a SHOULD": ([PASS, result("error", S)], set(), "inconclusive", "inconclusive"),
    "the kit failed beside a failure": ([result("fail"), result("error")], set(), "inconclusive", "inconclusive"),
    "nothing": ([], set(), "inconclusive", "inconclusive"),
    "nothing but skips": ([result("skip", needs="x"), result("skip", S)], set(), "inconclusive", "inconclusive"),
    "nothing but blocks": ([result("blocked")], set(), "inconclusive", "inconclusive"),
    "nothing and unseen": ([], {204}, "inconclusive", "inconclusive"),
    "skip that the target may": ([PASS, result("skip", needs="reading")], set(), "conformant", "conformant"),
    "skip of a MUST": ([PASS, result("skip")], set(), "partial", "partial"),
    "skip of a SHOULD": ([PASS, result("skip", S)], set(), "conformant", "conformant"),
    "skip of an OBSERVE": ([PASS, result("skip", O)], set(), "conformant", "conformant"),
    "blocked MUST": ([PASS, result("blocked")], set(), "partial", "partial"),
    "blocked MUST with needs": ([PASS, result("blocked", needs="reading")], set(), "partial", "partial"),
    "blocked SHOULD": ([PASS, result("blocked", S)], set(), "conformant", "conformant"),
    "blocked beside a failure": ([result("fail"), result("blocked")], set(), "nonconformant", "nonconformant"),
    "unseen status": ([PASS], {404}, "partial", "partial"),
    "unseen beside a failure": ([result("fail")], {404}, "nonconformant", "nonconformant"),
    "unseen beside a warning": ([result("warn", S)], {404}, "partial", "nonconformant"),
    "time over": ([PASS, result("skip", needs="reading", reason=OUT_OF_TIME)], set(), "partial", "partial"),
    "time over at a SHOULD": ([PASS, result("skip", S, reason=OUT_OF_TIME)], set(), "partial", "partial"),
    "time over beside a failure": (
        [result("fail"), result("skip", reason=OUT_OF_TIME)],
        set(),
        "nonconformant",
        "nonconformant",
    ),
}


# INTERFACES: "what is not judged by then is skipped and the verdict is at best `partial`", whatever its level.
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize(
    "case",
    CASES,
)
def test_verdict(case: str, *, strict: bool) -> None:
    """Each combination of outcomes has its verdict, and a reason wherever that is not conformant."""
    results, unseen, lenient_verdict, strict_verdict = CASES[case]
    verdict, reason = decide(results, unseen, strict=strict)
    assert verdict == (strict_verdict if strict else lenient_verdict)
    assert (reason is None) is (verdict == "conformant")


@pytest.mark.parametrize("outcome", Outcome)
def test_no_outcome_alone_makes_green_but_those_that_were_judged(outcome: Outcome) -> None:
    """Of a single MUST only a pass is conformant."""
    verdict, _ = decide([result(outcome)], ())
    green = {Outcome.PASS, Outcome.WARN, Outcome.OBSERVED}
    assert (verdict is Verdict.CONFORMANT) is (outcome in green)


def test_reasons_name_what_is_missing() -> None:
    """The reason counts what is violated, names the statuses that were not seen, or the first MUST left open."""
    assert decide([result("fail"), result("fail")], ())[1] == "2 requirements are violated"
    assert decide([result("fail")], ())[1] == "1 requirement is violated"
    assert "403, 404" in str(decide([PASS], (404, 403))[1])
    assert "operation.skip.MUST: no time" in str(decide([PASS, result("skip", reason="no time")], ())[1])


def judgement(verdict: str) -> Judgement:
    return Judgement("http://x", "current", "core", "quick", 0, Verdict(verdict), results=(PASS, result("fail")))


@pytest.mark.parametrize(
    ("verdict", "code", "lenient_code"),
    [("conformant", 0, 0), ("nonconformant", 1, 1), ("inconclusive", 2, 2), ("partial", 3, 0)],
)
def test_exit_codes(verdict: str, code: int, lenient_code: int) -> None:
    """Each verdict has its exit code, and --allow-partial forgives nothing but a partial one."""
    assert judgement(verdict).exit_code() == code
    assert judgement(verdict).exit_code(allow_partial=True) == lenient_code


def test_every_verdict_has_an_exit_code_of_its_own() -> None:
    """No two verdicts can be mistaken for each other by a script."""
    assert set(EXIT_CODES) == set(Verdict)
    assert len(set(EXIT_CODES.values())) == len(Verdict)


def test_judgement_counts_its_outcomes() -> None:
    """A judgement knows how many requirements had which outcome."""
    assert judgement("nonconformant").counts == {Outcome.PASS: 1, Outcome.FAIL: 1}
