"""What failed in an earlier run, from its JSON report: only what is new since counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onezone_contracts.requirement import Outcome, Result
from onezone_contracts.target.file import SetupError

FAILING = frozenset({"fail", "warn"})


@dataclass(frozen=True, slots=True)
class Change:
    """How a run differs from its baseline: ids of requirements that fail anew, no longer, and still."""

    new: tuple[str, ...]
    mended: tuple[str, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The ids of what failed in an earlier run, and the documented statuses that it never saw."""

    place: str
    edition: str
    failing: frozenset[str]
    unseen: frozenset[int] = frozenset()

    def applied(self, result: Result) -> Result:
        """The result as it counts: what failed before is known."""
        if result.requirement.id not in self.failing or result.outcome not in {Outcome.FAIL, Outcome.WARN}:
            return result
        if result.unexpected_pass or result.listed:
            return result
        why = f"failed before, too ({self.place})"
        return replace(result, listed=True, reason=f"{why}; {result.reason}" if result.reason else why)

    def change(self, results: Iterable[Result]) -> Change:
        """What fails now only, what failed then only, and what failed both times; what was not judged is left out."""
        judged = {result.requirement.id: result.outcome for result in results}
        bad = [name for name, outcome in judged.items() if outcome in {Outcome.FAIL, Outcome.WARN}]
        return Change(
            tuple(name for name in bad if name not in self.failing),
            tuple(name for name in judged if name in self.failing and judged[name] is Outcome.PASS),
            tuple(name for name in bad if name in self.failing),
        )


def read(path: Path) -> Baseline:
    """The baseline in a JSON report. Raises SetupError."""
    try:
        report = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise SetupError(f"--baseline: there is no report {path}; write one with --report json={path}") from None
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or "it is no JSON"
        raise SetupError(f"--baseline: the report {path} cannot be read: {why}") from None
    try:
        return _baseline_of(path, report)
    except (KeyError, TypeError, AttributeError):
        raise SetupError(f"--baseline: {path} is not a report of `ozkit verify --report json=…`") from None


def _baseline_of(path: Path, report: Any) -> Baseline:
    failing = frozenset(
        str(requirement["id"]) for requirement in report["requirements"] if requirement["outcome"] in FAILING
    )
    unseen = frozenset(int(status) for status in report.get("unseen_statuses", ()))
    if report["verdict"] == "inconclusive" and not report["requirements"]:
        raise SetupError(f"--baseline: the run of {path} judged nothing: give the report of another run")
    return Baseline(str(path), str(report["edition"]), failing, unseen)
