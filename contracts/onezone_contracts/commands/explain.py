"""`ozkit explain`: who may call an operation, and why."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onezone_spec import DEFAULT_EDITION, Contract
from onezone_spec.explain import Answer, Need, Question, RouteAnswer, Setting, question, read_setting
from onezone_spec.variables import CommandParser
from onezone_spec.written import read_written

from onezone_contracts import arguments as shared
from onezone_contracts.exchange import Request
from onezone_contracts.target.file import SetupError, check_url
from onezone_contracts.wire import Wire

WIDTH = 80
OPEN, CLOSED = 0, 1


def main(argv: list[str]) -> int:
    """Explain. Returns 0 where the user may, 1 where not, 2 where it cannot be said; without a user 0."""
    arguments = _parser().parse_args(argv)
    contract = shared.contract_named(arguments)
    asked = question(contract, arguments.operation, _setting(arguments, contract), _roles_of(arguments), arguments.key)
    user = asked.setting.find("user", arguments.user) if arguments.user else None
    answer = asked.answer(user) if user else None
    others = asked.everybody()
    if arguments.format == "json":
        sys.stdout.write(json.dumps(_as_data(asked, answer, others), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(asked, answer, others)) + "\n")
    return OPEN if answer is None or answer.route else CLOSED


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="ozkit explain",
        description="Say who may call an operation, and why: by which route, and through which groups.",
        epilog="exit codes: 0 the user may, 1 the user may not, 2 unknown",
    )
    parser.add_argument("operation", metavar="OPERATION", help="an operation id, such as create_group_handle_service")
    parser.add_argument(
        "--scenario", metavar="FILE|URL", help="the world: a scenario, a snapshot, or a running mock's /_mock/world"
    )
    parser.add_argument("--url", metavar="URL", help="base URL of a live server, whose users and groups --admin reads")
    parser.add_argument("--as", dest="user", metavar="USER", help="id or name of a user (default: everybody)")
    parser.add_argument("--group", metavar="ID|NAME", help="the group that the path names")
    parser.add_argument(
        "--on",
        action="append",
        default=[],
        metavar="ROLE=ID|NAME",
        help="another entity that the path or the body names: handle_service=…, share=…, user=…; repeatable",
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY",
        help="a key in the body that needs more privileges; repeatable",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    shared.add_contract(parser, f"default {DEFAULT_EDITION}")
    shared.add_admin(parser, "reads users and groups")
    shared.add_network(parser)
    parser.add_argument(
        "--timeout", type=shared.some_seconds, default=10.0, metavar="SECONDS", help="wait for an answer (default 10)"
    )
    return parser


def _roles_of(arguments: argparse.Namespace) -> dict[str, str]:
    named = {"group": arguments.group} if arguments.group else {}
    for text in arguments.on:
        role, sign, value = text.partition("=")
        if not sign or not role or not value:
            raise SetupError(f"--on {text!r}: write ROLE=ID, such as handle_service=4f2bb1a9")
        named[role] = value
    return named


# --- the world -------------------------------------------------------------------------------------------------


def _setting(arguments: argparse.Namespace, contract: Contract) -> Setting:
    """The world that is asked about. Raises SetupError, ContractError."""
    if bool(arguments.scenario) == bool(arguments.url):
        raise SetupError("which world? Give --scenario FILE, or --url URL with --admin USER:PASSWORD")
    if arguments.url:
        return read_setting(_live(arguments, contract), contract)
    if "://" in arguments.scenario:
        return read_setting(_fetched(arguments), contract)
    return read_setting(read_written(Path(arguments.scenario)).data, contract)


def _fetched(arguments: argparse.Namespace) -> Any:
    """The snapshot of a running mock."""
    url = check_url(arguments.scenario)
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    wire = Wire(f"{scheme}://{place}", arguments.timeout, network=shared.network_of(arguments))
    exchange = wire.send(Request("GET", f"/{path}", label="read the world"))
    wire.close()
    if exchange.response is None or not exchange.succeeded:
        raise SetupError(f"{url}: there is no world: {exchange.answer()}")
    try:
        return exchange.response.json()
    except ValueError:
        raise SetupError(f"{url}: what came is not JSON: name a mock's /_mock/world") from None


def _live(arguments: argparse.Namespace, contract: Contract) -> Any:
    from onezone_contracts.target.administrator import Account
    from onezone_contracts.target.census import census

    admin = shared.admin_of(arguments)
    if admin is None:
        raise SetupError("give the account that reads the target's world: --admin USER:PASSWORD or --admin-token TOKEN")
    network = shared.network_of(arguments)
    account = Account(contract, check_url(arguments.url), admin, timeout=arguments.timeout, network=network)
    account.open()
    return census(account)


# --- what is printed -------------------------------------------------------------------------------------------


def _lines(asked: Question, answer: Answer | None, others: list[Answer]) -> Iterator[str]:
    operation = asked.operation
    yield f"{operation.id}: {operation.method} {operation.path}"
    on = ", ".join(f"{role} {asked.setting.called(ref)}" for role, ref in asked.entities.items())
    yield from _wrapped(f"edition {asked.contract.edition}{f', on {on}' if on else ''}", "  ")
    yield from _wrapped(str(operation.access.source), "  ")
    if answer is not None:
        yield ""
        yield from _verdict(answer)
        for route in answer.routes:
            yield from _route(route)
        yield from _enough(answer)
    yield ""
    may = [f"{other.user} ({other.route.name})" for other in others if other.route]
    yield from _wrapped(f"In this world {len(may)} of {len(others)} users may: {', '.join(may) or 'nobody'}", "", "  ")


def _verdict(answer: Answer) -> Iterator[str]:
    route = answer.route
    yield f"{answer.user} may: by the route {route.name}" if route else f"{answer.user} may not"


def _route(route: RouteAnswer) -> Iterator[str]:
    level = "" if route.level == "MUST" else " (the documents leave this route open)"
    yield ""
    yield f"  route {route.name}: {'open' if route.open else 'closed'}{level}"
    if not route.needs:
        yield "    + needs nothing, not even credentials"
    for need in route.needs:
        yield from _wrapped(f"{'+' if need.met else '-'} {_need(need)}", "    ", "      ")


def _need(need: Need) -> str:
    if not need.met:
        return f"lacks {need}" if need.ways or need.scope not in {"self", "creator"} else f"is missing: {need}"
    return f"{need}, {'; '.join(map(str, need.ways))}" if need.ways else str(need)


def _enough(answer: Answer) -> Iterator[str]:
    if not answer.smallest:
        return
    yield ""
    yield "Enough would be:"
    for route in answer.smallest:
        yield from _wrapped(f"{' and '.join(map(str, route.lacks))} (route {route.name})", "  * ", "    ")


def _wrapped(text: str, first: str, later: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _as_data(asked: Question, answer: Answer | None, others: list[Answer]) -> dict[str, Any]:
    return {
        "operation": asked.operation.id,
        "edition": asked.contract.edition,
        "source": str(asked.operation.access.source),
        "on": {role: ref[1] for role, ref in asked.entities.items()},
        "answer": None if answer is None else _answer_data(answer),
        "who_may": [{"user": other.user, "route": other.route.name} for other in others if other.route],
        "users": len(others),
    }


def _answer_data(answer: Answer) -> dict[str, Any]:
    return {
        "user": answer.user,
        "allowed": answer.route is not None,
        "route": answer.route.name if answer.route else None,
        "routes": [
            {
                "name": route.name,
                "level": route.level,
                "open": route.open,
                "needs": [
                    {
                        "scope": need.scope,
                        "privilege": need.privilege or None,
                        "met": need.met,
                        "through": [list(way.through) for way in need.ways],
                    }
                    for need in route.needs
                ],
            }
            for route in answer.routes
        ],
        "enough": [
            {
                "route": route.name,
                "grants": [{"scope": need.scope, "privilege": need.privilege or None} for need in route.lacks],
            }
            for route in answer.smallest
        ],
    }
