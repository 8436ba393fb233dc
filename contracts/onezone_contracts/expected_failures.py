"""Requirements that are known to fail, from a file: strict both ways, so that the list never says more than is true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from onezone_contracts.requirement import Finding, Level, Outcome, Requirement, Result, ambiguous, fits
from onezone_contracts.target.file import SetupError

FAILING = frozenset({Outcome.FAIL, Outcome.WARN})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the file: an id or a glob pattern, where it stands, and what its comment says."""

    pattern: str
    place: str
    comment: str = ""

    def lists(self, requirement: Requirement) -> bool:
        """Whether the requirement is one that this entry says fails. What is only observed never fails."""
        return requirement.level is not Level.OBSERVE and fits(requirement, self.pattern)

    def problem(self, requirements: tuple[Requirement, ...]) -> str | None:
        """What is wrong with it, and what to do; None if it lists what it should."""
        if several := ambiguous(requirements, self.pattern):
            return f"{self.place}: {self.pattern} fits {len(several)} operations: write {several[0]}, say"
        if not any(map(self.lists, requirements)):
            return f"{self.place}: {self.pattern} is no requirement that can fail: remove it"
        return None


@dataclass(frozen=True, slots=True)
class ExpectedFailures:
    """What is known to fail, line by line."""

    entries: tuple[Entry, ...]

    def unmatched(self, requirements: Iterable[Requirement]) -> tuple[str, ...]:
        """The entries that list no requirement, or one of several operations, each with its place and what to do."""
        every = tuple(requirements)
        return tuple(problem for entry in self.entries if (problem := entry.problem(every)))

    def applied(self, result: Result) -> Result:
        """The result as it counts: a listed failure is known, a listed pass is a failure, the rest is not excused."""
        entry = next((entry for entry in self.entries if entry.lists(result.requirement)), None)
        if entry is None:
            return result
        if result.outcome is Outcome.PASS:
            return _passes(result, entry)
        if result.outcome not in FAILING:
            return replace(result, listed=True)
        why = f"expected to fail ({entry.place})" + (f": {entry.comment}" if entry.comment else "")
        return replace(result, listed=True, reason=f"{why}; {result.reason}" if result.reason else why)


def _passes(result: Result, entry: Entry) -> Result:
    message = f"it was expected to fail and passes: remove it from {entry.place}"
    if entry.pattern not in {result.requirement.id, result.requirement.topic}:
        message += f" ({entry.pattern})"
    return replace(
        result, outcome=Outcome.FAIL, unexpected_pass=True, findings=(Finding(message, "a failure", "a pass"),)
    )


def read(path: Path) -> ExpectedFailures:
    """The list in a file: an id or a glob pattern a line, `#` starts a comment. Raises SetupError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise SetupError(f"there is no file of expected failures {path}") from None
    except UnicodeDecodeError:
        raise SetupError(f"the file of expected failures {path} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SetupError(f"the file of expected failures {path} cannot be read: {why}") from None
    parts = [(number, *line.partition("#")[::2]) for number, line in enumerate(lines, 1)]
    for number, text, _ in parts:
        if len(text.split()) > 1:
            raise SetupError(f"{path}:{number}: write one requirement id a line, and a comment after #")
    return ExpectedFailures(
        tuple(Entry(text.strip(), f"{path}:{number}", note.strip()) for number, text, note in parts if text.strip())
    )
