"""Faults of the shape of refusals."""

import json
from collections.abc import Callable
from typing import Any

from second_registry import NEWER, Call, Response, Table

ERRORS = Table()
ERRORS.topic = "error shape"
error, refused = ERRORS.error, ERRORS.refused
CLASSIC = ("classic",)


def inner(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    """Change the object inside, where it is one."""
    return lambda value: {"error": change(value["error"])} if isinstance(value["error"], dict) else value


def without(key: str) -> Callable[[Any], Any]:
    """Take a key of the object inside away."""
    return inner(lambda e: {name: value for name, value in e.items() if name != key})


def text(value: Any) -> str:
    """The description, in any edition."""
    return value["error"]["description"] if isinstance(value["error"], dict) else value["error"]


def raw(body: bytes, media: str) -> Callable[[Call, Response], Any]:
    """Another body, of another type."""

    def change(_call: Call, response: Response) -> None:
        response.body = body
        response.drop_header("Content-Type")
        if media:
            response.headers.append(("Content-Type", media))

    return change


def media(name: str) -> Callable[[Call, Response], Any]:
    """Another media type for the same body."""
    return lambda _call, response: response.set_header("Content-Type", name)


def body(change: Callable[[bytes], bytes]) -> Callable[[Call, Response], Any]:
    """The body's bytes, changed."""
    return lambda _call, response: setattr(response, "body", change(response.body))


# --- the object itself, newer documents
error("error-is-text", "The error is a string, as before.", lambda v: {"error": text(v)}, editions=NEWER)
error("error-is-id", "The error is its id alone.", lambda v: {"error": v["error"]["id"]}, editions=NEWER)
error("error-no-id", "The error has no id.", without("id"), editions=NEWER)
error("error-no-description", "The error has no description.", without("description"), editions=NEWER)
error("error-number-id", "The error's id is a number.", inner(lambda e: e | {"id": 400}), editions=NEWER)
error("error-null-id", "The error's id is null.", inner(lambda e: e | {"id": None}), editions=NEWER)
error("error-null-description", "The description is null.", inner(lambda e: e | {"description": None}), editions=NEWER)
error(
    "error-description-list", "The description is a list.", inner(lambda e: e | {"description": ["no"]}), editions=NEWER
)
error(
    "error-description-object",
    "Descriptions are by language.",
    inner(lambda e: e | {"description": {"en": "no"}}),
    editions=NEWER,
)
error("error-details-list", "Details are a list.", inner(lambda e: e | {"details": [e.get("details")]}), editions=NEWER)
error("error-details-text", "Details are a string.", inner(lambda e: e | {"details": "key name"}), editions=NEWER)
error("error-details-number", "Details are a number.", inner(lambda e: e | {"details": 7}), editions=NEWER)
error(
    "error-details-json",
    "Details are JSON in a string.",
    inner(lambda e: e | {"details": json.dumps(e.get("details"))}),
    editions=NEWER,
)
error(
    "error-code-key",
    "The id is called code.",
    inner(lambda e: {"code": e["id"], "description": e["description"]}),
    editions=NEWER,
)
error(
    "error-message-key",
    "The description is called message.",
    inner(lambda e: {"id": e["id"], "message": e["description"]}),
    editions=NEWER,
)
error("error-flat", "Id and description are not inside an error.", lambda v: v["error"], editions=NEWER)
error("error-in-list", "The error is a list of objects.", lambda v: {"error": [v["error"]]}, editions=NEWER)
error("error-nested", "The error has an error inside.", lambda v: {"error": v}, editions=NEWER)
error(
    "error-encoded-twice",
    "The error is an object written out as a string.",
    lambda v: {"error": json.dumps(v["error"])},
    editions=NEWER,
)
error("error-empty-object", "The error is an empty object.", lambda _v: {"error": {}}, editions=NEWER)
error("error-true", "The error is true.", lambda v: {"error": True, "message": text(v)})
error("error-null", "The error is null.", lambda _v: {"error": None})
error("error-number", "The error is the status.", lambda _v: {"error": 400})

# --- the object itself, the older document
error(
    "error-is-object",
    "The error is an object, as in newer releases.",
    lambda v: {"error": {"id": "x", "description": text(v)}},
    editions=CLASSIC,
)
error(
    "error-two-texts",
    "The error is an object, and its text stands beside it.",
    lambda v: {"error": {"code": 400}, "error_description": text(v)},
    editions=CLASSIC,
)
error("error-text-list", "The error is a list of strings.", lambda v: {"error": [text(v)]}, editions=CLASSIC)

# --- around the error
error("error-errors-key", "There are errors, no error.", lambda v: {"errors": [v["error"]]})
error("error-capital-key", "The key is called Error.", lambda v: {"Error": v["error"]})
error("error-message-top", "There is a message, no error.", lambda v: {"message": text(v)})
error("error-detail-top", "There is FastAPI's detail, no error.", lambda v: {"detail": text(v)})
error("error-problem", "There is a problem of RFC 9457, no error.", lambda v: {"type": "about:blank", "title": text(v)})
error("error-data-envelope", "The error is inside data.", lambda v: {"data": v, "ok": False})
error("error-list", "The body is a list.", lambda v: [v])
error("error-string", "The body is a JSON string.", text)
error("error-body-null", "The body is null.", lambda _v: None)
error("error-body-twice", "The body is JSON in a JSON string.", json.dumps)
error("error-body-empty-object", "The body is an empty object.", lambda _v: {})
refused("error-media-text", "The media type is text/plain.", media("text/plain"))
refused("error-media-html", "The media type is text/html.", media("text/html; charset=utf-8"))
refused("error-media-octets", "The media type is application/octet-stream.", media("application/octet-stream"))
refused("error-media-javascript", "The media type is application/javascript.", media("application/javascript"))
refused("error-no-media", "There is no media type.", lambda _c, r: r.drop_header("Content-Type"))
refused("error-empty", "Refusals have no body.", raw(b"", ""))
refused("error-empty-json", "Refusals have an empty body, labelled as JSON.", raw(b"", "application/json"))
refused("error-plain", "Refusals are plain text.", raw(b"Error", "text/plain"))
refused("error-html", "Refusals are HTML.", raw(b"<h1>Error</h1>", "text/html"))
refused("error-xml", "Refusals are XML.", raw(b"<error/>", "application/xml"))
refused("error-html-as-json", "Refusals are HTML, labelled as JSON.", raw(b"<h1>Error</h1>", "application/json"))
refused("error-truncated", "The body lacks its last byte.", body(lambda b: b[:-1]))
refused("error-single-quotes", "The body is a dictionary of Python, no JSON.", body(lambda b: b.replace(b'"', b"'")))
refused("error-trailing-comma", "The body has a comma too many.", body(lambda b: b[:-1] + b",}"))
refused("error-two-bodies", "The body comes twice.", body(lambda b: b + b))
refused("error-jsonp", "The body is called as a function.", body(lambda b: b"callback(" + b + b")"))
refused(
    "error-latin1",
    "The body is Latin-1, no UTF-8.",
    body(lambda b: b.replace(b"e", b"\xe9", 20).replace(b"\xe9rror", b"error")),
)
refused("error-utf16", "The body is UTF-16.", body(lambda b: b.decode().encode("utf-16")))

# --- one status alone
NAMES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
for status, name in NAMES.items():
    page = f"<html><title>{status} {name}</title></html>".encode()
    refused(f"error-{status}-plain", f"{status} alone is plain text.", raw(name.encode(), "text/plain"), status)
    refused(f"error-{status}-empty", f"{status} alone has no body.", raw(b"", ""), status)
    refused(f"error-{status}-html", f"{status} alone is the proxy's page.", raw(page, "text/html"), status)
    refused(f"error-{status}-media", f"{status} alone is labelled as text/plain.", media("text/plain"), status)
    error(f"error-{status}-message", f"{status} alone has a message, no error.", lambda v: {"message": text(v)}, status)
    error(
        f"error-{status}-text",
        f"{status} alone has a string as its error.",
        lambda v: {"error": text(v)},
        status,
        editions=NEWER,
    )
    error(f"error-{status}-no-id", f"{status} alone has no id.", without("id"), status, editions=NEWER)
    error(
        f"error-{status}-no-description",
        f"{status} alone has no description.",
        without("description"),
        status,
        editions=NEWER,
    )
    error(
        f"error-{status}-object",
        f"{status} alone has an object as its error.",
        lambda v: {"error": {"text": text(v)}},
        status,
        editions=CLASSIC,
    )
