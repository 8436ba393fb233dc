"""The report that people read in a terminal: causes first, then each with what shows it, the counts and the verdict.

It is wrapped at words, for 80 columns and more; a curl line is continued with backslashes, so that it runs as it
stands. What is long is in the other reports.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from rich.text import Text

from onezone_contracts.causes import Cause
from onezone_contracts.console import Console
from onezone_contracts.curl import steps, variables, words
from onezone_contracts.exchange import Redactor
from onezone_contracts.reports import wording
from onezone_contracts.reports.wording import visible, who_does_what
from onezone_contracts.requirement import OUT_OF_TIME, Finding, Level, Outcome, Requirement, Result
from onezone_contracts.verdict import Judgement, Verdict

COLOURS = {
    Verdict.CONFORMANT: "bold green",
    Verdict.NONCONFORMANT: "bold red",
    Verdict.PARTIAL: "bold yellow",
    Verdict.INCONCLUSIVE: "bold magenta",
}
WITH_ANSWERS = 6
"""How many requirements of a cause are shown with what came; the ids of the others follow."""
FIRST = 12
"""How many causes are listed before anything else."""
LONG_LINE = 900
"""How many characters a curl line may have here."""
LONG_VALUE = 300
NARROWEST = 40


def show(judgement: Judgement, console: Console) -> None:
    """Print the judgement."""
    for line in _Report(judgement, console.width).lines():
        console.print(line, soft_wrap=True)


class _Report:
    """The lines of a report, each short enough for the terminal.

    Args:
        judgement: what is told.
        width: how many columns there are.
    """

    def __init__(self, judgement: Judgement, width: int) -> None:
        self.judgement = judgement
        self.width = width
        self.redactor = judgement.redactor or Redactor()
        self.curls: list[str] = []
        self.by_id = {result.requirement.id: result for result in judgement.results}

    def lines(self) -> Iterator[Text]:
        """The whole report."""
        judged = self.judgement
        causes = judged.causes if judged.results else ()
        if len(causes) == 1 and self._failing(causes[0]):
            yield from self._cause(causes[0], self._summary(causes[0]), "")
        elif causes:
            yield from self._causes(causes)
            for number, cause in enumerate(causes, 1):
                yield from self._cause(cause, cause.summary, f"{number:>2}. ")
        for result in judged.results:
            if result.outcome is Outcome.ERROR:
                yield from self._text(f"{result.requirement.id}: {result.reason}", " ERROR  ", style="bold magenta")
        if names := variables(self.curls, self.redactor):
            secrets = "; ".join(f"{name} is the secret of {owner}" for name, owner in names.items())
            removed = "; the users of this run are removed: --keep FILE keeps them" if judged.users_removed else ""
            rows = wrapped(_tame(f"variables of the curl lines: {secrets}{removed}"), max(self.width, NARROWEST))
            yield from (Text(row, style="dim") for row in rows)  # a secret may be a word of this sentence
        yield from self._coverage()
        yield from self._rest()

    def _coverage(self) -> Iterator[Text]:
        """What recorded traffic showed of the contract."""
        if self.judgement.coverage is None:
            return
        coverage = self.judgement.coverage.as_json()
        yield Text(f"the traffic shows {coverage['percent']} % of the contract (a dash: not seen)", style="bold")
        for operation, statuses, callers, judged in wording.covered(coverage):
            yield from self._text(f"{operation}: {statuses}; {callers}; requirements judged: {judged}", "  ")
        if names := wording.never_called(coverage):
            yield from self._text(f"never called: {len(names)} operations (the other reports name them)", "  ")

    # --- causes -------------------------------------------------------------------------------------------

    def _causes(self, causes: Sequence[Cause]) -> Iterator[Text]:
        order = ", most telling first" if len(causes) > 1 else ""
        yield from self._text(f"{_count(causes, 'cause')}{order}:", style="bold")
        for number, cause in enumerate(causes[:FIRST], 1):
            yield from self._text(self._summary(cause), f"{number:>2}. ", style="bold red")
        if len(causes) > FIRST:
            yield from self._text(f"… and {len(causes) - FIRST} more, below", "    ")
        yield Text("")

    def _summary(self, cause: Cause) -> str:
        counted = f" ({_count(cause.requirements, 'requirement')})" if cause.requirements else ""
        return f"{cause.summary}{counted}"

    def _failing(self, cause: Cause) -> list[Result]:
        return [self.by_id[name] for name in cause.requirements if self.by_id[name].findings]

    def _cause(self, cause: Cause, title: str, number: str) -> Iterator[Text]:
        failing = self._failing(cause)
        if not failing:
            return
        yield from self._text(title, number, style="bold red")
        for result in failing[:WITH_ANSWERS]:
            yield from self._requirement(result, cause, whole=result is failing[0])
        if others := listed([result.requirement for result in failing[WITH_ANSWERS:]]):
            yield from self._text(f"and by the same: {others}", "    ")
        if cause.example:
            yield from self._evidence(cause.example)
        yield Text("")

    def _requirement(self, result: Result, cause: Cause, *, whole: bool) -> Iterator[Text]:
        """A requirement that fails by the cause, with its first finding; `whole`: with what it says and where."""
        requirement = result.requirement
        findings = [finding for n, finding in enumerate(result.findings) if (requirement.id, n) in cause.findings]
        colour = "red" if result.outcome is Outcome.FAIL else "yellow"
        name = f"{requirement.id} ({requirement.level})"
        yield from self._text(name, f"    {result.outcome.upper():<4} ", style=f"bold {colour}")
        if whole:
            yield from self._text(requirement.text, "      ")
            yield from self._text(str(requirement.source), "      ", style="dim")
        first = (findings or list(result.findings))[0]
        least = "at least " if result.reason else ""  # it says how many there are
        more = f" (and {least}{len(findings) - 1} more)" if len(findings) > 1 else ""
        yield from self._text(f"{first.message}{more}", "      • ")

    def _evidence(self, finding: Finding) -> Iterator[Text]:
        exchange = finding.exchange
        came = exchange.summary(self.redactor) if exchange and not finding.steps else finding.actual
        if exchange and finding.actual not in {came, exchange.answer()}:
            came = f"{finding.actual} ({came})"
        yield from self._text(_cut(finding.expected), "    expected  ")
        yield from self._text(_cut(came), "    got       ")
        if finding.steps:
            for number, step in enumerate(steps(finding.steps, self.redactor), 1):
                sets = f" ({step.sets}: the last part of its Location)" if step.sets else ""
                summary = f"{who_does_what(step.exchange)}: {step.exchange.answer()}{sets}"
                yield from self._text(f"{number}. {summary}", "    # ", "    # ", style="cyan")
                yield from self._curl(step.words)
        elif exchange:
            yield from self._curl(words(exchange, self.redactor))

    def _curl(self, line: list[str]) -> Iterator[Text]:
        """A curl line, continued between its words."""
        text = " ".join(line)
        if len(text) > LONG_LINE:
            yield from self._text("# a long curl line: see the html or json report (--report html=FILE)", "    ")
            return
        self.curls.append(text)
        rows = [""]
        for word in _pairs(line):
            if rows[-1] and len(rows[-1]) + len(word) + 7 > self.width:
                rows.append("")
            rows[-1] += f" {word}" if rows[-1] else word
        for number, row in enumerate(rows):
            more = " \\" if number + 1 < len(rows) else ""
            yield Text(f"    {'  ' if number else ''}{_tame(row)}{more}", style="cyan")

    # --- the rest -----------------------------------------------------------------------------------------

    def _rest(self) -> Iterator[Text]:
        judged = self.judgement
        yield from self._not_judged()
        before = frozenset(judged.change.same) if judged.change else frozenset()
        for words_, ids in wording.changes(asdict(judged.change)) if judged.change else ():
            yield from self._text(f"{words_} ({len(ids)}): {', '.join(ids) or 'none'}", later="  ", style="bold")
        for result in (
            result for result in judged.results if result.fails_as_expected and result.requirement.id not in before
        ):
            yield from self._text(
                f"known {result.outcome}: {result.requirement.id}: {result.reason}", later="  ", style="dim"
            )
        for why in judged.unmatched:
            yield from self._text(f"expected failures: {why}", later="  ", style="bold red")
        for hint in judged.hints:
            yield from self._text(f"hint: {hint}", later="  ", style="yellow")
        if judged.results:
            yield from self._text(_numbers(judged), later="  ")
        why = f": {judged.reason}" if judged.reason else ""
        if judged.verdict is Verdict.CONFORMANT and judged.expected_failures:
            why = f", but for {_count(range(judged.expected_failures), 'expected failure')}"
        whole = f"{judged.target} · edition {judged.edition} · profile {judged.profile}: {judged.verdict}{why}"
        for line in self._text(whole, later="  "):
            line.highlight_words([f" {judged.verdict}"], COLOURS[judged.verdict])
            yield line

    def _not_judged(self) -> Iterator[Text]:
        """What was not judged, a line for each reason."""
        for outcome, words_ in ((Outcome.SKIP, "not judged"), (Outcome.BLOCKED, "blocked")):
            reasons: dict[str, list[str]] = {}
            for result in self.judgement.results:
                if result.outcome is outcome:
                    reasons.setdefault(result.reason or "", []).append(result.requirement.id)
            for reason, ids in reasons.items():
                many = len(ids) > 1 and (reason == OUT_OF_TIME or outcome is Outcome.BLOCKED or len(ids) > WITH_ANSWERS)
                named = _count(ids, "requirement") if many else ", ".join(ids)
                yield from self._text(f"{words_}: {named}: {reason}", later="  ", style="dim")

    def _text(self, text: str, first: str = "", later: str | None = None, style: str = "") -> Iterator[Text]:
        """A paragraph: nothing in it steers the terminal or a CI job, and it is wrapped at words."""
        safe = _tame(" ".join(self.redactor.text(text).split()))
        indent = " " * len(first) if later is None else later
        rows = wrapped(safe, max(self.width, NARROWEST), first, indent)
        yield from (Text(_tame(row), style=style) for row in rows or [first])


def listed(requirements: Sequence[Requirement]) -> str:
    """Requirements of one operation by their topics; of several by each topic, and a few operations that it is of."""
    if len({requirement.operation for requirement in requirements}) == 1:
        return ", ".join(requirement.topic for requirement in requirements)
    operations: dict[str, list[str]] = {}
    for requirement in requirements:
        operations.setdefault(requirement.topic, []).append(requirement.operation)
    parts = []
    for topic, names in operations.items():
        more = f" and {len(names) - WITH_ANSWERS} more" if len(names) > WITH_ANSWERS else ""
        parts.append(f"{topic} of {', '.join(names[:WITH_ANSWERS])}{more}")
    return "; ".join(parts)


def wrapped(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    """`text` in lines that are broken between words only, with what they begin with."""
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _pairs(line: Iterable[str]) -> Iterator[str]:
    """The words of a curl line, an option together with its value."""
    option = ""
    for word in line:
        if option:
            yield f"{option} {word}"
            option = ""
        elif word in {"-X", "-u", "-H", "--data-binary", "--data-raw"}:
            option = word
        else:
            yield word


def _tame(text: str) -> str:
    """`text` visible, with no line that a runner of CI jobs takes for a command (`::error::`)."""
    return re.sub(r"(?m)^(\s*)::", r"\1\\::", visible(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONG_VALUE else f"{text[:LONG_VALUE]}…"


def _count(items: Sequence[object], word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"


def _numbers(judgement: Judgement) -> str:
    """How many requirements came out how, and what that took."""
    judged = len(judgement.results)
    musts = sum(result.requirement.level is Level.MUST for result in judgement.results)
    counts = ", ".join(f"{count} {outcome}" for outcome in Outcome if (count := judgement.counts.get(outcome)))
    only = f"only {judged} of {judgement.total}" if judgement.total > judged else str(judged)
    return (
        f"{only} requirements ({musts} MUST): {counts}; "
        f"{judgement.requests} requests in {judgement.duration_s:.1f} s; "
        f"depth {judgement.depth}, seed {judgement.seed}"
    )
