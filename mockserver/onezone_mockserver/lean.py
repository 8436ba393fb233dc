"""Connexion with what the mock needs of it, and no more: it is most of the time and memory of a start.

Connexion imports, for all of its users, what the mock never calls: a test client with an HTTP library and its command
line, another HTTP library, two kinds of templates, another request class. While Connexion is imported, light modules
stand in their places; they leave `sys.modules` at once, so that everybody else gets the real ones, and Connexion gets
those too, the moment that it asks one for anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

HEAVY = ("starlette.testclient", "starlette.templating", "requests", "httpx", "jinja2")


class Late:
    """A name of a module that is not loaded yet: called, or asked for an attribute, it is the real thing."""

    def __init__(self, module: str, name: str) -> None:
        self.__dict__.update(_module=module, _name=name)

    def _real(self) -> Any:
        return getattr(import_module(self._module), self._name)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        return self._real()(*positional, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # who inspects it is not to load it
        return getattr(self._real(), name)


class StandIn(ModuleType):
    """A module that is not loaded yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        standing = sys.modules.get(self.__name__) is self
        return Late(self.__name__, name) if standing else getattr(import_module(self.__name__), name)


@contextmanager
def without(names: Iterable[str]) -> Iterator[None]:
    """Put stand-ins in the places of modules that are not loaded yet, and take them away again."""
    placed = {name: StandIn(name) for name in names if name not in sys.modules}
    for one in placed.values():
        one.__path__ = []
    sys.modules.update(placed)
    try:
        yield
    finally:
        for name, one in placed.items():
            if sys.modules.get(name) is one:
                del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent and getattr(sys.modules.get(parent), child, None) is one:
                delattr(sys.modules[parent], child)


def routes(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as far as Connexion's assembly reads it: which operations there are, and where.

    The rest is for the mock's own stages, which read the contract. Connexion copies, resolves and validates what it is
    given, which takes longer than all the rest of a start; the contract's own checks have done that to the whole.
    """
    paths = {
        path: {method: _bare(one) for method, one in _operations(item)} for path, item in document["paths"].items()
    }
    return {name: document[name] for name in ("openapi", "info", "servers")} | {"paths": paths}


def _operations(item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((method, one) for method, one in item.items() if isinstance(one, dict) and "operationId" in one)


def _bare(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {"operationId": operation["operationId"], "responses": {"default": {"description": ""}}}


with without(HEAVY):
    from connexion import ConnexionMiddleware
    from connexion.middleware.abstract import (
        ROUTING_CONTEXT,
        AbstractRoutingAPI,
        RoutedAPI,
        RoutedMiddleware,
        SpecMiddleware,
    )
    from connexion.resolver import Resolver

__all__ = [
    "ROUTING_CONTEXT",
    "AbstractRoutingAPI",
    "ConnexionMiddleware",
    "Resolver",
    "RoutedAPI",
    "RoutedMiddleware",
    "SpecMiddleware",
    "routes",
]
