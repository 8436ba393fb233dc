"""`ozkit identify`: which editions a target conforms to, and what keeps it from each other one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from onezone_spec import AccessRule, Contract, Origin, __version__, editions, load

from onezone_contracts import arguments as shared
from onezone_contracts.commands.signals import stoppable
from onezone_contracts.derive import judged_operations
from onezone_contracts.exchange import Redactor, Request
from onezone_contracts.judge import judge
from onezone_contracts.network import Stop
from onezone_contracts.options import Options
from onezone_contracts.personas import Persona, personas
from onezone_contracts.reports import shown
from onezone_contracts.requirement import Level, Outcome, Result
from onezone_contracts.session import judge_target
from onezone_contracts.sessions import Documented
from onezone_contracts.target import embedded
from onezone_contracts.target.file import (
    SetupError,
    Target,
    admin_from_file,
    check_url,
    target_from_file,
)
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.wanted import Wanted, contract_of
from onezone_contracts.wire import Wire

SHOWN = 4
"""How many violations of an edition are told."""
LONGEST = 110
NEAR = 0.2
"""Seconds: privileges in the kit's own mock show at once."""
RANK = {Verdict.CONFORMANT: 0, Verdict.PARTIAL: 1, Verdict.NONCONFORMANT: 2, Verdict.INCONCLUSIVE: 3}
SIGNS = {
    Verdict.CONFORMANT: ("✓", "green"),
    Verdict.PARTIAL: ("~", "yellow"),
    Verdict.NONCONFORMANT: ("✗", "red"),
    Verdict.INCONCLUSIVE: ("?", "magenta"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """How well a target fits an edition."""

    judgement: Judgement

    @property
    def edition(self) -> str:
        """The edition's name."""
        return self.judgement.edition

    @property
    def verdict(self) -> Verdict:
        """The verdict by that edition."""
        return self.judgement.verdict

    @property
    def violated(self) -> list[Result]:
        """The MUST requirements that are broken."""
        return [one for one in self.judgement.results if one.outcome is Outcome.FAIL]

    @property
    def musts(self) -> int:
        """How many MUST requirements there are."""
        return sum(one.requirement.level is Level.MUST for one in self.judgement.results)


def main(argv: list[str]) -> int:
    """Identify a target: 0 where it conforms to an edition, 1 where it conforms to none, 2 where that is not known."""
    arguments = _parser().parse_args(argv)
    stop = Stop()
    options, wanted = shared.options_of(arguments, stop), shared.wanted_of(arguments)
    with stoppable(stop):
        where, matches = identify(wanted, options)
        stop.check()
    {"text": _as_text, "json": _as_json}[arguments.format](where, matches)
    return exit_code(matches)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ozkit identify",
        description="Say which editions a target conforms to, and what keeps it from each other one.",
        epilog="exit codes: 0 it conforms to one or more, 1 it conforms to none, 2 that is not known",
    )
    shared.add_target(parser, "which one the kit's own mock serves, without URL and --target")
    shared.add_run(parser, "quick")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def exit_code(matches: list[Match]) -> int:
    """0 where an edition is kept, 1 where none is of those that could be judged, else 2."""
    verdicts = {one.verdict for one in matches}
    if Verdict.CONFORMANT in verdicts:
        return 0
    return 1 if Verdict.NONCONFORMANT in verdicts and Verdict.PARTIAL not in verdicts else 2


# --- the judging ----------------------------------------------------------------------------------------------


def identify(wanted: Wanted, options: Options) -> tuple[str, list[Match]]:
    """The base URL, and how it fits each edition, the best first. Raises SetupError."""
    every = [Origin(name, wanted.contracts) for name in editions(wanted.contracts)]
    served = load(wanted.edition, wanted.contracts)
    if served.edition not in [one.edition for one in every]:
        every.append(served.origin)
    elif wanted.edition and (wanted.url or wanted.target_file):
        raise SetupError("--edition is for the kit's own mock, or a file: a target is judged by every edition")
    with _located(wanted, options) as found:
        own = not wanted.url and not wanted.target_file
        chosen = replace(options, settle=min(options.settle, NEAR)) if own else options
        base = found.url or str(found.data["base_url"]) if found.target_file else found.url
        judgements = [_judged(found, origin, chosen) for origin in every]
    matches = sorted(map(Match, judgements), key=lambda one: (RANK[one.verdict], len(one.violated)))
    return base or "", matches


@contextmanager
def _located(wanted: Wanted, options: Options) -> Iterator[Wanted]:
    """What to judge, seen to answer: where nothing is named, the kit's own mock. Raises SetupError."""
    if wanted.url or wanted.target_file or wanted.states_url or wanted.admin:
        _usable(wanted, options)
        yield wanted
        return
    contract = load(wanted.edition, wanted.contracts)
    with embedded.mock(contract.origin) as origin:
        yield Wanted(origin + contract.base_paths[0], None, f"{origin}/_mock/states")


def _complete(wanted: Wanted) -> None:
    """Raises SetupError where it is not said what to judge, or as whom."""
    if wanted.states_url and not wanted.url:
        raise SetupError("--states-url needs the base URL of the API too: ozkit identify URL --states-url URL")
    if wanted.admin and not wanted.url and not wanted.target_file:
        raise SetupError("--admin needs the base URL of the API too: ozkit identify URL --admin USER:PASSWORD")
    if not wanted.states_url and not wanted.target_file and not wanted.admin:
        raise SetupError("no users to judge with: give --target FILE, --states-url URL or --admin USER:PASSWORD")


def _usable(wanted: Wanted, options: Options) -> None:
    _complete(wanted)
    data = wanted.data
    if wanted.target_file and wanted.admin:
        admin_from_file(wanted.target_file, data, wanted.admin)
    elif wanted.target_file:
        contract = contract_of(replace(wanted, edition=None))
        operation = judged_operations(contract)[0]
        target_from_file(wanted.target_file, data, operation, personas(contract, operation))
    url = check_url(wanted.url or data["base_url"])
    wire = Wire("/".join(url.split("/")[:3]), options.timeout, network=options.network)
    exchange = wire.send(Request("GET", "/" + "/".join(url.split("/")[3:]), label="see that the target answers"))
    wire.close()
    if exchange.response is None:
        raise SetupError(f"the target {url} does not answer: {exchange.failure}")


def _judged(wanted: Wanted, origin: Origin, options: Options) -> Judgement:
    """The judgement by one edition; `inconclusive` where the target's personas are none of that edition's."""
    contract = load(origin.edition, origin.contracts)
    if wanted.admin or not wanted.target_file:
        return judge_target(replace(wanted, edition=origin.edition, contracts=origin.contracts), options)
    operation = judged_operations(contract)[0]
    target, lacking = _target(wanted, contract)
    if target is None:
        url, name = wanted.url or "", contract.edition
        return Judgement(url, name, "core", options.depth, options.seed, Verdict.INCONCLUSIVE, lacking)
    return judge(Documented(contract, operation, target, options))


def _target(wanted: Wanted, contract: Contract) -> tuple[Target | None, str]:
    """The target with the personas of that edition, or why there is none: a target file is written for one rule."""
    assert wanted.target_file
    data = wanted.data
    written_for = contract_of(replace(wanted, edition=None))
    operation = judged_operations(written_for)[0]
    known = {one.name: one for one in personas(written_for, operation)}
    wanted_operation = judged_operations(contract)[0]
    needed = personas(contract, wanted_operation)
    rule = wanted_operation.access
    lacking = [one.name for one in needed if one.name not in known or not _alike(rule, known[one.name], one)]
    if lacking:
        return None, f"the target file lacks persona {', '.join(lacking)}: it is written for {written_for.edition}"
    found = target_from_file(wanted.target_file, data, operation, tuple(known.values()))
    if wanted.url:
        found.base_url = check_url(wanted.url)
    found.personas = {one.name: replace(found.personas[one.name], persona=one) for one in needed}
    return found, ""


def _alike(rule: AccessRule, has: Persona, needed: Persona) -> bool:
    """Whether two personas are one to an access rule: they differ in nothing that a route of it asks for."""

    def seen(persona: Persona) -> dict[str, frozenset[str] | None]:
        asked = {
            scope: {name for route in rule.routes for name in route.needs.get(scope, ())} for scope in needed.grants
        }
        held = persona.grants
        return {scope: None if (names := held.get(scope)) is None else names & asked[scope] for scope in asked}

    exact = has.grants == needed.grants or not needed.allowed
    return exact and has.grants.keys() == needed.grants.keys() and seen(has) == seen(needed)


# --- what is printed ------------------------------------------------------------------------------------------


def _as_json(where: str, matches: list[Match]) -> None:
    found = {
        "report_version": 1,
        "kit_version": __version__,
        "target": where,
        "conforms_to": [one.edition for one in matches if one.verdict is Verdict.CONFORMANT],
        "editions": [_edition(one) for one in matches],
    }
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def _edition(match: Match) -> dict[str, Any]:
    judgement = match.judgement
    redactor = judgement.redactor or Redactor()
    return {
        "edition": match.edition,
        "verdict": str(match.verdict),
        "reason": redactor.text(judgement.reason) if judgement.reason else None,
        "requests": judgement.requests,
        "duration_s": round(judgement.duration_s, 3),
        "violated": [
            {
                "id": one.requirement.id,
                "text": one.requirement.text,
                "source": one.requirement.source,
                "why": redactor.text(one.findings[0].message),
                "expected": redactor.text(one.findings[0].expected),
                "actual": redactor.text(one.findings[0].actual),
            }
            for one in match.violated
        ],
    }


def _as_text(where: str, matches: list[Match]) -> None:
    from rich.text import Text

    from onezone_contracts.console import Console

    console = Console(highlight=False)
    console.print(Text(shown.visible(where), style="bold"), soft_wrap=True)
    for match in matches:
        sign, colour = SIGNS[match.verdict]
        head = Text(f"\n{sign} {match.edition:<10}", style=f"bold {colour}") + Text(_told(match))
        console.print(head, soft_wrap=True)
        for line in _lines(match):
            console.print(line, markup=False, soft_wrap=True)
    console.print(f"\n{_last(matches)}", style="bold", soft_wrap=True)


def _told(match: Match) -> str:
    """The verdict in a few words."""
    match match.verdict:
        case Verdict.CONFORMANT:
            return f"conformant: all of {match.musts} MUST"
        case Verdict.NONCONFORMANT:
            return f"nonconformant: {len(match.violated)} of {match.musts} MUST are violated"
        case Verdict.PARTIAL:
            return f"partial: {shown.line(match.judgement.reason or '')}"
        case _:
            return f"cannot be judged: {shown.line(match.judgement.reason or '')}"


def _lines(match: Match) -> Iterator[str]:
    """The first violations, a line each, and how many more there are."""
    violated = match.violated[:SHOWN]
    width = max((len(one.requirement.topic) for one in violated), default=0)
    redactor = match.judgement.redactor or Redactor()
    for one in violated:
        finding = one.findings[0]
        why = shown.line(redactor.text(f"expected {finding.expected}, got {finding.actual}"))
        yield f"    {one.requirement.topic:<{width}}  {why if len(why) <= LONGEST else why[:LONGEST] + '…'}"
    if len(match.violated) > SHOWN:
        yield f"    … and {len(match.violated) - SHOWN} more: ozkit verify --edition {match.edition}"
    yield from (f"    {hint}" for hint in match.judgement.hints)


def _last(matches: list[Match]) -> str:
    """The answer in one line."""
    kept = [one.edition for one in matches if one.verdict is Verdict.CONFORMANT]
    if kept:
        return f"It conforms to {' and '.join(kept)}."
    if exit_code(matches) == 1:
        return f"It conforms to no edition; {matches[0].edition} is the nearest."
    return "Whether it conforms to an edition is not known."
