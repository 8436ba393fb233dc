"""`ozkit prove`: judge the kit's own mock with each of its faults, and say what the judge did not notice."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from onezone_spec import DEFAULT_EDITION, Contract, Origin, load
from onezone_spec.variables import CommandParser

from onezone_contracts.arguments import add_contract, contract_named
from onezone_contracts.checks import heavy_load
from onezone_contracts.commands.proof import EXEMPT, Matrix, Row, as_json, as_table, uncovered
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.derive.sequences import ALL
from onezone_contracts.exchange import Request
from onezone_contracts.judge import judge
from onezone_contracts.options import Options
from onezone_contracts.personas import personas
from onezone_contracts.requirement import Outcome
from onezone_contracts.sessions import Documented, Everything
from onezone_contracts.signals import deferred, interrupting
from onezone_contracts.subject import Subject
from onezone_contracts.target import embedded
from onezone_contracts.target.file import SetupError
from onezone_contracts.target.provisioner import provisioned
from onezone_contracts.target.states import States
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.wire import Wire

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

Attempt = tuple[str, tuple[str, ...]]
"""A depth, and the patterns of what is judged; without any, everything."""
FULL = "full"
NOTICED = frozenset({Outcome.FAIL, Outcome.WARN})
TIMEOUT, SETTLE, PATIENCE = 1.5, 0.2, 0.2
"""Seconds: the mock is near and does not lag, so a run need not wait as long as it does for a stranger."""
LOAD = "concurrent.load"
LIGHT = 4
"""So many creations a thread make the load, where it is not the load that should notice a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the mock, and the topics (glob patterns) that should notice it.

    One of profile `full` names whole ids, and only the operations of these ids are judged.
    """

    id: str
    text: str
    noticed_by: tuple[str, ...]
    profile: str = "core"

    @property
    def judged(self) -> tuple[str, ...]:
        """The operations that should notice it, of profile `full`."""
        return tuple(dict.fromkeys(topic.partition(".")[0] for topic in self.noticed_by))

    @property
    def operations(self) -> tuple[str, ...]:
        """Patterns of everything that is required of the operations that should notice it."""
        return tuple(f"{operation}.*" for operation in self.judged)


def main(argv: list[str]) -> int:
    """Prove the judge. Returns 0, 1 where something goes unnoticed, 2 where it cannot be tried."""
    arguments = _parser().parse_args(argv)
    with interrupting():
        matrix = prove(contract_named(arguments), arguments.workers, tuple(arguments.fault), whole=arguments.whole)
    {"json": as_json, "table": as_table}[arguments.format](matrix)
    return 0 if matrix.proven else 1


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="ozkit prove",
        description="Judge the kit's own mock with each of its faults: every one must be noticed.",
        epilog="exit codes: 0 proven, 1 a fault goes unnoticed or a requirement has none, 2 nothing was tried",
    )
    add_contract(parser, f"default {DEFAULT_EDITION}")
    parser.add_argument(
        "--workers", type=_count, default=2, metavar="N", help="how many faults to try at a time (default 2)"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="ID", help="try only this fault; repeatable, * allowed"
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="judge everything with each fault, and list each requirement that notices it (default: judge what the "
        "fault names, and everything only if that does not notice it)",
    )
    parser.add_argument("--format", choices=["table", "json"], default="table")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers: give one from 1 to 64")
    return int(text)


# --- the trials -----------------------------------------------------------------------------------------------


def prove(contract: Contract, workers: int, patterns: tuple[str, ...] = (), *, whole: bool = False) -> Matrix:
    """Try the faults of an edition, all or those whose id matches. Raises SetupError.

    `whole` judges by everything that a fault could make fail, not first by what the fault names.

    Of an edition or a contract of one's own these are the faults that are derived of what it changes: those that are
    written down speak of the kit's editions.
    """
    started = time.perf_counter()
    named = contract.origin
    context = multiprocessing.get_context("spawn")
    queue: SimpleQueue[str] = context.SimpleQueue()
    # An interrupt ends the mocks first: whoever is still judging one is then done at once.
    with ProcessPoolExecutor(workers, context, _start, (queue,)) as pool, ExitStack() as mocks:
        origins = [mocks.enter_context(embedded.mock(named)) for _ in range(workers)]
        derived = contract.own or any(pattern.startswith("derived") for pattern in patterns)
        faults = catalogue(origins[0], derived=derived)
        if contract.own and not patterns:
            names = own_operations(contract)
            faults = [fault for fault in faults if fault.id.startswith("derived-") and set(fault.judged) <= names]
        faults = _selected(faults, patterns)
        for origin in origins:
            queue.put(origin)
        with deferred():  # the workers start: one that is cut off while it does would say so with a traceback
            sound = pool.submit(_trial_without, named)
            trials = pool.map(partial(_trial, named, whole), faults)
        rows = list(trials)
        alarms = sound.result()
    return Matrix(
        edition=contract.edition,
        rows=rows,
        uncovered=[] if patterns or contract.own else uncovered(contract, rows),
        exempt=EXEMPT,
        seconds=time.perf_counter() - started,
        false_alarms=alarms,
    )


def catalogue(origin: str, *, derived: bool = False) -> list[Fault]:
    """The faults that a mock offers, with all that are derived from the contract or a sample of them.

    Raises SetupError.
    """
    data = _control(origin, "GET", None, "?derived=true" if derived else "")
    return [Fault(fault["id"], fault["text"], tuple(fault["noticed_by"]), fault["profile"]) for fault in data["faults"]]


def own_operations(contract: Contract) -> set[str]:
    """The operations that the kit's edition on which a contract rests does not have, or has otherwise."""
    base = load(contract.extends) if contract.extends else None
    return {
        name
        for name, operation in contract.operations.items()
        if base is None
        or name not in base.operations
        or contract.binding(operation) != base.binding(base.operations[name])
    }


