"""The HTML report: one file that needs no network and no script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_contracts.reports import json_report, wording
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
        counts=wording.counts_text(report),
        changes=wording.changes(report["baseline"]),
        groups=wording.groups(requirements),
        covered=wording.covered(report["coverage"]),
        never_called=wording.never_called(report["coverage"]),
        violated=wording.violations(requirements),
        known=wording.expected_to_fail(requirements),
        noted=[
            requirement
            for requirement in requirements
            if requirement["outcome"] == "observed" and requirement["findings"]
        ],
        levels=_levels(requirements),
    )


def _levels(requirements: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How many requirements of each level came out how; levels that there are none of are left out."""
    table: dict[str, dict[str, int]] = {level: dict.fromkeys(wording.MARKS, 0) for level in LEVELS}
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
    environment.filters |= {"topic": wording.topic, "request": wording.request_text, "response": wording.response_text}
    environment.filters |= {"step_text": wording.step_text, "counted": wording.counted}
    environment.globals |= {"marks": wording.MARKS, "known_mark": wording.EXPECTED_MARK}
    return environment


def _visible(value: Any) -> Any:
    return wording.visible(value) if type(value) is str else value
