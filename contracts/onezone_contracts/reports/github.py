"""What GitHub Actions shows of a run: annotations, and the summary of the job."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from onezone_contracts.reports import json_report, markdown, wording
from onezone_contracts.verdict import Judgement

MOST = 10
"""How many annotations of a kind GitHub shows for a step."""
COMMANDS = {"fail": "error", "error": "error", "warn": "warning"}
_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = _DATA | {ord(":"): "%3A", ord(","): "%2C"}


def annotate(judgement: Judgement, environ: Mapping[str, str], stream: TextIO) -> None:
    """In a job of GitHub Actions, write annotations to the stream and append the report to the job's summary."""
    if environ.get("GITHUB_ACTIONS") == "true":
        report = json_report.data(judgement)
        commands = {**COMMANDS, "warn": "error"} if report["strict"] else COMMANDS
        annotations = [
            (commands[requirement["outcome"]], *_title_and_details(requirement))
            for requirement in wording.violations(report["requirements"])
        ]
        annotations = [
            ("error", "expected failures", line) for line in report["unmatched_expected_failures"]
        ] + annotations
        if report["verdict"] == "inconclusive":
            annotations.insert(0, ("error", "inconclusive", report["reason"] or ""))
        for kind in ("error", "warning"):
            for _, title, message in [annotation for annotation in annotations if annotation[0] == kind][:MOST]:
                print(command(kind, title, message), file=stream)
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with contextlib.suppress(OSError), Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown.render(judgement) + "\n")


def command(kind: str, title: str, message: str) -> str:
    """A workflow command on one line."""
    return f"::{kind} title={wording.visible(title).translate(_PROPERTY)}::{wording.visible(message).translate(_DATA)}"


def _title_and_details(requirement: dict[str, Any]) -> tuple[str, str]:
    lines = [requirement["text"], f"source: {requirement['source']}"]
    lines += [requirement["reason"]] if requirement["outcome"] == "error" else []
    for finding in requirement["findings"][:1]:
        lines += [finding["message"], f"expected: {finding['expected']}", f"actual: {finding['actual']}"]
        lines += wording.numbered(finding["steps"]) or ([finding["curl"]] if finding["curl"] else [])
    return f"{requirement['level']}: {requirement['id']}", "\n".join(lines)
