"""The command `ozkit spec`."""

from __future__ import annotations

import argparse
import json
import sys

from onezone_spec import coverage
from onezone_spec.diff import report
from onezone_spec.load import DEFAULT_EDITION, UnknownEditionError, bundled_text, load

USAGE_ERROR = 2


def parser(name: str) -> argparse.ArgumentParser:
    """The options of `ozkit spec`."""
    options = argparse.ArgumentParser(
        prog=f"ozkit {name}",
        description="Print an edition's OpenAPI document, say how two editions differ, or what one of them covers.",
    )
    options.add_argument("--edition", default=DEFAULT_EDITION, metavar="NAME", help="default: %(default)s")
    options.add_argument("--format", choices=("yaml", "json"), default="yaml", help="default: %(default)s")
    commands = options.add_subparsers(dest="command", metavar="diff A B | coverage")
    diff = commands.add_parser("diff", help="say how edition B differs from edition A")
    diff.add_argument("old", metavar="A")
    diff.add_argument("new", metavar="B")
    covered = commands.add_parser("coverage", help="list Onezone's operations, and say which the contract has")
    covered.add_argument("--edition", default=argparse.SUPPRESS, metavar="NAME", help=f"default: {DEFAULT_EDITION}")
    covered.add_argument(
        "--format", choices=coverage.FORMATS, dest="form", default="table", help="default: %(default)s"
    )
    return options


def answer(arguments: argparse.Namespace) -> str:
    """What the command prints. Raises UnknownEditionError."""
    if arguments.command == "diff":
        return report(load(arguments.old), load(arguments.new))
    if arguments.command == "coverage":
        return coverage.report(load(arguments.edition), arguments.form)
    text = bundled_text(arguments.edition)
    if arguments.format == "yaml":
        return text
    return json.dumps(load(arguments.edition).document, indent=2, ensure_ascii=False) + "\n"


def main(name: str, argv: list[str]) -> int:
    """Run `ozkit spec`; exit code 2 where there is no such edition."""
    arguments = parser(name).parse_args(argv)
    try:
        text = answer(arguments)
    except UnknownEditionError as error:
        print(f"ozkit {name}: {error}", file=sys.stderr)
        return USAGE_ERROR
    sys.stdout.buffer.write(text.encode())  # UTF-8, whatever the console speaks
    return 0
