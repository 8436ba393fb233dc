"""Say what is wrong with the contract's data. Run as ``python -m onezone_spec.lint``: one line a problem, exit code 1.

A check is a function from a bundled document to lines of text; `CHECKS` lists them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

from onezone_spec import repeats
from onezone_spec.body import Level
from onezone_spec.bundle import BUNDLED, ROOM
from onezone_spec.model import CONDITIONS
from onezone_spec.read import METHODS
from onezone_spec.walk import Document, nodes, operations, parse, repeated, resolve_pointer

if TYPE_CHECKING:
    from pathlib import Path

RULES = {"type", "empty", "pattern", "required", "enum"}
ROUTE_WORDS = {"with", "level"}
NEEDED = ("operationId", "summary", "x-onezone-source", "x-onezone-access", "x-onezone-effect")
USER = "user"
_BAD_REQUEST = 400
_LONGEST_MESSAGE = 160


def keys_are_text(document: Document) -> Iterator[str]:
    """YAML 1.1 reads 204, no and on as other things than text."""
    for place, node in nodes(document):
        for key in node if isinstance(node, Mapping) else ():
            if not isinstance(key, str):
                yield f"{place}: the key {key!r} is not text; quote it"


def operations_are_whole(document: Document) -> Iterator[str]:
    """Every operation says what it is called, where it is from, who may call it and what it does."""
    for name, node in operations(document):
        yield from (f"{name}: {key} is missing" for key in NEEDED if not node.get(key))
        if not any(str(status).startswith("2") for status in node.get("responses", ())):
            yield f"{name}: no answer of success is documented"


def operation_ids_are_unique(document: Document) -> Iterator[str]:
    """An operation id names one operation."""
    for name in repeated(node.get("operationId") for _, node in operations(document)):
        yield f"operationId {name} is used more than once"


def references_resolve(document: Document) -> Iterator[str]:
    """A `$ref` points at something in the document."""
    for place, node in nodes(document):
        if isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            try:
                resolve_pointer(document, node["$ref"])
            except (KeyError, TypeError):
                yield f"{place}: {node['$ref']} does not exist"


def sources_exist(document: Document) -> Iterator[str]:
    """A source names a document of documents.yaml and a section of it."""
    documents = document["x-onezone-documents"]
    for place, node in nodes(document):
        if not _is_source(place, node):
            continue
        entry = documents.get(node.get("document"))
        if entry is None:
            yield f"{place}: there is no document {node.get('document')!r}"
        elif node.get("section") not in entry["sections"]:
            yield f"{place}: {node['document']} has no section {node.get('section')!r}"


def _is_source(place: str, node: Any) -> bool:
    last = place.rpartition(".")[2]
    optional = place.endswith(
        ("x-onezone-media-types.source", "x-onezone-locate.source", "x-onezone-unknown-path.source")
    )
    return isinstance(node, Mapping) and (optional or last in {"x-onezone-source", "x-onezone-access-source"})


def access_rules_name_privileges(document: Document) -> Iterator[str]:
    """A route names privileges that exist, each in its own scope, and conditions that there are."""
    for name, node in operations(document):
        for route, needs in node.get("x-onezone-access", {}).items():
            listed = [*needs.items(), *(pair for more in needs.get("with", {}).values() for pair in more.items())]
            for scope, needed in listed:
                if scope not in ROUTE_WORDS:
                    yield from _strange_privileges(document, f"{name}: route {route}", scope, needed)


def _strange_privileges(document: Document, place: str, scope: str, needed: list[str]) -> Iterator[str]:
    privileges = document["x-onezone-privileges"].get(document.get("x-onezone-roles", {}).get(scope, scope))
    if scope in CONDITIONS or scope in document.get("x-onezone-owners", ()):
        yield from (f"{place} asks for {privilege} in {scope}, which is a condition" for privilege in needed)
    elif privileges is None:
        yield f"{place} asks for the scope {scope!r}, which does not exist"
    else:
        yield from (
            f"{place} asks for {privilege}, which is no privilege of scope {scope}"
            for privilege in needed
            if privilege not in privileges
        )


def parameters_are_declared(document: Document) -> Iterator[str]:
    """A path and its parameters name each other, and a parameter's entity has a scope."""
    for path, item in document["paths"].items():
        for method in [name for name in METHODS if name in item]:
            listed = [*item.get("parameters", ()), *item[method].get("parameters", ())]
            resolved = [resolve_pointer(document, entry["$ref"]) if "$ref" in entry else entry for entry in listed]
            declared = {parameter["name"] for parameter in resolved if parameter["in"] == "path"}
            used = set(re.findall(r"{([^}]+)}", path))
            yield from (
                f"{method.upper()} {path}: parameter {name} is not declared" for name in sorted(used - declared)
            )
            yield from (f"{method.upper()} {path}: parameter {name} is not in the path" for name in declared - used)
            yield from _strange_entities(document, f"{method.upper()} {path}", resolved)


