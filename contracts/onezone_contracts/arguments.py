"""What the commands of the judge share on the command line."""

from __future__ import annotations

import argparse
import os
import random
import re
import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onezone_spec import Contract, editions, load
from onezone_spec.variables import CommandParser

from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import VARIABLE, SetupError, filled

if TYPE_CHECKING:
    from onezone_contracts.network import Header, Network, Stop
    from onezone_contracts.options import Options
    from onezone_contracts.subject import Subject

PERSONAS = ("passwords", "tokens")
DEPTHS = ("quick", "standard", "deep")
MOST_WORKERS = 64
AUTO = "auto"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")
_JUDGED_HEADERS = frozenset(
    {
        *("authorization", "x-auth-token", "macaroon"),
        *("connection", "content-length", "content-type", "expect", "host", "te", "transfer-encoding", "upgrade"),
    }
)
"""What the judge itself says, with each request something else."""


def seconds(text: str) -> float:
    """A number of seconds, 0 included."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def some_seconds(text: str) -> float:
    """A number of seconds, more than 0."""
    value = seconds(text)
    if not value:
        raise argparse.ArgumentTypeError("give more than 0 seconds")
    return value


def requests_a_second(text: str) -> float:
    """A number of requests a second, more than 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests a second: give one, such as 10 or 0.5")
    return value


def workers(text: str) -> int:
    """A number of workers, 0 where it is `auto`."""
    if text == AUTO:
        return 0
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of workers: give one from 1 to {MOST_WORKERS}, or auto"
        )
    return int(text)


def seed(text: str) -> int:
    """A seed, drawn where it is `random`. Raises SetupError."""
    if text == "random":
        return random.SystemRandom().randrange(2**32)
    try:
        return int(text)
    except ValueError:
        raise SetupError(f"--seed {text!r} is neither a whole number nor `random`") from None


def add_target(parser: CommandParser, edition: str) -> None:
    """Add the options that name the target; `edition` is the help text of that option."""
    parser.add_argument("url", nargs="?", metavar="URL", help="base URL of the API, base path included")
    add_contract(parser, edition)
    parser.add_argument(
        "--target", type=Path, metavar="FILE", help="a file with the base URL, the personas' credentials and the groups"
    )
    parser.add_argument(
        "--states-url", metavar="URL", help="URL at which the server under test creates each persona (provider states)"
    )
    add_admin(parser)
    add_network(parser)


def add_contract(parser: CommandParser, default: str) -> None:
    """Add what names the contract; `default` says what counts without `--edition`."""
    parser.add_argument(
        "--edition",
        metavar="NAME|FILE",
        help=f"{', '.join(editions())}, or the file of an edition of your own ({default})",
    )
    parser.add_contract_folders()


def contract_named(arguments: argparse.Namespace) -> Contract:
    """The contract that the options of `add_contract` name. Raises ContractError."""
    return load(arguments.edition, arguments.contract)


def add_network(parser: CommandParser) -> None:
    """Add how the target is reached."""
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="header to send with every request; repeatable; the value may read a variable, ${NAME}",
    )
    add_trust(parser)
    parser.add_argument("--rate", type=requests_a_second, metavar="N", help="send at most N requests a second")


def add_trust(parser: CommandParser) -> None:
    """Add the options that say which certificates TLS trusts."""
    parser.add_argument("--cacert", type=Path, metavar="FILE", help="certificate authority to trust (PEM)")
    parser.add_argument("--insecure", action="store_true", help="do not check the server's certificate")
    parser.exclude("--cacert", "--insecure")


def network_of(arguments: argparse.Namespace) -> Network:
    """How the target is reached, as `add_network` asked. Raises SetupError."""
    from onezone_contracts.network import Network, Rate

    headers = tuple(map(_header, arguments.header or ()))
    return Network(headers, trust(arguments.cacert, insecure=arguments.insecure), Rate(arguments.rate))


def _header(text: str) -> Header:
    from onezone_contracts.network import Header

    name, colon, template = text.partition(":")
    template = template.strip()
    if not colon or not _HEADER_NAME.fullmatch(name):
        raise SetupError(f"--header {name[:40]!r}: write NAME:VALUE, such as X-Gateway-Key:secret")
    if name.lower() in _JUDGED_HEADERS:
        raise SetupError(f"--header {name}: the kit sets this header itself")
    value = filled(template, f"--header {name}")
    if not _HEADER_VALUE.fullmatch(value):
        raise SetupError(f"--header {name}: its value has characters that no header may have")
    variables = (match[1] for match in VARIABLE.finditer(template) if os.environ.get(match[1]))
    return Header(name, value, tuple((variable, os.environ[variable]) for variable in variables))


