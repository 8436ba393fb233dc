"""The markdown report, short: for the summary of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from onezone_contracts.reports import json_report, wording
from onezone_contracts.verdict import Judgement

SIGNS = {"conformant": "✅", "nonconformant": "❌", "partial": "⚠️", "inconclusive": "❔"}
MOST = 30
"""How many violations are told with their requests."""
LONGEST = 300
"""How many characters of a value are told in a table."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#&$])")


def render(judgement: Judgement) -> str:
    """The judgement as GitHub-flavoured markdown."""
    report = json_report.data(judgement)
    return "\n".join(_lines(report)) + "\n"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    why = f": {_text(report['reason'])}" if report["reason"] else ""
    yield f"## {SIGNS[report['verdict']]} {report['verdict']}{why}"
    yield ""
    yield f"{_text(report['target'])}, edition {report['edition']}, profile {report['profile']}"
    yield ""
    run = (
        f"{report['requests']} requests in {report['duration_s']:.1f} s; depth {report['depth']}, seed {report['seed']}"
    )
    yield f"{wording.counts_text(report)}; {run}"
    if report["causes"] and report["requirements"]:
        yield ""
        yield from (
            f"{number}. **{_text(wording.counted(cause))}**" for number, cause in enumerate(report["causes"], 1)
        )
    for words, ids in wording.changes(report["baseline"]):
        yield from ("", f"{words} ({len(ids)}): {_text(', '.join(ids)) or 'none'}")
    violations = wording.violations(report["requirements"])
    if violations:
        yield from ("", "| outcome | level | requirement | expected | actual |", "|---|---|---|---|---|")
        yield from (_row(requirement) for requirement in violations)
        for requirement in violations[:MOST]:
            yield from ("", *_details(requirement))
        if len(violations) > MOST:
            yield from ("", f"… and {len(violations) - MOST} more, in the other reports.")
    for line in (*report["unmatched_expected_failures"], *report["hints"]):
        yield from ("", _text(line))
    yield from _expected_failures(wording.expected_to_fail(report["requirements"]))
    yield from _coverage(report["coverage"])


def _expected_failures(requirements: list[dict[str, Any]]) -> Iterator[str]:
    """What fails as expected."""
    if requirements:
        yield from ("", "| known | level | requirement | why |", "|---|---|---|---|")
    for requirement in requirements:
        values = (requirement["level"], _text(wording.topic(requirement)), _text(requirement["reason"], LONGEST))
        yield f"| {wording.EXPECTED_MARK} {requirement['outcome']} | {' | '.join(values)} |"


def _coverage(coverage: dict[str, Any] | None) -> Iterator[str]:
    """What recorded traffic showed of the contract."""
    if coverage is None:
        return
    yield from ("", f"The traffic shows {coverage['percent']} % of the contract; a dash is what it could not show.")
    yield from ("", "| operation | answers | callers | requirements judged |", "|---|---|---|---|")
    yield from (f"| {' | '.join(map(_text, row))} |" for row in wording.covered(coverage))
    if names := wording.never_called(coverage):
        yield from ("", f"Never called ({len(names)}): {_text(', '.join(names))}")


def _row(requirement: dict[str, Any]) -> str:
    finding = (
        requirement["findings"][0]
        if requirement["findings"]
        else {"expected": "", "actual": requirement["reason"] or ""}
    )
    values = (_text(finding["expected"], LONGEST), _text(finding["actual"], LONGEST))
    sign = f"{wording.MARKS[requirement['outcome']]} {requirement['outcome']}"
    return f"| {sign} | {requirement['level']} | {_text(wording.topic(requirement))} | {' | '.join(values)} |"


def _details(requirement: dict[str, Any]) -> Iterator[str]:
    yield f"<details><summary>{_html(wording.topic(requirement))}: {_html(requirement['text'])}</summary>"
    yield ""
    yield f"Source: {_text(requirement['source'])}"
    for finding in requirement["findings"][:1]:
        yield from ("", _text(finding["message"]))
        if finding["came"] and not finding["steps"]:
            yield from ("", f"Answer: {_text(finding['came'])}")
        if curl := "\n".join(wording.numbered(finding["steps"])) or finding["curl"]:
            yield from ("", *_block(curl))
    if len(requirement["findings"]) > 1:
        yield from ("", f"{len(requirement['findings']) - 1} more, in the other reports.")
    yield from ("", "</details>")


def _block(text: str) -> tuple[str, str, str]:
    """A code block whose fence no run of backticks in the text can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}bash", wording.visible(text), fence


def _text(text: str, longest: int | None = None) -> str:
    """`text` on one line, with nothing in it that markdown reads."""
    short = wording.line(text)
    if longest is not None and len(short) > longest:
        short = f"{short[:longest]}…"
    return _SPECIAL.sub(r"\\\1", short)


def _html(text: str) -> str:
    return wording.line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