def _selected(faults: list[Fault], patterns: Iterable[str]) -> list[Fault]:
    patterns = tuple(patterns)
    for pattern in patterns:
        if not any(fnmatchcase(fault.id, pattern) for fault in faults):
            raise SetupError(f"no fault matches {pattern!r}; `ozkit mock --list-faults` lists them")
    return [fault for fault in faults if not patterns or any(fnmatchcase(fault.id, pattern) for pattern in patterns)]


_origin: list[str] = []
"""The worker's own mock."""


def _start(queue: SimpleQueue[str]) -> None:
    """Take a mock of the worker's own, and do not wait for it as for a stranger."""
    _origin[:] = [queue.get()]
    heavy_load.QUICK = float("inf")


def _trial_without(named: Origin) -> list[str]:
    """What the judge finds where nothing is wrong."""
    _control(_origin[0], "PUT", [])
    contract, alarms = load(named.edition, named.contracts), set()
    every: list[tuple[str, tuple[str, ...], str]] = [("quick", ("*",), FULL)]
    if judged_operations(contract):
        every = [("standard", (), "core"), *every, ("standard", (f"{ALL}.*",), FULL)]
    for judgement in (judged(_origin[0], contract, *look, load=None) for look in every):
        sound = judgement.verdict is Verdict.CONFORMANT
        alarms |= noticed(judgement, FULL) or (set() if sound else {f"{judgement.verdict}: {judgement.reason}"})
    return sorted(alarms)


def _trial(named: Origin, whole: bool, fault: Fault) -> Row:  # noqa: FBT001  (bound by `partial`)
    """Look at what should notice it, then further: no more than it takes."""
    row, started = Row(fault.id, fault.text), time.perf_counter()
    contract = load(named.edition, named.contracts)
    try:
        for row.depth, patterns in attempts(contract, fault, whole=whole or contract.own):
            switch(_origin[0], fault.id)
            heavy = LOAD in fault.noticed_by
            judgement = judged(_origin[0], contract, row.depth, patterns, fault.profile, load=None if heavy else LIGHT)
            seen = {*row.noticed_by, *noticed(judgement, fault.profile)}
            row.noticed_by = sorted(seen)
            # What sets a contract of one's own up may need the very operation: anything of it that fails is a notice.
            topics = fault.operations if contract.own else fault.noticed_by
            row.missed = missed(topics, seen)
            row.problem = _problem(judgement)
            if row.noticed_by_all:
                break
    except SetupError as error:
        row.problem = str(error)
    row.seconds = round(time.perf_counter() - started, 2)
    return row


