"""`ozkit spec diff A B --impact`."""

from __future__ import annotations

import argparse
import sys

from onezone_spec import ContractError, load
from onezone_spec.variables import CommandParser


def main(name: str, argv: list[str]) -> int:
    """Print who notices; exit code 2 where there is no such edition, or the mock cannot serve it."""
    arguments = _parser(name).parse_args(argv)
    from onezone_mockserver.impact.report import report
    from onezone_mockserver.support import UnsupportedContractError

    try:
        old, new = (load(edition, arguments.contract) for edition in (arguments.old, arguments.new))
        text = report(old, new, arguments.format)
    except (ContractError, UnsupportedContractError) as error:
        print(*(f"ozkit {name}: {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(text.encode())  # UTF-8, whatever the console speaks
    return 0


def _parser(name: str) -> CommandParser:
    parser = CommandParser(
        prog=f"ozkit {name}", description="Say who notices that edition B takes the place of edition A."
    )
    parser.add_argument("command", choices=["diff"], metavar="diff", help=argparse.SUPPRESS)
    parser.add_argument("old", metavar="A", help="an edition: a name or a file")
    parser.add_argument("new", metavar="B")
    parser.add_argument("--impact", action="store_true", help="who notices, with an example and both answers")
    parser.add_argument("--format", choices=["text", "markdown"], default="text", help="default: %(default)s")
    parser.add_contract_folders()
    return parser
