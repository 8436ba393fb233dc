"""What bundling adds to a document for those who read it, people and tools: all of it follows from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onezone_spec.body import Level
from onezone_spec.model import CONDITIONS, path_shape
from onezone_spec.read import read_contract
from onezone_spec.walk import operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onezone_spec.model import Operation

Document = dict[str, Any]
OPERATIONS = "x-onezone-operations"
RELATING = frozenset({"create", "attach"})
"""Verbs after which there is something to go on with."""


def add(document: Document) -> None:
    """Everything below, in place."""
    name_upstream(document)
    say_who_may(document)
    show_errors(document)
    link(document)


# --- upstream's operations ---------------------------------------------------------------------------------------


def name_upstream(document: Document) -> None:
    """Give each operation upstream's id, and leave in the register those that the document lacks."""
    register: Mapping[str, Mapping[str, str]] = document[OPERATIONS]
    releases = document.get("x-onezone-releases", ())
    ours = {path_shape(name): node for name, node in operations(document)}
    lacking = {}
    for release, added in register.items():
        for name, upstream in added.items():
            if path_shape(name) in ours:
                ours[path_shape(name)]["x-onezone-upstream-id"] = upstream
            elif release in releases:
                lacking[name] = upstream
    document[OPERATIONS] = lacking


# --- who may -----------------------------------------------------------------------------------------------------


def say_who_may(document: Document) -> None:
    """End the description of each operation with a paragraph on its access rule."""
    for _, node in operations(document):
        owned = document.get("x-onezone-owners", {})
        routes = [_route(needs, owned) for needs in node["x-onezone-access"].values()]
        node["description"] = f"{node['description'].rstrip()}\n\nAllowed: {'; '.join(routes)}."


def _route(needs: Mapping[str, Any], owned: Mapping[str, str]) -> str:
    scopes = {scope: names for scope, names in needs.items() if scope not in {"with", "level"}}
    if not scopes:
        return "everybody, without credentials"
    places = [scope for scope in scopes if scope not in {*CONDITIONS, "zone"}]
    holding = _holding(scopes).replace(f"in the {_words(places[0])}", "there") if len(places) == 1 else _holding(scopes)
    if places:
        what = " and the ".join(map(_words, places))
        who = f"the owner of the {what}" if owned.keys() >= set(places) else f"members of the {what}"
    else:
        who = "every user" if "caller" in scopes else "the user whom the path names" if "self" in scopes else "those"
    verb = "holds" if "self" in scopes and not places else "hold"
    who += f" who {verb} {holding}" if holding else ""
    who += ", about the user who created it" if "creator" in scopes else ""
    who += ", about themselves" if "self" in scopes and places else ""
    for key, more in needs.get("with", {}).items():
        who += f" (with `{key}` in the body also {_holding(more)})"
    return who + (" (the documentation leaves this open)" if needs.get("level") == Level.OBSERVE else "")


def _holding(scopes: Mapping[str, Any]) -> str:
    held = (
        f"{' and '.join(f'`{name}`' for name in names)} in the {_words(scope)}"
        for scope, names in scopes.items()
        if names
    )
    return " and ".join(held)


def _words(scope: str) -> str:
    return scope.replace("_", " ")


# --- errors ------------------------------------------------------------------------------------------------------


def show_errors(document: Document) -> None:
    """Give each answer of error that names one its example, in the edition's shape."""
    error = document["components"]["schemas"]["Error"]["properties"]["error"]
    for answer in document["components"]["responses"].values():
        if "x-onezone-error" not in answer:
            continue
        name = answer["x-onezone-error"]
        kind = document["x-onezone-errors"][name]
        details = kind.get("example", {})
        sentence = kind["description"].format(**details)
        whole = {"id": name, **({"details": details} if details else {}), "description": sentence}
        value = sentence if error.get("type") == "string" else whole
        for media in answer["content"].values():
            media["examples"] = {name: {"summary": sentence, "value": {"error": value}}}


# --- links -------------------------------------------------------------------------------------------------------


def link(document: Document) -> None:
    """Lead from what makes something, or a relation, to every operation whose path can be filled in from it."""
    contract = read_contract(document)
    for operation in contract.operations.values():
        if operation.effect.verb in RELATING:
            node = document["paths"][operation.path][operation.method.lower()]
            found = dict(_links(contract.roles, operation, contract.operations.values()))
            if found:
                node["responses"][str(operation.success.status)]["links"] = found


def _links(roles: Mapping[str, str], operation: Operation, every: Any) -> Iterator[tuple[str, Any]]:
    given = {one.entity: f"$request.path.{one.name}" for one in operation.parameters}
    new: dict[Any, str] = {}
    if operation.effect.verb == "create" and operation.success.location:
        role = operation.effect.resource
        found = "$response.header.Location#regex:([^/]+)$"
        new = {role: found, roles.get(role, role): found}
    for other in every:
        wanted = [None if one.key else one.entity for one in other.parameters]
        values = given | {role: text for role, text in new.items() if role not in given or wanted == [role]}
        fits = wanted and set(wanted) <= values.keys() - {None} and _goes_on(operation, other, wanted, new)
        if fits and other is not operation:
            yield (
                other.id,
                {
                    "operationId": other.id,
                    "parameters": {one.name: values[one.entity] for one in other.parameters},
                },
            )


def _goes_on(operation: Operation, other: Operation, wanted: list[Any], new: Mapping[Any, str]) -> bool:
    """Whether the other operation is about what this one made, and about the caller only where this one is."""
    own = "caller" in {other.effect.resource, other.effect.within}
    about = any(role in new for role in wanted) if new else set(wanted) == {one.entity for one in operation.parameters}
    return about and (not own or operation.effect.within == "caller")
