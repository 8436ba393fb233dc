"""The options of `ozkit target clean`."""

from __future__ import annotations

import argparse

from onezone_spec import DEFAULT_EDITION, editions

from onezone_contracts.arguments import add_admin, some_seconds


def add_clean(parser: argparse.ArgumentParser) -> None:
    """Add the options of `ozkit target clean`."""
    parser.add_argument("url", metavar="URL", help="base URL of the API, base path included")
    parser.add_argument("--edition", default=DEFAULT_EDITION, metavar="NAME", help=f"one of {', '.join(editions())}")
    add_admin(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    parser.add_argument(
        "--timeout", type=some_seconds, default=10.0, metavar="SECONDS", help="for a request (default 10)"
    )
