"""`ozkit verify`: judge an implementation."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from onezone_spec import DEFAULT_EDITION
from onezone_spec.variables import VariableParser

from onezone_contracts import arguments as shared
from onezone_contracts.commands.progress import progress_bar
from onezone_contracts.commands.signals import stoppable
from onezone_contracts.network import Stop
from onezone_contracts.target.file import SetupError

if TYPE_CHECKING:
    from onezone_contracts.verdict import Judgement


def main(argv: list[str]) -> int:
    """Judge an implementation; the exit code is the verdict's."""
    arguments = parser().parse(argv)
    stop = Stop()
    with stoppable(stop):
        judgement = _judge(arguments, stop)
        return conclude(judgement, arguments.report, allow_partial=arguments.allow_partial)


def conclude(judgement: Judgement, formats: list[str], *, allow_partial: bool) -> int:
    """Report; the exit code."""
    try:
        report(judgement, formats)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has read enough; the verdict stays what it is
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return judgement.exit_code(allow_partial=allow_partial)


def parser() -> VariableParser:
    """The command line."""
    options = VariableParser(
        prog="ozkit verify",
        description="Judge a server. Without URL and --target, judge the kit's own mock.",
        epilog="exit codes: 0 conformant, 1 nonconformant, 2 inconclusive, 3 partial, 130 interrupted",
    )
    shared.add_target(options, f"default {DEFAULT_EDITION}")
    options.add_argument(
        "--profile",
        choices=["core", "full"],
        default="core",
        help="core (default): the documented create operation; full: every operation that the server offers",
    )
    shared.add_run(options, "standard")
    shared.add_judgement(options)
    options.add_argument(
        "--allow-partial",
        action="store_true",
        help="exit 0 if nothing is violated, although a MUST could not be judged",
    )
    options.add_argument(
        "--keep",
        type=Path,
        metavar="FILE",
        help="do not remove the users, and write their credentials to FILE; `ozkit target clean FILE` removes them",
    )
    return options


def _judge(arguments: argparse.Namespace, stop: Stop) -> Judgement:
    from onezone_contracts import baseline
    from onezone_contracts import expected_failures as expected
    from onezone_contracts.session import judge_target

    reports(arguments.report)
    file = arguments.expected_failures
    before = baseline.read(arguments.baseline) if arguments.baseline else None
    failures = expected.read(file) if file else None
    options = shared.options_of(
        arguments, stop, strict=arguments.strict, expected=failures, baseline=before, keep=arguments.keep
    )
    subject = shared.subject_of(arguments, arguments.profile)
    quiet = any(value.endswith("=-") for value in arguments.report)
    with progress_bar(quiet=quiet) as progress:
        return judge_target(subject, options, tuple(arguments.requirement), progress)


def reports(values: list[str]) -> list[tuple[str, str]]:
    """`FORMAT=PATH` options as pairs. Raises SetupError for an unknown format, or a path for no report."""
    from onezone_contracts.reports import WRITERS

    pairs: list[tuple[str, str]] = []
    for value in values:
        name, sign, path = value.partition("=")
        if name not in WRITERS or not sign or not path:
            raise SetupError(f"--report {value!r}: write FORMAT=PATH with a format of {', '.join(WRITERS)}")
        if path != "-":
            _check_path(value, Path(path))
        if any(path == other for _, other in pairs):
            raise SetupError(f"--report {value!r}: another report goes to {path} already: give each a path of its own")
        pairs.append((name, path))
    return pairs


def _check_path(value: str, path: Path) -> None:
    """Raises SetupError where no report can be written there: better now than when all is judged."""
    folder = path.resolve().parent
    if path.is_dir():
        raise SetupError(f"--report {value!r}: {path} is a folder: name a file in it")
    if not folder.is_dir():
        raise SetupError(f"--report {value!r}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise SetupError(f"--report {value!r}: {path} cannot be written: Permission denied")


def report(judgement: Judgement, values: list[str]) -> None:
    """Show a judgement, and write the reports that `FORMAT=PATH` options ask for. Raises SetupError."""
    from onezone_contracts.console import Console
    from onezone_contracts.reports import WRITERS, github, terminal

    pairs = reports(values)
    to_stdout = any(path == "-" for _, path in pairs)
    github.annotate(judgement, os.environ, sys.stderr if to_stdout else sys.stdout)
    terminal.show(judgement, Console(stderr=to_stdout, highlight=False))
    lost = []
    for name, path in pairs:
        text = WRITERS[name](judgement)
        if path == "-":
            _to_stdout(text)
            continue
        try:
            Path(path).write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            lost.append(f"the report {path} cannot be written: {error.strerror}")
    if lost:
        raise SetupError("\n".join(lost))


def _to_stdout(text: str) -> None:
    """Write a report to standard output in UTF-8, whatever the console takes text for."""
    sys.stdout.flush()
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:  # a caller's own text stream
        sys.stdout.write(text)
        return
    raw.write(text.encode("utf-8", "backslashreplace"))
    raw.flush()
