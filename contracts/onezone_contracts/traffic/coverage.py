"""What traffic showed of the contract, and what it could not: by operation, answer and caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onezone_spec import Contract, Operation

from onezone_contracts.derive import provoked
from onezone_contracts.traffic.callers import Kind
from onezone_contracts.traffic.recorded_call import RecordedCall

ALLOWED, REFUSED, NOBODY = "allowed", "refused", "nobody"
PERSONAS = (ALLOWED, REFUSED, NOBODY)
"""Who has to call: somebody who may, somebody who may not, and nobody."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was seen of an operation: how often each answer came that a client can bring about, and to whom."""

    operation: str
    statuses: dict[int, int]
    personas: dict[str, int]
    requirements: int
    """How many of its requirements were judged."""
    total: int

    @property
    def cells(self) -> list[bool]:
        """What there is to see, and whether it was seen."""
        return [count > 0 for count in (*self.statuses.values(), *self.personas.values())]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a contract by traffic."""

    rows: tuple[Row, ...]
    ignored: int
    """Exchanges with other hosts, or with no operation of the contract."""

    @property
    def percent(self) -> float:
        """How much of what there is to see was seen: answers that a client can bring about, and callers."""
        cells = [seen for row in self.rows for seen in row.cells]
        return 100 * sum(cells) / len(cells) if cells else 0.0

    def as_json(self) -> dict[str, Any]:
        """The coverage for a report."""
        rows = [
            {
                "operation": row.operation,
                "statuses": {str(status): count for status, count in row.statuses.items()},
                "personas": row.personas,
                "requirements_judged": row.requirements,
                "requirements": row.total,
            }
            for row in self.rows
        ]
        return {"percent": round(self.percent, 1), "ignored_exchanges": self.ignored, "operations": rows}


class Counting:
    """Counts what is seen."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.personas: Counter[tuple[str, str]] = Counter()
        self.ignored = 0

    def count(self, sent: RecordedCall) -> None:
        """Take in an exchange."""
        name, status = sent.operation.id, sent.status
        if status is None:
            return
        self.statuses[name, status] += 1
        if sent.caller.kind is Kind.NOBODY:
            self.personas[name, NOBODY] += 1
        elif sent.succeeded:
            self.personas[name, ALLOWED] += 1
        elif status == FORBIDDEN:
            self.personas[name, REFUSED] += 1

    def table(self, operations: Iterable[Operation], judged: Iterable[str], every: Iterable[str]) -> Coverage:
        """The coverage of some operations, by the ids of the requirements that were judged and of all."""
        judged_of = Counter(name.partition(".")[0] for name in judged)
        total = Counter(name.partition(".")[0] for name in every)
        rows = []
        for operation in operations:
            statuses = {status: self.statuses[operation.id, status] for status in sorted(_possible(operation))}
            who: tuple[str, ...] = (NOBODY,) if operation.access.public else PERSONAS
            if not operation.access.public and FORBIDDEN not in statuses:
                who = (ALLOWED, NOBODY)
            personas = {name: self.personas[operation.id, name] for name in who}
            rows.append(Row(operation.id, statuses, personas, judged_of[operation.id], total[operation.id]))
        return Coverage(tuple(rows), self.ignored)


BAD, UNAUTHORIZED, FORBIDDEN, NOT_THERE = 400, 401, 403, 404


def _possible(operation: Operation) -> set[int]:
    """The documented answers that some request to the operation can bring about."""
    statuses = set(provoked(operation))
    if operation.body is None:
        statuses.discard(BAD)
    if operation.access.public:
        statuses -= {UNAUTHORIZED, FORBIDDEN}
    if not operation.parameters:
        statuses.discard(NOT_THERE)
    if any(set(route.needs) <= {"caller"} for route in operation.access.routes):
        statuses.discard(FORBIDDEN)
    return statuses
