"""Draw what bench/serve.py and bench/world.py measured: `python bench/plot.py` writes SVG files to docs/img/.

Needs the `bench` extra (matplotlib). What was not measured is not drawn.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from goals import ratio
from matplotlib import pyplot as plt
from peers import CREATE, MOCK, REFERENCE

RESULTS = Path(__file__).parent / "results"
IMAGES = Path(__file__).parents[1] / "docs" / "img"
OWN, OTHER = "#2a6f97", "#b7b7a4"
STYLE = {
    "svg.hashsalt": "bench",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def creates(figures: dict[str, Any]) -> None:
    """CPU of a create, one bar a server; the scale is logarithmic."""
    servers = figures["rates"]["rows"][CREATE.name]
    rows = sorted(
        ((median(figures["cpu_us"] for figures in some), name) for name, some in servers.items()), reverse=True
    )
    figure, axes = plt.subplots(figsize=(7, 0.34 * len(rows) + 0.8))
    colours = [OWN if name == MOCK else OTHER for _, name in rows]
    bars = axes.barh([name for _, name in rows], [cost for cost, _ in rows], color=colours)
    axes.bar_label(bars, fmt=" %.0f")
    axes.set_xscale("log")
    axes.set_xlabel("server CPU, µs for a create (log scale)")
    save(figure, "serve-create.svg")


def cases(figures: dict[str, Any]) -> None:
    """CPU of each case of the mock, beside the bare route's with the same requests."""
    ratios = {name: ratio(some[MOCK], some[REFERENCE], "cpu_us") for name, some in figures["costs"]["rows"].items()}
    figure, axes = plt.subplots(figsize=(7, 2.8))
    bars = axes.barh(list(ratios)[::-1], list(ratios.values())[::-1], color=OWN)
    axes.bar_label(bars, fmt=" %.2f")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel(f"server CPU of a request, the {REFERENCE} = 1")
    save(figure, "serve-cases.svg")


def world(figures: dict[str, Any]) -> None:
    """Access decisions as the world grows."""
    rows = [row for row in figures["rows"] if row["memberships"] != "demo"]
    sizes = [int(row["memberships"]) for row in rows]
    figure, axes = plt.subplots(figsize=(7, 3))
    for name, label in (("warm", "remembered"), ("first", "not remembered"), ("after_joining", "after a membership")):
        axes.plot(sizes, [row[name] for row in rows], marker="o", label=label)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("memberships")
    axes.set_ylabel("µs a decision")
    axes.legend(frameon=False)
    save(figure, "world-decisions.svg")


def save(figure: Any, name: str) -> None:
    """Write a drawing; the same numbers give the same file."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(IMAGES / name, metadata={"Date": None})
    print(f"wrote docs/img/{name}")


def draw(figures: dict[str, Any]) -> None:
    """Draw the parts that a run of bench/serve.py measured, or the rows of bench/world.py."""
    mpl.use("svg")
    mpl.rcParams.update(STYLE)
    for part, drawing in (("rates", creates), ("costs", cases), ("rows", world)):
        if part in figures:
            drawing(figures)


def main() -> None:
    """Draw what there is."""
    for path in (RESULTS / "serve.json", RESULTS / "world.json"):
        if path.exists():
            draw(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
