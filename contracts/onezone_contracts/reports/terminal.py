"""The report that people read: violations first, then the counts and the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.text import Text

from onezone_contracts.console import Console
from onezone_contracts.curl import curl
from onezone_contracts.exchange import Redactor
from onezone_contracts.reports import json_report
from onezone_contracts.reports.shown import numbered, visible
from onezone_contracts.requirement import OUT_OF_TIME, Finding, Level, Outcome, Result
from onezone_contracts.verdict import Judgement, Verdict

COLOURS = {
    Verdict.CONFORMANT: "bold green",
    Verdict.NONCONFORMANT: "bold red",
    Verdict.PARTIAL: "bold yellow",
    Verdict.INCONCLUSIVE: "bold magenta",
}
SHOWN = 2
"""How many findings of a requirement are shown."""


def show(judgement: Judgement, console: Console) -> None:
    """Print the judgement."""
    redactor = judgement.redactor or Redactor()
    for outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.WARN):
        for result in judgement.results:
            if result.outcome is outcome and not result.known:
                _show_violation(result, redactor, console)
    for line in _summary(judgement, redactor):
        console.print(line, soft_wrap=True)


def _show_violation(result: Result, redactor: Redactor, console: Console) -> None:
    requirement = result.requirement
    colour = {"fail": "red", "warn": "yellow"}.get(result.outcome, "magenta")
    title = Text(f" {result.outcome.upper()} ", style=f"reverse {colour}") + Text(
        f" {requirement.id} ({requirement.level})", style=f"bold {colour}"
    )
    lines = [title, _text("  ", requirement.text), _text("  ", requirement.source, "dim")]
    if result.reason:
        lines.append(_text("  ", redactor.text(result.reason), "dim"))
    for finding in result.findings[:SHOWN]:
        lines += _finding(finding, redactor)
    if len(result.findings) > SHOWN:
        lines.append(Text(f"  … and {len(result.findings) - SHOWN} more like this", style="dim"))
    for line in (*lines, Text("")):
        console.print(line, soft_wrap=True)


def _finding(finding: Finding, redactor: Redactor) -> list[Text]:
    lines = [
        _text("  • ", redactor.text(finding.message), "bold"),
        _text("    expected  ", redactor.text(finding.expected)),
        _text("    actual    ", redactor.text(finding.actual)),
    ]
    if finding.steps:
        told = numbered(json_report.steps(finding, redactor))
        lines += [Text(f"    {_tame(one)}", style="cyan") for one in told]
    elif finding.exchange:
        lines.append(_text("    ", curl(finding.exchange, redactor), "cyan"))
    return lines


def _text(before: str, text: str, style: str = "") -> Text:
    """Text of the target's: its lines stay below each other, and nothing in it steers the terminal or a CI job."""
    return Text(before + _tame(text).replace("\n", "\n" + " " * len(before)), style=style)


def _tame(text: str) -> str:
    """`text` visible, with no line that a runner of CI jobs takes for a command (`::error::`)."""
    return re.sub(r"(?m)^(\s*)::", r"\1\\::", visible(text))


def _summary(judgement: Judgement, redactor: Redactor) -> Iterator[Text]:
    yield from _not_judged(judgement)
    for result in (one for one in judgement.results if one.known):
        told = redactor.text(f"{result.requirement.id}: {result.reason}")
        yield _text(f"known {result.outcome}: ", told, "dim")
    for why in judgement.unmatched:
        yield _text("expected failures: ", why, "bold red")
    for hint in judgement.hints:
        yield _text("hint: ", hint, "yellow")
    if judgement.results:
        yield _numbers(judgement)
    verdict = Text(str(judgement.verdict), style=COLOURS[judgement.verdict])
    why = f": {_tame(redactor.text(judgement.reason))}" if judgement.reason else ""
    if judgement.verdict is Verdict.CONFORMANT and judgement.known:
        why = f", but for {judgement.known} expected failure{'s' if judgement.known > 1 else ''}"
    yield (
        Text(f"{_tame(judgement.target)} · edition {judgement.edition} · profile {judgement.profile}: ")
        + verdict
        + Text(why)
    )


def _not_judged(judgement: Judgement) -> Iterator[Text]:
    """What was not judged: a line each where the target is the reason, one line in all where it was late or blocked."""
    skipped = [one for one in judgement.results if one.outcome is Outcome.SKIP]
    late = sum(one.reason == OUT_OF_TIME for one in skipped)
    for result in skipped:
        if result.reason != OUT_OF_TIME:
            yield _text("not judged: ", f"{result.requirement.id}: {result.reason}", "dim")
    if late:
        yield _text("not judged: ", f"{late} requirement{'s' if late > 1 else ''}: {OUT_OF_TIME}", "dim")
    blocked = [one for one in judgement.results if one.outcome is Outcome.BLOCKED]
    if blocked:
        reasons = ", ".join(sorted({one.reason or "" for one in blocked}))
        yield _text("", f"{len(blocked)} requirements were blocked: {reasons}", "dim")


def _numbers(judgement: Judgement) -> Text:
    """How many requirements came out how, and what that took."""
    judged = len(judgement.results)
    musts = sum(one.requirement.level is Level.MUST for one in judgement.results)
    counts = ", ".join(f"{count} {outcome}" for outcome in Outcome if (count := judgement.counts.get(outcome)))
    only = f"only {judged} of {judgement.total}" if judgement.total > judged else str(judged)
    return Text(
        f"{only} requirements ({musts} MUST): {counts}; "
        f"{judgement.requests} requests in {judgement.duration_s:.1f} s; "
        f"depth {judgement.depth}, seed {judgement.seed}"
    )
