"""The HTML report: one file that needs no network and no script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_contracts.reports import json_report, shown
from onezone_contracts.verdict import Judgement

if TYPE_CHECKING:
    from jinja2 import Environment

LEVELS = ("MUST", "SHOULD", "OBSERVE")


def render(judgement: Judgement) -> str:
    """The judgement as an HTML document."""
    report = json_report.data(judgement)
    requirements = report["requirements"]
    template = _environment().get_template("report.html.jinja")
    return template.render(
        report=report,
        counts=shown.counts_text(report),
        changes=shown.changes(report["baseline"]),
        groups=shown.groups(requirements),
        covered=shown.covered(report["coverage"]),
        never_called=shown.never_called(report["coverage"]),
        violated=shown.violations(requirements),
        known=shown.expected_to_fail(requirements),
        noted=[
            requirement
            for requirement in requirements
            if requirement["outcome"] == "observed" and requirement["findings"]
        ],
        levels=_levels(requirements),
    )


def _levels(requirements: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How many requirements of each level came out how; levels that there are none of are left out."""
    table: dict[str, dict[str, int]] = {level: dict.fromkeys(shown.MARKS, 0) for level in LEVELS}
    for requirement in requirements:
        table[requirement["level"]][requirement["outcome"]] += 1
    return {level: row for level, row in table.items() if any(row.values())}


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("onezone_contracts.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"topic": shown.topic, "request": shown.request_text, "response": shown.response_text}
    environment.filters |= {"step_text": shown.step_text, "counted": shown.counted}
    environment.globals |= {"marks": shown.MARKS, "known_mark": shown.KNOWN}
    return environment


def _visible(value: Any) -> Any:
    return shown.visible(value) if type(value) is str else value
