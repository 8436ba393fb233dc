"""The pages of the reference, made from the code and the contract: nothing in them is written by hand."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any
from unittest.mock import patch

import control
from onezone_contracts.commands import traffic, verify
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.target.schema import text as target_schema
from onezone_mockserver import cli as mock
from onezone_mockserver.faults import catalogue, summary
from onezone_spec import Contract, Operation, __version__, document_text, editions, load
from onezone_spec.variables import VariableParser

import ozkit

COLUMNS = "100"
"""The width of help, whatever the terminal's."""
PARTS = {"target": ("init", "check", "schema", "clean"), "spec": ("diff", "lint", "bundle", "coverage")}
"""The commands that have commands of their own."""
PARSERS = {"verify": verify.parser, "mock": mock.parser, "traffic": traffic.parser}
"""The commands whose options can be given as variables."""
SCHEMAS = {
    "scenario": ("onezone_mockserver", "scenario/scenario.schema.json", "Scenario files"),
    "report": ("onezone_contracts", "reports/report.schema.json", "The JSON report"),
}
UNSEARCHED = "---\nhide: [toc]\nsearch:\n  exclude: true\n---\n\n"
"""How a page of wide tables begins: it has the whole width, and would drown what is searched for."""


def pages() -> dict[str, str]:
    """Every file of the reference, by its path in the documentation."""
    contracts = [load(name) for name in editions()]
    pages = {"reference/commands.md": commands()}
    for name in SCHEMAS:
        pages[f"reference/{name}.md"] = schema_page(name)
        pages[f"reference/{name}.schema.json"] = schema_text(name)
    pages["reference/control-plane.md"] = control_page(control.document())
    pages["reference/control-plane.json"] = json.dumps(control.document(), indent=2) + "\n"
    pages["reference/faults.md"] = faults(contracts)
    pages["reference/target.md"] = target_page(contracts)
    pages["reference/target.schema.json"] = target_schema()
    for contract in contracts:
        pages[f"reference/requirements-{contract.edition}.md"] = requirements(contract)
        pages[f"reference/contract-{contract.edition}.md"] = operations(contract)
        pages[f"reference/{contract.edition}.yaml"] = document_text(contract)
    return pages


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of HTML; the cells are HTML, too."""
    lines = ["<table>", "<thead><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr></thead>", "<tbody>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</tbody>", "</table>"]) + "\n"


def code(text: str) -> str:
    """Words in the fixed width of code, as HTML."""
    return f"<code>{escape(text)}</code>"


def lines(words: Iterable[str]) -> str:
    """Words in the width of code, one below the other, as HTML."""
    return "<br>".join(map(code, words))


# --- commands -------------------------------------------------------------------------------------------------


def help_of(*words: str) -> str:
    """What `ozkit … --help` prints."""
    printed = io.StringIO()
    with patch.dict(os.environ, COLUMNS=COLUMNS), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        ozkit.main([*words, "--help"])
    return printed.getvalue().rstrip()


def commands() -> str:
    """The help of every command, and the variables of those that read some."""
    text = f"# Commands\n\nAs of version {__version__}.\n\n```text\n{ozkit.usage().rstrip()}\n```\n"
    for name in ozkit.COMMANDS:
        text += f"\n## ozkit {name}\n\n```text\n{help_of(name)}\n```\n"
        for part in PARTS.get(name, ()):
            text += f"\n### ozkit {name} {part}\n\n```text\n{help_of(name, part)}\n```\n"
        if name in PARSERS:
            text += f"\n### Variables of ozkit {name}\n\nThe command line wins over a variable.\n\n"
            text += table(("option", "variable"), variables(PARSERS[name]()))
    return text


def variables(parser: VariableParser) -> Iterator[tuple[str, str]]:
    """Each option, and the variable that speaks for it."""
    for action in parser.options:
        yield (
            code(", ".join(action.option_strings) or str(action.metavar or action.dest)),
            ", ".join(map(code, parser.variables(action))),
        )


# --- files ----------------------------------------------------------------------------------------------------


def schema_text(name: str) -> str:
    """A JSON Schema as it lies in its package, or as the target file's types make it."""
    if name == "target":
        return target_schema()
    package, path, _ = SCHEMAS[name]
    return files(package).joinpath(path).read_text(encoding="utf-8")


def schema_page(name: str) -> str:
    """A JSON Schema as a page."""
    text = f"# {SCHEMAS[name][2]}\n\nThe schema: [{name}.schema.json]({name}.schema.json).\n"
    if name == "scenario":
        text += in_editors(name, "python -m onezone_mockserver.scenario.schema")
    return text + schema_tables(name)


def in_editors(name: str, command: str) -> str:
    """How an editor completes and checks a file as it is written."""
    return (
        f"\nEditors complete and check the file as you write it. Print the schema, `{command} > {name}.schema.json`, "
        "and begin the file with this line, which the YAML language server (VS Code's YAML extension) reads:\n\n"
        f"```yaml\n# yaml-language-server: $schema={name}.schema.json\n```\n"
    )


