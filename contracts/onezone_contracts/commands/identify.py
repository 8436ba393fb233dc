"""`ozkit identify`: which editions a target conforms to, and what keeps it from each other one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from onezone_spec import AccessRule, Contract, Origin, __version__, editions, load
from onezone_spec.variables import CommandParser

from onezone_contracts import arguments as shared
from onezone_contracts.derive import judged_operations
from onezone_contracts.exchange import Redactor, Request
from onezone_contracts.judge import judge
from onezone_contracts.network import Stop
from onezone_contracts.options import Options
from onezone_contracts.personas import Persona, personas
from onezone_contracts.reports import wording
from onezone_contracts.requirement import Level, Outcome, Result
from onezone_contracts.session import judge_target
from onezone_contracts.sessions import Documented
from onezone_contracts.signals import stoppable
from onezone_contracts.subject import Subject, contract_of
from onezone_contracts.target import embedded
from onezone_contracts.target.file import (
    SetupError,
    Target,
    admin_from_file,
    check_url,
    target_from_file,
)
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.wire import Wire

MOST_VIOLATIONS = 4
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
        return [result for result in self.judgement.results if result.outcome is Outcome.FAIL]

    @property
    def musts(self) -> int:
        """How many MUST requirements there are."""
        return sum(result.requirement.level is Level.MUST for result in self.judgement.results)


def main(argv: list[str]) -> int:
    """Identify a target: 0 where it conforms to an edition, 1 where it conforms to none, 2 where that is not known."""
    arguments = _parser().parse_args(argv)
    stop = Stop()
    options, subject = shared.options_of(arguments, stop), shared.subject_of(arguments)
    with stoppable(stop):
        where, matches = identify(subject, options)
        stop.check()
    {"text": _as_text, "json": _as_json}[arguments.format](where, matches)
    return exit_code(matches)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="ozkit identify",
        description="Say which editions a target conforms to, and what keeps it from each other one.",
        epilog="exit codes: 0 it conforms to one or more, 1 it conforms to none, 2 unknown",
    )
    shared.add_target(parser, "without URL and --target: what the kit's own mock serves")
    shared.add_run(parser, "quick")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def exit_code(matches: list[Match]) -> int:
    """0 if the target keeps an edition, 1 if it keeps none of those that could be judged, else 2."""
    verdicts = {match.verdict for match in matches}
    if Verdict.CONFORMANT in verdicts:
        return 0
    return 1 if Verdict.NONCONFORMANT in verdicts and Verdict.PARTIAL not in verdicts else 2


# --- the judging ----------------------------------------------------------------------------------------------


def identify(subject: Subject, options: Options) -> tuple[str, list[Match]]:
    """The base URL, and how it fits each edition, the best first. Raises SetupError."""
    every = [Origin(name, subject.contracts) for name in editions(subject.contracts)]
    served = load(subject.edition, subject.contracts)
    if served.edition not in [origin.edition for origin in every]:
        every.append(served.origin)
    elif subject.edition and (subject.url or subject.target_file):
        raise SetupError("--edition is for the kit's own mock, or a file: a target is judged by every edition")
    with _located(subject, options) as located:
        own = not subject.url and not subject.target_file
        chosen = replace(options, settle=min(options.settle, NEAR)) if own else options
        base = located.url or str(located.data["base_url"]) if located.target_file else located.url
        judgements = [_judged(located, origin, chosen) for origin in every]
    matches = sorted(map(Match, judgements), key=lambda match: (RANK[match.verdict], len(match.violated)))
    return base or "", matches


@contextmanager
def _located(subject: Subject, options: Options) -> Iterator[Subject]:
    """What to judge, seen to answer: where nothing is named, the kit's own mock. Raises SetupError."""
    if subject.url or subject.target_file or subject.states_url or subject.admin:
        _usable(subject, options)
        yield subject
        return
    contract = load(subject.edition, subject.contracts)
    with embedded.mock(contract.origin) as origin:
        yield Subject(origin + contract.base_paths[0], None, f"{origin}/_mock/states")


def _complete(subject: Subject) -> None:
    """Raises SetupError if the options do not say what to judge, or as which users."""
    if subject.states_url and not subject.url:
        raise SetupError("--states-url needs the base URL of the API too: ozkit identify URL --states-url URL")
    if subject.admin and not subject.url and not subject.target_file:
        raise SetupError("--admin needs the base URL of the API too: ozkit identify URL --admin USER:PASSWORD")
    if not subject.states_url and not subject.target_file and not subject.admin:
        raise SetupError("no users to judge with: give --target FILE, --states-url URL or --admin USER:PASSWORD")


def _usable(subject: Subject, options: Options) -> None:
    _complete(subject)
    data = subject.data
    if subject.target_file and subject.admin:
        admin_from_file(subject.target_file, data, subject.admin)
    elif subject.target_file:
        contract = contract_of(replace(subject, edition=None))
        for operation in judged_operations(contract):
            target_from_file(subject.target_file, data, operation, personas(contract, operation))
    url = check_url(subject.url or data["base_url"])
    wire = Wire("/".join(url.split("/")[:3]), options.timeout, network=options.network)
    exchange = wire.send(Request("GET", "/" + "/".join(url.split("/")[3:]), label="see that the target answers"))
    wire.close()
    if exchange.response is None:
        raise SetupError(f"the target {url} does not answer: {exchange.failure}")


