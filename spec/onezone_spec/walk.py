"""Walk a bundled document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onezone_spec.read import METHODS, parse

__all__ = ["nodes", "operations", "parse", "repeated", "resolve_pointer"]

Document = Mapping[str, Any]
Nodes = Iterator[tuple[str, Any]]


def nodes(tree: Any, place: str = "") -> Nodes:
    """Every value below `tree` with its place, parents before children."""
    yield place, tree
    pairs = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield from nodes(value, f"{place}.{key}" if place else str(key))


def operations(document: Document) -> Nodes:
    """Every operation's node with its method and path, as `POST /groups`."""
    for path, item in document["paths"].items():
        yield from ((f"{method.upper()} {path}", item[method]) for method in METHODS if method in item)


def resolve_pointer(document: Document, reference: str) -> Any:
    """What a local `$ref` points at; raises KeyError where it points at nothing."""
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def repeated(values: Iterable[Any]) -> list[str]:
    """The values that occur more than once, as text."""
    return [value for value, count in Counter(map(repr, values)).items() if count > 1]
