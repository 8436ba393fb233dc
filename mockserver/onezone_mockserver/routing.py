"""Routing: which operation a request means, by the segments of the raw path (RFC 3986, 3.3).

Segments are split before they are decoded, so an id may hold any character, a percent-encoded slash included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

from connexion.middleware.abstract import ROUTING_CONTEXT, RoutedAPI, SpecMiddleware

from onezone_mockserver.exchange import KEY, Answer, App, Exchange, Receive, Refusal, Scope, Send
from onezone_mockserver.paths import BAD_ESCAPE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onezone_spec import Operation, Uncovered

    from onezone_mockserver.state import MockState

LONG_PATH = 200
"""Paths longer than this are not remembered. Others are: to route one anew is a tenth of what a create costs."""


T = TypeVar("T")
Contexts = dict[str, dict[str, str]]
"""What Connexion's own routing leaves in the scope, by the id of the operation."""


@dataclass(slots=True)
class Place(Generic[T]):
    """The end of a path template: its operations by method and the names of its parameters."""

    names: tuple[str, ...]
    operations: dict[str, T] = field(default_factory=dict)

    @property
    def allow(self) -> bytes:
        """Every method that the place answers (RFC 9110, 10.2.1)."""
        methods = {*self.operations, "OPTIONS"} | ({"HEAD"} if "GET" in self.operations else set())
        return ", ".join(sorted(methods)).encode()


class Templates(Generic[T]):
    """The path templates that have so many segments, and parameters at the same positions.

    `fixed` picks the other segments out of a path; they name the place.
    """

    def __init__(self, size: int, parameters: tuple[int, ...]) -> None:
        fixed = [at for at in range(size) if at not in parameters]
        self.parameters = parameters
        self.fixed: Callable[[list[bytes]], Any] = itemgetter(*fixed) if fixed else lambda _segments: ()
        self.places: dict[Any, Place[T]] = {}

    def find(self, segments: list[bytes]) -> Place[T] | None:
        """The place that a path leads to, None if there is none. An empty segment is no parameter."""
        place = self.places.get(self.fixed(segments))
        return place if place and all(segments[at] for at in self.parameters) else None


class Paths(Generic[T]):
    """All path templates of one base path."""

    def __init__(self) -> None:
        self.by_size: dict[int, list[Templates[T]]] = {}

    def add(self, method: str, path: str, operation: T) -> None:
        """Put an operation at the end of its path."""
        segments = path.strip("/").split("/")
        names = tuple(segment.strip("{}") for segment in segments if segment.startswith("{"))
        positions = tuple(at for at, segment in enumerate(segments) if segment.startswith("{"))
        templates = self._templates(len(segments), positions)
        key = templates.fixed([segment.encode() for segment in segments])
        templates.places.setdefault(key, Place(names)).operations[method.upper()] = operation

    def _templates(self, size: int, positions: tuple[int, ...]) -> Templates[T]:
        """The templates of that form; of several that fit a path, the one with the fewest parameters comes first."""
        same_size = self.by_size.setdefault(size, [])
        for templates in same_size:
            if templates.parameters == positions:
                return templates
        same_size.append(Templates(size, positions))
        same_size.sort(key=lambda templates: (len(templates.parameters), [-at for at in templates.parameters]))
        return self._templates(size, positions)

    def find(self, segments: list[bytes]) -> tuple[Place[T], dict[str, str]] | None:
        """The place of a path with its parameters by name; None if no template fits."""
        for templates in self.by_size.get(len(segments), ()):
            place = templates.find(segments)
            if place is not None:
                values = [_text(segments[at]) for at in templates.parameters]
                return place, dict(zip(place.names, values, strict=True))
        return None


class RoutingAPI(RoutedAPI["Operation"]):  # type: ignore[misc]  # Connexion is untyped
    """The paths of one base path: of Connexion's operations, and of those that Onezone has and the contract lacks."""

    def __init__(self, specification: Any, *, state: MockState, next_app: App, **options: Any) -> None:
        super().__init__(specification, next_app=next_app, **options)
        self.state = state
        self.paths: Paths[Operation] = Paths()
        self.contexts: Contexts = {}
        self.add_paths()
        self.uncovered: Paths[Uncovered] = Paths()
        for uncovered in state.contract.uncovered:
            self.uncovered.add(uncovered.method, uncovered.path, uncovered)

    def make_operation(self, operation: Any) -> Operation:
        """The contract's operation of the same id, put at the end of its path."""
        documented = self.state.contract.operations[operation.operation_id]
        self.paths.add(operation.method, operation.path, documented)
        self.contexts[documented.id] = {"api_base_path": self.base_path, "operation_id": documented.id}
        return documented