def missed(topics: Iterable[str], seen: Iterable[str]) -> list[str]:
    """The topics that should notice a fault and did not."""
    return [pattern for pattern in topics if not any(fnmatchcase(topic, pattern) for topic in seen)]


def attempts(contract: Contract, fault: Fault, *, whole: bool = False) -> list[Attempt]:
    """How deep to look, and at what, one after the other, until the fault is noticed by all that it names.

    What it names comes first, but for a `whole` account. Then comes what is required of the operations that it names,
    or of the documented one: quickly, by what the fault names in full depth, and by everything.
    """
    quick = _quick(contract, fault.profile)
    enough = all(any(fnmatchcase(name, topic) for name in quick) for topic in fault.noticed_by)
    depth = "quick" if enough else "standard"
    named = [] if whole else [(depth, fault.noticed_by)]
    if fault.profile == FULL:
        return [*named, (depth, fault.operations)]
    return [*named, ("quick", ()), *([("standard", fault.noticed_by)] if enough or whole else []), ("standard", ())]


@cache
def _quick(contract: Contract, profile: str) -> tuple[str, ...]:
    """The ids of the requirements at depth `quick`; those of the profile `core` without the operation."""
    if profile == FULL:
        return tuple(requirement.id for requirement in all_requirements(contract, "quick"))
    return tuple(requirement.topic for requirement in requirements(contract, judged_operations(contract)[0], "quick"))


def judged(
    origin: str, contract: Contract, depth: str, topics: tuple[str, ...], profile: str = "core", *, load: int | None
) -> Judgement:
    """Judge the mock at an origin by the requirements that match, at that depth."""
    options = Options(depth=depth, timeout=TIMEOUT, settle=SETTLE, patience=PATIENCE, shrinking=PATIENCE, load=load)
    if profile == FULL:
        subject = Subject(origin + contract.base_paths[0], states_url=f"{origin}/_mock/states", profile=FULL)
        with provisioned(subject, contract, options) as provisioner:
            return judge(Everything(provisioner, options), topics)
    operation = judged_operations(contract)[0]
    states = States(f"{origin}/_mock/states")
    target = states.target(origin + contract.base_paths[0], personas(contract, operation))
    session = Documented(contract, operation, target, options)
    return judge(session, tuple(f"{operation.id}.{topic}" for topic in topics))


def noticed(judgement: Judgement, profile: str = "core") -> set[str]:
    """What is violated or warned of: topics, or whole ids where more than one operation was judged."""
    bad = [result.requirement for result in judgement.results if result.outcome in NOTICED]
    return {requirement.id if profile == FULL else requirement.topic for requirement in bad}


def _problem(judgement: Judgement) -> str | None:
    broken = [result for result in judgement.results if result.outcome is Outcome.ERROR]
    if broken:
        return f"{broken[0].requirement.topic}: {broken[0].reason}"
    return judgement.reason if judgement.verdict is Verdict.INCONCLUSIVE and not judgement.results else None


def switch(origin: str, *faults: str) -> None:
    """Have a mock start anew with these faults and no other. Raises SetupError."""
    _control(origin, "PUT", list(faults))


def _control(origin: str, method: str, value: Any, query: str = "") -> Any:
    """Ask the control plane for its faults, or switch to others. Raises SetupError."""
    wire = Wire(origin, 30.0)
    body = None if method == "GET" else json.dumps(value).encode()
    exchange = wire.send(Request(method, f"/_mock/faults{query}", body=body))
    wire.close()
    if exchange.response is None or not exchange.response.success:
        raise SetupError(f"the mock did not switch its faults: {exchange.answer()}")
    return exchange.response.json() if exchange.response.body else None
