"""Location: an absolute URI to be fetched as it stands (RFC 9110, 10.2.2), ids percent-encoded (RFC 3986, 2.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from onezone_mockserver.exchange import LONG_HOST, OUTSIDE
from onezone_mockserver.paths import root_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_spec import Contract, Operation

    from onezone_mockserver.exchange import Exchange

HOST = re.compile(rb"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
"""A host as it stands in a URI, with or without a port (RFC 3986, 3.2)."""


class LocationMaker:
    """Makes the Location of an operation's success under the base path that the edition's document shows in it."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        base = documented_base_path(contract, operation) or edition_base_path(contract)
        shown = base + operation.success.location[0]
        given = self.path_names = re.findall(r"\{(\w+)\}", operation.path)
        self.template = re.sub(r"\{\w+\}", "%s", shown)
        self.names = [name if name in given else None for name in re.findall(r"\{(\w+)\}", shown)]
        self.usual = self.template.endswith("%s") and self.names[-1:] == [None] and None not in self.names[:-1]
        self.start = lru_cache(maxsize=1024)(self._start)

    def make(self, exchange: Exchange, params: Mapping[str, str], new_id: str) -> bytes:
        """The Location of the new entity `new_id`, which is one of the mock's own ids and needs no encoding."""
        if self.usual:
            return origin(exchange) + self.start(*params.values()) + new_id.encode("ascii")
        names = [new_id if name is None else _quoted(params[name]) for name in self.names]
        return origin(exchange) + (self.template % tuple(names)).encode("ascii")

    def _start(self, *params: str) -> bytes:
        """What comes before the new id, for the path's parameters."""
        values = dict(zip(self.path_names, params, strict=True))
        quoted = (_quoted(values[name]) for name in self.names[:-1] if name is not None)
        return (self.template.removesuffix("%s") % tuple(quoted)).encode("ascii")


def documented_base_path(contract: Contract, operation: Operation) -> str | None:
    """The base path in the documented example of the Location; None if no example shows any."""
    answers = contract.document["paths"][operation.path][operation.method.lower()]["responses"]
    answer = contract.resolve(answers[str(operation.success.status)])
    header = contract.resolve(answer.get("headers", {}).get("Location", {}))
    path = urlsplit(header.get("example", "")).path
    shown = [base for base in contract.base_paths if path.startswith(f"{base}/")]
    return max(shown, key=len, default=None)


def edition_base_path(contract: Contract) -> str:
    """The base path that the edition's documents show in Locations; the first one where they show none."""
    shown = (
        documented_base_path(contract, operation)
        for operation in contract.operations.values()
        if operation.success.location
    )
    return next((base for base in shown if base), contract.base_paths[0])


def origin(exchange: Exchange) -> bytes:
    """Where the mock's paths begin: scheme and host, and the path that it is mounted at, as the client sees them."""
    scope = exchange.scope
    outside: bytes | None = scope.get(OUTSIDE)
    if outside is not None:
        return outside
    host = exchange.headers.get(b"host", b"")
    scheme: str = scope.get("scheme", "http")
    address = _origin_of(scheme, host) if len(host) < LONG_HOST else None
    if address is None:
        name, port = scope.get("server") or ("localhost", None)
        address = f"{scheme}://{f'[{name}]' if ':' in name else name}{f':{port}' if port else ''}".encode()
    return address + root_of(scope) if scope.get("root_path") else address


@lru_cache(maxsize=1024)
def _quoted(identity: str) -> str:
    return quote(identity, safe="")


@lru_cache(maxsize=256)
def _origin_of(scheme: str, host: bytes) -> bytes | None:
    """The origin by a Host header, None if that is not a host: it is the client's word, and goes back to it."""
    return scheme.encode() + b"://" + host if HOST.fullmatch(host) else None
