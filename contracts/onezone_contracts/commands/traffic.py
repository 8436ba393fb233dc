"""`ozkit traffic`: judge recorded exchanges, or those that pass through a proxy."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onezone_spec import DEFAULT_EDITION, Contract
from onezone_spec.variables import VariableParser

from onezone_contracts import arguments as shared
from onezone_contracts.commands.verify import conclude, reports
from onezone_contracts.network import Stop
from onezone_contracts.signals import stoppable
from onezone_contracts.target.file import SetupError, check_url

if TYPE_CHECKING:
    from onezone_contracts.traffic.judge import Choice
    from onezone_contracts.verdict import Judgement


def main(argv: list[str]) -> int:
    """Judge traffic; the exit code is the verdict's."""
    arguments = parser().parse(argv)
    _check(arguments)
    reports(arguments.report)
    contract = shared.contract_named(arguments)
    choice = _choice(arguments)
    judgement = _proxied(arguments, contract, choice) if arguments.proxy else _recorded(arguments, contract, choice)
    return conclude(judgement, arguments.report, allow_partial=False)


def parser() -> VariableParser:
    """The command line."""
    options = VariableParser(
        prog="ozkit traffic",
        description="Judge recorded traffic (HAR, or the mock's journal) without sending anything; or record it as a "
        "proxy in front of a server, which passes everything on unchanged, and judge it when you press Ctrl-C.",
        epilog="exit codes: 0 conformant, 1 nonconformant, 2 inconclusive",
    )
    options.add_argument("files", nargs="*", type=Path, metavar="FILE", help="HAR 1.2, or the mock's journal as JSON")
    shared.add_contract(options, f"default {DEFAULT_EDITION}")
    options.add_argument(
        "--base-url",
        metavar="URL",
        help="judge only what was sent to this base URL (default: the first host with a documented base path)",
    )
    options.add_argument(
        "--profile",
        choices=["core", "full"],
        default="full",
        help="core: the documented create operation; full: every operation of the contract (default)",
    )
    _add_proxy(options)
    options.add_argument(
        "--min-coverage",
        type=_percent,
        default=0.0,
        metavar="PERCENT",
        help="exit 1 if the traffic shows less of the contract than this",
    )
    shared.add_judgement(options)
    return options


def _add_proxy(options: VariableParser) -> None:
    """Add what says that traffic passes through here."""
    options.add_argument("--proxy", metavar="URL", help="server to pass everything on to")
    options.add_argument("--host", default="127.0.0.1", metavar="HOST", help="address to listen on (default 127.0.0.1)")
    options.add_argument(
        "--port", type=int, default=8090, metavar="N", help="port to listen on; 0 picks one (default 8090)"
    )
    shared.add_trust(options)
    options.add_argument(
        "--har", type=Path, metavar="OUT", help="write what passed the proxy to a HAR file, secrets included"
    )


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage: give a number from 0 to 100")
    return value


def _check(arguments: argparse.Namespace) -> None:
    """Raises SetupError if the options do not say what to judge."""
    if bool(arguments.files) == bool(arguments.proxy):
        raise SetupError("give recordings (FILE…), or --proxy URL: one of the two")
    if (arguments.cacert or arguments.insecure) and not arguments.proxy:
        raise SetupError("--cacert and --insecure say whom a proxy trusts: give --proxy URL with them")
    if arguments.har and not arguments.proxy:
        raise SetupError("--har writes what passes a proxy: give --proxy URL with it")
    if arguments.har and not arguments.har.resolve().parent.is_dir():
        raise SetupError(f"--har {arguments.har}: there is no folder {arguments.har.parent}")
    for url in (arguments.base_url, arguments.proxy):
        if url:
            check_url(url)


def _with_path(url: str | None) -> str | None:
    """A URL that says where below a server the API is, None for one that does not."""
    return url if url and urlsplit(url).path.strip("/") else None


def _choice(arguments: argparse.Namespace) -> Choice:
    from onezone_contracts import baseline
    from onezone_contracts import expected_failures as expected
    from onezone_contracts.traffic.judge import Choice

    return Choice(
        base_url=arguments.base_url or _with_path(arguments.proxy),
        profile=arguments.profile,
        patterns=tuple(arguments.requirement),
        min_coverage=arguments.min_coverage,
        strict=arguments.strict,
        expected=expected.read(arguments.expected_failures) if arguments.expected_failures else None,
        baseline=baseline.read(arguments.baseline) if arguments.baseline else None,
    )


def _recorded(arguments: argparse.Namespace, contract: Contract, choice: Choice) -> Judgement:
    from onezone_contracts.traffic.judge import Follower
    from onezone_contracts.traffic.order import merged
    from onezone_contracts.traffic.recording import read

    follower = Follower(contract, choice)
    follower.follow(merged(map(read, arguments.files)))
    return follower.judgement(", ".join(file.name for file in arguments.files))


def _proxied(arguments: argparse.Namespace, contract: Contract, choice: Choice) -> Judgement:
    from onezone_contracts.traffic.judge import Follower
    from onezone_contracts.traffic.order import by_start
    from onezone_contracts.traffic.proxy import Proxy

    stop, tls = Stop(), shared.trust(arguments.cacert, insecure=arguments.insecure)
    with (
        Proxy(arguments.proxy, arguments.host, arguments.port, arguments.har, tls) as proxy,
        stoppable(stop),
        ThreadPoolExecutor(max_workers=1) as judging,
    ):
        follower = Follower(contract, choice)
        done = judging.submit(lambda: follower.follow(by_start(proxy.recorded())))
        words = f"ozkit traffic: {proxy.url} stands before {proxy.origin}; Ctrl-C ends it, and judges what passed"
        print(words, file=sys.stderr, flush=True)  # noqa: T201  (a command prints)
        proxy.serve(lambda: bool(stop.requests))
        done.result()
        return follower.judgement(arguments.proxy)
