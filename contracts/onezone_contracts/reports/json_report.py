"""The JSON report, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from onezone_spec import __version__

from onezone_contracts.curl import curl
from onezone_contracts.curl import steps as curl_steps
from onezone_contracts.exchange import Redactor, request_report, response_report
from onezone_contracts.reports import wording
from onezone_contracts.requirement import Finding, Result
from onezone_contracts.verdict import Judgement

REPORT_VERSION = 1


def render(judgement: Judgement) -> str:
    """The judgement as JSON text."""
    text = json.dumps(data(judgement), ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()  # half characters as JSON escapes: UTF-8 has none


def data(judgement: Judgement) -> dict[str, Any]:
    """The judgement as plain data, without secrets."""
    redactor = judgement.redactor or Redactor()
    return {
        "report_version": REPORT_VERSION,
        "kit_version": __version__,
        "target": judgement.target,
        "edition": judgement.edition,
        "profile": judgement.profile,
        "depth": judgement.depth,
        "seed": judgement.seed,
        "verdict": str(judgement.verdict),
        "reason": redactor.text(judgement.reason) if judgement.reason else None,
        "requests": judgement.requests,
        "duration_s": round(judgement.duration_s, 3),
        "counts": {str(outcome): count for outcome, count in sorted(judgement.counts.items())},
        "unseen_statuses": sorted(judgement.unseen),
        "requirements_total": max(judgement.total, len(judgement.results)),
        "expected_failures": judgement.expected_failures,
        "unmatched_expected_failures": list(judgement.unmatched),
        "hints": list(judgement.hints),
        "strict": judgement.strict,
        "baseline": asdict(judgement.change) if judgement.change else None,
        "coverage": judgement.coverage.as_json() if judgement.coverage else None,
        "variables": redactor.owners,
        "causes": [
            {
                "id": cause.id,
                "summary": redactor.text(cause.summary),
                "requirements": list(cause.requirements),
                "example": _finding(cause.example, redactor) if cause.example else None,
            }
            for cause in judgement.causes
        ],
        "requirements": [_requirement(result, redactor) for result in judgement.results],
    }


def _requirement(result: Result, redactor: Redactor) -> dict[str, Any]:
    requirement = result.requirement
    return {
        "id": requirement.id,
        "level": str(requirement.level),
        "operation": requirement.operation,
        "text": requirement.text,
        "source": requirement.source,
        "outcome": str(result.outcome),
        "expected_failure": result.fails_as_expected,
        "unexpected_pass": result.unexpected_pass,
        "reason": redactor.text(result.reason) if result.reason else None,
        "findings": [_finding(finding, redactor) for finding in result.findings],
    }


def _finding(finding: Finding, redactor: Redactor) -> dict[str, Any]:
    exchange = finding.exchange
    return {
        "message": redactor.text(finding.message),
        "expected": redactor.text(finding.expected),
        "actual": redactor.text(finding.actual),
        "came": exchange.summary(redactor) if exchange else None,
        "request": request_report(exchange, redactor) if exchange else None,
        "response": response_report(exchange, redactor) if exchange else None,
        "curl": curl(exchange, redactor) if exchange else None,
        "steps": steps(finding, redactor),
    }


def steps(finding: Finding, redactor: Redactor) -> list[dict[str, Any]]:
    """The requests that show a finding again, if it takes several: a curl line for each, in order.

    `sets` is the variable that later lines read the id of what this one made from, None if none does.
    """
    return [
        {
            "text": redactor.text(wording.who_does_what(step.exchange)),
            "curl": step.curl,
            "status": step.exchange.status,
            "sets": step.sets,
        }
        for step in curl_steps(finding.steps, redactor)
    ]
