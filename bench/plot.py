"""Draw what bench/serve.py and bench/world.py measured: `python bench/plot.py` writes SVG files to docs/img/.

Needs the `bench` extra (matplotlib). What was not measured is not drawn.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

RESULTS = Path(__file__).parent / "results"
IMAGES = Path(__file__).parents[1] / "docs" / "img"
OWN, OTHER, REFERENCE = "#2a6f97", "#b7b7a4", "bare Starlette route"
STYLE = {
    "svg.hashsalt": "bench",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def serve(found: dict[str, Any]) -> None:
    """CPU of a create, one bar a server; the scale is logarithmic."""
    rows = [
        (median(one["cpu_us"] for one in server["bursts"]["create"]), name)
        for name, server in found["servers"].items()
        if server["bursts"].get("create")
    ]
    rows.sort(reverse=True)
    figure, axes = plt.subplots(figsize=(7, 0.34 * len(rows) + 0.8))
    colours = [OWN if name.startswith(("ozkit", "…")) else OTHER for _, name in rows]
    names = [name.replace("…", "ozkit mock") for _, name in rows]
    bars = axes.barh(names, [cost for cost, _ in rows], color=colours)
    axes.bar_label(bars, fmt=" %.0f")
    axes.set_xscale("log")
    axes.set_xlabel("server CPU, µs for a create (log scale)")
    save(figure, "serve-create.svg")


def refusals(found: dict[str, Any]) -> None:
    """CPU of each case of the mock, beside the bare route."""
    servers = found["servers"]
    bare = median(one["cpu_us"] for one in servers[REFERENCE]["bursts"]["create"])
    cases = servers["ozkit mock"]["bursts"]
    figure, axes = plt.subplots(figsize=(7, 2.8))
    ratios = [median(one["cpu_us"] for one in rows) / bare for rows in cases.values()]
    bars = axes.barh(list(cases)[::-1], ratios[::-1], color=OWN)
    axes.bar_label(bars, fmt=" %.2f")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel(f"server CPU of a request, the {REFERENCE} = 1")
    save(figure, "serve-cases.svg")


def world(found: dict[str, Any]) -> None:
    """Access decisions as the world grows."""
    rows = [row for row in found["rows"] if row["memberships"] != "demo"]
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


def main() -> None:
    """Draw what there is."""
    mpl.use("svg")
    mpl.rcParams.update(STYLE)
    for file, drawings in (("serve.json", (serve, refusals)), ("world.json", (world,))):
        path = RESULTS / file
        if path.exists():
            for draw in drawings:
                draw(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
