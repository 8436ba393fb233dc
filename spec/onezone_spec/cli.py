"""The command `ozkit spec`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from onezone_spec import coverage
from onezone_spec.diff import report
from onezone_spec.load import DEFAULT_EDITION, document_text, load
from onezone_spec.model import Contract, ContractError
from onezone_spec.variables import CommandParser

USAGE_ERROR = 2


def parser(name: str) -> CommandParser:
    """The options of `ozkit spec`."""
    options = CommandParser(
        prog=f"ozkit {name}",
        description="Print an edition's OpenAPI document, say how two editions differ, or what one of them covers.",
    )
    _add_contract(options, None)
    options.add_argument("--format", choices=("yaml", "json"), default="yaml", help="default: %(default)s")
    commands = options.add_subparsers(dest="command", metavar="diff A B | lint | bundle | coverage")
    diff = commands.add_parser("diff", help="say how edition B differs from edition A; each is a name or a file")
    diff.add_argument("old", metavar="A")
    diff.add_argument("new", metavar="B")
    diff.add_contract_folders(argparse.SUPPRESS)
    diff.add_argument(
        "--impact",
        action="store_true",
        help="say who notices each difference, with an example and both answers; --format text|markdown",
    )
    lint = commands.add_parser("lint", help="find mistakes in an edition or a contract of your own")
    _add_contract(lint, argparse.SUPPRESS)
    bundle = commands.add_parser("bundle", help="write an edition of your own as one whole document")
    _add_contract(bundle, argparse.SUPPRESS)
    bundle.add_argument("--format", choices=("yaml", "json"), default=argparse.SUPPRESS, help="default: yaml")
    bundle.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    covered = commands.add_parser("coverage", help="list Onezone's operations, and say which of them the contract has")
    _add_contract(covered, argparse.SUPPRESS)
    covered.add_argument(
        "--format", choices=coverage.FORMATS, dest="form", default="table", help="default: %(default)s"
    )
    return options


def _add_contract(options: CommandParser, default: str | None) -> None:
    words = f"a name, or the file of one of your own; default: {DEFAULT_EDITION}"
    options.add_argument("--edition", default=default, metavar="NAME|FILE", help=words)
    options.add_contract_folders(default)


def answer(arguments: argparse.Namespace) -> str:
    """What the command prints. Raises ContractError."""
    if arguments.command == "diff":
        return report(load(arguments.old, arguments.contract), load(arguments.new, arguments.contract))
    contract = load(arguments.edition, arguments.contract)
    if arguments.command == "coverage":
        return coverage.report(contract, arguments.form)
    if arguments.command == "lint":
        return f"{contract.edition}: {len(contract.operations)} operations, nothing is wrong\n"
    text = _document(contract, arguments.format)
    if arguments.command == "bundle" and arguments.output:
        _write(arguments.output, text)
        return f"wrote {arguments.output}\n"
    return text


def _document(contract: Contract, form: str) -> str:
    if form == "yaml":
        return document_text(contract)
    return json.dumps(contract.document, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ContractError(f"--output {path}: {error.strerror or error}") from None


def main(name: str, argv: list[str]) -> int:
    """Run `ozkit spec`; exit code 2 where there is no such edition, or it has mistakes."""
    arguments = parser(name).parse_args(argv)
    try:
        text = answer(arguments)
    except ContractError as error:
        lines = str(error).splitlines()
        print(*(f"ozkit {name}: {line}" for line in lines), sep="\n", file=sys.stderr)
        return USAGE_ERROR
    sys.stdout.buffer.write(text.encode())  # UTF-8, whatever the console speaks
    return 0