def schema_tables(name: str) -> str:
    """A JSON Schema as tables, a definition a section."""
    document = json.loads(schema_text(name))
    text = ""
    named: dict[str, Any] = {"The file": document, **document.get("$defs", {})}
    for title, schema in named.items():
        properties = schema.get("properties")
        if not properties:
            continue
        text += f"\n## {title}\n\n{escape(schema.get('title') or schema.get('description') or '')}\n\n"
        required = schema.get("required", ())
        rows = (
            (code(key), kind(value), "yes" if key in required else "", escape(value.get("description", "")))
            for key, value in properties.items()
        )
        text += table(("key", "value", "required", "meaning"), rows)
    return text


def kind(schema: Any) -> str:
    """What a schema lets through, in a few words of HTML."""
    if not isinstance(schema, Mapping):
        return "anything" if schema else "nothing"
    if "$ref" in schema:
        return escape(schema["$ref"].rsplit("/", 1)[-1])
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(kind(part) for part in schema[word]))
    named = schema.get("type", "anything")
    name = " or ".join(named) if isinstance(named, list) else named
    return f"array of {kind(schema['items'])}" if name == "array" and "items" in schema else escape(name)


def target_page(contracts: Iterable[Contract]) -> str:
    """What `ozkit target init` prints for each edition: every key of a target file, and what each persona must hold."""
    text = (
        "# Target files\n\nA target file says where the API is, and as whom to call it. "
        "`ozkit target init` prints a skeleton, `ozkit target check FILE` finds mistakes, and "
        "[target.schema.json](target.schema.json) is its schema.\n"
    )
    text += in_editors("target", "ozkit target schema") + schema_tables("target")
    for contract in contracts:
        for profile in ("core", "full"):
            words = ["target", "init", "--edition", contract.edition, "--profile", profile]
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                ozkit.main(words)
            text += f"\n## {contract.edition}, profile {profile}\n\n```yaml\n{printed.getvalue().rstrip()}\n```\n"
    return text


# --- the control plane ----------------------------------------------------------------------------------------


def control_page(document: dict[str, Any]) -> str:
    """The control plane as a table."""
    return (
        "# Control plane of the mock\n\nAs OpenAPI, with bodies and queries: [control-plane.json](control-plane.json). "
        "[The mock for a team](../mock.md) says who may use it.\n\n"
        + table(("method", "path", "what it does"), control.rows(document))
    )


# --- faults, requirements, operations -------------------------------------------------------------------------


def faults(contracts: Iterable[Contract]) -> str:
    """Every fault that is written down, and how many can be derived."""
    rows = (
        (
            code(fault.id),
            escape(fault.text),
            ", ".join(fault.editions) or "all",
            fault.profile,
            "<br>".join(map(code, fault.noticed_by)),
        )
        for fault in catalogue()
    )
    text = UNSEARCHED + "# Faults of the mock\n\n`ozkit mock --fault ID` serves one; `ozkit prove` tries each.\n\n"
    for contract in contracts:
        text += f"- `{contract.edition}`: {escape(summary(contract))}\n"
    return text + "\n" + table(("fault", "what the mock does", "editions", "profile", "noticed by"), rows)


def requirements(contract: Contract) -> str:
    """Every requirement of an edition: one row where operations share level, sentence and source."""
    shared: dict[tuple[str, str, str, str], list[str]] = {}
    for requirement in all_requirements(contract, "deep"):
        key = (requirement.topic, str(requirement.level), requirement.text, requirement.source)
        shared.setdefault(key, []).append(requirement.operation)
    rows = (
        (code(topic), level, escape(text), escape(source), listed(names))
        for (topic, level, text, source), names in shared.items()
    )
    count = sum(map(len, shared.values()))
    return (
        f"{UNSEARCHED}# Requirements of {contract.edition}\n\n{count:,} requirements, "
        "with `--profile full --depth deep`. An id is the operation, a dot, and the topic.\n\n"
        + table(("topic", "level", "sentence", "source", "operations"), rows)
    )


def listed(names: list[str]) -> str:
    """Operations; more than two are folded up."""
    words = lines(names)
    return words if len(names) <= 2 else f"<details><summary>{len(names)} operations</summary>{words}</details>"  # noqa: PLR2004


def operations(contract: Contract) -> str:
    """Every operation of an edition: who may, what it takes, and what it answers."""
    text = f"# The contract: {contract.edition}\n\nAs OpenAPI: [{contract.edition}.yaml]({contract.edition}.yaml).\n"
    for operation in sorted(contract.operations.values(), key=lambda each: (each.path, each.method)):
        text += f"\n## {operation.method} {operation.path}\n\n{escape(operation.summary)}.\n`{operation.id}`\n\n"
        text += f"Source: {escape(str(operation.source))}\n\n"
        text += "".join(f"- {line}\n" for line in who_may(operation))
        rows = ((str(status), escape(response.description)) for status, response in sorted(operation.responses.items()))
        text += "\n" + table(("status", "when"), rows)
    return text


def who_may(operation: Operation) -> Iterator[str]:
    """A line of HTML a route: what it takes to be authorized by it."""
    for route in operation.access.routes:
        needs = [
            f"{code(name)} in the {escape(scope)}" for scope, names in route.needs.items() for name in sorted(names)
        ]
        needs += [f"to be a member of the {escape(scope)}" for scope, names in route.needs.items() if not names]
        yield f"{escape(route.name)} ({route.level}): {', '.join(needs) or 'everybody'}"
