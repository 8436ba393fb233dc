"""Honest servers: what proxies, frameworks, limiters and taste make of a sentence without breaking it."""

import itertools
import json
import re
import threading
import unicodedata
from collections.abc import Callable
from typing import Any

from second_registry import OLDER, App, Call, Change, Refusal, Request, Response, Table, replace_stage
from second_rules import Exact
from second_variants_written import each_error

HONEST = Table()
add, options, finish, error, location = HONEST.add, HONEST.options, HONEST.finish, HONEST.error, HONEST.location
CURRENT, CLASSIC, NEWER = ("current",), ("classic",), ("current", "deployed")
PRINTED = {
    "type": str,
    "host": str,
    "doiEndpoint": str,
    "metadataEndpoint": str,
    "mediaEndpoint": str,
    "prefix": float,
    "username": str,
    "password": str,
    "identifierTemplate": str,
    "allowTemplateOverride": bool,
}


def page(status: int, *headers: tuple[str, str]) -> Response:
    """What a proxy or a framework says by itself."""
    body = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>".encode()
    return Response(status, [("Content-Type", "text/html"), *headers], body)


def edge(answer: Any) -> Any:
    """A change that answers some requests before the service sees them: `answer(request)`, None for the others."""

    def around(inner: Any, request: Request) -> Response:
        early: Response | None = None if request.path == "/states" else answer(request)
        return early or inner(request)

    return replace_stage("answer", around)


# --- what stands before the service, or around it
HONEST.topic = "edges"
OTHER_METHODS = {"PUT", "PATCH", "DELETE"}


def collection(request: Request) -> bool:
    """Whether the path is that of the documented operation."""
    return request.path.endswith("/handle_services")


def other_method(status: int) -> Any:
    """Answer methods that the documented path does not have with a page."""
    return edge(lambda r: page(status) if r.method in OTHER_METHODS and collection(r) else None)


for code in (404, 405, 501):
    add(f"methods-page-{code}", f"Other methods get the framework's page, a {code}.", other_method(code), OLDER)
add(
    "two-authorizations-page",
    "A proxy answers two Authorization headers with a page of its own.",
    edge(lambda r: page(400) if len(r.headers.get("authorization", [])) > 1 else None),
)
add(
    "escaped-slash-page",
    "A proxy answers an escaped slash, percent sign or control character in a path with a page.",
    edge(lambda r: page(404) if any(part in r.path.upper() for part in ("%2F", "%25", "%0", "%5C")) else None),
)
add(
    "odd-path-redirect",
    "A proxy redirects odd paths to tidy ones.",
    edge(lambda r: page(301, ("Location", "/")) if "%2" in r.path.upper() else None),
)
for code in (400, 431):
    add(
        f"long-head-page-{code}",
        f"A proxy answers headers of more than a kilobyte with its page, a {code}.",
        edge(lambda r, code=code: page(code) if any(len(v) > 1024 for o in r.headers.values() for v in o) else None),
    )
add(
    "long-path-page",
    "A proxy answers a path of more than 512 characters with 414.",
    edge(lambda r: page(414) if len(r.path) > 512 else None),
)
add(
    "large-body-page",
    "A proxy answers bodies of more than 64 kB with 413.",
    edge(lambda r: page(413) if len(r.body) > 65536 else None),
)
add(
    "chunks-411",
    "A body without a length is answered with 411.",
    edge(lambda r: page(411) if "transfer-encoding" in r.headers else None),
)


def now_and_then(make: Any, every: int = 40) -> Any:
    """Answer one of so many requests by a limiter, and the same one when it comes again by the service."""

    def change(app: App) -> None:
        count, limited = itertools.count(1), threading.Event()

        def early(_: Request) -> Response | None:
            if limited.is_set() or next(count) % every:
                limited.clear()
                return None
            limited.set()
            answer: Response = make()
            return answer

        edge(early)(app)

    return change


PAST = "Sun, 06 Nov 1994 08:49:37 GMT"
LIMITERS = {
    "limiter-429": ("429 without Retry-After", lambda: page(429)),
    "limiter-429-json": ("429 in the service's form", lambda: Response(429).set_json({"message": "Slow down"})),
    "limiter-date": ("429 with a date to come again", lambda: page(429, ("Retry-After", PAST))),
    "limiter-503": ("503 as nginx has it", lambda: page(503)),
}
for name, (sentence, make) in LIMITERS.items():
    add(name, f"A limiter answers now and then: {sentence}.", now_and_then(make))


