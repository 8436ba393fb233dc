"""The routing stage: which operation a request means, by the segments of the raw path (RFC 3986, 3.3).

Segments are split before they are decoded, so an id may hold any character, a percent-encoded slash included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from onezone_mockserver.exchange import KEY, Answer, App, Exchange, Receive, Refusal, Scope, Send
from onezone_mockserver.lean import ROUTING_CONTEXT, AbstractRoutingAPI, SpecMiddleware

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

LONG_PATH = 200
"""Paths longer than this are not remembered."""
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


class RoutingTable(AbstractRoutingAPI):  # type: ignore[misc]  # Connexion is untyped
    """The path templates of one base path, taken from Connexion's operations."""

    def __init__(self, specification: Any, *, contract: Contract, root: Node, **options: Any) -> None:
        self.contract = contract
        self.root = root
        super().__init__(specification, **options)

    def make_operation(self, operation: Any) -> Operation:
        """The contract's operation of the same id."""
        return self.contract.operations[operation.operation_id]

    @staticmethod
    def _framework_path_and_name(_operation: Any, path: str) -> tuple[str, str]:
        return path, path

    def _add_operation_internal(self, method: str, path: str, operation: Operation, name: str | None = None) -> None:  # noqa: ARG002
        segments = path.strip("/").split("/")
        node = self.root.grow(segments)
        node.place = node.place or Place(tuple(one.strip("{}") for one in segments if one.startswith("{")))
        node.place.operations[method.upper()] = operation


class Route(SpecMiddleware):  # type: ignore[misc]  # Connexion is untyped
    """Finds the operation, or refuses: 404 for an unknown path, 405 with the full Allow for an unknown method."""

    def __init__(self, app: App, *, contract: Contract) -> None:
        self.app = app
        self.contract = contract
        self.root = Node()
        self.contexts: dict[str, dict[str, str]] = {}
        self.bases = sorted((f"{base}/".encode() for base in contract.base_paths), key=len, reverse=True)
        self.known = lru_cache(maxsize=4096)(self.find)

    def add_api(self, specification: Any, base_path: str | None = None, **options: Any) -> RoutingTable:
        """Add the paths of a specification. They count under every base path of the contract."""
        names = self.contract.operations
        self.contexts = {name: {"api_base_path": base_path or "", "operation_id": name} for name in names}
        return RoutingTable(specification, contract=self.contract, root=self.root, base_path=base_path, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route the exchange and pass it on. Raises Refusal: notFound, methodNotAllowed, malformedData."""
        exchange: Exchange = scope[KEY]
        exchange.stage = "route"
        path = exchange.path
        place, exchange.params = self.known(path) if len(path) < LONG_PATH else self.find(path)
        operation = place.operations.get("GET" if exchange.method == "HEAD" else exchange.method)
        if operation is None:
            await _no_operation(exchange, place, send)
            return
        exchange.operation = operation
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = self.contexts[operation.id]
        await self.app(scope, receive, send)

    def find(self, path: bytes) -> tuple[Place, dict[str, str]]:
        """The place of a raw path and its parameters by name. Raises Refusal: notFound, malformedData."""
        for base in self.bases:
            if path.startswith(base):
                values: list[bytes] = []
                place = self.root.find(_segments(path[len(base) :]), 0, values)
                if place:
                    return place, dict(zip(place.names, map(_text, values), strict=True))
        bases = ", ".join(self.contract.base_paths)
        raise Refusal("notFound", f"route: no operation has this path; the base paths are {bases}")


async def _no_operation(exchange: Exchange, place: Place, send: Send) -> None:
    """Answer a method that the place has no operation for: OPTIONS says which there are (RFC 9110, 9.3.7)."""
    allow = (b"allow", place.allow)
    if exchange.method == "OPTIONS":
        await Answer(204, [allow]).send(send)
        return
    exchange.siblings = tuple(place.operations.values())
    raise Refusal("methodNotAllowed", f"route: this path answers {allow[1].decode()}", (allow,))


def _segments(path: bytes) -> list[bytes]:
    """The decoded segments of a path; one trailing slash counts for nothing. Raises Refusal for a bad escape."""
    segments = path.removesuffix(b"/").split(b"/")
    if b"%" not in path:
        return segments
    if BAD_ESCAPE.search(path):
        raise Refusal("malformedData", "route: a percent sign in the path is not followed by two hexadecimal digits")
    return [unquote_to_bytes(segment) for segment in segments]


def _text(value: bytes) -> str:
    """A path parameter as text; bytes that are not UTF-8 become an id that nothing has."""
    return value.decode("utf-8", "surrogateescape")
