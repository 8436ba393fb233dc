"""Say how two editions differ: grouped, one line a change, old → new.

Both documents are turned into the same shape, a tree of facts (`view`), whose differences are then sorted into
groups. What no group claims is listed last, so no difference is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from onezone_spec.body import Level
from onezone_spec.model import CONDITIONS

if TYPE_CHECKING:
    from onezone_spec.model import Contract, Operation

Tree = Mapping[str, Any]
REST = "Wording and examples"
ABSENT = "(nothing)"
_LONGEST = 110
_CONTEXT = 20
_MOST_SUBJECTS = 3
_BOUNDS = {"minLength": "{} or longer", "maxLength": "up to {}", "minProperties": "with {} key or more"}

# A group and the places that belong to it: the first match wins.
GROUPS = (
    ("Sources", r".*(/source|x-onezone-(access-)?source|x-onezone-documents/.*)"),
    ("Success status", r"[^/]+/success status"),
    ("Location", r"[^/]+/success/headers/Location/(ends in|x-onezone-level)"),
    ("Error shape", r"error/shape|example [^/]+/value"),
    ("Errors", r"x-onezone-errors/.*"),
    ("Access rules", r"[^/]+/access/.*"),
    ("Privileges", r"x-onezone-privileges/.*"),
    ("Body rules", r"[^/]+/(media types/.*|requestBody/x-onezone-level|(.*/)?(is|required|(ignored|errors|level)/.*))"),
    ("Base paths", r"base paths"),
    ("Documented statuses", r"[^/]+/error statuses"),
    ("Answers", r"(answer [^/]+|[^/]+/(success|answer \d+))/(?!.*description|.*example).*"),
)
ONLY = "Only in one"
ORDER = (
    ONLY,
    "Success status",
    "Location",
    "Error shape",
    "Access rules",
    "Body rules",
    "Base paths",
    "Documented statuses",
    "Answers",
    "Errors",
    "Privileges",
    "Sources",
    REST,
)
# Steps of a place that its group says already.
_HIDDEN = {"access", "success status", "error statuses", "is", "success", "headers", "content", "application/json"}
_HIDDEN |= {f"x-onezone-{name}" for name in ("source", "errors", "privileges", "documents")} | {"source", "value"}


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that two editions state differently."""

    group: str
    subject: str
    old: str
    new: str


def view(contract: Contract) -> dict[str, Any]:
    """The facts of a contract as a tree whose first key is an operation, a schema or another thing to speak of."""
    document = contract.document
    components = dict(document["components"])
    schemas = dict(components.pop("schemas"))
    error = contract.error_schema
    for name in ("Error", "ErrorObject", "ErrorDetails"):
        schemas.pop(name, None)
    tree: dict[str, Any] = {name: _operation(contract, operation) for name, operation in contract.operations.items()}
    tree |= {name: _schema(schema) for name, schema in schemas.items()}
    tree["error"] = {"shape": shape(error), **_wording(error)}
    tree["base paths"] = list(contract.base_paths)
    tree |= {f"server {server['url']}": server for server in document["servers"]}
    tree |= {f"answer {name}": response for name, response in components.pop("responses").items()}
    tree |= {f"example {name}": _compact(example) for name, example in components.pop("examples", {}).items()}
    return tree | components | {key: document[key] for key in document.keys() - {"components", "paths", "servers"}}


def _compact(example: Tree) -> dict[str, Any]:
    return {**example, "value": json.dumps(example["value"], ensure_ascii=False)}


def _operation(contract: Contract, operation: Operation) -> dict[str, Any]:
    item = contract.document["paths"][operation.path]
    node = dict(item[operation.method.lower()])
    listed = [*item.get("parameters", ()), *node.pop("parameters", ())]
    node["parameters"] = {parameter.get("name", parameter.get("$ref")): parameter for parameter in listed}
    responses = node.pop("responses")
    errors = sorted(status for status in responses if not status.startswith("2"))
    media = node.pop("x-onezone-media-types", {})
    node["access"] = {route: _route(needs) for route, needs in node.pop("x-onezone-access").items()}
    node["success status"] = str(operation.success.status)
    node["error statuses"] = " ".join(errors)
    node["success"] = _answer(responses[str(operation.success.status)])
    node["at"] = f"{operation.method} {operation.path}"
    node["media types"] = media
    return node | {f"answer {status}": responses[status] for status in errors if "$ref" not in responses[status]}


def _route(needs: Tree) -> str:
    sentence = " and ".join(_need(scope, names) for scope, names in needs.items() if scope not in {"with", "level"})
    extra = "".join(f"; with {key}: {_route(more)}" for key, more in needs.get("with", {}).items())
    return (sentence or "nothing") + extra + (" (left open)" if needs.get("level") == Level.OBSERVE else "")


def _need(scope: str, names: list[str]) -> str:
    return scope if scope in CONDITIONS else f"{', '.join(names) or 'membership'} in the {scope}"


def _answer(node: Tree) -> dict[str, Any]:
    headers = {name: _header(header) for name, header in node.get("headers", {}).items()}
    return {**node, "headers": headers} if headers else dict(node)


def _header(node: Tree) -> dict[str, Any]:
    ends = {"ends in": node["x-onezone-location"]} if "x-onezone-location" in node else {}
    return {key: value for key, value in node.items() if key != "x-onezone-location"} | ends


