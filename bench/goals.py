"""The floors and goals of the mock's speed, and what a run of bench/serve.py saw of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from peers import CREATE, MOCK, REFERENCE

Figures = dict[str, Any]
OTHERS = ("no credentials", "wrong password", "not allowed", "no such group", "bad body", "get")
RATES = {"Prism": 12.0, "Scalar": 4.5, "Mockoon": 20.0}


@dataclass(frozen=True)
class Goal:
    """A measure, the value it must reach, the one it should reach, and how it is read from the results."""

    measure: str
    floor: float
    goal: float | None
    figure: Callable[[Figures], float]
    unit: str = ""
    at_least: bool = False

    def reached(self, value: float) -> str:
        """`goal`, `floor` or `missed`, of the value as it is shown; `floor` where there is no goal beyond it."""
        shown = float(f"{value:.{digits(value)}f}")

        def within(limit: float) -> bool:
            return shown >= limit if self.at_least else shown <= limit

        if not within(self.floor):
            return "**missed**"
        return "goal" if self.goal is not None and within(self.goal) else "floor"

    def row(self, figures: Figures) -> list[str]:
        """The goal as a row of a table; nothing was seen where its part was not measured."""
        sign = "≥" if self.at_least else "≤"
        limits = [f"{sign} {limit:g}{self.unit}" if limit is not None else "" for limit in (self.floor, self.goal)]
        try:
            value = self.figure(figures)
        except KeyError:
            return [self.measure, *limits, "not measured", ""]
        return [self.measure, *limits, f"{value:.{digits(value)}f}{self.unit}", self.reached(value)]


def digits(value: float) -> int:
    """How many digits after the point tell something."""
    return 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0


def cost_ratio(figures: Figures, case: str) -> float:
    """CPU of a case beside the bare route's with the same requests: the median of the rounds' ratios."""
    rows = figures["costs"]["rows"][case]
    return ratio(rows[MOCK], rows[REFERENCE], "cpu_us")


def ratio(some: list[dict[str, float]], others: list[dict[str, float]], key: str) -> float:
    """The median of the ratios, round by round."""
    return median(figures[key] / other[key] for figures, other in zip(some, others, strict=True))


def rate_ratio(figures: Figures, server: str) -> float:
    """How many times the requests a second of another server."""
    rows = figures["rates"]["rows"][CREATE.name]
    return ratio(rows[MOCK], rows[server], "requests")


def goals() -> Iterator[Goal]:
    """All of them, in the order of the table."""
    yield Goal("CPU of a create, against the bare route", 1.25, 1.0, lambda figures: cost_ratio(figures, CREATE.name))
    for case in OTHERS:
        yield Goal(
            f"CPU, {case}, against the bare route", 1.0, 0.8, lambda figures, case=case: cost_ratio(figures, case)
        )
    for name, least in RATES.items():
        ratio = lambda figures, name=name: rate_ratio(figures, name)  # noqa: E731  (a row of a table)
        yield Goal(f"requests a second at 32 connections, against {name}", least, None, ratio, " x", at_least=True)
    yield Goal("start to first answer, quickest", 0.6, 0.4, lambda figures: started(figures, "wall_s", min), " s")
    yield Goal("memory at the first answer", 70, 60, lambda figures: started(figures, "mib", median), " MiB")
    after = "p99 after 500,000 creates, against the bare route's"
    yield Goal(after, 1.5, None, lambda figures: figures["growth"]["p99_ms"] / figures["growth"]["reference_p99_ms"])
    beyond = "growth by a create beyond the service's own data"
    yield Goal(
        beyond, 1024, None, lambda figures: growth(figures, "created") - figures["growth"]["own_bytes"], " bytes"
    )


def started(figures: Figures, key: str, of: Callable[[list[float]], float]) -> float:
    """Of the mock's starts."""
    return of([row[key] for row in figures["starts"][MOCK]])


def growth(figures: Figures, by: str) -> float:
    """Bytes of memory that each request left behind."""
    return float(figures["growth"][by]["bytes_each"])