def browsable(inner: Any, request: Request) -> Response:
    """Show a page to a browser."""
    if "text/html" in (request.header("accept") or ""):
        return page(200)
    answer: Response = inner(request)
    return answer


def sent_on(inner: Any, request: Request) -> Response:
    """Send a browser on to what it made."""
    wants_page = "text/html" in (request.header("accept") or "")
    if wants_page:
        request.headers["accept"] = ["*/*"]
    answer: Response = inner(request)
    location = answer.header("location")
    return page(303, ("Location", location)) if wants_page and location else answer


add("browsable", "Who asks for text/html gets a page.", replace_stage("answer", browsable))
add("browser-sent-on", "Who asks for text/html is sent on to what was made.", replace_stage("answer", sent_on))

# --- Location
HONEST.topic = "location"
for name, ending in {"slash": "/", "language": "?lang=en", "fragment": "#service"}.items():
    location(
        f"location-{name}",
        f"Location ends in a {name}.",
        lambda app, c, s, ending=ending: app.origin + app.options.base + app.place(c.group, s.id) + ending,  # type: ignore[misc]
    )
location(
    "location-of-its-own",
    "The older document promises an endpoint, and no form: Location has another.",
    lambda app, _c, s: f"{app.origin}/services/{s.id}",
    CLASSIC,
)
finish(
    "success-content-type",
    "A success says Content-Type although it has no body.",
    lambda c, r: r.set_header("Content-Type", "application/json") if c.created else None,
)

# --- errors
HONEST.topic = "errors"
options("errors-problem-json", "Errors are labelled as problem+json.", error_media="application/problem+json")
error(
    "errors-problem-members",
    "Errors have the members of problem details, too.",
    lambda v: {"type": "about:blank", "title": "Refused", "status": 400} | v,
)
error("errors-linked", "Errors link to a page of help.", lambda v: v | {"_links": {"help": {"href": "/help"}}})
error(
    "errors-inner-members",
    "The error object has a code, a trace id and nulls beside.",
    each_error(lambda e: e | {"code": 17, "traceId": "a1", "cause": None}),
    editions=NEWER,
)
error(
    "errors-null-details",
    "Details are null where there are none.",
    each_error(lambda e: {"details": None} | e),
    editions=NEWER,
)
error(
    "errors-one-id",
    "All errors have one id.",
    each_error(lambda e: e | {"id": "error"}),
    editions=CURRENT,
)
HONEST.refused(
    "errors-401-unlabelled",
    "A 401 has no Content-Type, as on released servers.",
    lambda _c, r: r.drop_header("content-type"),
    401,
)
HONEST.refused(
    "405-without-allow",
    "A 405 does not say what is allowed.",
    lambda _c, r: r.drop_header("allow"),
    405,
    editions=OLDER,
)
HONEST.refused(
    "409-without-body", "Undocumented refusals have no body.", lambda _c, r: setattr(r, "body", b""), 405, 406, 413, 415
)

# --- what is accepted
HONEST.topic = "acceptance"
add(
    "any-media-type",
    "A body of JSON is taken whatever it is labelled as.",
    replace_stage("media", lambda _i, _c: None),
    CURRENT,
)


def exact_media_type(inner: Any, call: Call) -> None:
    """Compare media types as they are spelled."""
    if (call.request.header("content-type") or "").startswith("Application"):
        raise Refusal(415, "unsupportedMediaType", "Only application/json is understood.")
    inner(call)


add(
    "media-type-case-counts",
    "Media types are compared as they are spelled.",
    replace_stage("media", exact_media_type),
    OLDER,
)


def printed_only(doc: dict[str, Any]) -> None:
    """Know the printed form of serviceProperties, with its keys and types, and no other."""
    properties = doc.get("serviceProperties")
    good = isinstance(properties, dict) and properties.get("type") == "DOI" and properties.keys() >= PRINTED.keys()
    types = {float: (int, float, Exact)}
    if not good or any(not isinstance(properties[key], types.get(kind, kind)) for key, kind in PRINTED.items()):
        raise Refusal(400, "badValue", "The service properties have another form.")


add(
    "printed-form-only",
    "serviceProperties have the printed form: other forms, and other types in it, are refused.",
    lambda app: app.options.extra_checks.append(printed_only),
    OLDER,
)