class Routing(SpecMiddleware):  # type: ignore[misc]  # Connexion is untyped
    """Finds the operation, or refuses: 404 for an unknown path, 405 with the full Allow for an unknown method.

    What Onezone has and the contract lacks is answered 501. Editions differ in what an unknown path is answered.

    It leaves in the scope what Connexion's own routing leaves there: the routing context and the path parameters.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.apis: dict[bytes, RoutingAPI] = {}
        self.server: Place[Operation] = Place(())
        self.remembered = lru_cache(maxsize=1024)(self.find)

    def add_api(self, specification: Any, **options: Any) -> RoutingAPI:
        """Add the paths of a specification under a base path."""
        api = RoutingAPI(specification, next_app=self.app, **options)
        base = f"{api.base_path}/".encode()
        self.server.operations.update({operation.method.upper(): operation for operation in api.operations.values()})
        self.apis[base] = api
        return api

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Route the exchange and pass it on.

        Raises Refusal: notFound, methodNotAllowed, malformedData, notImplemented.
        """
        exchange: Exchange = scope[KEY]
        exchange.stage = "routing"
        refusal = exchange.wrong_head()
        if refusal is not None:
            raise refusal
        path = exchange.path
        if path == b"*" and exchange.method == "OPTIONS":
            return _no_operation(exchange, self.server, send)
        contexts, place, params = self.remembered(path) if len(path) < LONG_PATH else self.find(path)
        method = exchange.method
        operation = place.operations.get("GET" if method == "HEAD" else method) if place else None
        if operation is None:
            return self._unserved(exchange, place, send)
        exchange.operation = operation
        exchange.params, scope["path_params"] = params, params.copy()  # others may change theirs
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = contexts[operation.id]
        return self.app(scope, receive, send)

    def find(self, path: bytes) -> tuple[Contexts, Place[Operation] | None, dict[str, str]]:
        """Connexion's contexts of the base path, the place (None if there is none) and the parameters of a raw path.

        Raises Refusal: malformedData.
        """
        for base, api in self.apis.items():
            if path.startswith(base):
                match = api.paths.find(segments(path[len(base) :]))
                if match is not None:
                    return api.contexts, *match
        return {}, None, {}

    async def _unserved(self, exchange: Exchange, place: Place[Operation] | None, send: Send) -> None:
        """Answer what no operation is for. Raises Refusal."""
        contract = next(iter(self.apis.values())).state.contract
        lacking = self._uncovered(exchange.path)
        upstream = lacking.operations.get("GET" if exchange.method == "HEAD" else exchange.method) if lacking else None
        if upstream is not None:
            reason = f"routing: Onezone has this operation ({upstream.upstream_id}), the mock has not"
            raise Refusal("notImplemented", reason)
        nearest: Place[Any] | None = place or lacking
        if nearest:
            exchange.siblings = tuple(place.operations.values()) if place else ()
            await _no_operation(exchange, nearest, send)
            return
        allowed = contract.unknown_path_allows
        if allowed and exchange.method not in allowed:
            allow = (b"allow", ", ".join(allowed).encode())
            raise Refusal("methodNotAllowed", f"routing: {self._unknown_path()}", (allow,), empty=True)
        raise Refusal("notFound", f"routing: {self._unknown_path()}", empty=bool(allowed))

    def _uncovered(self, path: bytes) -> Place[Uncovered] | None:
        for base, api in self.apis.items():
            if path.startswith(base) and (match := api.uncovered.find(segments(path[len(base) :]))):
                return match[0]
        return None

    def _unknown_path(self) -> str:
        return f"no operation has this path; the base paths are {self._base_paths()}"

    def _base_paths(self) -> str:
        contracts = [api.state.contract for api in self.apis.values()]
        return ", ".join(base for contract in contracts[:1] for base in contract.base_paths)


async def _no_operation(exchange: Exchange, place: Place[Any], send: Send) -> None:
    """Answer a method that the place has no operation for: OPTIONS says which there are (RFC 9110, 9.3.7)."""
    allow = (b"allow", place.allow)
    if exchange.method == "OPTIONS":
        await Answer(204, [allow]).send(send)
        return
    raise Refusal("methodNotAllowed", f"routing: this path answers {allow[1].decode()}", (allow,))


def segments(path: bytes) -> list[bytes]:
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
