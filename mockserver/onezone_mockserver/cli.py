"""The command `ozkit mock`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import re
import secrets
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from onezone_spec.variables import VariableParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onezone_mockserver.app import Mock
    from onezone_mockserver.source import Source
    from onezone_mockserver.watching import Watching

_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^\s/?#,@]+", re.IGNORECASE)


class UsageError(Exception):
    """The command cannot be carried out as given; the message is one line."""


class _Parser(VariableParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(self.with_variable(message))


def parser() -> VariableParser:
    """The options of `ozkit mock`, as docs and INTERFACES promise them."""
    flags = _Parser(prog="ozkit mock", description="Serve the mock, in the world of a scenario.", allow_abbrev=False)
    flags.add_argument("--host", type=_host, default="127.0.0.1", help="address to listen on (default: %(default)s)")
    flags.add_argument("--port", type=_port, default=8080, help="port to listen on, 0 picks one (default: %(default)s)")
    flags.add_argument(
        "--edition",
        metavar="NAME|FILE",
        help="edition of the contract, or the file of one of your own (default: current)",
    )
    flags.add_contract_folders()
    flags.add_argument(
        "--scenario",
        type=Path,
        metavar="FILE",
        help="users and groups to start with, in YAML or JSON (default: the demo)",
    )
    flags.add_argument(
        "--check", nargs="+", type=Path, metavar="FILE", help="find mistakes in these scenario files, and stop"
    )
    _add_shaping(flags)
    _add_network(flags)
    flags.add_argument("--no-control", action="store_true", help="switch the control plane under /_mock/ off")
    flags.add_argument(
        "--control-token",
        metavar="TOKEN",
        help="bearer token that the control plane requires (default: a random one, printed at the start, if"
        " other machines can reach the mock)",
    )
    flags.add_argument("--no-journal", action="store_true", help="keep no record of requests; a little faster")
    flags.add_argument(
        "--log",
        choices=("text", "json", "none"),
        help="a line on the console for each request (default: text, and none with --quiet)",
    )
    flags.add_argument("--personas", action="store_true", help="show each persona's privileges and curl line")
    flags.add_argument("--quiet", action="store_true", help="print nothing but the line that says where it listens")
    return flags


def _add_network(flags: VariableParser) -> None:
    """Add how clients reach the mock, and which pages may."""
    flags.add_argument(
        "--cors-origin",
        type=_origin,
        action="append",
        metavar="ORIGIN",
        help="origin whose pages may read the answers, send credentials and use the control plane, repeatable"
        " (default: every origin, without credentials)",
    )
    flags.add_argument("--tls-cert", metavar="FILE", help="serve https with this certificate (PEM)")
    flags.add_argument("--tls-key", metavar="FILE", help="the certificate's key, if it is in another file")
    flags.add_argument(
        "--public-url",
        type=_public_url,
        metavar="URL",
        help="URL at which clients reach the mock, behind a proxy or a mapped port; Locations start with it",
    )
    flags.add_argument(
        "--trust-proxy", action="store_true", help="believe Forwarded and X-Forwarded-Host, -Proto, -Port and -Prefix"
    )
    flags.add_argument(
        "--challenge",
        action=argparse.BooleanOptionalAction,
        help="send WWW-Authenticate with a 401, so that browsers open a login box (default: by the edition)",
    )


def _add_shaping(flags: VariableParser) -> None:
    """Add what the mock does beside its contract, or other than it."""
    flags.add_argument(
        "--latency", type=_latency, default=0.0, metavar="MS", help="delay every answer by MS milliseconds"
    )
    flags.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="ID",
        help="make this mistake on purpose; repeatable (see --list-faults)",
    )
    flags.add_argument("--list-faults", action="store_true", help="print the faults of the edition and stop")
    flags.add_argument(
        "--seed",
        type=_seed,
        metavar="N",
        help="give the same ids, tokens and times to the same requests; the clock stands still",
    )
    flags.add_argument(
        "--reload",
        action="store_true",
        help="read the scenario and the files of your own contract again when they change",
    )
    flags.add_argument(
        "--forward",
        metavar="URL",
        help="base URL of a real server, which answers the operations that --only does not name",
    )
    flags.add_argument(
        "--only",
        action="extend",
        nargs="+",
        default=[],
        metavar="OPERATION",
        help="with --forward: operations that the mock answers itself",
    )


def main(name: str, argv: list[str]) -> int:  # noqa: ARG001  (every room's main is told the command's name)
    """Serve until SIGTERM or SIGINT. Returns 0, or 2 with one line on standard error where it cannot serve."""
    try:
        return _run(parser().parse(argv))
    except UsageError as error:
        print(*(f"ozkit mock: {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        return 2


def _check_together(options: argparse.Namespace) -> None:
    """Raise UsageError for options that do not go together."""
    if options.tls_key and not options.tls_cert:
        raise UsageError("--tls-key needs --tls-cert")
    if options.only and not options.forward:
        raise UsageError("--only needs --forward URL: the server for all other operations")
    if options.log and options.log != "none" and options.no_journal:
        raise UsageError("--log needs the journal: leave --no-journal out")


def _run(options: argparse.Namespace) -> int:
    _check_together(options)
    if options.list_faults:
        return _list_faults(options)
    if options.check:
        return _check(options)
    _import_all()
    from onezone_mockserver.serve import ServeError, bind, configure, is_loopback, origin, serve

    app = _app(options)
    try:
        config = configure(app, options.tls_cert, options.tls_key)
        listening = bind(options.host, options.port)
    except ServeError as error:
        raise UsageError(str(error)) from None
    drawn = _draw_token(app) if not is_loopback(listening) else ""
    url = origin(listening, options.host, tls=bool(options.tls_cert))
    latency, app.state.latency = app.state.latency, 0.0  # what the start asks of itself does not wait
    text = "" if options.quiet else _introduction(app, url, drawn, every=options.personas)
    if drawn and options.quiet:
        _print(f"control token: {drawn}", sys.stderr)
    app.state.latency = latency
    watching = _watching(app, quiet=options.quiet) if options.reload else None

    def started() -> None:
        if watching is not None:
            watching.start()
        _print(f"listening on {url}{text}")

    def stopping() -> None:
        if watching is not None:
            watching.end()
        app.state.stop()

    with _console(options, app):
        serve(config, listening, started, stopping)
    return 0


def _import_all() -> None:
    """Import what the mock is made of. All of it stays: to look for garbage in it is an eighth of the start's CPU."""
    gc.disable()
    try:
        import_module("onezone_mockserver").create_app  # noqa: B018  (which brings Connexion along)
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _console(options: argparse.Namespace, app: Mock) -> Iterator[None]:
    """Have a line written for each request, until the end."""
    if (options.log or ("none" if options.quiet else "text")) == "none":
        yield
        return
    from onezone_mockserver.console import Console, has_colours, json_line, text_line

    line = json_line if options.log == "json" else partial(text_line, colours=has_colours(sys.stdout))
    console = app.state.feed.log = Console(sys.stdout, line)
    yield
    console.close()


