"""Reads the pairs of request and expected answer, and expands the compact tables among them.

A file holds ``defaults`` and ``pairs``. A pair's mappings are laid over the defaults key by key, with one exception: an
``expect`` that names a status stands alone. ``cases`` is a list of tables; a pair becomes the product of their rows. A
row is laid over the pair or, where the table says ``vary: some.path``, becomes the value at that path.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = Path(__file__).parent
NOT_PAIRS = {"editions", "worlds"}
REQUEST_KEYS = {
    "method", "base", "path", "headers", "set", "drop", "body", "raw", "raw_base64", "raw_parts", "padded_to",
    "no_body", "chunked",
}  # fmt: skip
EXPECT_KEYS = {
    "status", "error", "auth_error", "details", "shape", "json", "headers", "allow", "location", "location_not",
    "stored", "unchanged", "gone", "never",
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """One request and the answer that the documents ask for."""

    id: str
    why: str
    request: dict[str, Any]
    expect: dict[str, Any]
    persona: str = "administrator"
    editions: tuple[str, ...] = ("classic", "current", "deployed")
    credentials: dict[str, str] | None = None
    given: dict[str, Any] = field(default_factory=dict)
    expect_in: dict[str, dict[str, Any]] = field(default_factory=dict)

    def expected(self, edition: str) -> dict[str, Any]:
        """Say what this edition's answer must be."""
        return self.expect_in.get(edition, self.expect)


def read_yaml(path: Path) -> Any:
    """Read one file with the fast loader where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


def load_pairs() -> list[Pair]:
    """Read and expand every file of pairs in this folder."""
    files = sorted(path for path in FOLDER.glob("*.yaml") if path.stem not in NOT_PAIRS)
    return [pair for path in files for pair in file_pairs(path.stem, read_yaml(path))]


def file_pairs(topic: str, content: dict[str, Any]) -> Iterator[Pair]:
    """Expand the pairs of one file; its name is the first part of their ids."""
    defaults = content.get("defaults", {})
    for written in content["pairs"]:
        for slug, row in expand(lay(defaults, written)):
            yield as_pair(f"{topic}.{row['id']}{slug}", row)


def expand(written: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each combination of the rows of a pair's tables, with the slug that tells it from the others."""
    tables = [list(rows(table)) for table in written.get("cases", [])]
    plain = {key: value for key, value in written.items() if key != "cases"}
    for combination in itertools.product(*tables):
        slug = "".join(f"-{name}" for name, _ in combination)
        yield slug, reduce(lay, (row for _, row in combination), plain)


def rows(table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of one table as mappings to lay over the pair."""
    content, vary = table["in"], table.get("vary")
    named = content.items() if isinstance(content, dict) else ((str(value), value) for value in content)
    for name, value in named:
        yield name, value if vary is None else at_paths(vary, value)


def at_paths(vary: str | list[str], value: Any) -> dict[str, Any]:
    """Put a value, or one value each, at one or several dotted paths."""
    if isinstance(vary, str):
        return at_path(vary, value)
    return reduce(lay, (at_path(path, part) for path, part in zip(vary, value, strict=True)))


def at_path(path: str, value: Any) -> dict[str, Any]:
    """Wrap a value in mappings, one for each step of the path."""
    return reduce(lambda inner, key: {key: inner}, reversed(path.split(".")), value)


def lay(under: Any, over: Any) -> Any:
    """Lay one value over another: mappings key by key, anything else as a whole."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    merged = {**under, **over}
    for key in under.keys() & over.keys():
        merged[key] = over[key] if key == "expect" and "status" in over[key] else lay(under[key], over[key])
    return merged


def as_pair(name: str, row: dict[str, Any]) -> Pair:
    """Turn an expanded mapping into a pair, refusing keys that nobody would look at."""
    request, expect, expect_in = row.get("request", {}), row["expect"], row.get("expect_in", {})
    refuse_unknown(name, row, {"id", "why", "editions", "as", "credentials", "given", "request", "expect", "expect_in"})
    refuse_unknown(name, request, REQUEST_KEYS)
    for expected in (expect, *expect_in.values()):
        refuse_unknown(name, expected, EXPECT_KEYS)
        if "status" not in expected:
            raise ValueError(f"{name}: no status is expected")
    optional = {key: row[key] for key in ("credentials", "given") if key in row}
    if "editions" in row:
        optional["editions"] = tuple(row["editions"])
    if "as" in row:
        optional["persona"] = row["as"]
    return Pair(name, row["why"], request, expect, expect_in=expect_in, **optional)


def refuse_unknown(name: str, mapping: dict[str, Any], allowed: Iterable[str]) -> None:
    """Stop at a misspelt key, which would otherwise expect nothing."""
    unknown = mapping.keys() - set(allowed)
    if unknown:
        raise ValueError(f"{name}: unknown keys {sorted(unknown)}")
