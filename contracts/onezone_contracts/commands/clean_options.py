"""The options of `ozkit target clean`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onezone_spec import DEFAULT_EDITION

from onezone_contracts.arguments import add_admin, add_contract, add_network, some_seconds

if TYPE_CHECKING:
    from onezone_spec.variables import CommandParser


def add_clean(parser: CommandParser) -> None:
    """Add the options of `ozkit target clean`."""
    parser.add_argument(
        "url",
        metavar="URL|FILE",
        help="base URL of the API, or a file that `ozkit verify --keep` wrote: then only what it names",
    )
    add_contract(parser, f"default: the file's, or {DEFAULT_EDITION}")
    add_network(parser)
    add_admin(parser, "removes them")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    parser.add_argument(
        "--timeout", type=some_seconds, default=10.0, metavar="SECONDS", help="wait for an answer (default 10)"
    )
