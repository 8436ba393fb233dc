"""The commands of the judge: `ozkit verify`, `ozkit requirements` and `ozkit target`."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from contracts.target import SetupError
from spec import DEFAULT_EDITION, UnknownEditionError, editions, load

if TYPE_CHECKING:
    from contracts.verdict import Judgement

INCONCLUSIVE = 2
DEPTHS = ("quick", "standard", "deep")


def main(name: str, argv: list[str]) -> int:
    """Run one of the judge's commands; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    commands: dict[str, Callable[[list[str]], int]] = {
        "verify": verify,
        "requirements": requirements,
        "target": target,
        "prove": prove,
    }
    try:
        return commands[name](argv)
    except (SetupError, UnknownEditionError) as error:
        print(f"ozkit {name}: {error}", file=sys.stderr)
        return INCONCLUSIVE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"ozkit {name}: interrupted", file=sys.stderr)
        return INCONCLUSIVE


def prove(argv: list[str]) -> int:
    """Judge the mock with each of its faults."""
    from contracts.prove import main as run

    return run(argv)


# --- verify ---------------------------------------------------------------------------------------------------


def verify(argv: list[str]) -> int:
    """Judge an implementation; the exit code is the verdict's."""
    arguments = _verify_parser().parse_args(argv)
    with _terminated_cleanly():
        judgement = _judge(arguments)
    try:
        _report(judgement, arguments.report)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has read enough; the verdict stays what it is
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return judgement.exit_code(allow_partial=arguments.allow_partial)


def _verify_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ozkit verify",
        description="Judge an implementation. Without URL and --target, the kit's own mock is judged.",
        epilog="exit codes: 0 conformant, 1 nonconformant, 2 inconclusive, 3 partial",
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="base URL of the API, base path included")
    parser.add_argument("--edition", metavar="NAME", help=f"one of {', '.join(editions())} (default {DEFAULT_EDITION})")
    parser.add_argument(
        "--target", type=Path, metavar="FILE", help="target file: base URL, credentials of the personas, ids"
    )
    parser.add_argument(
        "--states-url", metavar="URL", help="where the implementation sets up each persona (provider states)"
    )
    parser.add_argument(
        "--profile", choices=["core"], default="core", help="core: the documented create operation (default)"
    )
    parser.add_argument("--depth", choices=DEPTHS, default="standard", help="default: standard")
    parser.add_argument("--seed", default="0", metavar="N", help="seed of generated requests, or `random` (default 0)")
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails makes the verdict nonconformant")
    parser.add_argument(
        "--allow-partial", action="store_true", help="exit 0 where nothing is violated but a MUST was not judged"
    )
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="json, junit, html, sarif or markdown; - is standard output",
    )
    parser.add_argument(
        "--timeout", type=_some_seconds, default=10.0, metavar="SECONDS", help="for a request (default 10)"
    )
    parser.add_argument(
        "--settle",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="how long privileges may take to show (default 5)",
    )
    parser.add_argument("--max-time", type=_seconds, metavar="SECONDS", help="for the whole run")
    parser.add_argument(
        "--requirement", action="append", default=[], metavar="ID", help="judge only these; glob patterns"
    )
    return parser


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _some_seconds(text: str) -> float:
    value = _seconds(text)
    if not value:
        raise argparse.ArgumentTypeError("0 seconds are no time to answer in")
    return value


def _seed(text: str) -> int:
    if text == "random":
        return random.SystemRandom().randrange(2**32)
    try:
        return int(text)
    except ValueError:
        raise SetupError(f"--seed {text!r} is neither a whole number nor `random`") from None


def _judge(arguments: argparse.Namespace) -> Judgement:
    from contracts.run import Options
    from contracts.session import Wanted, judge_target

    reports(arguments.report)
    options = Options(
        depth=arguments.depth,
        seed=_seed(arguments.seed),
        timeout=arguments.timeout,
        settle=arguments.settle,
        max_time=arguments.max_time,
        strict=arguments.strict,
    )
    wanted = Wanted(arguments.url, arguments.target, arguments.states_url, arguments.edition)
    quiet = any(one.endswith("=-") for one in arguments.report)
    with _progress(quiet=quiet) as progress:
        return judge_target(wanted, options, tuple(arguments.requirement), progress)


