"""How many of the mock's faults a recording shows: `ozkit verify` is recorded, and `ozkit traffic` reads it.

`python bench/traffic_faults.py --edition current --keep DIR` records; `--again DIR` judges what was recorded before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from onezone_contracts.commands import prove
from onezone_contracts.requirement import Outcome
from onezone_contracts.target import embedded
from onezone_contracts.target.file import SetupError
from onezone_contracts.traffic.judge import Choice, Follower
from onezone_contracts.traffic.order import merged
from onezone_contracts.traffic.proxy import recording
from onezone_contracts.traffic.recording import read
from onezone_spec import DEFAULT_EDITION, Contract, load

UNSEEN = {
    "access.*": "what a persona holds was set up out of sight",
    "unknown*": "that an id is nobody's was set up out of sight",
    "combined.*": "the same, of requests that are wrong in two ways",
    "*.relation": "the same, of who belongs to what",
    "concurrent.access": "the same, of many requests at once",
    "authentication.*": "whose credentials are right was set up out of sight",
    "accept.*": "why a good body is refused may be out of sight: a name that is taken, a limit",
    "generated.valid": "the same, of bodies that are drawn",
    "transfer.chunked": "the same, of bodies in chunks",
    "robust.answers": "what never came, or broke off, is not recorded",
}
"""Topics that rest on what no recording has, unless they are among VISIBLE."""
VISIBLE = (
    "access.anonymous",
    "combined.anonymous*",
    "authentication.none",
    "authentication.half-credentials",
    "authentication.malformed",
)
WAIT = 60.0


@dataclass(frozen=True)
class Row:
    """What came of one fault."""

    fault: str
    noticed: list[str]
    """Topics by which `ozkit verify` noticed it."""
    seen: list[str]
    """Ids of what the recording shows to be violated."""
    exchanges: int

    @property
    def could_show(self) -> bool:
        """Whether something that noticed it rests on exchanges and the contract alone."""
        return any(visible(topic) for topic in self.noticed)


def visible(name: str) -> bool:
    """Whether a requirement, by its topic or id, rests on what a recording has."""
    names = (name, name.partition(".")[2])
    if any(fnmatchcase(name, pattern) for name in names for pattern in VISIBLE):
        return True
    return not any(fnmatchcase(name, pattern) for name in names for pattern in UNSEEN)


def verified(origin: str, contract: Contract, fault: prove.Fault, har: Path) -> set[str]:
    """Record `ozkit verify` against the mock with a fault, as deep as it takes to notice it; gives what noticed it."""
    prove.switch(origin, *([fault.id] if fault.id else []))
    noticed: set[str] = set()
    with recording(origin, har) as through:
        for depth, topics in prove.attempts(contract, fault, whole=True):
            judgement = prove.judged(through, contract, depth, topics, fault.profile, load=prove.LIGHT)
            noticed |= prove.noticed(judgement, fault.profile)
            if not prove.missed(fault.noticed_by, noticed):
                break
    return noticed


def violated(contract: Contract, *files: Path) -> tuple[list[str], int]:
    """What recordings show to be violated, SHOULD included, and of how many exchanges."""
    follower = Follower(contract, Choice())
    follower.follow(merged(map(read, files)))
    results = follower.judgement("recordings").results
    wrong = [result.requirement.id for result in results if result.outcome in {Outcome.FAIL, Outcome.WARN}]
    return wrong, follower.requests


def noticed_by_client(origin: str, contract: Contract, fault: prove.Fault, har: Path, client: Path) -> set[str]:
    """Record the story of a generated client; gives whether the client itself saw something."""
    prove.switch(origin, *([fault.id] if fault.id else []))
    with recording(origin, har) as through:
        command = [sys.executable, "story.py", through + contract.base_paths[0]]
        done = subprocess.run(command, cwd=client, capture_output=True, text=True, timeout=WAIT, check=False)
    return {f"story.{fault.id}"} if done.returncode else set()


def rows(
    contract: Contract, faults: Iterable[prove.Fault], origin: str, folder: Path, client: Path | None
) -> Iterator[Row]:
    """A row for each fault; recordings stay in the folder, with what noticed the fault beside them."""
    for fault in faults:
        har = folder / f"{fault.id or 'none'}.har"
        try:
            noticed = (
                noticed_by_client(origin, contract, fault, har, client)
                if client
                else verified(origin, contract, fault, har)
            )
        except SetupError as error:
            noticed = {f"robust.no-setup: {error}"}
        har.with_suffix(".json").write_text(json.dumps(sorted(noticed)), encoding="utf-8")
        yield row(contract, har)


def row(contract: Contract, har: Path) -> Row:
    """The row of a recording that is there."""
    noticed = json.loads(har.with_suffix(".json").read_text(encoding="utf-8"))
    wrong, exchanges = violated(contract, har)
    return Row(har.stem, noticed, wrong, exchanges)


def main(arguments: Sequence[str] | None = None) -> None:
    """Record, judge, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edition", default=DEFAULT_EDITION)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try each Nth fault")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="begin with that one")
    parser.add_argument("--fault", action="append", default=[], metavar="ID", help="only these; glob patterns")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the recordings there; they hold credentials")
    parser.add_argument("--again", type=Path, metavar="DIR", help="judge the recordings of an earlier run")
    parser.add_argument(
        "--story", type=Path, metavar="DIR", help="record tests/clients/story.py there, beside its client, not verify"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a line of JSON a fault")
    chosen = parser.parse_args(arguments)
    contract = load(chosen.edition)
    with TemporaryDirectory() as temporary:
        if chosen.again:
            report((row(contract, har) for har in sorted(chosen.again.glob("*.har"))), chosen.output)
            return
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with embedded.mock(chosen.edition) as origin:
            faults = prove.catalogue(origin)[chosen.first :: chosen.every]
            if chosen.fault:
                faults = [fault for fault in faults if any(fnmatchcase(fault.id, pattern) for pattern in chosen.fault)]
            sound = prove.Fault("", "no fault", ("*",))
            report(rows(contract, [sound, *faults], origin, folder, chosen.story), chosen.output)


def report(rows: Iterable[Row], output: Path | None) -> None:
    """Print what is not seen though it could be, and the figures."""
    every: list[Row] = []
    for row in rows:
        every.append(row)
        if output:
            with output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row)) + "\n")
        if row.fault == "none" and (row.seen or row.noticed):
            sys.stdout.write(f"false alarm: {row.seen} {row.noticed}\n")
        elif row.could_show and not row.seen:
            topics = ", ".join(filter(visible, row.noticed))
            sys.stdout.write(f"not seen: {row.fault}: {topics[:150]}\n")
            sys.stdout.flush()
    every = [row for row in every if row.fault != "none" and row.noticed]
    could = [row for row in every if row.could_show]
    sys.stdout.write(
        f"{len(every)} faults were noticed, {len(could)} of them by what a recording could show; "
        f"of these {sum(bool(row.seen) for row in could)} are seen, and of the others "
        f"{sum(bool(row.seen) for row in every if not row.could_show)}\n"
    )


if __name__ == "__main__":
    main()
