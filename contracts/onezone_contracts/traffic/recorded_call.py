"""A recorded exchange that calls an operation of the contract."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from onezone_spec import Contract, Operation

from onezone_contracts.api import new_id
from onezone_contracts.exchange import Exchange, Request, Response
from onezone_contracts.state.expected import READING, Ref
from onezone_contracts.traffic.callers import Caller, Callers, split
from onezone_contracts.traffic.recording import Recorded
from onezone_contracts.traffic.routing import Call, origin

FORBIDDEN, SERVER_ERROR = 403, 500


class _NoJson:
    """Stands for a body that is no JSON, or was not recorded."""

    def __repr__(self) -> str:
        return "no JSON"


NO_JSON = _NoJson()


@dataclass(slots=True, eq=False)
class RecordedCall:
    """A recorded exchange with its operation, entities and caller.

    `value` is the JSON of the request, `answer` that of the answer; NO_JSON if there is none, or it was not recorded.
    """

    recorded: Recorded
    exchange: Exchange
    operation: Operation
    roles: dict[str, Ref]
    caller: Caller
    kind: str = ""
    """The kind of what its effect is about."""
    value: Any = NO_JSON
    answer: Any = NO_JSON
    credentials: tuple[tuple[str, str], ...] = ()
    """The headers that say who sent it, as they were sent."""
    user: Ref | None = field(default=None)
    """Whose credentials they are, once that was seen."""

    @property
    def start(self) -> float:
        """When it was sent."""
        return self.recorded.start

    @property
    def end(self) -> float:
        """When its answer was there."""
        return self.recorded.end

    @property
    def status(self) -> int | None:
        """The status of the answer."""
        return self.recorded.status

    @property
    def succeeded(self) -> bool:
        """Whether a 2xx came."""
        return self.exchange.succeeded

    @property
    def refused(self) -> bool:
        """Whether a 4xx came."""
        return self.exchange.response is not None and self.exchange.response.refusal

    @property
    def forbidden(self) -> bool:
        """Whether the service itself answered 403: what stands before it does not speak the documented Error."""
        response = self.exchange.response
        if response is None or response.status != FORBIDDEN:
            return False
        return self.recorded.response_body is None or b'"error"' in response.body

    @property
    def writes(self) -> bool:
        """Whether it is meant to change something."""
        return self.operation.effect.verb not in READING

    @property
    def may_have_written(self) -> bool:
        """Whether it changed something, or may have: what came of it is not known where no clear answer came."""
        return self.writes and not self.refused

    @property
    def label(self) -> str:
        """What the exchange is called in messages."""
        return self.exchange.request.label

    @property
    def created_id(self) -> str | None:
        """The id of what it created, None if it created nothing or does not say."""
        created = self.succeeded and self.operation.effect.verb == "create"
        return new_id(self.exchange) if created else None

    @property
    def created_ref(self) -> Ref | None:
        """What it created, None if it created nothing or does not say."""
        identity = self.created_id
        return (self.kind, identity) if identity is not None else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the body."""
        return tuple(sorted(self.value)) if isinstance(self.value, dict) else ()


def recorded_call(recorded: Recorded, call: Call, callers: Callers, contract: Contract) -> RecordedCall:
    """What was recorded as a call of an operation."""
    caller, credentials = callers.caller_of(recorded), callers.credentials
    headers, auth = split(recorded.request_headers, caller.name, credentials)
    parts = urlsplit(recorded.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    label = f"{recorded.place} ({call.operation.id})"
    request = Request(recorded.method, path, auth, headers, recorded.request_body or None, label=label)
    response = None
    if recorded.status is not None:
        response = Response(recorded.status, recorded.response_headers, recorded.response_body or b"")
    exchange = Exchange(request, origin(recorded.url), response, None if response else "no answer was recorded")
    kind = contract.kind(call.operation.effect.resource)
    sent = RecordedCall(recorded, exchange, call.operation, call.roles, caller, kind)
    sent.credentials = tuple(header for header in auth.headers if header[0].lower() in credentials)
    sent.value = _json(recorded.request_body)
    if response and response.success:
        sent.answer = _json(recorded.response_body)
    return sent


def _json(body: bytes | None) -> Any:
    if not body:
        return NO_JSON
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return NO_JSON
