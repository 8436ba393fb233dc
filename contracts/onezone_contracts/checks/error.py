"""What an error answer looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from onezone_spec import Contract

from onezone_contracts.cases import HOME, MISSING, OTHER
from onezone_contracts.exchange import Response
from onezone_contracts.requirement import Check, Finding, NotJudged, at_refusals
from onezone_contracts.run import Run
from onezone_contracts.sent import Sent

LONG_HEAD = 1000
"""A longer header may be too much for what stands before the service."""
STOPPED = frozenset({403, 406})
PLAIN = frozenset({HOME, OTHER, MISSING})


def promised(sent: Sent) -> bool:
    """Whether the contract promises how an error to this request looks.

    It does for the documented operation, sent as valid HTTP and answered by the service. What a framework or a proxy
    says to another method, to a path that it does not route, to a head that is too long or that HTTP itself forbids
    (RFC 9110, 5.3: one Authorization), is judged by its status at most.
    """
    case, request = sent.case, sent.exchange.request
    if case.method is not None or case.open or case.edge or case.group not in PLAIN or stopped(sent):
        return False
    names = [name.lower() for name, _ in request.all_headers]
    return len(set(names)) == len(names) and all(len(value) < LONG_HEAD for _, value in request.all_headers)


def stopped(sent: Sent) -> bool:
    """Whether a firewall answered: with a page of its own, to a body that may look like an attack."""
    response, case = sent.exchange.response, sent.case
    if response is None or response.status not in STOPPED or (case.change is None and case.raw is None):
        return False
    return (response.header("Content-Type") or "").lower().startswith("text/html")


def _answers_with(run: Run, status: int) -> list[tuple[Sent, Response]]:
    answers = [
        (sent, sent.exchange.response)
        for sent in run.log
        if sent.exchange.response is not None and sent.exchange.response.status == status and promised(sent)
    ]
    if not answers:
        raise NotJudged(f"no {status} was seen")
    return answers


def shape(status: int) -> Check:
    """Every answer of that status carries the documented Error."""

    def check(run: Run) -> Iterator[Finding]:
        validate = validator(run.contract)
        for sent, response in _answers_with(run, status):
            problem = misshaped(validate, response)
            if problem:
                yield sent.finding(
                    f"the {status} does not carry the documented Error", _expected_shape(run.contract), problem
                )

    return at_refusals(check, status)


def validator(contract: Contract) -> Any:
    """A validator of the edition's Error."""
    return jsonschema_rs.Draft4Validator(dict(contract.error_schema))


def misshaped(validate: Any, response: Response) -> str | None:
    """What is wrong with an error's body, None if it is the documented Error."""
    if not response.body:
        return "an empty body"
    try:
        data = response.json()
    except (ValueError, RecursionError):
        return "a body that is no JSON in UTF-8"
    error = first_error(validate, _without_nulls(data))
    if error is None:
        return None
    where = "/".join(map(str, error.instance_path))
    return f"{where or 'the body'}: {error.message}"[:300]


def first_error(validate: Any, data: Any) -> Any:
    """The first mistake that a validator sees in JSON data, or None. It takes UTF-8 alone: a lone surrogate is "?"."""
    try:
        return next(iter(validate.iter_errors(data)), None)
    except UnicodeEncodeError:
        text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
        return next(iter(validate.iter_errors(json.loads(text))), None)


def _without_nulls(data: Any) -> Any:
    """An error without the members that are null: for many serializers they are not there."""
    inner = data.get("error") if isinstance(data, dict) else None
    if not isinstance(inner, dict):
        return data
    return {**data, "error": {key: value for key, value in inner.items() if value is not None}}


def _expected_shape(contract: Contract) -> str:
    if contract.error_is_string:
        return '{"error": string}'
    return '{"error": {"id": string, "description": string, "details"?: object}}'


def media_type(status: int) -> Check:
    """Every error body of that status is labelled as JSON."""

    def check(run: Run) -> Iterator[Finding]:
        for sent, response in _answers_with(run, status):
            label = response.header("Content-Type")
            if response.body and label is not None and not is_json(label):
                yield sent.finding(f"the {status} is labelled {label}", "application/json", label)

    return at_refusals(check, status)


def labelled(status: int) -> Check:
    """Every error body of that status has a Content-Type."""

    def check(run: Run) -> Iterator[Finding]:
        for sent, response in _answers_with(run, status):
            if response.body and not response.header("Content-Type"):
                yield sent.finding("no Content-Type", "application/json", "none")

    return at_refusals(check, status)


def is_json(label: str) -> bool:
    """Whether a Content-Type names JSON, whatever its parameters and case."""
    kind = label.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def right_id(status: int) -> Check:
    """Errors carry the id that released servers give, and where their details name a key it is the right one."""

    def check(run: Run) -> Iterator[Finding]:
        usual = [kind.id for kind in run.contract.errors.values() if kind.status == status and kind.within is None]
        for sent, response in _answers_with(run, status):
            error_id = sent.case.error or (usual[0] if len(usual) == 1 else None)
            if error_id and run.contract.errors[error_id].status == status:
                yield from _wrong_id(sent, response, error_id)

    return at_refusals(check, status)


def _wrong_id(sent: Sent, response: Response, error_id: str) -> Iterator[Finding]:
    try:
        error = response.json()["error"]
        came, details = error["id"], error.get("details") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # the shape is judged elsewhere
    asked = sent.case.key if error_id == sent.case.error else None
    key = details.get("key") if isinstance(details, dict) else None
    if came != error_id or (asked and key is not None and key != asked):
        shown = f"{came}" + (f" with details.key {key}" if key else "")
        expected = error_id + (f" with details.key {asked}" if asked else "")
        yield sent.finding("the error has another id", expected, shown)


def challenge(run: Run) -> Iterator[Finding]:
    """A 401 says how to authenticate (RFC 9110, 11.6.1)."""
    for sent, response in _answers_with(run, 401):
        if not response.header("WWW-Authenticate"):
            yield sent.finding("no WWW-Authenticate", "WWW-Authenticate", "none")