def _strange_entities(document: Document, name: str, parameters: list[Any]) -> Iterator[str]:
    for parameter in parameters:
        entity = parameter.get("x-onezone-entity")
        kind = document.get("x-onezone-roles", {}).get(entity, entity)
        kinds = {USER, *document["x-onezone-privileges"], *document.get("x-onezone-owners", ())}
        if kind not in {None, *kinds, *document.get("x-onezone-references", ())}:
            yield f"{name}: parameter {parameter['name']} names the entity {entity!r}, which has no scope"


def error_ids_exist(document: Document) -> Iterator[str]:
    """The rules of a body name error ids, each with status 400, for rules that the schema has."""
    errors = document["x-onezone-errors"]
    for place, node in nodes(document.get("components", {}), "components"):
        for rule, error in node.get("x-onezone-errors", {}).items() if isinstance(node, Mapping) else ():
            if error not in errors:
                yield f"{place}: there is no error {error!r} (rule {rule})"
            elif errors[error]["status"] != _BAD_REQUEST:
                yield f"{place}: error {error} has status {errors[error]['status']}, and a bad body is answered 400"
            if rule != "null" and rule not in _keywords(document, node):
                yield f"{place}: the error for {rule} belongs to no rule of the schema"
    for name, entry in errors.items():
        if entry.get("within", name) not in errors:
            yield f"error {name}: within names {entry['within']!r}, which is no error"
        fields = set(re.findall(r"{(\w+)}", entry["description"]))
        yield from (
            f"error {name}: {{{field}}} is no key of its details" for field in fields - set(entry.get("details", ()))
        )


def errors_have_their_form(document: Document) -> Iterator[str]:
    """Mock and judge put what is wrong under `error`: a sentence, or an object with an id and a description."""
    schemas = document.get("components", {}).get("schemas", {})
    if "Error" in schemas and "error" not in schemas["Error"].get("properties", {}):
        yield 'components.schemas.Error: the key error is missing: refusals are {"error": …}'


def answers_name_what_there_is(document: Document) -> Iterator[str]:
    """A key that repeats another names a key of the same schema; an answer's example names an error of its status."""
    for place, node in nodes(document.get("components", {}), "components"):
        schemas = node.get("properties") if isinstance(node, Mapping) else None
        properties: Mapping[str, Any] = schemas if isinstance(schemas, Mapping) else {}
        for key, schema in properties.items():
            same = schema.get("x-onezone-same-as", key)
            if same not in properties:
                yield f"{place}: {key} is the same as {same}, which is no key here"
    statuses = {
        answer["$ref"].rpartition("/")[2]: int(status)
        for _, node in operations(document)
        for status, answer in node.get("responses", {}).items()
        if "$ref" in answer
    }
    for name, answer in document.get("components", {}).get("responses", {}).items():
        error = answer.get("x-onezone-error")
        registered = document["x-onezone-errors"].get(error)
        if error and (registered is None or registered["status"] != statuses.get(name, registered["status"])):
            yield f"components.responses.{name}: there is no error {error!r} of status {statuses.get(name)}"


def _keywords(document: Document, schema: Mapping[str, Any]) -> set[str]:
    items = schema.get("items", {})
    items = resolve_pointer(document, items["$ref"]) if "$ref" in items else items
    return {key for branch in [schema, *schema.get("anyOf", ()), items] for key in branch}


