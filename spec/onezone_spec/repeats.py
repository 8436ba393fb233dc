"""The lint's checks for facts that the contract states twice."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

from onezone_spec.read import read_contract
from onezone_spec.walk import Document, Nodes, nodes, operations, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onezone_spec.model import Operation, Route

_FIRST_ERROR = 400


def components_differ(document: Document) -> Iterator[str]:
    """Two components of a kind never say the same, whatever they are called."""
    for kind, entries in document.get("components", {}).items():
        for (name, first), (other, second) in combinations(entries.items(), 2):
            if first == second:
                yield f"components.{kind}: {name} and {other} say the same"


def parameters_are_shared(document: Document) -> Iterator[str]:
    """A parameter that two paths need is a component."""
    inline = [
        (
            f"{path} parameter {parameter['name']}",
            {key: value for key, value in parameter.items() if key != "x-onezone-source"},
        )
        for path, item in document["paths"].items()
        for parameter in item.get("parameters", ())
        if "$ref" not in parameter
    ]
    yield from (
        f"{place} and {other} say the same: make it a component"
        for (place, first), (other, second) in combinations(inline, 2)
        if first == second
    )


def errors_are_shared(document: Document) -> Iterator[str]:
    """An answer of error is described once, as a component."""
    described = {entry["description"]: f"components.responses.{name}" for name, entry in _responses(document)}
    for name, node in operations(document):
        for status, answer in node.get("responses", {}).items():
            if int(status) < _FIRST_ERROR or "$ref" in answer:
                continue
            if answer["description"] in described:
                yield f"{name}: answer {status} repeats {described[answer['description']]}"
            described[answer["description"]] = f"answer {status} of {name}"


def _responses(document: Document) -> Nodes:
    yield from document.get("components", {}).get("responses", {}).items()


def lists_have_no_repeats(document: Document) -> Iterator[str]:
    """Privileges of a route, required keys, values of an enum, sections: each is listed once."""
    for place, node in nodes(document):
        if isinstance(node, list) and not place.rpartition(".")[2].startswith(("value", "example")):
            yield from (f"{place}: {value} is listed twice" for value in repeated(node))


def privileges_have_one_scope(document: Document) -> Iterator[str]:
    """A privilege belongs to one scope."""
    for privilege in repeated(name for scope in document["x-onezone-privileges"].values() for name in scope):
        yield f"privilege {privilege} is in more than one scope"


def sources_are_not_repeated(document: Document) -> Iterator[str]:
    """An access rule names its source only where it is another than the operation's."""
    for name, node in operations(document):
        place = node.get("x-onezone-access-source")
        if place is not None and place == node.get("x-onezone-source"):
            yield f"{name}: x-onezone-access-source repeats x-onezone-source"


def routes_imply_no_other(document: Document) -> Iterator[str]:
    """A route that needs all that another needs, and more, allows nobody."""
    for operation in _loaded(document):
        for wide, narrow in permutations(operation.access.routes, 2):
            if (
                wide.level is narrow.level
                and not wide.lacks(_exactly(narrow))
                and not (_exactly(wide) == _exactly(narrow) and wide.name > narrow.name)
            ):
                yield f"{operation.id}: route {narrow.name} is implied by route {wide.name}"


def _exactly(route: Route) -> dict[str, frozenset[str]]:
    return dict(route.needs)


def effects_differ(document: Document) -> Iterator[str]:
    """Two operations never have the same effect: the mock and the judge find an operation by it."""
    for contract, other in combinations(_loaded(document), 2):
        if contract.effect == other.effect:
            yield f"{contract.id} and {other.id} have the same effect"


def _loaded(document: Document) -> list[Operation]:
    """The operations of a document that is whole enough to be read."""
    try:
        return list(read_contract(document).operations.values())
    except (KeyError, ValueError, TypeError, AttributeError, StopIteration):
        return []  # another check names what is missing


CHECKS: tuple[Callable[[Document], Iterator[str]], ...] = (
    components_differ,
    parameters_are_shared,
    errors_are_shared,
    lists_have_no_repeats,
    privileges_have_one_scope,
    sources_are_not_repeated,
    routes_imply_no_other,
    effects_differ,
)
