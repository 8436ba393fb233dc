"""The judge beside stock Schemathesis, against the same mock: what a run costs, and how many faults it notices.

`python bench/judge.py` writes a table, and what it measured to `bench/results/judge.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from onezone_contracts.target import embedded
from onezone_spec import DEFAULT_EDITION, bundled_text, load
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "judge.json"
SCHEMATHESIS = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
LOGIN = "adam:adam-password"
DEPTHS = ("quick", "standard")
TIMEOUT = "3"
"""Seconds that an answer may take, for both tools: faults that never answer are among the catalogue's."""


@dataclass
class Cost:
    """What one run cost."""

    requests: int
    wall_s: float
    cpu_s: float


@dataclass
class Contender:
    """A command that judges the mock and writes a report, and what came of it; `noticed_in` reads its report."""

    name: str
    command: Callable[[str], list[str]]
    noticed_in: Callable[[dict[str, Any]], set[str]]
    costs: list[Cost] = field(default_factory=list)
    baseline: set[str] = field(default_factory=set)
    noticed: dict[str, bool] = field(default_factory=dict)


class Mock:
    """The mock under judgement, by its control plane."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def ask(self, method: str, path: str, value: Any = None) -> Any:
        """One request to the control plane."""
        data = None if value is None else json.dumps(value).encode()
        with urlopen(Request(f"{self.origin}/_mock/{path}", data, method=method), timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def start_anew(self, *faults: str) -> None:
        """The scenario's world, these faults, an empty journal."""
        self.ask("PUT", "faults", list(faults))
        self.ask("POST", "reset")
        self.ask("DELETE", "journal")

    def requests(self) -> int:
        """How many requests came since."""
        return int(self.ask("GET", "journal/count")["total"])


# --- contenders -----------------------------------------------------------------------------------------------


def judge_at(mock: Mock, edition: str, depth: str) -> Contender:
    """The kit's judge at a depth."""

    def command(report: str) -> list[str]:
        base = mock.origin + load(edition).base_paths[0]
        where = [base, "--states-url", f"{mock.origin}/_mock/states", "--edition", edition, "--depth", depth]
        return [sys.executable, "-m", "ozkit", "verify", *where, "--timeout", TIMEOUT, "--report", f"json={report}"]

    def noticed(report: dict[str, Any]) -> set[str]:
        rows = report["requirements"]
        return {row["id"] for row in rows if row["outcome"] in {"fail", "warn"}} or {report["verdict"]}

    return Contender(f"ozkit verify, {depth}", command, noticed)


def schemathesis(mock: Mock, options: argparse.Namespace, examples: int, name: str) -> Contender:
    """Stock Schemathesis with the credentials of somebody who may."""
    edition = options.edition

    def command(report: str) -> list[str]:
        spec = Path(report).with_name("spec.yaml")
        spec.write_text(bundled_text(edition), encoding="utf-8")
        base = mock.origin + load(edition).base_paths[0]
        own = f"-a {LOGIN} --seed 1 --generation-database none --no-color --request-timeout {TIMEOUT}".split()
        given = [*own, *options.schemathesis.split(), "-n", str(examples)]
        return [*SCHEMATHESIS, str(spec), "--url", base, *given, "--report-json-path", report]

    def noticed(report: dict[str, Any]) -> set[str]:
        failures = {f"{failure['code']} {where}" for failure in report["failures"] for where in failure["operations"]}
        return failures | {"an error" for _ in report["errors"]}

    return Contender(name, command, noticed)