def _schema(node: Tree) -> dict[str, Any]:
    """A schema's facts: what it is in a phrase, its properties by name, and what the extensions say of it."""
    compared = {"type", "anyOf", "pattern", "properties", "required", *_BOUNDS}
    names = {"x-onezone-errors": "errors", "x-onezone-level": "level", "x-onezone-ignored": "ignored"}
    facts: dict[str, Any] = {names.get(key, key): value for key, value in node.items() if key not in compared}
    facts["is"] = phrase(node)
    if isinstance(facts.get("level"), str):
        facts["level"] = {"": facts["level"]}
    if "required" in node:
        facts["required"] = ", ".join(sorted(node["required"]))
    return facts | {name: _schema(schema) for name, schema in node.get("properties", {}).items()}


def _wording(node: Tree) -> dict[str, Any]:
    """What a schema says beside its shape."""
    own = {key: value for key, value in node.items() if key == "description" or key.startswith("x-")}
    return own | {name: _wording(schema) for name, schema in node.get("properties", {}).items()}


def shape(schema: Tree) -> str:
    """A schema as JSON would look: `{"id": string, "details"?: object}`."""
    if not schema.get("properties"):
        return phrase(schema)
    required = schema.get("required", ())
    keys = (
        f'"{name}"{"" if name in required else "?"}: {shape(value)}' for name, value in schema["properties"].items()
    )
    return f"{{{', '.join(keys)}}}"


def phrase(schema: Tree) -> str:
    """A schema in a few words: `string (1 or longer) or boolean`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    alternatives = " or ".join(phrase(alternative) for alternative in schema.get("anyOf", ()))
    bounds = [text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema]
    bounds += [f"like {abbreviate(schema['pattern'])}"] if "pattern" in schema else []
    bounds += [alternatives] if alternatives and "type" in schema else []
    own = str(schema.get("type", alternatives or "anything"))
    return f"{own} ({'; '.join(bounds)})" if bounds else own


def abbreviate(text: str) -> str:
    """`text` on one line and not too long; long runs of letters of the world's scripts become an ellipsis."""
    line = re.sub(r"(?:[^\x00-\x7f]-?){12,}", "…", " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def leaves(tree: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every fact of a tree as text, with its place. Lists and sources are one fact each."""
    if isinstance(tree, Mapping) and set(tree) == {"document", "section"}:
        yield place, f"{tree['document']}, {tree['section']}"
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves(value, (*place, str(key)))
    elif isinstance(tree, list):
        yield place, ", ".join(", ".join(text for _, text in leaves(branch)) for branch in tree)
    else:
        yield place, tree if isinstance(tree, str) else repr(tree)


def differences(old: Contract, new: Contract) -> list[Change]:
    """Every fact that differs, in the order of the groups."""
    trees = view(old), view(new)
    parts = {
        name for contract in (old, new) for name in [*contract.operations, *contract.document["components"]["schemas"]]
    }
    alone = [name for name in {**trees[0], **trees[1]} if name in parts and (name in trees[0]) != (name in trees[1])]
    before, after = ({place: text for place, text in leaves(tree) if place[0] not in alone} for tree in trees)
    places = [*before, *(place for place in after if place not in before)]
    changes = [
        Change(_group(place), _subject(place), before.get(place, ABSENT), after.get(place, ABSENT))
        for place in places
        if before.get(place) != after.get(place)
    ]
    changes += [Change(ONLY, name, *(_presence(tree, name) for tree in trees)) for name in alone]
    return sorted(changes, key=lambda change: ORDER.index(change.group))


def _presence(tree: Tree, name: str) -> str:
    """Where an operation is found; for anything else, whether it exists."""
    if name not in tree:
        return ABSENT
    return str(tree[name]["at"]) if isinstance(tree[name], Mapping) and "at" in tree[name] else "there"


def _group(place: tuple[str, ...]) -> str:
    path = "/".join(place)
    return next((name for name, pattern in GROUPS if re.fullmatch(pattern, path)), REST)


def _subject(place: tuple[str, ...]) -> str:
    return " ".join(step.removeprefix("x-onezone-") for step in place if step not in _HIDDEN) or place[-1]


def report(old: Contract, new: Contract) -> str:
    """The differences as text for people: groups, one line a change, the count last."""
    changes = differences(old, new)
    lines = [f"{old.edition} ({old.version}) → {new.edition} ({new.version})"]
    everything = [name for name in old.operations if name in new.operations]
    for group in ORDER:
        members = [change for change in changes if change.group == group]
        if members:
            lines += ["", group, *(f"  {line}" for line in _lines(members, everything))]
    count = len(changes)
    lines += ["", "no differences" if not count else f"{count} difference{'s' if count > 1 else ''}"]
    return "\n".join(lines) + "\n"


def _lines(changes: list[Change], operations: list[str]) -> Iterator[str]:
    """One line for each pair of old and new, naming all that it holds for."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        subjects.setdefault((change.old, change.new), []).append(change.subject)
    for (old, new), names in subjects.items():
        shown = "every operation" if set(names) == set(operations) else _subjects_in_words(names)
        yield f"{shown}: {_between(old, new)}"


def _between(old: str, new: str) -> str:
    """Both texts, without the long beginning that they share."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    cut = same - _CONTEXT if max(len(old), len(new)) > _LONGEST and same > _CONTEXT else 0
    lead = "…" if cut else ""
    return f"{lead}{abbreviate(old[cut:])} → {lead}{abbreviate(new[cut:])}"


def _subjects_in_words(subjects: list[str]) -> str:
    rest = len(subjects) - _MOST_SUBJECTS
    return ", ".join(subjects[:_MOST_SUBJECTS]) + (f" and {rest} more" if rest > 0 else "")