def _draw_token(app: Mock) -> str:
    """Give the control plane a token where it has none; "" where it has one, or where there is no control plane."""
    if app.control is None or app.control.gate.token is not None:
        return ""
    app.control.gate.token = secrets.token_urlsafe(16)
    return app.control.gate.token


def _print(text: str, output: TextIO | None = None) -> None:
    """Print; whoever started the server need not listen to it."""
    with contextlib.suppress(OSError):
        print(text, file=output, flush=True)


def _check(options: argparse.Namespace) -> int:
    """A line for each scenario file with a mistake, and exit code 2 where there is one."""
    from onezone_spec import ContractError, load

    from onezone_mockserver.scenario import ScenarioError, read_scenario

    try:
        contract = load(options.edition, options.contract)
    except ContractError as error:
        raise UsageError(str(error)) from None
    mistakes = []
    for path in options.check:
        try:
            read_scenario(path, contract)
        except ScenarioError as error:
            mistakes.append(str(error))
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return 0


def _list_faults(options: argparse.Namespace) -> int:
    from onezone_spec import ContractError, UnresolvedReferenceError, load

    from onezone_mockserver.faults import catalogue, summary

    try:
        contract = load(options.edition, options.contract)
    except (ContractError, UnresolvedReferenceError) as error:
        raise UsageError(str(error)) from None
    faults = catalogue(contract)
    width = max(len(fault.id) for fault in faults)
    print("\n".join(f"{fault.id:<{width}}  {fault.text}" for fault in faults))
    print(summary(contract))
    return 0


