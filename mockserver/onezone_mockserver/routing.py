"""Routing: which operation a request means, by the segments of the raw path (RFC 3986, 3.3).

Segments are split before they are decoded, so an id may hold any character, a percent-encoded slash included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from connexion.middleware.abstract import ROUTING_CONTEXT, RoutedAPI, SpecMiddleware

from onezone_mockserver.exchange import KEY, Answer, App, Exchange, Receive, Refusal, Scope, Send

if TYPE_CHECKING:
    from onezone_spec import Operation

    from onezone_mockserver.state import MockState

BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(slots=True)
class Place:
    """The end of a path template: its operations by method and the names of its parameters."""

    names: tuple[str, ...]
    operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def allow(self) -> bytes:
        """Every method that the place answers (RFC 9110, 10.2.1)."""
        methods = {*self.operations, "OPTIONS"} | ({"HEAD"} if "GET" in self.operations else set())
        return ", ".join(sorted(methods)).encode()


@dataclass(slots=True)
class Node:
    """A segment of the path templates: what may follow it, and the place if a template ends here."""

    fixed: dict[bytes, Node] = field(default_factory=dict)
    parameter: Node | None = None
    place: Place | None = None

    def find(self, segments: list[bytes], at: int, values: list[bytes]) -> Place | None:
        """The place that `segments` from `at` on lead to; fixed segments win. Fills `values` with the parameters."""
        if at == len(segments):
            return self.place
        segment = segments[at]
        node = self.fixed.get(segment)
        place = node.find(segments, at + 1, values) if node else None
        if place or self.parameter is None or not segment:
            return place
        values.append(segment)
        place = self.parameter.find(segments, at + 1, values)
        if not place:
            values.pop()
        return place

    def grow(self, segments: list[str]) -> Node:
        """The node at the end of a template's segments, made where it is not there yet."""
        node = self
        for segment in segments:
            if segment.startswith("{"):
                node.parameter = node.parameter or Node()
                node = node.parameter
            else:
                node = node.fixed.setdefault(segment.encode(), Node())
        return node


class RoutingAPI(RoutedAPI["Operation"]):  # type: ignore[misc]  # Connexion is untyped
    """The path templates of one base path, taken from Connexion's operations."""

    def __init__(self, specification: Any, *, state: MockState, next_app: App, **options: Any) -> None:
        super().__init__(specification, next_app=next_app, **options)
        self.state = state
        self.root = Node()
        self.add_paths()

    def make_operation(self, operation: Any) -> Operation:
        """The contract's operation of the same id, put at the end of its path."""
        known = self.state.contract.operations[operation.operation_id]
        segments = operation.path.strip("/").split("/")
        node = self.root.grow(segments)
        node.place = node.place or Place(tuple(one.strip("{}") for one in segments if one.startswith("{")))
        node.place.operations[operation.method.upper()] = known
        return known


class Routing(SpecMiddleware):  # type: ignore[misc]  # Connexion is untyped
    """Finds the operation, or refuses: 404 for an unknown path, 405 with the full Allow for an unknown method.

    It leaves in the scope what Connexion's own routing leaves there: the routing context and the path parameters.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.apis: dict[bytes, RoutingAPI] = {}
        self.contexts: dict[tuple[bytes, str], dict[str, str]] = {}

    def add_api(self, specification: Any, **options: Any) -> RoutingAPI:
        """Add the paths of a specification under a base path."""
        api = RoutingAPI(specification, next_app=self.app, **options)
        base = f"{api.base_path}/".encode()
        self.apis[base] = api
        for name in api.operations:
            self.contexts[base, name] = {"api_base_path": api.base_path, "operation_id": name}
        return api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route the exchange and pass it on. Raises Refusal: notFound, methodNotAllowed, malformedData."""
        exchange: Exchange = scope[KEY]
        exchange.stage = "routing"
        exchange.check_host()
        base, place, params = self.find(exchange.path)
        operation = place.operations.get("GET" if exchange.method == "HEAD" else exchange.method)
        if operation is None:
            await _no_operation(exchange, place, send)
            return
        exchange.operation = operation
        exchange.params = scope["path_params"] = params
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = self.contexts[base, operation.id]
        await self.app(scope, receive, send)

    def find(self, path: bytes) -> tuple[bytes, Place, dict[str, str]]:
        """The base path, place and parameters by name of a raw path. Raises Refusal: notFound, malformedData."""
        for base, api in self.apis.items():
            if path.startswith(base):
                values: list[bytes] = []
                place = api.root.find(_segments(path[len(base) :]), 0, values)
                if place:
                    return base, place, dict(zip(place.names, map(_text, values), strict=True))
        raise Refusal("notFound", f"routing: no operation has this path; the base paths are {self._base_paths()}")

    def _base_paths(self) -> str:
        contracts = [api.state.contract for api in self.apis.values()]
        return ", ".join(base for contract in contracts[:1] for base in contract.base_paths)


async def _no_operation(exchange: Exchange, place: Place, send: Send) -> None:
    """Answer a method that the place has no operation for: OPTIONS says which there are (RFC 9110, 9.3.7)."""
    allow = (b"allow", place.allow)
    if exchange.method == "OPTIONS":
        await Answer(204, [allow]).send(send)
        return
    exchange.siblings = tuple(place.operations.values())
    raise Refusal("methodNotAllowed", f"routing: this path answers {allow[1].decode()}", (allow,))


def _segments(path: bytes) -> list[bytes]:
    """The decoded segments of a path; one trailing slash counts for nothing. Raises Refusal for a bad escape."""
    segments = path.removesuffix(b"/").split(b"/")
    if b"%" not in path:
        return segments
    if BAD_ESCAPE.search(path):
        raise Refusal("malformedData", "routing: a percent sign in the path is not followed by two hexadecimal digits")
    return [unquote_to_bytes(segment) for segment in segments]


def _text(value: bytes) -> str:
    """A path parameter as text; bytes that are not UTF-8 become an id that nothing has."""
    return value.decode("utf-8", "surrogateescape")