def run(contender: Contender, mock: Mock, *faults: str) -> tuple[Cost, set[str]]:
    """One run against the mock with these faults: what it cost, and what it found."""
    mock.start_anew(*faults)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = contender.command(str(report))
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if not report.exists():
            raise SystemExit(f"{contender.name} wrote no report:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        noticed = contender.noticed_in(json.loads(report.read_text(encoding="utf-8")))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(mock.requests(), wall, cpu), noticed


def as_many(mock: Mock, options: argparse.Namespace, judges: Sequence[Contender]) -> list[Contender]:
    """Schemathesis with about as many requests as each of the judges."""
    if options.examples:
        return [schemathesis(mock, options, options.examples, f"Schemathesis, -n {options.examples}")]
    few, many = 5, 20
    low, high = (run(schemathesis(mock, options, count, "Schemathesis"), mock)[0].requests for count in (few, many))
    each = max(1.0, (high - low) / (many - few))
    contenders = []
    for judge in judges:
        examples = round(few + (run(judge, mock)[0].requests - low) / each)
        name = f"Schemathesis, about as many requests as {judge.name.rpartition(' ')[2]}"
        contenders.append(schemathesis(mock, options, max(1, examples), name))
    return contenders


# --- faults ---------------------------------------------------------------------------------------------------


def sample(ids: Sequence[str], count: int, seed: int) -> list[str]:
    """So many of the ids, evenly over the catalogue, which stands group by group."""
    if count >= len(ids):
        return list(ids)
    step = len(ids) / max(count, 1)
    start = random.Random(seed).random() * step
    return [ids[int(start + number * step)] for number in range(count)]


def notice(contenders: Sequence[Contender], mock: Mock, faults: Sequence[str]) -> Iterator[str]:
    """Which faults each notices: those with which it finds what it does not find without them. Gives each in turn."""
    for number, fault in enumerate(faults, 1):
        print(f"fault {number} of {len(faults)}: {fault}", file=sys.stderr)
        for contender in contenders:
            contender.noticed[fault] = bool(run(contender, mock, fault)[1] - contender.baseline)
        yield fault


# --- the report -----------------------------------------------------------------------------------------------


def middle(contender: Contender) -> Cost:
    """The medians of a contender's rounds."""
    rows = [(cost.requests, cost.wall_s, cost.cpu_s) for cost in contender.costs]
    requests, wall, cpu = (median(column) for column in zip(*rows, strict=True))
    return Cost(int(requests), wall, cpu)


def table(contenders: Sequence[Contender]) -> Table:
    """A row each: medians, and the CPU of a request beside that of the last row."""
    table = Table("", "requests", "wall s", "CPU s", "CPU ms a request", "ratio", "faults noticed", box=None)
    each = [middle(contender) for contender in contenders]
    peer = each[-1].cpu_s / each[-1].requests
    for contender, cost in zip(contenders, each, strict=True):
        cpu = cost.cpu_s / cost.requests
        numbers = (f"{cost.requests}", f"{cost.wall_s:.2f}", f"{cost.cpu_s:.2f}", f"{cpu * 1000:.2f}")
        noticed = f"{sum(contender.noticed.values())} of {len(contender.noticed)}" if contender.noticed else "not tried"
        table.add_row(contender.name, *numbers, f"{cpu / peer:.2f}", noticed)
    return table


def record(options: argparse.Namespace, contenders: Sequence[Contender]) -> dict[str, Any]:
    """Everything that was measured, and on what."""
    versions = {name: metadata.version(name) for name in ("onezone-contract-kit", "schemathesis", "hypothesis")}
    rows = [
        {
            "name": contender.name,
            "rounds": [asdict(cost) for cost in contender.costs],
            "without_faults": sorted(contender.baseline),
            "noticed": contender.noticed,
        }
        for contender in contenders
    ]
    on = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return {"edition": options.edition, "on": on, "versions": versions, "seed": options.seed, "contenders": rows}


def write(options: argparse.Namespace, contenders: Sequence[Contender]) -> dict[str, Any]:
    """Write down what was measured so far."""
    figures = record(options, contenders)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edition", default=DEFAULT_EDITION)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each on the mock without faults (default 3)")
    parser.add_argument("--faults", type=int, default=60, help="how many faults are tried, evenly drawn (default 60)")
    parser.add_argument("--fault", action="append", metavar="ID", help="try these instead; repeatable")
    parser.add_argument("--all-faults", action="store_true", help="try every fault of the edition: takes hours")
    parser.add_argument("--long-faults", action="store_true", help="also with Schemathesis at the longer length")
    parser.add_argument("--seed", type=int, default=0, help="of the faults that are drawn")
    parser.add_argument("--depth", action="append", choices=DEPTHS, help="repeatable; default: both")
    parser.add_argument("--examples", type=int, help="Schemathesis's -n, instead of as many requests as the judge")
    parser.add_argument("--schemathesis", default="", metavar="OPTIONS", help="more options for Schemathesis")
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the results."""
    options = parser().parse_args(arguments)
    with embedded.mock(options.edition) as origin:
        mock = Mock(origin)
        judges = [judge_at(mock, options.edition, depth) for depth in options.depth or DEPTHS]
        peers = as_many(mock, options, judges)
        contenders = [*judges, *peers]
        for _ in range(options.rounds):
            for contender in contenders:
                cost, contender.baseline = run(contender, mock)
                contender.costs.append(cost)
        ids = [fault["id"] for fault in mock.ask("GET", "faults")["faults"]]
        faults = options.fault or sample(ids, len(ids) if options.all_faults else options.faults, options.seed)
        figures = write(options, contenders)
        for _ in notice(contenders if options.long_faults else [*judges, peers[0]], mock, faults):
            figures = write(options, contenders)  # after each: all of them take hours
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(
        f"edition {options.edition}; {figures['on']}; {figures['versions']}; {options.rounds} rounds, medians"
    )
    console.print(table(contenders))
    console.print("ratio: CPU of a request beside the last row's; below 1 is cheaper")


if __name__ == "__main__":
    main()