def _judged(subject: Subject, origin: Origin, options: Options) -> Judgement:
    """The judgement by one edition; `inconclusive` where the target's personas are none of that edition's."""
    contract = load(origin.edition, origin.contracts)
    if subject.admin or not subject.target_file or not judged_operations(contract):
        return judge_target(replace(subject, edition=origin.edition, contracts=origin.contracts), options)
    operation = judged_operations(contract)[0]
    target, lacking = _target(subject, contract)
    if target is None:
        url, name = subject.url or "", contract.edition
        return Judgement(url, name, "core", options.depth, options.seed, Verdict.INCONCLUSIVE, lacking)
    return judge(Documented(contract, operation, target, options))


def _target(subject: Subject, contract: Contract) -> tuple[Target | None, str]:
    """The target with the personas of that edition, or why there is none: a target file is written for one rule."""
    assert subject.target_file
    data = subject.data
    written_for = contract_of(replace(subject, edition=None))
    operation = judged_operations(written_for)[0]
    given = {persona.name: persona for persona in personas(written_for, operation)}
    wanted_operation = judged_operations(contract)[0]
    needed = personas(contract, wanted_operation)
    rule = wanted_operation.access
    lacking = [
        persona.name
        for persona in needed
        if persona.name not in given or not _same_to_rule(rule, given[persona.name], persona)
    ]
    if lacking:
        return None, f"the target file lacks persona {', '.join(lacking)}: it is written for {written_for.edition}"
    target = target_from_file(subject.target_file, data, operation, tuple(given.values()))
    if subject.url:
        target.base_url = check_url(subject.url)
    target.personas = {persona.name: replace(target.personas[persona.name], persona=persona) for persona in needed}
    return target, ""


def _same_to_rule(rule: AccessRule, has: Persona, needed: Persona) -> bool:
    """Whether two personas are one to an access rule: they differ in nothing that a route of it asks for."""

    def relevant(persona: Persona) -> dict[str, frozenset[str] | None]:
        asked = {
            scope: {name for route in rule.routes for name in route.needs.get(scope, ())} for scope in needed.grants
        }
        grants = persona.grants
        return {scope: None if (names := grants.get(scope)) is None else names & asked[scope] for scope in asked}

    exact = has.grants == needed.grants or not needed.allowed
    return exact and has.grants.keys() == needed.grants.keys() and relevant(has) == relevant(needed)


# --- what is printed ------------------------------------------------------------------------------------------


def _as_json(where: str, matches: list[Match]) -> None:
    report = {
        "report_version": 1,
        "kit_version": __version__,
        "target": where,
        "conforms_to": [match.edition for match in matches if match.verdict is Verdict.CONFORMANT],
        "editions": [_edition(match) for match in matches],
    }
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")


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
                "id": result.requirement.id,
                "text": result.requirement.text,
                "source": result.requirement.source,
                "why": redactor.text(result.findings[0].message),
                "expected": redactor.text(result.findings[0].expected),
                "actual": redactor.text(result.findings[0].actual),
            }
            for result in match.violated
        ],
    }


def _as_text(where: str, matches: list[Match]) -> None:
    from rich.text import Text

    from onezone_contracts.console import Console

    console = Console(highlight=False)
    console.print(Text(wording.visible(where), style="bold"), soft_wrap=True)
    for match in matches:
        sign, colour = SIGNS[match.verdict]
        head = Text(f"\n{sign} {match.edition:<10}", style=f"bold {colour}") + Text(_verdict_words(match))
        console.print(head, soft_wrap=True)
        for line in _lines(match):
            console.print(line, markup=False, soft_wrap=True)
    console.print(f"\n{_last(matches)}", style="bold", soft_wrap=True)


def _verdict_words(match: Match) -> str:
    """The verdict in a few words."""
    match match.verdict:
        case Verdict.CONFORMANT:
            return f"conformant: all of {match.musts} MUST"
        case Verdict.NONCONFORMANT:
            return f"nonconformant: {len(match.violated)} of {match.musts} MUST are violated"
        case Verdict.PARTIAL:
            return f"partial: {wording.line(match.judgement.reason or '')}"
        case _:
            return f"cannot be judged: {wording.line(match.judgement.reason or '')}"


def _lines(match: Match) -> Iterator[str]:
    """The first violations, a line each, and how many more there are."""
    violated = match.violated[:MOST_VIOLATIONS]
    width = max((len(result.requirement.topic) for result in violated), default=0)
    redactor = match.judgement.redactor or Redactor()
    for result in violated:
        finding = result.findings[0]
        why = wording.line(redactor.text(f"expected {finding.expected}, got {finding.actual}"))
        yield f"    {result.requirement.topic:<{width}}  {why if len(why) <= LONGEST else why[:LONGEST] + '…'}"
    if len(match.violated) > MOST_VIOLATIONS:
        yield f"    … and {len(match.violated) - MOST_VIOLATIONS} more: ozkit verify --edition {match.edition}"
    yield from (f"    {hint}" for hint in match.judgement.hints)


def _last(matches: list[Match]) -> str:
    """The answer in one line."""
    kept = [match.edition for match in matches if match.verdict is Verdict.CONFORMANT]
    if kept:
        return f"It conforms to {' and '.join(kept)}."
    if exit_code(matches) == 1:
        return f"It conforms to no edition; {matches[0].edition} is the nearest."
    return "Whether it conforms to an edition is not known."