def source(options: argparse.Namespace) -> Source:
    """What the options say that the mock is made of."""
    from onezone_mockserver.source import Source

    return Source(options.edition, options.scenario, options.contract)


def _app(options: argparse.Namespace) -> Mock:
    from onezone_mockserver import create_app
    from onezone_mockserver.source import MISTAKES

    try:
        return create_app(
            source(options),
            control=not options.no_control,
            control_token=options.control_token,
            control_hosts=[options.host],
            public_url=options.public_url,
            trust_proxy=options.trust_proxy,
            challenge=options.challenge,
            latency=options.latency / 1000,
            cors_origins=options.cors_origin or ("*",),
            faults=options.fault,
            forward=options.forward,
            only=options.only,
            journal=not options.no_journal,
            seed=options.seed,
        )
    except MISTAKES as error:
        raise UsageError(str(error)) from None


def _watching(app: Mock, *, quiet: bool) -> Watching:
    """What has the mock read its files again when they change, and says on standard error what came of it."""
    from onezone_mockserver.source import MISTAKES
    from onezone_mockserver.watching import Watching

    if not app.source.files:
        raise UsageError("--reload has nothing to watch: name a --scenario, or an edition or a contract of your own")

    def reload() -> None:
        try:
            dropped = app.reload()
        except MISTAKES as error:
            _print(f"not reloaded, what was there before goes on: {error}", sys.stderr)
            return
        for line in [
            *([] if quiet else ["reloaded"]),
            *(f"dropped, as it fits no longer: {unfit}" for unfit in dropped),
        ]:
            _print(line, sys.stderr)

    return Watching(app.source.files, reload)


def _introduction(app: Mock, url: str, token: str, *, every: bool) -> str:
    from onezone_mockserver.demo import introduce
    from onezone_mockserver.location import edition_base_path

    control = "" if app.control is None else f"\nThe page, to watch and to change it: {url}/_mock/"
    control += f"\nIts token, drawn for this run: {token}" if token else ""
    base_url = url + edition_base_path(app.contract)
    return f"{control}\n{_forwarded(app, base_url) or introduce(app, base_url, every=every)}\n"


def _forwarded(app: Mock, base_url: str) -> str:
    """What start-up shows where personas cannot be asked what they get, since a real server answers; "" where not."""
    operation = app.contract.find("create", "handle_service", "group")
    if app.target is None or (operation and operation.id in app.target.only):
        return ""
    own = ", ".join(sorted(app.target.only)) or "nothing"
    edition = f"Onezone mock, edition {app.contract.edition}: {base_url}"
    return f"{edition}\nanswers {own}, and forwards the rest to {app.target.url}"


def _host(text: str) -> str:
    """An address as it stands in a URL, too: without the brackets of IPv6."""
    return text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"a whole number, not {text!r}")
    return int(text)


def _latency(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds")
    return float(text)


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an origin: give * or scheme://host[:port]")
    return text


def _public_url(text: str) -> str:
    from onezone_mockserver.proxies import is_public_url

    if not is_public_url(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the URL of a server: give http[s]://host[:port][/path]")
    return text