def levels_are_valid(document: Document) -> Iterator[str]:
    """A level is MUST, SHOULD or OBSERVE, of a fact or of each rule of a schema."""
    for place, node in nodes(document):
        last = place.rpartition(".")[2]
        if last == "other" and place.endswith("x-onezone-media-types.other"):
            rules: Mapping[str, Any] = {"other": node}
        elif last == "x-onezone-level":
            rules = node if isinstance(node, Mapping) else {"": node}
            yield from (f"{place}: {rule!r} is no rule" for rule in rules if rule and rule not in RULES)
        else:
            continue
        yield from (f"{place}: {level!r} is no level" for level in rules.values() if level not in list(Level))


def levels_belong_to_rules(document: Document) -> Iterator[str]:
    """A level of a pattern stands beside a pattern."""
    for place, node in nodes(document.get("components", {}), "components"):
        levels = node.get("x-onezone-level") if isinstance(node, Mapping) else None
        if isinstance(levels, Mapping) and "pattern" in levels and "pattern" not in _keywords(document, node):
            yield f"{place}: there is a level for a pattern and no pattern"


def examples_are_valid(document: Document) -> Iterator[str]:
    """Every example keeps the schema that it stands beside. OpenAPI 3.0 schemas are read as JSON Schema draft 4."""
    for place, node in nodes(document):
        if not isinstance(node, Mapping) or place.endswith(".properties"):
            continue
        schema = node.get("schema", node if "type" in node or "anyOf" in node else None)
        if not isinstance(schema, Mapping):
            continue
        for name, value in _examples(document, node):
            yield from (f"{place}: the {name} {problem}" for problem in _breaks(document, schema, value))


def _examples(document: Document, node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "example" in node:
        yield "example", node["example"]
    if isinstance(node.get("examples"), Mapping):
        for name, entry in node["examples"].items():
            resolved = resolve_pointer(document, entry["$ref"]) if "$ref" in entry else entry
            yield f"example {name}", resolved["value"]


def _breaks(document: Document, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    whole = {"components": document["components"], "allOf": [schema]}
    validator = jsonschema_rs.Draft4Validator(whole, validate_formats=False)
    for error in validator.iter_errors(value):
        where = ".".join(map(str, error.instance_path))
        yield f"breaks its schema{f' at {where}' if where else ''}: {_short(error.message)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


CHECKS: tuple[Callable[[Document], Iterator[str]], ...] = (
    keys_are_text,
    operations_are_whole,
    operation_ids_are_unique,
    references_resolve,
    sources_exist,
    access_rules_name_privileges,
    parameters_are_declared,
    error_ids_exist,
    errors_have_their_form,
    answers_name_what_there_is,
    levels_are_valid,
    levels_belong_to_rules,
    examples_are_valid,
    *repeats.CHECKS,
)


def problems(document: Document) -> list[str]:
    """What is wrong with a bundled document, one line each; empty where nothing is."""
    lines: list[str] = []
    for check in CHECKS:
        try:
            lines.extend(check(document))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            lines.append(f"{check.__name__} could not run: {type(error).__name__} {error}")
    return lines


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, which YAML forbids and PyYAML lets through."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """The mapping, once its keys are known to differ."""
        for key in repeated(key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"):
            raise yaml.constructor.ConstructorError(None, None, f"the key {key} stands twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def source_problems(room: Path = ROOM) -> list[str]:
    """The YAML files below `room` that cannot be read, or say a key twice; those that are made are not read."""
    lines = []
    for path in sorted(set(room.rglob("*.yaml")) - set((room / BUNDLED).glob("*"))):
        try:
            yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)  # noqa: S506  (a safe loader)
        except yaml.YAMLError as error:
            lines.append(f"{path.relative_to(room)}: {' '.join(str(error).split())}")
    return lines


def room_problems(room: Path = ROOM) -> list[str]:
    """What is wrong with the sources and with each bundled edition in `room`."""
    lines = source_problems(room)
    if lines:
        return lines
    editions: dict[str, list[str]] = {}
    for path in sorted((room / BUNDLED).glob("*.yaml")):
        for problem in problems(parse(path.read_text(encoding="utf-8"))):
            editions.setdefault(problem, []).append(path.stem)
    return [f"{', '.join(names)}: {problem}" for problem, names in editions.items()]


def main(argv: list[str] | None = None) -> int:
    """Print every problem of the contract's data; exit code 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m onezone_spec.lint", description=(__doc__ or "").splitlines()[0])
    parser.parse_args(argv)
    lines = room_problems()
    for problem in lines:
        print(problem, file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
