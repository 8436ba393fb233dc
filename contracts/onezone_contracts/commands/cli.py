"""The commands of the judge. The long ones have files of their own; here are `requirements` and `target`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from onezone_spec import DEFAULT_EDITION, Contract, ContractError
from onezone_spec.variables import CommandParser

from onezone_contracts.arguments import add_contract, contract_named
from onezone_contracts.commands.clean_options import add_clean
from onezone_contracts.generate.storage import in_cache
from onezone_contracts.target.file import SetupError
from onezone_contracts.verdict import INTERRUPTED

if TYPE_CHECKING:
    from onezone_contracts.requirement import Requirement

INCONCLUSIVE = 2
PROFILES = ("core", "full")


def main(name: str, argv: list[str]) -> int:
    """Run one of the judge's commands; returns its exit code."""
    commands: dict[str, Callable[[list[str]], int]] = {
        "verify": verify,
        "identify": identify,
        "requirements": requirements,
        "target": target,
        "prove": prove,
        "explain": explain,
        "traffic": traffic,
    }
    in_cache()
    try:
        return commands[name](argv)
    except (SetupError, ContractError) as error:
        print(*(f"ozkit {name}: {line}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        return INCONCLUSIVE
    except KeyboardInterrupt:
        print(f"ozkit {name}: interrupted", file=sys.stderr)
        return INTERRUPTED


def verify(argv: list[str]) -> int:
    """Judge an implementation."""
    from onezone_contracts.commands.verify import main as run

    return run(argv)


def identify(argv: list[str]) -> int:
    """Say which editions a target conforms to."""
    from onezone_contracts.commands.identify import main as run

    return run(argv)


def prove(argv: list[str]) -> int:
    """Judge the mock with each of its faults."""
    from onezone_contracts.commands.prove import main as run

    return run(argv)


def explain(argv: list[str]) -> int:
    """Say who may call an operation, and why."""
    from onezone_contracts.commands.explain import main as run

    return run(argv)


def traffic(argv: list[str]) -> int:
    """Judge recorded traffic."""
    from onezone_contracts.commands.traffic import main as run

    return run(argv)


# --- requirements and target ----------------------------------------------------------------------------------


def requirements(argv: list[str]) -> int:
    """List the requirements of an edition."""
    parser = CommandParser(prog="ozkit requirements", description="List what the judge requires.")
    add_contract(parser, f"default {DEFAULT_EDITION}")
    parser.add_argument("--profile", choices=PROFILES, default="core", help="core (default) or full")
    parser.add_argument("--format", choices=["table", "json", "markdown"], default="table")
    arguments = parser.parse_args(argv)
    rows = [
        {"id": requirement.id, "level": str(requirement.level), "text": requirement.text, "source": requirement.source}
        for requirement in _derived(contract_named(arguments), arguments.profile)
    ]
    _LISTS[arguments.format](rows)
    return 0


def _derived(contract: Contract, profile: str) -> tuple[Requirement, ...]:
    from onezone_contracts.derive import judged_operations, profile_of
    from onezone_contracts.derive import requirements as derived

    if profile_of(contract, profile) == "full":
        from onezone_contracts.derive.operations import all_requirements

        return all_requirements(contract)
    return tuple(
        requirement for operation in judged_operations(contract) for requirement in derived(contract, operation)
    )


Rows = list[dict[str, str]]


def _as_json(rows: Rows) -> None:
    print(json.dumps(rows, ensure_ascii=False, indent=2))


def _as_markdown(rows: Rows) -> None:
    print("| requirement | level | text | source |\n|---|---|---|---|")
    for row in rows:
        print(
            "| " + " | ".join(value.replace("|", "\\|") for value in (f"`{row['id']}`", *list(row.values())[1:])) + " |"
        )


def _as_table(rows: Rows) -> None:
    """A paragraph a requirement, its id and level first, wrapped at words."""
    from rich.text import Text

    from onezone_contracts.console import Console
    from onezone_contracts.reports.terminal import wrapped

    console = Console(highlight=False)
    for row in rows:
        console.print(Text(row["id"], style="bold") + Text(f"  {row['level']}"), soft_wrap=True)
        for text, style in ((row["text"], ""), (row["source"], "dim")):
            for line in wrapped(text, console.width, "    ", "    "):
                console.print(Text(line, style=style), soft_wrap=True)


_LISTS: dict[str, Callable[[Rows], None]] = {"json": _as_json, "markdown": _as_markdown, "table": _as_table}


def target(argv: list[str]) -> int:
    """Print a skeleton or the schema of target files, find mistakes in them, or remove what runs left behind."""
    parser = CommandParser(
        prog="ozkit target", description="Write and check target files; clean up after a run that was killed."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="init|check|schema|clean")

    def command(name: str, words: str, run: Callable[[argparse.Namespace], int]) -> CommandParser:
        """A command whose help is `words` in the list of commands and its own."""
        added = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        added.set_defaults(run=run)
        return added

    init = command("init", "print a target file to fill in, with the privileges that each persona must hold", _init)
    add_contract(init, f"default {DEFAULT_EDITION}")
    init.add_argument("--profile", choices=PROFILES, default="core", help="core (default) or full")
    check = command("check", "find mistakes in target files; variables need not be set", _check)
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command("schema", "print the JSON Schema of target files, for editors", _schema)
    clean = command("clean", "remove users and groups that a killed run left behind", _clean)
    add_clean(clean)
    arguments = parser.parse_args(argv)
    code: int = arguments.run(arguments)
    return code


def _init(arguments: argparse.Namespace) -> int:
    contract = contract_named(arguments)
    from onezone_contracts.derive import judged_operations, profile_of

    if profile_of(contract, arguments.profile) == "full":
        from onezone_contracts.target.skeleton import skeleton as administrators

        print(administrators(contract), end="")
        return 0
    from onezone_contracts.personas import personas
    from onezone_contracts.target.blank import skeleton

    print(
        skeleton(contract, {operation.id: personas(contract, operation) for operation in judged_operations(contract)}),
        end="",
    )
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from onezone_contracts.target.check import main as run

    return run(arguments)


def _schema(_: argparse.Namespace) -> int:
    from onezone_contracts.target.schema import text

    print(text(), end="")
    return 0


def _clean(arguments: argparse.Namespace) -> int:
    from onezone_contracts.target.leftovers import main as run

    return run(arguments)
