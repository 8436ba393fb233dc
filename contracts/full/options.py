"""The options of the command line that name an administrator's account."""

from __future__ import annotations

import argparse

from contracts.arguments import some_seconds
from contracts.target import Credentials, SetupError
from spec import DEFAULT_EDITION, editions


def add_admin(parser: argparse.ArgumentParser) -> None:
    """Add what names an administrator's account."""
    parser.add_argument(
        "--admin", metavar="USER:PASSWORD", help="an administrator: the kit makes the personas itself, and removes them"
    )
    parser.add_argument("--admin-token", metavar="TOKEN", help="the same, with a token")


def add_clean(parser: argparse.ArgumentParser) -> None:
    """Add the options of `ozkit target clean`."""
    parser.add_argument("url", metavar="URL", help="base URL of the API, base path included")
    parser.add_argument("--edition", default=DEFAULT_EDITION, metavar="NAME", help=f"one of {', '.join(editions())}")
    add_admin(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    parser.add_argument(
        "--timeout", type=some_seconds, default=10.0, metavar="SECONDS", help="for a request (default 10)"
    )


def admin_of(arguments: argparse.Namespace) -> Credentials | None:
    """The account that the options name, None where they name none. Raises SetupError."""
    if arguments.admin is None and arguments.admin_token is None:
        return None
    if arguments.admin is not None and arguments.admin_token is not None:
        raise SetupError("--admin and --admin-token name the same account: give one of them")
    if arguments.admin_token is not None:
        return Credentials(token=_text(arguments.admin_token, "--admin-token"))
    name, colon, password = _text(arguments.admin, "--admin").partition(":")
    if not colon or not name:
        raise SetupError("--admin: write USER:PASSWORD")
    return Credentials(name, password)


def _text(text: str, option: str) -> str:
    if not text or "\r" in text or "\n" in text:
        raise SetupError(f"{option} is empty, or has a line break in it")
    return text