def _printed_alone(data: dict[str, Any]) -> dict[str, Any]:
    properties = data.get("serviceProperties")
    if not isinstance(properties, dict):
        return data
    return data | {"serviceProperties": {key: value for key, value in properties.items() if key in PRINTED}}


add(
    "printed-keys-only",
    "Of serviceProperties the printed keys are kept, and no other.",
    replace_stage("record", lambda inner, call: _printed_alone(inner(call))),
    OLDER,
)


def unique_names(status: int) -> Any:
    """Refuse a name that is taken."""

    def change(app: App) -> None:
        def check(doc: dict[str, Any]) -> None:
            if any(
                service.data.get("name") == doc.get("name") and service.groups
                for service in list(app.world.services.values())
            ):
                raise Refusal(status, "alreadyExists", "There is a service of that name.")

        app.options.extra_checks.append(check)

    return change


for code in (400, 409):
    add(f"names-unique-{code}", f"A name that is taken is refused with {code}.", unique_names(code), OLDER)


def stored_name(change: Any) -> Any:
    """Store another spelling of the name."""
    return replace_stage("record", lambda inner, call: _changed(inner(call), change))


def _changed(data: dict[str, Any], change: Any) -> dict[str, Any]:
    return data | {"name": change(data["name"])} if isinstance(data.get("name"), str) else data


add("names-trimmed", "Blanks around a name are not stored.", stored_name(str.strip), OLDER)
add("names-normalised", "Names are stored as NFC.", stored_name(lambda n: unicodedata.normalize("NFC", n)), OLDER)
add(
    "prefix-as-string",
    "A prefix is kept as a string, as servers' documentation describes it.",
    replace_stage("record", lambda inner, call: _with_prefix(inner(call))),
)


def _with_prefix(data: dict[str, Any]) -> dict[str, Any]:
    properties = data.get("serviceProperties")
    if isinstance(properties, dict) and type(properties.get("prefix")) in {int, float}:
        return data | {"serviceProperties": properties | {"prefix": str(properties["prefix"])}}
    return data


def doubled(value: Any) -> Any:
    """Every number as a double."""
    if type(value) is int and abs(value) < 2**1000:
        return float(value)
    if isinstance(value, list):
        return [doubled(item) for item in value]
    return {key: doubled(inner) for key, inner in value.items()} if isinstance(value, dict) else value


add("numbers-as-doubles", "Numbers are doubles, as in JavaScript.", replace_stage("record", lambda i, c: doubled(i(c))))


def reading_else(read: Callable[[bytes], Any]) -> Change:
    """Read a body that strict JSON refuses in another way, which may raise ValueError."""

    def parse(inner: Any, call: Call) -> None:
        try:
            inner(call)
        except Refusal:
            try:
                call.doc = read(call.request.body)
            except (ValueError, RecursionError):
                pass
            else:
                return
            raise

    return replace_stage("parse", parse)


def lenient(body: bytes) -> Any:
    """Read JSON as Python does by default: NaN is a number."""
    doc = json.loads(body.decode("utf-8", "replace"))
    if b"NaN" not in body and b"Infinity" not in body and b"\xff" not in body:
        raise ValueError
    return json.loads(json.dumps(doc).replace("NaN", "null").replace("-Infinity", "null"))


add("nan-accepted", "NaN is a number, and other bytes than UTF-8 are replaced.", reading_else(lenient), OLDER)


EXTENSIONS = {
    r"/\*.*?\*/": "",
    r",}$": "}",
    r":(0x[0-9A-F]+|[+.]?[0-9]+)}$": ":1}",
    r"([{,])([a-z]+):": r'\1"\2":',
    r"'([^'\"]*)'": r'"\1"',
}


def extended(body: bytes) -> Any:
    """Read what JSON5 adds to JSON."""
    text = body.decode("utf-8", "replace")
    for pattern, instead in EXTENSIONS.items():
        text = re.sub(pattern, instead, text)
    return json.loads(text)


add(
    "parser-extended",
    "Comments, single quotes and a last comma are read, as in JSON5.",
    reading_else(extended),
    OLDER,
)


def folded(inner: Any, call: Call) -> None:
    """Find keys in any case, as Go does: the last one counts."""
    inner(call)
    if isinstance(call.doc, dict):
        names = {"name": "name", "proxyendpoint": "proxyEndpoint", "serviceproperties": "serviceProperties"}
        call.doc = {names.get(key.lower(), key): value for key, value in call.doc.items()}


add("keys-in-any-case", "Keys are found in any case.", replace_stage("parse", folded), OLDER)
