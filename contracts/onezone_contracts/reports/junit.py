"""The JUnit report, for CI jobs: one test case a requirement.

It keeps junit-10.xsd of Jenkins' xUnit plugin, the strictest of those that are in use: `testsuites` has no `skipped`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from onezone_contracts.curl import curl
from onezone_contracts.exchange import Redactor
from onezone_contracts.reports import json_report, wording
from onezone_contracts.requirement import Outcome, Result
from onezone_contracts.verdict import Judgement, Verdict

# XML 1.0, 2.2: the characters that a document must not contain.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(judgement: Judgement) -> str:
    """The judgement as JUnit XML."""
    redactor = judgement.redactor or Redactor()
    cases = list(_cases(judgement, redactor))
    counts = {
        "tests": str(len(cases)),
        "failures": str(_count(cases, "failure")),
        "errors": str(_count(cases, "error")),
        "time": f"{judgement.duration_s:.3f}",
    }
    root = ET.Element("testsuites", {"name": "onezone-contract-kit", **counts})
    name = f"onezone {judgement.edition} {judgement.profile}"
    suite = ET.SubElement(root, "testsuite", {"name": name, **counts, "skipped": str(_count(cases, "skipped"))})
    properties = ET.SubElement(suite, "properties")
    facts = {
        "verdict": str(judgement.verdict),
        "reason": redactor.text(judgement.reason or ""),
        "target": judgement.target,
        "seed": str(judgement.seed),
        "strict": str(judgement.strict).lower(),
    }
    for key, value in facts.items():
        ET.SubElement(properties, "property", {"name": key, "value": _text(value)})
    suite.extend(cases)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _count(cases: list[ET.Element], kind: str) -> int:
    return sum(case.find(kind) is not None for case in cases)


def _cases(judgement: Judgement, redactor: Redactor) -> Iterator[ET.Element]:
    for result in judgement.results:
        yield _case(result, redactor, strict=judgement.strict)
    for number, why in enumerate(judgement.unmatched, 1):
        case = _testcase(f"expected-failures.{number}", f"{judgement.edition}.expected-failures")
        yield _with(case, "failure", redactor.text(why), "expected-failures")
    # A job is green where no case fails: what has no verdict must not be.
    kinds = {Verdict.INCONCLUSIVE: "error", Verdict.PARTIAL: "skipped"}
    failed = any(result.outcome is Outcome.ERROR for result in judgement.results)
    if judgement.verdict in kinds and not failed:
        case = _testcase("verdict", f"{judgement.edition}.verdict")
        yield _with(case, kinds[judgement.verdict], redactor.text(judgement.reason or ""), str(judgement.verdict))


def _testcase(name: str, class_name: str, seconds: float = 0.0) -> ET.Element:
    return ET.Element("testcase", {"name": name, "classname": class_name, "time": f"{seconds:.3f}"})


def _with(case: ET.Element, kind: str, message: str, type_: str, text: str = "") -> ET.Element:
    """The case with what became of it."""
    element = ET.SubElement(case, kind, {"message": _text(message), "type": type_})
    element.text = text or None
    return case


def _case(result: Result, redactor: Redactor, *, strict: bool) -> ET.Element:
    requirement = result.requirement
    case = _testcase(requirement.topic, requirement.operation, result.seconds)
    details, reason = _details(result, redactor), redactor.text(result.reason or "")
    if result.fails_as_expected:
        _with(case, "skipped", reason, "expected-failure")
    elif result.outcome is Outcome.FAIL or (strict and result.outcome is Outcome.WARN):
        return _with(case, "failure", requirement.text, str(requirement.level), details)
    elif result.outcome is Outcome.ERROR:
        return _with(case, "error", reason, "error", details)
    elif result.outcome in {Outcome.SKIP, Outcome.BLOCKED}:
        return _with(case, "skipped", reason, str(result.outcome))
    if details:
        ET.SubElement(case, "system-out").text = details
    return case


def _details(result: Result, redactor: Redactor) -> str:
    lines = (
        [f"{result.requirement.level}: {result.requirement.text}", f"source: {result.requirement.source}"]
        if result.findings
        else []
    )
    for finding in result.findings:
        lines += ["", *(map(redactor.text, (finding.message, f"expected: {finding.expected}")))]
        lines.append(redactor.text(f"actual: {finding.actual}"))
        if finding.exchange and not finding.steps:
            lines += [f"answer: {finding.exchange.summary(redactor)}", curl(finding.exchange, redactor)]
        lines += wording.numbered(json_report.steps(finding, redactor))
    return _text("\n".join(lines))


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
