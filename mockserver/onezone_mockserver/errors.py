"""The one place that renders an error: by the shape that the edition documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from onezone_spec import ErrorKind

from onezone_mockserver.exchange import Answer, ForcedAnswer, Header, Refusal, json_answer
from onezone_mockserver.stages.security import challenges

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

JSON = "application/json"
KEY = "key"
UNAUTHORIZED = 401
ERRORS = 400
"""The statuses of errors begin here."""
EMPTY = frozenset({204, 205, 304})
"""Statuses whose answers have no body (RFC 9110, 6.4.1 and 15.3.6)."""


class Renderer:
    """Renders refusals as the errors of one edition. An answer that names nothing but a key is made once.

    With `challenge`, a 401 says how to authenticate.
    """

    def __init__(self, contract: Contract, *, challenge: bool) -> None:
        self.contract = contract
        self.challenge = challenge
        self._cache: dict[tuple[str, str | None, str | None], Answer] = {}
        self._bare = {
            operation.id: frozenset(status for status, answer in operation.responses.items() if answer.schema is None)
            for operation in contract.operations.values()
        }

    def render(self, refusal: Refusal, operation: Operation | None) -> Answer:
        """The answer for `refusal`; without a body where the edition documents the status so."""
        details = refusal.details
        if refusal.empty or refusal.headers or (details and (len(details) > 1 or KEY not in details)):
            return self._make(refusal, operation)
        key = refusal.error, details.get(KEY), operation.id if operation else None
        answer = self._cache.get(key)
        if answer is None:
            answer = self._cache[key] = self._make(refusal, operation)
        return Answer(answer.status, answer.headers.copy(), answer.body)

    def forced(self, forced: ForcedAnswer, operation: Operation | None) -> Answer:
        """The answer that somebody asked for. An error without a body of its own gets that of the edition's errors."""
        status = forced.status
        if forced.body is not None:
            media_type, body = forced.body
            answer = json_answer(status, body, media_type)
        elif status < ERRORS:
            answer = Answer(status, [] if status in EMPTY else [(b"content-length", b"0")])
        elif error := default_error(self.contract, status):
            return self._make(Refusal(error, forced.reason, forced.headers), operation)
        else:
            answer = json_answer(status, orjson.dumps({"error": self._shaped(unlisted_error(status), {})}))
        answer.headers.extend(forced.headers)
        return answer

    def _make(self, refusal: Refusal, operation: Operation | None) -> Answer:
        status = self._outer(self.contract.errors[refusal.error]).status
        if refusal.empty or (operation is not None and status in self._bare[operation.id]):
            answer = Answer(status, [(b"content-length", b"0")])
        else:
            documented = operation.responses.get(status) if operation else None
            kind = documented.media_type if documented else JSON
            answer = json_answer(status, self._body(refusal), kind.encode())
        answer.headers.extend(refusal.headers)
        if status == UNAUTHORIZED and self.challenge:
            answer.headers.extend(self._challenges(operation))
        return answer

    def _challenges(self, operation: Operation | None) -> list[Header]:
        document = self.contract.document
        node = document["paths"][operation.path][operation.method.lower()] if operation else {}
        schemes = document["components"].get("securitySchemes", {})
        resolved = {name: self.contract.resolve(scheme) for name, scheme in schemes.items()}
        return challenges(node.get("security", document.get("security")), resolved)

    def _outer(self, kind: ErrorKind) -> ErrorKind:
        return self.contract.errors[kind.within] if kind.within else kind

    def _body(self, refusal: Refusal) -> bytes:
        return orjson.dumps({"error": self._error(refusal)})

    def _error(self, refusal: Refusal) -> str | dict[str, Any]:
        return self._shaped(self.contract.errors[refusal.error], refusal.details)

    def _shaped(self, kind: ErrorKind, details: dict[str, Any]) -> str | dict[str, Any]:
        if self.contract.error_is_string:
            return sentence(kind, details)
        error = describe(kind, details)
        return describe(self._outer(kind), {"authError": error}) if kind.within else error


def default_error(contract: Contract, status: int) -> str | None:
    """The id of the error that stands for `status` in general, None if the contract has none."""
    kinds = contract.errors.values()
    return next((kind.id for kind in kinds if kind.status == status and not kind.within), None)


def unlisted_error(status: int) -> ErrorKind:
    """An error for a status that the contract has none for, named by the phrase of HTTP (`tooManyRequests`)."""
    standard = HTTPStatus(status) if status in set(HTTPStatus) else None
    phrase = standard.phrase if standard else f"Status {status}"
    first, *rest = phrase.replace("-", " ").replace("'", "").split()
    return ErrorKind(first.lower() + "".join(word.capitalize() for word in rest), status, f"{phrase}.", (), None)


def describe(kind: ErrorKind, details: dict[str, Any]) -> dict[str, Any]:
    """The error as an object with id, description and (where there are any) details."""
    error: dict[str, Any] = {"id": kind.id, "description": sentence(kind, details)}
    return error | ({"details": details} if details else {})


def sentence(kind: ErrorKind, details: dict[str, Any]) -> str:
    """The error in a sentence; lists in it are written out."""
    written = {key: ", ".join(map(str, value)) if isinstance(value, list) else value for key, value in details.items()}
    return kind.description.format(**written)
