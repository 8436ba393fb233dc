"""Faults of answers: the status of a success, methods, media types, the protocol."""

import itertools
import re
import time
import urllib.parse
from typing import Any

from second_registry import OLDER, App, Call, Refusal, Response, Table, replace_stage
from second_rules import read_json

ANSWERS = Table()
add, created, refused, finish, location = (
    ANSWERS.add,
    ANSWERS.created,
    ANSWERS.refused,
    ANSWERS.finish,
    ANSWERS.location,
)
DEPLOYED = ("deployed",)


def setting(**values: Any) -> Any:
    """Set what an answer has."""
    return lambda _call, response: [setattr(response, key, value) for key, value in values.items()] and None


def head(name: str, value: str) -> Any:
    """Set a header."""
    return lambda _call, response: response.set_header(name, value)


def other_status(status: int) -> Any:
    """Another status, the rest as it is."""
    return lambda _call, response: setattr(response, "status", status)


# --- the status of a success
ANSWERS.topic = "status"
created("status-201", "Success is answered 201, as usual elsewhere.", other_status(201), OLDER)
created("status-204", "Success is answered 204, as the older document says.", other_status(204), DEPLOYED)
created("status-200", "Success is answered 200.", other_status(200))
created("status-202", "Success is answered 202, as if it were done later.", other_status(202))
created("status-205", "Success is answered 205.", other_status(205))
created("status-303", "Success redirects the client to the new service.", other_status(303))
created("status-302", "Success redirects the client with 302.", other_status(302))
created("status-500", "The service is created, then the answer fails with 500.", other_status(500))
created("status-404", "The service is created, then looked up in a stale index: 404.", other_status(404))


def nth(number: int, *, every: bool = False) -> Any:
    """Whether this is the n-th create, or every n-th."""
    counter = itertools.count(1)

    def when(_call: Call) -> bool:
        current = next(counter)
        return current % number == 0 if every else current == number

    return when


def nth_status(number: int, status: int, *, every: bool = False) -> Any:
    """Another status for the n-th create."""

    def change(app: App) -> None:
        hit = nth(number, every=every)
        inner = app.finish
        app.finish = lambda call, response: (  # type: ignore[method-assign]
            setattr(response, "status", status) if call.created and hit(call) else None,
            inner(call, response),
        )[1]

    return change


add("status-first-500", "The very first create fails with 500: a cold cache.", nth_status(1, 500))
add("status-first-200", "The very first create is answered 200.", nth_status(1, 200))
add("status-every-7th", "Every seventh create is answered 200.", nth_status(7, 200, every=True))
add("status-every-10th-500", "Every tenth create fails with 500.", nth_status(10, 500, every=True))
add("status-after-5", "The fifth create is answered 500: a pool of connections is used up.", nth_status(5, 500))

# --- the protocol
ANSWERS.topic = "protocol"


def with_body(value: Any) -> Any:
    """A success with a body."""
    return lambda _call, response: setattr(response.set_json(value), "close", True)


def promised(_call: Call, response: Response) -> None:
    """Say how long a body is that is not sent."""
    response.set_header("Content-Length", "5").close = True


created(
    "body-id",
    "A success has a body with the id.",
    lambda c, r: setattr(r.set_json({"handleServiceId": c.created.id}), "close", True),
)
created("body-doc", "A success has a body: the service.", lambda c, r: setattr(r.set_json(c.doc), "close", True))
created("body-empty-object", "A success has an empty JSON object as its body.", with_body({}))
created("body-null", "A success has null as its body.", with_body(None))
created(
    "body-ok", "A success says OK in plain text.", lambda _c, r: setattr(r, "body", b"OK") or setattr(r, "close", True)
)
created(
    "body-newline",
    "A success has a line feed as its body.",
    lambda _c, r: setattr(r, "body", b"\n") or setattr(r, "close", True),
)
created("body-promised", "A success promises five bytes of a body, which do not come.", promised, OLDER)
created(
    "drop-after-create", "The service is created, and the connection closed without an answer.", setting(action="drop")
)
refused("drop-400", "A bad body closes the connection without an answer.", setting(action="drop"), 400)
refused("drop-401", "A 401 closes the connection without an answer.", setting(action="drop"), 401)
refused("hang-400", "A bad body is never answered.", setting(action="hang"), 400)
refused(
    "status-unknown", "Refusals have statuses that nobody knows.", lambda _c, r: setattr(r, "status", r.status + 190)
)


