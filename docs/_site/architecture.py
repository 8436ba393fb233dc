"""The architecture page's drawing: which part of the kit imports which, read from the source."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = {
    "onezone_spec": ROOT / "spec/onezone_spec",
    "onezone_mockserver": ROOT / "mockserver/onezone_mockserver",
    "onezone_contracts": ROOT / "contracts/onezone_contracts",
}
PLACES = {
    "ozkit": (300, 20),
    "onezone_mockserver": (60, 130),
    "onezone_contracts": (540, 130),
    "onezone_spec": (300, 240),
}
"""Where a box stands in the drawing: its left upper corner."""
WIDTH, HEIGHT = 200, 56
MARKER = (
    '<defs><marker id="end" markerWidth="10" markerHeight="10" refX="9" refY="5" orient="auto">'
    '<path d="M0 0 10 5 0 10z" fill="#777"/></marker></defs>'
)
"""The head of an arrow."""
Imports = Counter[tuple[str, str]]


def pages() -> dict[str, str]:
    """The drawing, and the tables of what imports what inside each room."""
    text = (Path(__file__).parent / "architecture.md").read_text(encoding="utf-8")
    tables = "\n".join(f"### {room}\n\n{matrix(room)}" for room in ROOMS)
    return {
        "explanation/architecture.md": text.replace("{{tables}}", tables),
        "img/architecture.svg": drawing(),
    }


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def between_rooms() -> Imports:
    """How many files of a room import another room."""
    pairs: Imports = Counter()
    for room, folder in ROOMS.items():
        for path in folder.rglob("*.py"):
            others = {name.split(".")[0] for name in imports(path)} & set(ROOMS) - {room}
            pairs.update((room, other) for other in others)
    return pairs


def within(room: str) -> Imports:
    """How many files of a folder of a room import another folder of it."""
    folder = ROOMS[room]
    parts = {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}
    pairs: Imports = Counter()
    for path in folder.rglob("*.py"):
        part = path.relative_to(folder).parts[0]
        here = part if part in parts else "(top)"
        names = [name.split(".") for name in imports(path)]
        others = {name[1] if len(name) > 1 and name[1] in parts else "(top)" for name in names if name[0] == room}
        pairs.update((here, other) for other in others - {here})
    return pairs


def drawing() -> str:
    """The rooms as boxes, and an arrow where one imports another; the command imports each when it runs it."""
    pairs = between_rooms()
    arrows = {(start, end): f"{count} files" for (start, end), count in pairs.items()}
    arrows |= {("ozkit", room): "" for room in ROOMS if room != "onezone_spec"}
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 320" font-family="sans-serif" font-size="16">',
        MARKER,
    ]
    for (start, end), label in sorted(arrows.items()):
        lines += arrow(PLACES[start], PLACES[end], label)
    for name, (left, top) in PLACES.items():
        lines.append(
            f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#e8eaf6" stroke="#3f51b5"/>'
            f'<text x="{left + WIDTH // 2}" y="{top + 34}" text-anchor="middle" fill="#1a237e">{escape(name)}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"


def arrow(start: tuple[int, int], end: tuple[int, int], label: str) -> Iterator[str]:
    """An arrow from the lower edge of a box to the upper edge of another, and what stands beside it."""
    left, top = start[0] + WIDTH // 2, start[1] + HEIGHT
    to_left, to_top = end[0] + WIDTH // 2, end[1]
    ends = f'x1="{left}" y1="{top}" x2="{to_left}" y2="{to_top}"'
    yield f'<line {ends} stroke="#777" stroke-width="2" marker-end="url(#end)"/>'
    if label:
        anchor, shift = ("end", -12) if left < to_left else ("start", 12)
        x, y = (left + to_left) // 2 + shift, (top + to_top) // 2 + 14
        yield f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="#777">{label}</text>'


def matrix(room: str) -> str:
    """A table: the folder of a row imports the folder of a column, in so many files."""
    pairs = within(room)
    names = sorted({name for pair in pairs for name in pair})
    if not names:
        return "One folder; its files import each other without circles.\n"
    lines = ["| imports | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| **{row}** | " + " | ".join(str(pairs.get((row, name), "")) for name in names) + " |" for row in names]
    return "\n".join(lines) + "\n"
