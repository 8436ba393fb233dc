"""Legitimate differences in how answers are written: Location, base path, headers, errors and ids."""

import itertools
import time
import uuid
from typing import Any

from second_registry import NEWER, OLDER, App, Table
from second_world import new_id

WRITTEN = Table()
add, options, finish, refused, error = WRITTEN.add, WRITTEN.options, WRITTEN.finish, WRITTEN.refused, WRITTEN.error
location = WRITTEN.location
CLASSIC = ("classic",)

# --- where Location points, and how it is written
WRITTEN.topic = "location"
location(
    "location-path",
    "Location is a path without scheme and host.",
    lambda app, c, s: app.options.base + app.place(c.group, s.id),
)
location(
    "location-relative",
    "Location is relative to the URI of the request, as RFC 9110 allows.",
    lambda _app, c, s: f"handle_services/{_app.place(c.group, s.id).rsplit('/', 1)[1]}",
)
location(
    "location-other-host",
    "Location names the public host, which the client reached by another name.",
    lambda app, c, s: "https://onezone.example.org" + app.options.base + app.place(c.group, s.id),
)
location(
    "location-https-port",
    "Location has the scheme and port of the proxy in front.",
    lambda app, c, s: "https://127.0.0.1:8443" + app.options.base + app.place(c.group, s.id),
)
location(
    "location-other-base",
    "Location is under another of the documented base paths, also served.",
    lambda app, c, s: app.origin + "/api/v3/onezone" + app.place(c.group, s.id),
)
location(
    "location-scheme-relative",
    "Location leaves out the scheme.",
    lambda app, c, s: app.origin.split(":", 1)[1] + app.options.base + app.place(c.group, s.id),
)
location(
    "location-group-upper-escapes",
    "Location escapes unreserved characters that need no escaping.",
    lambda app, c, s: (
        app.origin + app.options.base + app.place(c.group, s.id).replace("handle_services", "handle%5Fservices")
    ),
)


def base(path: str, *, alone: bool) -> Any:
    """Serve under another base path, alone or beside the others."""

    def change(app: App) -> None:
        app.options.base = path
        if alone:
            app.options.bases = (path,)

    return change


WRITTEN.topic = "base path"
add("base-api-v3", "The base path is that of the documents' cURL lines.", base("/api/v3", alone=True))
add("base-deployed", "The base path is that of released servers.", base("/api/v3/onezone", alone=True))
add(
    "base-alone",
    "No other base path than that of the documented Location is served.",
    base("/api/onezone/v3", alone=True),
)
add("base-none", "The API is at the root of the host.", base("", alone=True))


def documented_base(app: App) -> None:
    """Follow the document to the letter: one base path in the cURL lines, another in Location."""
    base("/api/v3", alone=True)(app)
    host = "https://onezone.example.org/api/onezone/v3"
    app.around("location", lambda _inner, call, service: host + app.place(call.group, service.id))


add("base-documented", "The base path is that of the cURL lines, Location's that of the prose.", documented_base)

# --- headers and framing
WRITTEN.topic = "protocol"


def recase(change: Any) -> Any:
    """Rename all headers."""
    return lambda _c, r: setattr(r, "headers", [(change(name), value) for name, value in r.headers])


