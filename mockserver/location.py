"""Location: an absolute URI to be fetched as it stands (RFC 9110, 10.2.2), ids percent-encoded (RFC 3986, 2.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.exchange import Exchange
    from spec import Contract, Operation

_HOST = re.compile(rb"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class LocationMaker:
    """Makes the Location of an operation's success under the base path that the edition's document shows in it."""

    def __init__(self, contract: Contract, operation: Operation) -> None:
        template = operation.success.location[0]
        self.parts = re.split(r"\{(\w+)\}", documented_base_path(contract, operation) + template)
        given = {one.name for one in operation.parameters}
        self.new_name = next(name for name in self.parts[1::2] if name not in given)

    def make(self, exchange: Exchange, params: Mapping[str, str], new_id: str) -> bytes:
        """The Location of the new entity `new_id`."""
        names = {**params, self.new_name: new_id}
        path = "".join(quote(names[part], safe="") if at % 2 else part for at, part in enumerate(self.parts))
        return _origin(exchange) + path.encode("ascii")


def documented_base_path(contract: Contract, operation: Operation) -> str:
    """The base path in the documented example of the Location; the edition's first one where no example shows any."""
    answers = contract.document["paths"][operation.path][operation.method.lower()]["responses"]
    header = answers[str(operation.success.status)].get("headers", {}).get("Location", {})
    path = urlsplit(header.get("example", "")).path
    shown = [base for base in contract.base_paths if path.startswith(f"{base}/")]
    return max(shown, key=len, default=contract.base_paths[0])


def edition_base_path(contract: Contract) -> str:
    """The base path that the edition's documents show in Locations; the first one where they show none."""
    creating = (one for one in contract.operations.values() if one.success.location)
    return next((documented_base_path(contract, one) for one in creating), contract.base_paths[0])


def _origin(exchange: Exchange) -> bytes:
    scope = exchange.scope
    host = exchange.headers.get(b"host", b"")
    if not _is_host(host):
        name, port = scope.get("server") or ("localhost", None)
        host = (f"[{name}]" if ":" in name else name).encode() + (f":{port}".encode() if port else b"")
    scheme: str = scope.get("scheme", "http")
    return scheme.encode() + b"://" + host


@lru_cache(maxsize=256)
def _is_host(host: bytes) -> bool:
    """Whether a Host header is a host and nothing else: it is the client's word, and goes back to the client."""
    return len(host) < 300 and _HOST.fullmatch(host) is not None  # noqa: PLR2004
