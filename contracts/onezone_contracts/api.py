"""Calls to the target: an operation of the contract with ids for the roles of its path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from onezone_spec import Contract, Operation

from onezone_contracts.exchange import Auth, Exchange, Request
from onezone_contracts.state.expected import Ref
from onezone_contracts.wire import Wire

JSON_TYPE = (("Content-Type", "application/json"),)
NOT_OFFERED = frozenset({404, 405, 501})
"""How a target answers that does not have an operation."""
Roles = Mapping[str, Ref]


@dataclass(slots=True)
class Api:
    """Sends operations to one target.

    Args:
        contract: the edition.
        base_url: where the API is.
        wire: the connection to its origin.
        key: the value of a key of an entity, for parameters that go by it; what is not known goes by its id.
    """

    contract: Contract
    base_url: str
    wire: Wire
    key: Callable[[Ref, str], str] = field(default=lambda ref, _key: ref[1])

    def path(self, operation: Operation, roles: Roles) -> str:
        """The absolute path of an operation, with the ids of what plays its roles."""
        filled = operation.path
        for parameter in operation.parameters:
            ref = roles[parameter.entity or parameter.name]
            value = self.key(ref, parameter.key) if parameter.key else ref[1]
            filled = filled.replace(f"{{{parameter.name}}}", quote(value, safe="", errors="surrogateescape"))
        return urlsplit(self.base_url).path.rstrip("/") + filled

    def send(
        self,
        operation: Operation,
        roles: Roles,
        auth: Auth,
        value: Any = None,
        *,
        raw: bytes | None = None,
        label: str = "",
    ) -> Exchange:
        """Send an operation with a JSON body, with raw bytes as the body, or without one."""
        body = raw if raw is not None else None if value is None else json.dumps(value, ensure_ascii=False).encode()
        headers = JSON_TYPE if body is not None else ()
        request = Request(
            operation.method, self.path(operation, roles), auth, headers, body, label=label or operation.summary
        )
        return self.wire.send(request)

    def follow(self, location: str, sent: Exchange, auth: Auth) -> Exchange:
        """Read what a Location names, from the target and nowhere else."""
        path = urlsplit(urljoin(self.wire.origin + sent.request.path, location)).path
        return self.wire.send(Request("GET", path, auth, label="read what the Location names"))


def new_id(exchange: Exchange) -> str | None:
    """The id of the new entity: the last segment of the Location; None without a Location."""
    location = exchange.response.header("Location") if exchange.response else None
    if not location:
        return None
    try:
        return unquote(urlsplit(location).path.rstrip("/").rpartition("/")[2]) or None
    except ValueError:
        return None
