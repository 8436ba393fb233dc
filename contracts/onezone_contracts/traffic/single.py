"""What one exchange shows by itself: its status, its error, its success, and what was accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import jsonschema_rs
from onezone_spec import Operation

from onezone_contracts.checks import uri
from onezone_contracts.checks.error import LONG_HEAD, is_json, misshaped, validator
from onezone_contracts.checks.operation import plain
from onezone_contracts.checks.revealed import NO_INTERNALS, NO_SECRET, internals_in, secret_in
from onezone_contracts.checks.status import words
from onezone_contracts.checks.success import NO_HOSTS
from onezone_contracts.exchange import Response
from onezone_contracts.patience import asks_for_patience
from onezone_contracts.reading import list_keys, only_list
from onezone_contracts.requirement import Finding, Requirement
from onezone_contracts.traffic.accepted import broken_rules
from onezone_contracts.traffic.recorded_call import SERVER_ERROR, RecordedCall
from onezone_contracts.traffic.recording import header
from onezone_contracts.traffic.sheet import RequirementSheet

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 400, 401, 403
NOT_MODIFIED, NOT_IMPLEMENTED = 304, 501
HTTP_ITSELF = frozenset({405, 406, 408, 409, 411, 413, 414, 415, 417, 421, 426, 429, 431})
"""Refusals that HTTP foresees, whatever a document says."""
NOT_ACCEPTABLE = 406
WRITING = frozenset({"PUT", "PATCH", "DELETE"})
"""Methods that change something, where a path has them."""
JSON_RANGES = frozenset({"*/*", "application/*", "application/json"})
PAGE = "the documented Error"
PAGES = 5
"""So many errors that are no JSON are kept: what stands before a service may have sent them."""
ODD = "odd"
_FORMS = {
    "digits": re.compile(r"[0-9]{1,20}"),
    "uuid": re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "word": re.compile(r"[A-Za-z0-9_.-]{1,100}"),
}
"""Forms of ids; one that has none of them is odd."""


class Single:
    """Judges exchanges one by one."""

    def __init__(self, sheet: RequirementSheet) -> None:
        self.sheet = sheet
        self.contract = sheet.contract
        self._bodies: dict[str, Any] = {}
        self._forms: dict[str, set[str]] = {}
        self._pages: dict[tuple[str, int], list[tuple[RecordedCall, Response]]] = {}
        self._spoken: set[tuple[str, int]] = set()

    @cached_property
    def _error(self) -> Any:
        return validator(self.contract)

    def judge(self, sent: RecordedCall) -> None:
        """Judge an exchange whose answer was recorded."""
        response = sent.exchange.response
        if response is None or asks_for_patience(sent.exchange):
            return
        self._robust(sent, response)
        self._revealed(sent)
        self._acceptable(sent, response)
        if response.success:
            for kind, name in sent.roles.values():
                self._forms.setdefault(kind, set()).add(_form(name))
            self._success(sent, response)
        elif response.refusal or response.status >= SERVER_ERROR:
            self._refusal(sent, response)

    def _note(self, requirement: Requirement | None, sent: RecordedCall, problem: tuple[str, str, str] | None) -> None:
        """Note a requirement as judged; a problem is what is wrong, what was expected and what came."""
        if problem is None:
            self.sheet.judged(requirement)
            return
        what, expected, came = problem
        self.sheet.judged(requirement, Finding(f"{sent.label}: {what}", expected, came, sent.exchange))

    # --- any answer ------------------------------------------------------------------------------------------

    def _robust(self, sent: RecordedCall, response: Response) -> None:
        status, operation = response.status, sent.operation
        crashed = status >= SERVER_ERROR and status != NOT_IMPLEMENTED
        problem = (f"expected no 5xx, got {status}", "no 5xx", str(status)) if crashed else None
        self._note(self.sheet.find(operation, "robust.no-5xx"), sent, problem)
        if response.success or status == NOT_MODIFIED or status >= SERVER_ERROR:
            return
        if response.redirect and not self._routed(sent):
            return  # what stands before a service may tidy odd paths
        foreseen = status in operation.responses or status in HTTP_ITSELF
        problem = None if foreseen else (f"a {status} is not documented", "a documented status", str(status))
        self._note(self.sheet.find(operation, "robust.known-status"), sent, problem)

    def _revealed(self, sent: RecordedCall) -> None:
        """What the answer tells that is nobody's business."""
        exchange = sent.exchange
        auth = replace(exchange.request.auth, headers=sent.credentials)
        exchange = replace(exchange, request=replace(exchange.request, auth=auth))
        secret, shown = secret_in(exchange), internals_in(exchange)
        problem = (f"the {sent.status} repeats {secret}", NO_SECRET, f"{secret} of the request") if secret else None
        self._note(self.sheet.find(sent.operation, "robust.no-secrets"), sent, problem)
        problem = (f"the {sent.status} shows {shown[0]}", NO_INTERNALS, shown[1]) if shown else None
        self._note(self.sheet.find(sent.operation, "robust.no-internals"), sent, problem)

    def other_method(self, sent: RecordedCall) -> None:
        """Judge a call with a method that the path does not have, seen as one of an operation that the path has."""
        requirement, status = self.sheet.find(sent.operation, "method.other"), sent.status
        if requirement is None or status is None or sent.recorded.method not in WRITING:
            return
        bad = sent.succeeded or (status >= SERVER_ERROR and status != NOT_IMPLEMENTED)
        what = f"{sent.recorded.method}, which the path does not have, is answered {status}"
        self._note(
            requirement, sent, (what, "refused", str(status)) if bad and not asks_for_patience(sent.exchange) else None
        )

    def _acceptable(self, sent: RecordedCall, response: Response) -> None:
        """Who accepts JSON is not answered that there is nothing to accept."""
        if not sent.recorded.heads or not _accepts_json(sent):
            return
        problem = None
        if response.status == NOT_ACCEPTABLE:
            problem = ("a client that accepts JSON is not served", "another answer", str(response.status))
        self._note(self.sheet.find(sent.operation, "accept-header.json"), sent, problem)

    # --- errors ----------------------------------------------------------------------------------------------

    def _refusal(self, sent: RecordedCall, response: Response) -> None:
        documented = sent.operation.responses.get(response.status)
        if documented is None or documented.schema is None or not (_promised(sent) and self._routed(sent)):
            return
        status = response.status
        if response.body and not response.looks_like_json:
            self._pages.setdefault((sent.operation.id, status), [])[PAGES:] = [(sent, response)]
            return
        if status == BAD_REQUEST:
            broken = list(broken_rules(self.contract, sent))
            if len(broken) == 1:
                self._note(self.sheet.find(sent.operation, *broken[0][0]), sent, None)
        self._judge_error(sent, response)

    def finish(self) -> None:
        """Nothing more comes. Pages are held against a service that never answered that status otherwise."""
        for name, pages in self._pages.items():
            for sent, response in () if name in self._spoken else pages:
                self._judge_error(sent, response)

    def _judge_error(self, sent: RecordedCall, response: Response) -> None:
        status = response.status
        if sent.recorded.response_body is not None:
            if response.looks_like_json:
                self._spoken.add((sent.operation.id, status))
            shape = self.sheet.of_error(sent.operation, "error.shape", status, "is the documented Error")
            wrong = misshaped(self._error, response)
            problem = (f"the {status} does not carry {PAGE}", PAGE, wrong) if wrong else None
            self._note(shape, sent, problem)
            self._error_id(sent, response)
        if sent.recorded.heads and response.body:
            self._label(sent, response, status)
        if sent.recorded.heads:
            location = response.header("Location")
            problem = ("an error with a Location", "no Location", f"Location: {location}") if location else None
            self._note(self.sheet.find(sent.operation, "location.errors"), sent, problem)

    def _routed(self, sent: RecordedCall) -> bool:
        """Whether the ids of the path look like those that the server has: others a router may turn away by itself."""
        for kind, name in sent.roles.values():
            form, forms = _form(name), self._forms.get(kind)
            if form == ODD or (forms and form not in forms):
                return False
        return True

    def _label(self, sent: RecordedCall, response: Response, status: int) -> None:
        label = response.header("Content-Type")
        media = self.sheet.of_error(sent.operation, "error.media-type", status, "is labelled as JSON")
        wrong = label is not None and not is_json(label)
        problem = (f"the {status} is labelled {label}", "application/json", str(label)) if wrong else None
        self._note(media, sent, problem)
        problem = None if label else ("no Content-Type", "application/json", "none")
        self._note(self.sheet.find(sent.operation, f"error.labelled.{status}"), sent, problem)

    def _error_id(self, sent: RecordedCall, response: Response) -> None:
        """The id of an error whose status has but one."""
        usual = [
            error.id
            for error in self.contract.errors.values()
            if error.status == response.status and error.within is None
        ]
        requirement = self.sheet.find(sent.operation, f"error.id.{response.status}")
        if requirement is None or len(usual) != 1:
            return
        try:
            came = response.json()["error"]["id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        problem = None if came == usual[0] else ("the error has another id", usual[0], str(came))
        self._note(requirement, sent, problem)

    # --- successes -------------------------------------------------------------------------------------------

    def _success(self, sent: RecordedCall, response: Response) -> None:
        operation, find = sent.operation, self.sheet.find
        documented = operation.success.status
        problem = None
        if response.status != documented:
            problem = (f"expected {documented}, got {response.status}", str(documented), str(response.status))
        self._note(find(operation, "success.status"), sent, problem)
        if sent.recorded.response_body is not None:
            body = find(operation, "success.body", "success.empty-body")
            self._note(body, sent, self._body(operation, response))
        if sent.recorded.heads:
            self._labelled(sent, response)
            self._sorted(sent)
            for requirement, wrong in self._location(sent, response):
                self._note(requirement, sent, wrong)
        for topics, wrong in broken_rules(self.contract, sent):
            self._note(find(operation, *topics), sent, wrong)

    def _body(self, operation: Operation, response: Response) -> tuple[str, str, str] | None:
        schema = operation.success.schema
        if schema is None:
            return ("the answer has a body", "no body", f"{len(response.body)} bytes") if response.body else None
        if operation.id not in self._bodies:
            self._bodies[operation.id] = jsonschema_rs.Draft4Validator(plain(self.contract, schema))
        wrong = misshaped(self._bodies[operation.id], response)
        return ("the body is not the documented one", "the documented body", wrong) if wrong else None

    def _sorted(self, sent: RecordedCall) -> None:
        """A list of privileges is sorted."""
        if sent.operation.effect.verb != "privileges":
            return
        entries = only_list(sent.answer, list_keys(self.contract))
        if entries is not None:
            wrong = entries != sorted(entries, key=str)
            problem = ("the list is not sorted", "a sorted list", ", ".join(map(str, entries))) if wrong else None
            self._note(self.sheet.find(sent.operation, "success.sorted"), sent, problem)

    def _labelled(self, sent: RecordedCall, response: Response) -> None:
        expected = sent.operation.success.labelled
        label = response.header("Content-Type")
        wrong = expected is not None and (label is None or not is_json(label))
        problem = ("no such Content-Type", str(expected), label or "none") if wrong else None
        self._note(self.sheet.find(sent.operation, "success.labelled"), sent, problem)

    def _location(self, sent: RecordedCall, response: Response) -> Iterator[tuple[Requirement | None, Any]]:
        templates = sent.operation.success.location
        if not templates:
            return
        values = response.header_values("Location")
        wrong: tuple[str, str, str] | None = None
        if len(values) != 1 or not values[0].strip():
            wrong = ("a Location is promised", "one Location", f"{len(values)} of them" if values else "none")
        yield self.sheet.find(sent.operation, "location.present", "success.location"), wrong
        if wrong is None:
            ends = any(_ends(sent, template, values[0]) for template in templates)
            form = " or ".join(f"…{template}" for template in templates)
            problem = None if ends else ("the Location has another form", form, values[0])
            yield self.sheet.find(sent.operation, "location.form", "success.location"), problem
            why = uri.problem(values[0])
            problem = (f"the Location is no URI reference: {why}", "a URI reference", values[0]) if why else None
            yield self.sheet.find(sent.operation, "location.uri"), problem

    # --- nobody ----------------------------------------------------------------------------------------------

    def anonymous(self, sent: RecordedCall) -> None:
        """Judge a request that came without credentials, in a recording that shows credentials."""
        if sent.status is None or asks_for_patience(sent.exchange):
            return
        if sent.operation.access.public:
            asks = sent.status in {UNAUTHORIZED, FORBIDDEN}
            problem = ("what everybody may is refused without credentials", "another answer", str(sent.status))
            self._note(self.sheet.find(sent.operation, "authentication.none"), sent, problem if asks else None)
            return
        requirement = self.sheet.find(sent.operation, "access.anonymous", "authentication.none")
        if sent.succeeded or sent.status == FORBIDDEN:
            expected = words({UNAUTHORIZED})
            problem = (f"without credentials: expected {expected}, got {sent.status}", expected, str(sent.status))
            self._note(requirement, sent, problem)
        elif sent.status == UNAUTHORIZED:
            self._note(requirement, sent, None)


def _form(name: str) -> str:
    """What an id looks like."""
    return next((form for form, pattern in _FORMS.items() if pattern.fullmatch(name)), ODD)


def _accepts_json(sent: RecordedCall) -> bool:
    """Whether the client takes JSON, with no word on how much (RFC 9110, 12.5.1)."""
    accept = header(sent.recorded.request_headers, "accept")
    return accept is None or any(part.strip().lower() in JSON_RANGES for part in accept.split(","))


def _promised(sent: RecordedCall) -> bool:
    """Whether the contract says how an error to this request looks: it does for heads that HTTP itself allows."""
    pairs = [(name.lower(), value) for name, value in sent.recorded.request_headers]
    authorizations = sum(name == "authorization" for name, _ in pairs)
    return authorizations <= 1 and all(len(value) < LONG_HEAD for name, value in pairs if name != "cookie")


def _ends(sent: RecordedCall, template: str, location: str) -> bool:
    """Whether a Location ends as the template does, with the ids of the request in their places."""
    values = {
        f"{{{parameter.name}}}": sent.roles[parameter.entity or parameter.name][1]
        for parameter in sent.operation.parameters
    }
    expected, path = template.strip("/").split("/"), _path(sent, location)
    came = [unquote(segment) for segment in path.strip("/").split("/")]
    if len(came) < len(expected) or any(came.count(name) > _often(name, sent, expected) for name in expected):
        return False
    pairs = zip(expected, came[-len(expected) :], strict=True)
    return all(
        segment and _same(segment, values.get(name, segment if name[:1] == "{" else name)) for name, segment in pairs
    )


def _path(sent: RecordedCall, location: str) -> str:
    """The path that a Location names, "" where it names none: its host is a segment that the path lacks."""
    try:
        parts = urlsplit(urljoin(sent.exchange.base + sent.exchange.request.path, location))
        host = parts.hostname or ""
    except ValueError:
        return ""
    return "" if host in {*_base(sent)} - {*parts.path.split("/")} | NO_HOSTS else parts.path


def _base(sent: RecordedCall) -> list[str]:
    """The segments of the request's base path."""
    segments = urlsplit(sent.exchange.request.path).path.strip("/").split("/")
    return segments[: max(0, len(segments) - len(sent.operation.path.strip("/").split("/")))]


def _often(name: str, sent: RecordedCall, expected: list[str]) -> int:
    """How often a Location may have a segment: a path that was resolved against the wrong place has it twice."""
    return expected.count(name) + _base(sent).count(name)


def _same(segment: str, name: str) -> bool:
    """Whether a segment is an id as it was sent, or the same number spelled otherwise."""
    if segment == name:
        return True
    try:
        return Decimal(segment) == Decimal(name)
    except InvalidOperation:
        return False
