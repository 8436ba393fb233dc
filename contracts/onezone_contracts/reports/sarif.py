"""The SARIF 2.1.0 report, for code scanning: rules are requirements, results are findings."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from onezone_contracts.reports import json_report, wording
from onezone_contracts.verdict import Judgement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"MUST": "error", "SHOULD": "warning", "OBSERVE": "note"}
NOT_JUDGED = {"error": "error", "blocked": "warning", "skip": "note"}


def render(judgement: Judgement) -> str:
    """The judgement as SARIF."""
    report = json_report.data(judgement)
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, _place(judgement))]}
    return json.dumps(_clean(log), ensure_ascii=False, indent=2) + "\n"


def _run(report: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    driver = {
        "name": "onezone-contract-kit",
        "semanticVersion": report["kit_version"],
        "rules": [_rule(requirement) for requirement in report["requirements"]],
    }
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"ozkit/{report['edition']}/{report['profile']}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": list(_results(report["requirements"], place, strict=report["strict"])),
        "properties": {
            key: report[key] for key in ("target", "verdict", "reason", "strict", "depth", "seed", "requests")
        },
    }


def _invocation(report: dict[str, Any]) -> dict[str, Any]:
    """How the run went: what could not be judged, and whether there is a verdict at all."""
    notices = [
        {
            "level": NOT_JUDGED[requirement["outcome"]],
            "message": {"text": f"{requirement['outcome']}: {requirement['id']}: {requirement['reason']}"},
            "associatedRule": {"id": requirement["id"], "index": index},
        }
        for index, requirement in enumerate(report["requirements"])
        if requirement["outcome"] in NOT_JUDGED
    ]
    notices += [{"level": "error", "message": {"text": line}} for line in report["unmatched_expected_failures"]]
    inconclusive = report["verdict"] == "inconclusive"
    if report["verdict"] in {"inconclusive", "partial"}:
        level = "error" if inconclusive else "warning"
        notices.append({"level": level, "message": {"text": f"{report['verdict']}: {report['reason']}"}})
    return {"executionSuccessful": not inconclusive, "toolExecutionNotifications": notices}


def _rule(requirement: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": requirement["id"],
        "shortDescription": {"text": requirement["text"]},
        "fullDescription": {"text": f"{requirement['level']}: {requirement['text']}"},
        "help": {"text": f"{requirement['text']}\n\nLevel: {requirement['level']}\nSource: {requirement['source']}"},
        "defaultConfiguration": {"level": LEVELS[requirement["level"]]},
        "properties": {
            "tags": [requirement["operation"], wording.topic(requirement).partition(".")[0], requirement["level"]],
            "source": requirement["source"],
        },
    }


def _place(judgement: Judgement) -> dict[str, Any]:
    """Where results stand for a reader: the target file, if it lies below here; else the judged API itself."""
    path = Path(judgement.file).resolve() if judgement.file else None
    if path and path.is_file() and path.is_relative_to(Path.cwd()):
        uri = quote(path.relative_to(Path.cwd()).as_posix())
        return {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
    return {"artifactLocation": {"uri": quote(judgement.target, safe=":/?#[]@!$&'()*+,;=%", errors="replace")}}


def _results(requirements: list[dict[str, Any]], place: dict[str, Any], *, strict: bool) -> Iterator[dict[str, Any]]:
    """What failed; what is only observed is no result."""
    levels = {**LEVELS, "SHOULD": "error"} if strict else LEVELS
    for index, requirement in enumerate(requirements):
        seen: Counter[str] = Counter()
        for finding in requirement["findings"] if requirement["outcome"] in {"fail", "warn"} else ():
            case = (finding["request"] or {}).get("label", "")
            seen[case] += 1
            yield {
                "ruleId": requirement["id"],
                "ruleIndex": index,
                "level": "error" if requirement["unexpected_pass"] else levels[requirement["level"]],
                "message": {"text": _message(finding)},
                "locations": [{"physicalLocation": place, "logicalLocations": [_logical(requirement)]}],
                "partialFingerprints": {"primaryLocationLineHash": _fingerprint(requirement["id"], case, seen[case])},
                **_exchange(finding),
                **_suppression(requirement),
            }


def _suppression(requirement: dict[str, Any]) -> dict[str, Any]:
    """That it is known to fail, where it is."""
    if not requirement["expected_failure"]:
        return {}
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": requirement["reason"]}]}


def _logical(requirement: dict[str, Any]) -> dict[str, Any]:
    return {"name": requirement["operation"], "kind": "function"}


def _message(finding: dict[str, Any]) -> str:
    lines = [finding["message"], f"expected: {finding['expected']}", f"actual: {finding['actual']}"]
    lines += wording.numbered(finding["steps"]) or ([finding["curl"]] if finding["curl"] else [])
    return "\n".join(lines)


def _fingerprint(requirement: str, case: str, number: int) -> str:
    """The same for the same finding in every run: made from the request, never from the answer or the host."""
    digest = hashlib.sha256(f"{requirement}\n{case}".encode())
    return f"{digest.hexdigest()[:16]}:{number}"


def _exchange(finding: dict[str, Any]) -> dict[str, Any]:
    request, response = finding["request"], finding["response"]
    location: dict[str, Any] = {}
    if request:
        location["webRequest"] = {"method": request["method"], "target": request["url"], **_content(request)}
    if response and "status" in response:
        location["webResponse"] = {"statusCode": response["status"], **_content(response)}
    elif request:
        location["webResponse"] = {"noResponseReceived": True}
    return location


def _content(message: dict[str, Any]) -> dict[str, Any]:
    headers: dict[str, str] = {}
    for name, value in message["headers"]:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return {"headers": headers, **({"body": {"text": message["body"]}} if message["body"] is not None else {})}


def _clean(value: Any) -> Any:
    """The same JSON value with nothing in its texts that cannot be seen or stored."""
    if isinstance(value, dict):
        return {key: _clean(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    return wording.visible(value) if isinstance(value, str) else value