def reports(values: list[str]) -> list[tuple[str, str]]:
    """`FORMAT=PATH` options as pairs. Raises SetupError for a format or a folder that there is not."""
    from contracts.reports import WRITERS

    pairs = []
    for value in values:
        name, sign, path = value.partition("=")
        if name not in WRITERS or not sign or not path:
            raise SetupError(f"--report {value!r}: write FORMAT=PATH with a format of {', '.join(WRITERS)}")
        if path != "-" and not Path(path).resolve().parent.is_dir():
            raise SetupError(f"--report {value!r}: there is no folder {Path(path).parent}")
        pairs.append((name, path))
    return pairs


@contextlib.contextmanager
def _terminated_cleanly() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does, so that what the kit made is removed."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Any]:
    """A progress bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("setting up")

        def show(number: int, total: int, requirement: Any) -> None:
            bar.update(task, completed=number, total=total, description=requirement.topic)

        yield show


def _report(judgement: Judgement, values: list[str]) -> None:
    from rich.console import Console

    from contracts.reports import WRITERS, github, terminal

    pairs = reports(values)
    to_stdout = any(path == "-" for _, path in pairs)
    github.annotate(judgement, os.environ, sys.stderr if to_stdout else sys.stdout)
    terminal.show(judgement, Console(stderr=to_stdout, highlight=False))
    for name, path in pairs:
        text = WRITERS[name](judgement)
        if path == "-":
            sys.stdout.write(text)
            continue
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise SetupError(f"the report {path} cannot be written: {error.strerror}") from None


# --- requirements and target ----------------------------------------------------------------------------------


def requirements(argv: list[str]) -> int:
    """List the requirements of an edition."""
    parser = argparse.ArgumentParser(prog="ozkit requirements", description="List what the judge requires.")
    parser.add_argument("--edition", default=DEFAULT_EDITION, metavar="NAME", help=f"one of {', '.join(editions())}")
    parser.add_argument("--format", choices=["table", "json", "markdown"], default="table")
    arguments = parser.parse_args(argv)
    from contracts.derive import judged_operations
    from contracts.derive import requirements as derived

    contract = load(arguments.edition)
    rows = [
        {"id": one.id, "level": str(one.level), "text": one.text, "source": one.source}
        for operation in judged_operations(contract)
        for one in derived(contract, operation)
    ]
    _LISTS[arguments.format](rows)
    return 0


Rows = list[dict[str, str]]


def _as_json(rows: Rows) -> None:
    print(json.dumps(rows, ensure_ascii=False, indent=2))


def _as_markdown(rows: Rows) -> None:
    print("| requirement | level | text | source |\n|---|---|---|---|")
    for row in rows:
        print(
            "| " + " | ".join(value.replace("|", "\\|") for value in (f"`{row['id']}`", *list(row.values())[1:])) + " |"
        )


def _as_table(rows: Rows) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    table = Table("requirement", "level", "text", "source", header_style="bold")
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row.values())
    console.print(table)


_LISTS: dict[str, Callable[[Rows], None]] = {"json": _as_json, "markdown": _as_markdown, "table": _as_table}


def target(argv: list[str]) -> int:
    """`target init`: print a skeleton of a target file."""
    parser = argparse.ArgumentParser(prog="ozkit target", description="Target files: what is judged, and as whom.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="init")
    init = commands.add_parser("init", help="print a skeleton that says what every persona must hold")
    init.add_argument("--edition", default=DEFAULT_EDITION, metavar="NAME", help=f"one of {', '.join(editions())}")
    init.add_argument("--profile", choices=["core"], default="core")
    arguments = parser.parse_args(argv)
    from contracts.derive import judged_operations
    from contracts.personas import personas
    from contracts.target import skeleton

    contract = load(arguments.edition)
    print(skeleton(contract, {one.id: personas(contract, one) for one in judged_operations(contract)}), end="")
    return 0
