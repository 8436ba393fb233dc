"""`ozkit verify`: judge an implementation."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from onezone_spec import DEFAULT_EDITION

from onezone_contracts import arguments as shared
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.verdict import Judgement


def main(argv: list[str]) -> int:
    """Judge an implementation; the exit code is the verdict's."""
    arguments = parser().parse_args(argv)
    with terminated_cleanly():
        judgement = _judge(arguments)
    try:
        _report(judgement, arguments.report)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has read enough; the verdict stays what it is
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return judgement.exit_code(allow_partial=arguments.allow_partial)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="ozkit verify",
        description="Judge an implementation. Without URL and --target, the kit's own mock is judged.",
        epilog="exit codes: 0 conformant, 1 nonconformant, 2 inconclusive, 3 partial",
    )
    shared.add_target(made, f"default {DEFAULT_EDITION}")
    made.add_argument(
        "--profile",
        choices=["core", "full"],
        default="core",
        help="core: the documented create operation (default); full: every operation that the target offers",
    )
    shared.add_run(made, "standard")
    made.add_argument("--strict", action="store_true", help="a SHOULD that fails makes the verdict nonconformant")
    made.add_argument(
        "--allow-partial", action="store_true", help="exit 0 where nothing is violated but a MUST was not judged"
    )
    made.add_argument(
        "--expected-failures",
        type=Path,
        metavar="FILE",
        help="ids known to fail, one a line; one that passes, or that is no requirement, is a failure",
    )
    made.add_argument(
        "--baseline",
        type=Path,
        metavar="REPORT",
        help="JSON report of an earlier run: says what is new, mended and as before; only what is new is a failure",
    )
    made.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="json, junit, html, sarif or markdown; - is standard output",
    )
    made.add_argument(
        "--requirement", action="append", default=[], metavar="ID", help="judge only these; glob patterns"
    )
    return made


def _judge(arguments: argparse.Namespace) -> Judgement:
    from onezone_contracts import baseline
    from onezone_contracts import expected_failures as expected
    from onezone_contracts.session import judge_target

    reports(arguments.report)
    file = arguments.expected_failures
    before = baseline.read(arguments.baseline) if arguments.baseline else None
    known = expected.read(file) if file else None
    options = shared.options_of(arguments, strict=arguments.strict, expected=known, baseline=before)
    wanted = shared.wanted_of(arguments, arguments.profile)
    quiet = any(one.endswith("=-") for one in arguments.report)
    with _progress(quiet=quiet) as progress:
        return judge_target(wanted, options, tuple(arguments.requirement), progress)


def reports(values: list[str]) -> list[tuple[str, str]]:
    """`FORMAT=PATH` options as pairs. Raises SetupError for a format or a folder that there is not."""
    from onezone_contracts.reports import WRITERS

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
def terminated_cleanly() -> Iterator[None]:
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
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from onezone_contracts.console import Console

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("setting up")

        def show(number: int, total: int, requirement: Any) -> None:
            bar.update(task, completed=number, total=total, description=requirement.topic)

        yield show


def _report(judgement: Judgement, values: list[str]) -> None:
    from onezone_contracts.console import Console
    from onezone_contracts.reports import WRITERS, github, terminal

    pairs = reports(values)
    to_stdout = any(path == "-" for _, path in pairs)
    github.annotate(judgement, os.environ, sys.stderr if to_stdout else sys.stdout)
    terminal.show(judgement, Console(stderr=to_stdout, highlight=False))
    for name, path in pairs:
        text = WRITERS[name](judgement)
        if path == "-":
            _to_stdout(text)
            continue
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise SetupError(f"the report {path} cannot be written: {error.strerror}") from None


def _to_stdout(text: str) -> None:
    """Write a report to standard output in UTF-8, whatever the console takes text for."""
    sys.stdout.flush()
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:  # a caller's own text stream
        sys.stdout.write(text)
        return
    raw.write(text.encode("utf-8", "backslashreplace"))
    raw.flush()