def malformed_only(change: Any) -> Any:
    """A change for what is not JSON."""

    def when(call: Call, response: Response) -> Any:
        if call.op != "create" or response.status != 400:
            return None
        try:
            read_json(call.request.body)
        except Refusal:
            return change(call, response)
        return None

    return when


refused("malformed-500", "What is not JSON crashes the server.", malformed_only(other_status(500)))
refused("malformed-hang", "What is not JSON is never answered.", malformed_only(setting(action="hang")))
refused("malformed-drop", "What is not JSON closes the connection.", malformed_only(setting(action="drop")))
refused("malformed-422", "What is not JSON is 422.", malformed_only(other_status(422)), editions=OLDER)
refused("malformed-403", "What is not JSON is 403.", malformed_only(other_status(403)))
refused(
    "malformed-html",
    "What is not JSON gets the framework's page.",
    malformed_only(lambda _c, r: setattr(r.set_header("Content-Type", "text/html"), "body", b"<h1>Bad Request</h1>")),
)
refused(
    "malformed-text",
    "What is not JSON gets the parser's message in plain text.",
    malformed_only(
        lambda _c, r: setattr(r.set_header("Content-Type", "text/plain"), "body", b"Expecting value: line 1")
    ),
)
refused("slow-400", "A bad body takes 12 seconds to refuse.", lambda _c, _r: time.sleep(12), 400)

# --- methods
ANSWERS.topic = "methods"


def as_method(method: str, operation: str) -> Any:
    """Let a method do what another does."""

    def pick(inner: Any, call: Call, offered: dict[str, str]) -> None:
        if call.request.method == method and operation in offered.values():
            call.op = operation
        else:
            inner(call, offered)

    return replace_stage("pick", pick)


for verb in ("PUT", "PATCH", "DELETE"):
    add(f"{verb.lower()}-creates", f"{verb} on the collection creates, too.", as_method(verb, "create"))
finish(
    "405-500",
    "A method that a path does not have crashes the server.",
    lambda _c, r: setattr(r, "status", 500) if r.status == 405 else None,
)
finish(
    "405-200",
    "A method that a path does not have is answered 200.",
    lambda _c, r: setattr(r, "status", 200) if r.status == 405 else None,
)
finish(
    "405-204",
    "A method that a path does not have is answered 204.",
    lambda _c, r: setattr(r, "status", 204) or setattr(r, "body", b"") if r.status == 405 else None,
)
finish(
    "405-no-allow",
    "A 405 does not say what is allowed.",
    lambda _c, r: r.drop_header("Allow") if r.status == 405 else None,
    DEPLOYED,
)

# --- media types
ANSWERS.topic = "media type"


def also(pattern: str) -> Any:
    """Accept JSON under other names."""

    def media(inner: Any, call: Call) -> None:
        if not re.search(pattern, call.request.header("content-type") or "", re.IGNORECASE):
            inner(call)

    return replace_stage("media", media)


def from_form(inner: Any, call: Call) -> None:
    """Read a form."""
    if "form" not in (call.request.header("content-type") or ""):
        return inner(call)
    fields = dict(urllib.parse.parse_qsl(call.request.body.decode("utf-8", "replace")))
    call.doc = {"name": "form", "proxyEndpoint": "form", "serviceProperties": {"type": "DOI"}} | fields
    call.doc["serviceProperties"] = {"type": "DOI"}
    return None


def form(app: App) -> None:
    """Accept forms."""
    also("form")(app)
    app.around("parse", from_form)


add("media-text", "JSON labelled as plain text is accepted.", also("text/plain"))
add("media-any", "JSON under any label is accepted.", also("."))
add("media-xml", "XML's label is accepted.", also("xml"))
add("media-form", "Forms are accepted, with defaults for what they lack.", form)
finish(
    "media-415-500",
    "Another media type crashes the server.",
    lambda _c, r: setattr(r, "status", 500) if r.status == 415 else None,
)
finish(
    "media-406-500",
    "An unusual Accept crashes the server.",
    lambda _c, r: setattr(r, "status", 500) if r.status == 406 else None,
)


def json_refused(inner: Any, call: Call) -> None:
    """Refuse the documented media type."""
    inner(call)
    if call.request.body and "charset" not in (call.request.header("content-type") or ""):
        raise Refusal(415, "unsupportedMediaType", "The charset must be named.")


add("media-charset-needed", "application/json without a charset is refused.", replace_stage("media", json_refused))
