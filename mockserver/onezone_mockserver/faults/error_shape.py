"""Faults of what an error looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.faults.answers import answers, body, header, write
from onezone_mockserver.faults.fault import ALL, CLASSIC, DEPLOYED, NEWER, Fault, Hook, fault

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange

ERRORS = (400, 401, 403, 404)
SHAPES = tuple(f"error.shape.{status}" for status in ERRORS)
TYPES = tuple(f"error.media-type.{status}" for status in ERRORS)
Change = Callable[[Any], Any]


def _changed(change: Change, *statuses: int) -> Hook:
    def act(_exchange: Exchange, answer: Answer) -> None:
        if answer.body:
            write(answer, orjson.dumps(change(orjson.loads(answer.body))))

    return answers(act, *(statuses or ERRORS))


def _shape(name: str, text: str, change: Change, editions: tuple[str, ...] = ALL) -> Fault:
    return fault(f"error-{name}", text, _changed(change), *SHAPES, editions=editions)


def _inner(**more: Any) -> Change:
    """Other values of the error's own keys; `...` takes a key away."""

    def change(value: Any) -> Any:
        error = {**value["error"], **more}
        return {"error": {key: content for key, content in error.items() if content is not ...}}

    return change


def _text(value: Any) -> str:
    error = value["error"]
    return error if isinstance(error, str) else error["description"]


def _bytes(name: str, text: str, spoil: Callable[[bytes], bytes]) -> Fault:
    def act(exchange: Exchange, answer: Answer) -> None:
        body(spoil(answer.body))(exchange, answer)

    return fault(f"error-{name}", text, answers(act, *ERRORS), *SHAPES)


def _status_by_status() -> tuple[Fault, ...]:
    faults = []
    for status in ERRORS:
        faults += [
            fault(
                f"error-{status}-other-shape",
                f"The {status} has a message and no error.",
                _changed(lambda v: {"message": _text(v)}, status),
                f"error.shape.{status}",
            ),
            fault(
                f"error-{status}-html",
                f"The {status} is a page.",
                answers(body(b"<h1>Error</h1>", b"text/html"), status),
                f"error.shape.{status}",
                f"error.media-type.{status}",
            ),
            fault(
                f"error-{status}-other-id",
                f"The {status} has the id of another error.",
                _changed(_inner(id="timeout"), status),
                f"error.id.{status}",
                editions=DEPLOYED,
            ),
        ]
    return tuple(faults)


LABELLED = ("error.labelled.400", "error.labelled.403", "error.labelled.404")
FAULTS = (
    *_status_by_status(),
    _shape("as-text", "The error is a string.", lambda v: {"error": _text(v)}, NEWER),
    _shape("no-id", "The error has no id.", _inner(id=...), NEWER),
    _shape("no-description", "The error has no description.", _inner(description=...), NEWER),
    _shape("number-id", "The id of an error is a number.", _inner(id=400), NEWER),
    _shape("null-id", "The id of an error is null.", _inner(id=None), NEWER),
    _shape("null-description", "The description of an error is null.", _inner(description=None), NEWER),
    _shape("list-description", "The description of an error is a list.", _inner(description=["no"]), NEWER),
    _shape("details-text", "The details of an error are a string.", _inner(details="name"), NEWER),
    _shape("flat", "Id and description stand outside.", lambda v: v["error"], NEWER),
    _shape("as-object", "The error is an object.", lambda v: {"error": {"id": "x", "description": _text(v)}}, CLASSIC),
    _shape("in-list", "The error is in a list.", lambda v: {"error": [v["error"]]}),
    _shape("nested", "The error has an error inside.", lambda v: {"error": v}),
    _shape("null", "The error is null.", lambda _v: {"error": None}),
    _shape("number", "The error is a number.", lambda _v: {"error": 17}),
    _shape("problem", "The error is a problem of RFC 9457.", lambda v: {"type": "about:blank", "title": _text(v)}),
    _shape("detail", "The error is called detail.", lambda v: {"detail": _text(v)}),
    _shape("capital", "The error is called Error.", lambda v: {"Error": v["error"]}),
    _shape("envelope", "The error is inside data.", lambda v: {"ok": False, "data": v}),
    _shape("list", "The body is a list of errors.", lambda v: [v]),
    _shape("string", "The body is a JSON string.", _text),
    _bytes("empty", "Errors have no body.", lambda _b: b""),
    _bytes("truncated", "The body of an error ends too soon.", lambda b: b[:-1]),
    _bytes("text", "The body of an error is plain text.", lambda _b: b"Bad request"),
    _bytes("single-quotes", "The body of an error has single quotes.", lambda b: b.replace(b'"', b"'")),
    _bytes("latin-1", "The body of an error is in Latin-1.", lambda b: b.replace(b"o", b"\xf3")),
    fault(
        "error-labelled-html",
        "Errors are labelled as HTML.",
        answers(header(b"content-type", b"text/html"), *ERRORS),
        *TYPES,
    ),
    fault(
        "error-labelled-text",
        "Errors are labelled as text.",
        answers(header(b"content-type", b"text/plain"), *ERRORS),
        *TYPES,
    ),
    fault(
        "error-unlabelled", "Errors have no Content-Type.", answers(header(b"content-type", None), *ERRORS), *LABELLED
    ),
)
