"""What the judge requires, sends and notices, as files that a change is compared with.

    python tests/golden/freeze.py                  # write the requirements and the requests
    python tests/golden/freeze.py --check          # say what differs; exit code 1
    python tests/golden/freeze.py --proof FILE…    # write what `ozkit prove --whole --format json` printed
    python tests/golden/freeze.py --check --proof FILE…

Requirements must stay as they are. Of requests none may be missing: new ones are declared by writing the file anew, and
its difference says which. Every fault must be noticed by what noticed it before, at least.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from onezone_contracts import wire
from onezone_contracts.checks import heavy_load
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.options import Options
from onezone_contracts.requirement import Requirement
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_spec import Contract, editions, load

HERE = Path(__file__).parent
DEPTHS = ("quick", "standard", "deep")
RUNS = (("core", "quick"), ("core", "standard"), ("full", "quick"))
"""Profile and depth of the runs whose requests are kept."""
ADDED = re.compile(r"[0-9a-f]{8,}(ch[0-9a-f]{4})?|[0-9]+")


# --- what is required -----------------------------------------------------------------------------------------


def required(edition: str) -> list[str]:
    """A line a requirement: profile, the least depth that has it, id, level, what may be lacking, source, text.

    A deeper run requires the same and more; where it does not, the line is there for each depth that has it.
    """
    contract = load(edition)
    operation = judged_operations(contract)[0]
    lists = {
        "core": {depth: requirements(contract, operation, depth) for depth in DEPTHS},
        "full": {depth: all_requirements(contract, depth) for depth in DEPTHS},
    }
    return sorted(line for profile, by_depth in lists.items() for line in _lines(profile, by_depth))


def _lines(profile: str, by_depth: dict[str, tuple[Requirement, ...]]) -> Iterator[str]:
    depths: dict[str, list[str]] = {}
    for depth, derived in by_depth.items():
        for requirement in derived:
            columns = (
                requirement.id,
                requirement.level,
                requirement.needs or "-",
                requirement.source,
                requirement.text,
            )
            depths.setdefault("\t".join(columns), []).append(depth)
    for line, having in depths.items():
        deeper = DEPTHS[DEPTHS.index(having[0]) :]
        yield from (f"{profile}\t{noticed}\t{line}" for noticed in (having[:1] if having == [*deeper] else having))


# --- what is sent ---------------------------------------------------------------------------------------------


def request_log(edition: str, profile: str, depth: str) -> list[str]:
    """A line for all equal requests of a run with seed 0: how many, method, path, status, as whom, what for."""
    contract, seen = load(edition), Counter[str]()
    send = wire.Wire.send

    def noting(self: wire.Wire, request: Request, timeout: float | None = None) -> Exchange:
        exchange = send(self, request, timeout)
        if not request.path.startswith("/_mock/"):
            seen[_request(contract, request, exchange.status)] += 1
        return exchange

    heavy_load.QUICK = 0.0  # whether a machine is quick enough for the load is no part of what is frozen
    wire.Wire.send = noting  # type: ignore[method-assign]
    try:
        judgement = judge_target(Subject(edition=edition, profile=profile), Options(depth=depth))
    finally:
        wire.Wire.send = send  # type: ignore[method-assign]
    assert judgement.verdict == "conformant", judgement.reason
    return sorted(f"{count}\t{line}" for line, count in seen.items())


def _request(contract: Contract, request: Request, status: int | None) -> str:
    who = ADDED.sub("…", request.auth.who)
    return "\t".join([request.method, _template(contract, request.path), str(status), who, request.label or "-"])


def _template(contract: Contract, path: str) -> str:
    """The template of a path, longest base path first; of one that no operation has, its shape."""
    for base in sorted(contract.base_paths, key=len, reverse=True):
        if path.startswith(f"{base}/"):
            rest = path[len(base) :].partition("?")[0].rstrip("/")
            for operation in sorted(contract.operations.values(), key=lambda entry: entry.path.count("{")):
                if re.fullmatch(re.sub(r"\{\w+\}", "[^/]*", operation.path), rest):
                    return operation.path
    return ADDED.sub("…", re.sub(r"/groups/[^/]+/", "/groups/{id}/", path))


# --- what is noticed ------------------------------------------------------------------------------------------


def noticed(matrices: Iterable[Any]) -> list[str]:
    """A line a fault: its id, and what noticed it in every run. Time has a part in a few, so one run may see more."""
    runs = [{row["fault"]: set(row["noticed_by"]) for row in matrix["rows"]} for matrix in matrices]
    faults = sorted(set().union(*runs))
    always = {fault: set.intersection(*(run.get(fault, set()) for run in runs)) for fault in faults}
    return [f"{fault}\t{' '.join(sorted(ids))}" for fault, ids in always.items()]


# --- files ----------------------------------------------------------------------------------------------------


def missing(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Lines with a count first: what was sent more often than it is now."""
    counts = [Counter[str](), Counter[str]()]
    for counter, lines in zip(counts, (old, new), strict=True):
        for line in lines:
            count, _, rest = line.partition("\t")
            counter[rest] += int(count)
    return [f"{count} fewer: {line}" for line, count in (counts[0] - counts[1]).items()]


def unnoticed(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """What noticed a fault and does so no more."""
    now = {line.partition("\t")[0]: set(line.partition("\t")[2].split()) for line in new}
    lost = ((line.partition("\t")[0], set(line.partition("\t")[2].split())) for line in old)
    return [f"{fault}: {identity}" for fault, all_ in lost for identity in sorted(all_ - now.get(fault, set()))]


def changed(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Lines that are gone, and lines that are new."""
    before, after = list(old), list(new)
    gone = [f"gone: {line}" for line in before if line not in set(after)]
    return gone + [f"new: {line}" for line in after if line not in set(before)]


def read(name: str) -> list[str]:
    """The lines of a golden file."""
    return (HERE / name).read_text(encoding="utf-8").splitlines()


def golden() -> Iterator[tuple[str, list[str], Any]]:
    """The name of each file that is made here, its lines as they are now, and how they are compared."""
    for edition in editions():
        yield f"requirements-{edition}.tsv", required(edition), changed
        for profile, depth in RUNS:
            yield f"requests-{edition}-{profile}-{depth}.tsv", request_log(edition, profile, depth), missing


def proofs(files: Iterable[str]) -> Iterator[tuple[str, list[str], Any]]:
    """The same for what was proven; of several runs of an edition what was noticed in each of them."""
    runs: dict[str, list[Any]] = {}
    for file in files:
        matrix = json.loads(Path(file).read_text(encoding="utf-8"))
        runs.setdefault(matrix["edition"], []).append(matrix)
    for edition, matrices in runs.items():
        yield f"noticed-{edition}.tsv", noticed(matrices), unnoticed


def main(argv: list[str]) -> int:
    """Write or compare; exit code 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("--proof", nargs="+", metavar="FILE", help="what `ozkit prove --whole --format json` printed")
    options = parser.parse_args(argv)
    differs = False
    for name, lines, compare in proofs(options.proof) if options.proof else golden():
        if not options.check:
            (HERE / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            continue
        for line in compare(read(name), lines):
            print(f"{name}: {line}")
            differs = True
    return int(differs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
