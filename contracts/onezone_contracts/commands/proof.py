"""The result of `ozkit prove`: a row for each fault, the requirements that no fault made fail, and their output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from onezone_spec import Contract

from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.requirement import Level

EXEMPT = {
    "authentication.altered-token": "the personas of the embedded mock have passwords, no tokens",
    "any.offered": "what a target does not offer is skipped, never a failure",
}
MOST_TOPICS = 4
"""How many topics of a fault are printed."""


@dataclass(slots=True)
class Row:
    """The result for one fault: the topics that noticed it, the named ones that did not, and the depth that it took."""

    fault: str
    text: str
    noticed_by: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    depth: str = "quick"
    seconds: float = 0.0
    problem: str | None = None

    @property
    def noticed_by_all(self) -> bool:
        """Whether it was noticed, by all that should."""
        return bool(self.noticed_by) and not self.missed and not self.problem


@dataclass(slots=True)
class Matrix:
    """All faults of an edition, and what no fault made fail."""

    edition: str
    rows: list[Row]
    uncovered: list[str]
    exempt: dict[str, str]
    seconds: float
    false_alarms: list[str]

    @property
    def proven(self) -> bool:
        """Whether the judge is proven: without a fault it finds nothing, and with each what it should."""
        return (
            bool(self.rows)
            and not self.uncovered
            and not self.false_alarms
            and all(row.noticed_by_all for row in self.rows)
        )


def uncovered(contract: Contract, rows: Iterable[Row]) -> list[str]:
    """What no fault made fail, of what a MUST asks for; what cannot be tried is left out.

    Of the documented operation these are topics, of the operations around it kinds of requirements: what is asked of
    one of them is asked of all by the same code. What is asked of them from `standard` on are the topics of the
    documented one, by the same code again.
    """
    noticed = {topic for row in rows for topic in row.noticed_by}
    operation = judged_operations(contract)[0]
    topics = [requirement.topic for requirement in requirements(contract, operation) if requirement.level is Level.MUST]
    around = [requirement for requirement in all_requirements(contract, "quick") if requirement.level is Level.MUST]
    kinds = dict.fromkeys(kind(requirement.id) for requirement in around if requirement.operation != operation.id)
    seen = {kind(name) for name in noticed}
    return [topic for topic in topics if topic not in noticed and topic not in EXEMPT] + [
        name for name in kinds if name not in seen and name not in EXEMPT
    ]


def kind(name: str) -> str:
    """What a requirement of profile `full` asks for, whichever operation, property or persona it asks it of."""
    words = name.split(".")[1:]
    first = words[0] if words else name
    if first in {"access", "unknown"}:
        return f"any.{first}"
    if first == "body" or words[1:2] == ["shape"]:
        return f"any.{first}.{words[-1] if first == 'body' else 'shape'}"
    return "any." + ".".join([*words[:-1], words[-1].partition("-")[0] if first == "effect" else words[-1]])


def as_json(matrix: Matrix) -> None:
    """Print the account as JSON."""
    text = json.dumps({"good": matrix.proven, **asdict(matrix)}, ensure_ascii=False, indent=2)
    sys.stdout.write(f"{text}\n")


def as_table(matrix: Matrix) -> None:
    """Print a row a fault, what is wrong, and the numbers."""
    from rich.table import Table

    from onezone_contracts.console import Console

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    table = Table("fault", "", "noticed by", header_style="bold", box=None, pad_edge=False)
    for row in matrix.rows:
        table.add_row(row.fault, "ok" if row.noticed_by_all else "[red]bad[/]", _brief(row.noticed_by))
    console.print(table)
    for line in summary(matrix):
        console.print(line, markup=False, soft_wrap=True)


def _brief(topics: list[str]) -> str:
    more = f" and {len(topics) - MOST_TOPICS} more" if len(topics) > MOST_TOPICS else ""
    return ", ".join(topics[:MOST_TOPICS]) + more if topics else "nobody"


def summary(matrix: Matrix) -> Iterator[str]:
    """What is wrong, a line each, and a last line with the numbers."""
    yield from (f"false alarm without any fault: {alarm}" for alarm in matrix.false_alarms)
    for row in matrix.rows:
        if row.problem:
            yield f"not judged: {row.fault}: {row.problem}"
        elif not row.noticed_by:
            yield f"unnoticed: {row.fault}: {row.text}"
        elif row.missed:
            yield f"not noticed by what it names: {row.fault}: {', '.join(row.missed)}"
    yield from (f"no fault makes it fail: {topic}" for topic in matrix.uncovered)
    yield from (f"not tried: {topic}: {why}" for topic, why in matrix.exempt.items())
    noticed = {topic for row in matrix.rows for topic in row.noticed_by}
    good = sum(row.noticed_by_all for row in matrix.rows)
    proven = "proven" if matrix.proven else "not proven"
    yield (
        f"edition {matrix.edition}: {good} of {len(matrix.rows)} faults noticed, "
        f"{len(noticed)} requirements made to fail; {matrix.seconds:.0f} s: {proven}"
    )
