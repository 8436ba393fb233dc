"""What the reports for people share: text that is safe to show, groups of requirements, marks of outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from onezone_contracts.exchange import Exchange

MARKS = {"pass": "✓", "fail": "✗", "warn": "!", "observed": "o", "skip": "-", "blocked": "⊘", "error": "?"}
"""A sign for each outcome, so that none is told by its colour alone."""
EXPECTED_MARK = "≈"
"""The sign of a requirement that fails as expected."""
VIOLATED = ("fail", "error", "warn")
"""The outcomes that a reader must see, the worst first."""
# Controls, what turns the direction of writing, halves of pairs and noncharacters: one could hide text with them.
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """`text` with what cannot be seen or stored written as an escape."""
    return _UNSEEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def line(text: str) -> str:
    """`text` visible and on one line."""
    return visible(" ".join(text.split()))


def violations(requirements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requirements of a report that were violated or could not be judged by a failure of the kit, worst first.

    Those that fail as expected are not among them.
    """
    violated = [
        requirement
        for requirement in requirements
        if requirement["outcome"] in VIOLATED and not requirement["expected_failure"]
    ]
    return sorted(violated, key=lambda requirement: VIOLATED.index(requirement["outcome"]))


def expected_to_fail(requirements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requirements of a report that fail as expected."""
    return [requirement for requirement in requirements if requirement["expected_failure"]]


def topic(requirement: dict[str, Any]) -> str:
    """The id without the operation."""
    return str(requirement["id"]).removeprefix(f"{requirement['operation']}.")


def groups(requirements: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The requirements of a report by the first word of their topic."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for requirement in requirements:
        groups.setdefault(topic(requirement).partition(".")[0], []).append(requirement)
    return groups


def changes(baseline: dict[str, Any] | None) -> list[tuple[str, list[str]]]:
    """How a run differs from its baseline, in words, each with the ids; nothing where there is none."""
    words = {"new": "new failures", "mended": "fixed", "same": "still failing"}
    return [(text, list(baseline[key])) for key, text in words.items()] if baseline else []


def counted(cause: dict[str, Any]) -> str:
    """A cause in words, with how many requirements fail by it."""
    number = len(cause["requirements"])
    return str(cause["summary"]) + (f" ({number} requirement{'s' if number > 1 else ''})" if number else "")


def counts_text(report: dict[str, Any]) -> str:
    """How many requirements came out how, in words."""
    counts = ", ".join(f"{report['counts'][outcome]} {outcome}" for outcome in MARKS if outcome in report["counts"])
    if not counts:
        return "no requirement was judged"
    judged, total = len(report["requirements"]), report["requirements_total"]
    expected = f" ({report['expected_failures']} expected)" if report["expected_failures"] else ""
    return f"{judged} {f'of {total} ' if total > judged else ''}requirements: {counts}{expected}"


def who_does_what(exchange: Exchange) -> str:
    """Who does what by a request, in words."""
    return f"{exchange.request.auth.who}: {exchange.request.label}"


def step_text(step: dict[str, Any]) -> str:
    """Who did what in a step, and what came."""
    sets = f" ({step['sets']}: the last part of its Location)" if step["sets"] else ""
    return f"{step['text']}: {step['status'] or 'no answer'}{sets}"


def numbered(steps: Iterable[dict[str, Any]]) -> list[str]:
    """Steps as lines for bash: a numbered comment that says who does what, and below it the curl line."""
    lines = []
    for number, step in enumerate(steps, 1):
        lines += [f"# {number}. {line(step_text(step))}", step["curl"]]
    return lines


def request_text(request: dict[str, Any]) -> str:
    """A request of a report as it goes over the wire."""
    return _message(f"{request['method']} {request['url']}", request["headers"], request["body"])


def response_text(response: dict[str, Any] | None) -> str:
    """An answer of a report as it came, or what happened instead."""
    if response is None:
        return "no answer"
    if "failure" in response:
        return str(response["failure"])
    return _message(f"HTTP {response['status']}", response["headers"], response["body"])


def _message(first: str, headers: list[list[str]], body: str | None) -> str:
    head = "\n".join([first, *(f"{name}: {value}" for name, value in headers)])
    return f"{head}\n\n{body}" if body else head


CoverageRow = tuple[str, str, str, str]


def covered(coverage: dict[str, Any] | None) -> list[CoverageRow]:
    """What traffic showed of each operation that it called: its name, answers, callers, and requirements judged.

    What stands with a dash could have been shown, and was not.
    """
    rows = []
    for operation in coverage["operations"] if coverage else ():
        if any(operation["statuses"].values()) or any(operation["personas"].values()):
            judged = f"{operation['requirements_judged']} of {operation['requirements']}"
            rows.append(
                (operation["operation"], _counts(operation["statuses"]), _counts(operation["personas"]), judged)
            )
    return rows


def never_called(coverage: dict[str, Any] | None) -> list[str]:
    """The operations that the traffic never called."""
    called = {row[0] for row in covered(coverage)}
    return (
        [operation["operation"] for operation in coverage["operations"] if operation["operation"] not in called]
        if coverage
        else []
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {f'x {count}' if count else '-'}" for name, count in counts.items())