EXTRA = [
    ("Strict-Transport-Security", "max-age=1"),
    ("X-Request-Id", "7"),
    ("Vary", "Origin"),
    ("Cache-Control", "no-store"),
]
finish("headers-lower-case", "Header names are in lower case.", recase(str.lower))
finish("headers-odd-case", "Header names are in odd case.", recase(str.swapcase))
finish("headers-extra", "Answers carry more headers than documented.", lambda _c, r: r.headers.extend(EXTRA))
finish("set-cookie", "Answers set a session cookie.", lambda _c, r: r.headers.append(("Set-Cookie", "s=1; HttpOnly")))
finish("http-1.0", "Answers are HTTP/1.0 and end the connection.", lambda _c, r: setattr(r, "http10", True))
finish("connection-close", "Each answer ends the connection.", lambda _c, r: setattr(r, "close", True))
finish("slow", "Each answer takes 50 ms.", lambda _c, _r: time.sleep(0.05))
finish(
    "empty-length-0",
    "A success says Content-Length: 0 although 204 needs no length.",
    lambda c, r: r.set_header("Content-Length", "0") if c.created else None,
)
finish("content-language", "Answers name their language.", lambda _c, r: r.set_header("Content-Language", "en"))
finish("cors", "Answers allow every origin.", lambda _c, r: r.set_header("Access-Control-Allow-Origin", "*"))
finish("etag", "Reads carry an ETag.", lambda c, r: r.set_header("ETag", '"1"') if c.op in {"get", "service"} else None)

# --- errors
WRITTEN.topic = "errors"


def each_error(change: Any) -> Any:
    """Change the inner object of an error; a text stays."""
    return lambda value: {"error": change(value["error"])} if isinstance(value["error"], dict) else value


refused("errors-chunked", "Error bodies are chunked.", lambda _c, r: setattr(r, "chunked", True))
options("errors-charset", "Error bodies are labelled with a charset.", error_media="application/json; charset=utf-8")
options("errors-media-case", "The media type is written in other case.", error_media="Application/JSON;charset=UTF-8")
options("json-pretty", "JSON is indented.", dump={"indent": 2, "sort_keys": True})
options("json-utf8", "JSON has non-ASCII characters as themselves.", dump={"ensure_ascii": False})
error(
    "errors-extra-keys",
    "Error objects have further keys.",
    each_error(lambda e: e | {"ctx": None, "reference": "x"}),
    editions=NEWER,
)
error("errors-extra-top", "There is more beside the error.", lambda v: v | {"requestId": "7", "status": 1})
error(
    "errors-other-text",
    "Descriptions are other sentences, in another language.",
    lambda v: {
        "error": v["error"] | {"description": "Das geht nicht: „nein“."}
        if isinstance(v["error"], dict)
        else "Nein: „nie“."
    },
)
error(
    "errors-no-details",
    "Errors never have details.",
    each_error(lambda e: {key: value for key, value in e.items() if key != "details"}),
    editions=NEWER,
)
error(
    "errors-more-details",
    "Every error has details.",
    each_error(lambda e: e | {"details": {"hint": ["x"], "n": 1}}),
    editions=NEWER,
)
error(
    "errors-empty-details", "Details are there, and empty.", each_error(lambda e: e | {"details": {}}), editions=NEWER
)
error(
    "errors-other-ids",
    "Error ids are other words.",
    each_error(lambda e: e | {"id": f"oz.{e['id'].upper()}"}),
    editions=OLDER,
)
options("no-challenge", "401 comes without WWW-Authenticate, as from released servers.", challenge=False)

# --- ids
WRITTEN.topic = "ids"
COUNTER = itertools.count(1)


def ids(make: Any) -> Any:
    """Other ids of services, and of groups that provider states make."""

    def change(app: App) -> None:
        app.options.service_id = make
        app.states.group_id = make

    return change


add("ids-uuid", "Ids are UUIDs.", ids(lambda: str(uuid.uuid4())))
add("ids-numbers", "Ids are small numbers.", ids(lambda: str(next(COUNTER))))
add("ids-long", "Ids have 400 characters.", ids(lambda: new_id() * 10 + "x" * 20))
add("ids-escaped", "Ids need percent-encoding in a URI.", ids(lambda: f"a b/ü?#%{next(COUNTER)}"))
add("ids-dotted", "Ids contain dots, tildes, colons and at signs.", ids(lambda: f"~v1.0:{next(COUNTER)}@zone"))
add(
    "ids-letters",
    "Ids are letters in both cases, as the document shows for groups.",
    ids(lambda: new_id().translate({i + 48: i + 75 for i in range(10)})),
)
