"""The JUnit report, for CI jobs: one test case a requirement."""

from __future__ import annotations

import re
from io import BytesIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from onezone_contracts.curl import curl
from onezone_contracts.exchange import Redactor
from onezone_contracts.reports import json_report, shown
from onezone_contracts.requirement import Outcome, Result
from onezone_contracts.verdict import Judgement, Verdict

# XML 1.0, 2.2: the characters that a document must not contain.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(judgement: Judgement) -> str:
    """The judgement as JUnit XML."""
    redactor = judgement.redactor or Redactor()
    suite = TestSuite(f"onezone {judgement.edition} {judgement.profile}")
    suite.add_property("verdict", str(judgement.verdict))
    suite.add_property("target", _text(judgement.target))
    suite.add_property("seed", str(judgement.seed))
    for result in judgement.results:
        suite.add_testcase(_case(result, redactor))
    for number, why in enumerate(judgement.unmatched, 1):
        case = TestCase(f"expected-failures.{number}", f"{judgement.edition}.expected-failures")
        case.result = [Failure(_text(redactor.text(why)), "expected-failures")]
        suite.add_testcase(case)
    if judgement.verdict is Verdict.INCONCLUSIVE and not judgement.results:
        case = TestCase("preflight", f"{judgement.edition}.preflight")
        case.result = [Error(_text(redactor.text(judgement.reason or "")), "inconclusive")]
        suite.add_testcase(case)
    xml = JUnitXml("onezone-contract-kit")
    xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]
    suite.time = xml.time = round(judgement.duration_s, 3)
    out = BytesIO()
    xml.write(out, pretty=True)
    return out.getvalue().decode()


def _case(result: Result, redactor: Redactor) -> TestCase:
    requirement = result.requirement
    case = TestCase(requirement.topic, requirement.operation)
    told = _told(result, redactor)
    if result.known:
        case.result = [Skipped(_text(redactor.text(result.reason or "")), "expected-failure")]
        case.system_out = told
    elif result.outcome is Outcome.FAIL:
        case.result = [_with_text(Failure(_text(requirement.text), str(requirement.level)), told)]
    elif result.outcome is Outcome.ERROR:
        case.result = [_with_text(Error(_text(result.reason or ""), "error"), told)]
    elif result.outcome in {Outcome.SKIP, Outcome.BLOCKED}:
        case.result = [Skipped(_text(result.reason or ""), str(result.outcome))]
    elif told:
        case.system_out = told
    return case


def _with_text(result: Failure | Error, told: str) -> Failure | Error:
    result.text = told
    return result


def _told(result: Result, redactor: Redactor) -> str:
    lines = (
        [f"{result.requirement.level}: {result.requirement.text}", f"source: {result.requirement.source}"]
        if result.findings
        else []
    )
    for finding in result.findings:
        lines += ["", finding.message, f"expected: {finding.expected}", f"actual: {finding.actual}"]
        if finding.steps:
            lines += shown.numbered(json_report.steps(finding, redactor))
        elif finding.exchange:
            lines.append(curl(finding.exchange, redactor))
    return _text(redactor.text("\n".join(lines)))


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