def trust(cacert: Path | str | None, *, insecure: bool) -> ssl.SSLContext | None:
    """The TLS context with the trusted certificates, None for the system's authorities. Raises SetupError."""
    if cacert and insecure:
        raise SetupError("--cacert and --insecure contradict each other: give one of them")
    if insecure:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    if not cacert:
        return None
    try:
        return ssl.create_default_context(cafile=cacert)
    except ssl.SSLError:
        raise SetupError(f"--cacert {cacert}: there is no certificate in this file (PEM)") from None
    except OSError as error:
        raise SetupError(f"--cacert {cacert}: {error.strerror or error}") from None


def add_admin(parser: CommandParser, purpose: str = "creates its users and removes them") -> None:
    """Add what names an administrator's account, with which the kit does something."""
    parser.add_argument(
        "--admin",
        metavar="USER:PASSWORD",
        help=f"administrator's account, with which the kit {purpose}",
    )
    parser.add_argument("--admin-token", metavar="TOKEN", help="the same, by a token")
    parser.exclude("--admin", "--admin-token")


def add_run(parser: CommandParser, depth: str) -> None:
    """Add how deep, how fast and how long a target is judged; `depth` is the default one."""
    parser.add_argument("--depth", choices=DEPTHS, default=depth, help=f"how much to try (default: {depth})")
    parser.add_argument(
        "--seed", default="0", metavar="N", help="seed of the generated requests, or `random` to draw one (default 0)"
    )
    parser.add_argument(
        "--workers",
        type=workers,
        default=0,
        metavar="N|auto",
        help="how many requests to send at a time, 1 to 64; auto (default) sends more when answers are slow",
    )
    parser.add_argument(
        "--examples",
        metavar="DIR|redis://…",
        help="remember there which generated requests failed, and try those first",
    )
    parser.add_argument(
        "--timeout",
        type=some_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for an answer (default 10)",
    )
    parser.add_argument(
        "--settle",
        type=seconds,
        default=5.0,
        metavar="SECONDS",
        help="how long privileges may take to apply (default 5)",
    )
    parser.add_argument("--max-time", type=seconds, metavar="SECONDS", help="how long the whole run may take")
    parser.add_argument(
        "--personas",
        choices=PERSONAS,
        default=PERSONAS[0],
        help="how the users that --admin creates log in (default: passwords)",
    )
    parser.add_argument(
        "--wait",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="how long to wait for a first answer, while the server starts",
    )


def add_judgement(parser: CommandParser) -> None:
    """Add which requirements are judged, what counts as a failure, and where reports go."""
    parser.add_argument("--strict", action="store_true", help="count a SHOULD that fails as a violation")
    parser.add_argument(
        "--expected-failures",
        type=Path,
        metavar="FILE",
        help="list of requirement ids known to fail, one a line; an id that passes or does not exist fails the run",
    )
    parser.add_argument(
        "--baseline",
        type=Path,
        metavar="REPORT",
        help="JSON report of an earlier run; only what fails now and did not fail then counts",
    )
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="write a report: json, junit, html, sarif or markdown; - is standard output; repeatable",
    )
    parser.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="ID",
        help="judge only this requirement; repeatable, * allowed",
    )


def options_of(arguments: argparse.Namespace, stop: Stop, **more: Any) -> Options:
    """How the run judges, as `add_run` asked, until `stop`; `more` is what a command asks beside. Raises SetupError."""
    from onezone_contracts.options import Options

    return Options(
        depth=arguments.depth,
        seed=seed(arguments.seed),
        timeout=arguments.timeout,
        settle=arguments.settle,
        max_time=arguments.max_time,
        workers=arguments.workers,
        wait=arguments.wait,
        network=replace(network_of(arguments), stop=stop),
        examples=arguments.examples,
        personas=arguments.personas,
        **more,
    )


def subject_of(arguments: argparse.Namespace, profile: str = "core") -> Subject:
    """What is to be judged, as `add_target` asked. Raises SetupError."""
    from onezone_contracts.subject import Subject

    return Subject(
        arguments.url,
        arguments.target,
        arguments.states_url,
        arguments.edition,
        admin_of(arguments),
        profile,
        tuple(arguments.contract),
    )


def admin_of(arguments: argparse.Namespace) -> Credentials | None:
    """The account that the options name, None if they name none. Raises SetupError."""
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
