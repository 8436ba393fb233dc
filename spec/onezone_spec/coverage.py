"""Which of Onezone's operations an edition of the contract has: `ozkit spec coverage`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onezone_spec.model import Contract

FORMATS = ("table", "json", "markdown")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Row:
    """An operation of Onezone: upstream's id for it, and the contract's (None if the contract lacks it)."""

    method: str
    path: str
    upstream_id: str
    operation: str | None

    @property
    def area(self) -> str:
        """What it is about: the first segment of its path."""
        return self.path.split("/")[1]


def rows(contract: Contract) -> list[Row]:
    """Every operation of Onezone in the releases of the edition, by area, path and method."""
    ours = [
        Row(operation.method, operation.path, operation.upstream_id, operation.id)
        for operation in contract.operations.values()
        if operation.upstream_id
    ]
    others = [Row(operation.method, operation.path, operation.upstream_id, None) for operation in contract.uncovered]
    return sorted([*ours, *others], key=lambda row: (row.area, row.path, _METHODS.index(row.method)))


def report(contract: Contract, form: str) -> str:
    """The operations of an edition in one of the FORMATS."""
    listed = rows(contract)
    if form == "json":
        return _json(contract, listed)
    lines = _markdown(listed) if form == "markdown" else _table(contract, listed)
    return "\n".join(lines) + "\n"


def _table(contract: Contract, listed: list[Row]) -> Iterator[str]:
    yield f"{contract.edition} ({contract.version}): {_count(listed)} operations of Onezone"
    yield "+ the contract has it   - it has not, and the mock answers 501"
    for area, grouped in groupby(listed, key=lambda row: row.area):
        group = list(grouped)
        yield from ("", f"/{area}: {_count(group)}")
        yield from (f"  {'+' if row.operation else '-'} {row.method:<6} {row.path}" for row in group)


def _count(listed: list[Row]) -> str:
    return f"{sum(row.operation is not None for row in listed)} of {len(listed)}"


def _json(contract: Contract, listed: list[Row]) -> str:
    operations = [
        {"method": row.method, "path": row.path, "upstream_id": row.upstream_id, "operation": row.operation}
        for row in listed
    ]
    covered = sum(row.operation is not None for row in listed)
    data = {"edition": contract.edition, "covered": covered, "known": len(listed), "operations": operations}
    return json.dumps(data, indent=2) + "\n"


def _markdown(listed: list[Row]) -> Iterator[str]:
    """The two ids of each operation that the contract has, as docs/clients.md shows them."""
    yield "| call | upstream's id | our id |"
    yield "|---|---|---|"
    for row in listed:
        if row.operation:
            yield f"| `{row.method} {row.path}` | `{row.upstream_id}` | {_operation_cell(row)} |"


def _operation_cell(row: Row) -> str:
    return "the same" if row.operation == row.upstream_id else f"`{row.operation}`"
