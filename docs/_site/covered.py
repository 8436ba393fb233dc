"""The table of what the kit covers, made from the contract: `python docs/_site/covered.py` writes it into README.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from onezone_contracts.derive import judged_operations
from onezone_contracts.derive import requirements as core_requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_mockserver.faults import catalogue
from onezone_spec import Contract, editions, load

README = Path(__file__).parents[2] / "README.md"
PLACE = re.compile(r"(?<=<!-- coverage -->\n).*?(?=<!-- /coverage -->)", re.DOTALL)
SINGULAR = {"user": "users"}
"""The paths of one's own entities count as those of all."""


def table() -> str:
    """The table in markdown: a column an edition."""
    contracts = [load(name) for name in sorted(editions())]
    names = [f"`{contract.edition}`" for contract in contracts]
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {label} | {' | '.join(cells)} |" for label, cells in rows(contracts)]
    return "\n".join(lines) + "\n"


def rows(contracts: list[Contract]) -> Iterator[tuple[str, list[str]]]:
    """Each line's label and cells."""
    areas = [Counter(map(area, contract.operations.values())) for contract in contracts]
    for name in sorted(set().union(*areas)):
        yield f"operations on {name.replace('_', ' ')}", [str(counted[name] or "none") for counted in areas]
    yield "requirements, the documented call alone", [f"{sum(1 for _ in core(each)):,}" for each in contracts]
    yield (
        "requirements, every operation (`--profile full`)",
        [f"{len(all_requirements(each)):,}" for each in contracts],
    )
    yield "faults that prove the judge", [f"{faults(each):,}" for each in contracts]


def area(operation: object) -> str:
    """The first part of an operation's path: what it is about."""
    first = str(getattr(operation, "path", "")).strip("/").partition("/")[0]
    return SINGULAR.get(first, first)


def core(contract: Contract) -> Iterator[object]:
    """The requirements of the documented call."""
    for operation in judged_operations(contract):
        yield from core_requirements(contract, operation)


def faults(contract: Contract) -> int:
    """How many faults the judge is proven on in an edition."""
    return sum(not fault.editions or contract.edition in fault.editions for fault in catalogue(contract))


def readme() -> str:
    """README.md with today's table."""
    return PLACE.sub(lambda _: table(), README.read_text(encoding="utf-8"))


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
