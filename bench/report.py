"""What bench/serve.py measured, as tables: for the terminal, and for docs/performance.md between its two marks.

`python bench/report.py` writes the documentation from the results of the last run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from goals import digits, goals, ratio
from peers import REFERENCE
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "serve.json"
DOCS = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- bench/serve.py --docs writes from here -->", "<!-- to here -->"
FUNCTIONS = 15


@dataclass(frozen=True)
class Section:
    """A table: what it is about, its columns, its rows, and how many columns at the left are words."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    words: int = 1
    picture: str = ""


def number(value: float) -> str:
    """As many digits as tell something."""
    return f"{value:.{digits(value)}f}"


def sections(figures: dict[str, Any], functions: int = FUNCTIONS) -> Iterator[Section]:
    """A table for each part that was measured; the goals where more than a profile was."""
    if "commit" in figures:
        columns = ("measure", "floor", "goal", "seen", "reached")
        yield Section("Floors and goals", columns, [goal.row(figures) for goal in goals()])
    if "costs" in figures:
        yield costs(figures["costs"])
    if "rates" in figures:
        yield rates(figures["rates"])
    if "starts" in figures:
        yield starts(figures["starts"])
    if "growth" in figures:
        yield growth(figures["growth"])
    if "profile" in figures:
        yield packages(figures["profile"])
        yield hot(figures["profile"], functions)


def costs(part: dict[str, Any]) -> Section:
    """CPU of each case."""
    rows = []
    for case, servers in part["rows"].items():
        for name, some in servers.items():
            beside = f"{ratio(some, servers[REFERENCE], 'cpu_us'):.2f}"
            answer = str(part["answers"][case][name])
            rows.append([case, name, answer, number(median(figures["cpu_us"] for figures in some)), beside])
    picture = "![CPU of each answer, beside the bare route's](img/serve-cases.svg)"
    return Section("CPU of a request", ("request", "server", "answer", "CPU µs", "ratio"), rows, 2, picture)


def rates(part: dict[str, Any]) -> Section:
    """Creates a second, beside other servers."""
    rows = []
    for case, servers in part["rows"].items():
        for name, some in servers.items():
            middle = {key: median(figures[key] for figures in some) for key in ("cpu_us", "p50_ms", "p99_ms")}
            rate = f"{median(figures['requests'] / figures['seconds'] for figures in some):.0f}"
            answer = str(part["answers"][case][name])
            rows.append([name, answer, rate, *map(number, middle.values())])
    columns = ("server", "answer", "requests/s", "CPU µs", "p50 ms", "p99 ms")
    return Section("Creates a second", columns, rows, 1, "![CPU of a create, by server](img/serve-create.svg)")


def starts(part: dict[str, Any]) -> Section:
    """Start to first answer."""
    rows = []
    for name, some in part.items():
        middle = {key: median(figures[key] for figures in some) for key in ("wall_s", "cpu_s", "mib")}
        quickest = min(figures["wall_s"] for figures in some)
        seconds = (middle["wall_s"], quickest, middle["cpu_s"])
        rows.append([name, *(f"{duration:.2f}" for duration in seconds), f"{middle['mib']:.0f}"])
    return Section("Start to first answer", ("server", "wall s, median", "quickest", "CPU s", "MiB"), rows)


def growth(part: dict[str, Any]) -> Section:
    """Memory and slowest answers after many requests."""
    created, refused = part["created"], part["refused"]
    beside = part["p99_ms"] / part["reference_p99_ms"]
    rows = [
        ["memory of a created service", f"{created['bytes_each']:.0f} bytes, {part['own_bytes']} of them its own data"],
        ["memory of a refusal", f"{refused['bytes_each']:.1f} bytes, over {refused['requests']:,} refusals"],
        [f"p99 after {part['creates']:,} creates", f"{number(part['p99_ms'])} ms, {beside:.2f} of the bare route's"],
    ]
    return Section("Growth", ("grows", ""), rows, 2)


def packages(part: dict[str, Any]) -> Section:
    """A create's CPU by package."""
    each = part["cpu_us"]
    rows = [[name, number(cost), f"{cost / each:.0%}"] for name, cost in part["packages"].items()]
    title = f"Where the {number(each)} µs of “{part.get('case', 'create')}” go ({part['samples']:,} samples)"
    return Section(title, ("package", "own µs", "share"), rows)


def hot(part: dict[str, Any], count: int) -> Section:
    """The functions that cost most."""
    rows = [
        [row["file"], row["function"], number(row["own_us"]), number(row["with_callees_us"])]
        for row in part["functions"][:count]
    ]
    return Section("The functions that cost most", ("file", "function", "own µs", "with callees"), rows, 2)


def circumstances(figures: dict[str, Any]) -> str:
    """On what it was measured, in a sentence or two."""
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    busy = f"load average {figures['load_average']:.1f} before, {figures['load_average_after']:.1f} after"
    return (
        f"Commit {figures['commit']}, {figures['on']} ({busy}), {versions}. "
        f"The mock and the bare route: {figures['server']}. "
        f"{figures['rounds']} rounds of {figures['seconds']:g} s over {figures['connections']} connections "
        f"by {figures['client']}; {figures['starts_each']} starts of each server; medians."
    )


def remarks(figures: dict[str, Any]) -> Iterator[str]:
    """What is to be known of single servers, and which were not measured."""
    for name, note in figures.get("rates", {}).get("notes", {}).items():
        yield f"{name}: {note}."
    for name, reason in figures.get("absent", {}).items():
        yield f"{name}: not measured: {reason}."


def show(figures: dict[str, Any], functions: int = FUNCTIONS) -> None:
    """Print everything."""
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    if "commit" in figures:
        console.print(circumstances(figures))
    for section in sections(figures, functions):
        table = Table(box=None)
        for at, column in enumerate(section.columns):
            table.add_column(column, justify="left" if at < section.words else "right")
        for row in section.rows:
            table.add_row(*row)
        console.print(f"\n[bold]{section.title}[/bold]", table, sep="\n")
    for remark in remarks(figures):
        console.print(remark)


def markdown(figures: dict[str, Any]) -> str:
    """Everything, for the documentation."""
    blocks = [circumstances(figures)]
    for section in sections(figures):
        signs = [":--" if at < section.words else "--:" for at in range(len(section.columns))]
        lines = [f"| {' | '.join(cells)} |" for cells in (section.columns, signs, *section.rows)]
        blocks += [f"### {section.title}", *([section.picture] if section.picture else []), "\n".join(lines)]
    return "\n\n".join([*blocks, *(f"- {remark}" for remark in remarks(figures))])


def write_docs(figures: dict[str, Any]) -> None:
    """Put the tables between the marks of docs/performance.md, and draw what was measured."""
    import plot

    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n\n{markdown(figures)}\n\n{END}{after}", encoding="utf-8")
    print("wrote docs/performance.md")
    plot.draw(figures)


if __name__ == "__main__":
    write_docs(json.loads(RESULTS.read_text(encoding="utf-8")))
