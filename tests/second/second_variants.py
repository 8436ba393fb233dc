"""Legitimate differences: every one of these servers keeps the contract of the editions it names."""

import dataclasses
import itertools
import re
import time
import uuid
from typing import Any

from second_registry import NEWER, OLDER, App, Call, Refusal, Response, Table, replace_stage
from second_rules import ANY_NAME, KEYS, NAME_50, kind
from second_world import new_id

VARIANTS = Table()
add, options, finish, refused, error = VARIANTS.add, VARIANTS.options, VARIANTS.finish, VARIANTS.refused, VARIANTS.error
location = VARIANTS.location
CLASSIC = ("classic",)

# --- where Location points, and how it is written
VARIANTS.topic = "location"
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


VARIANTS.topic = "base path"
add("base-api-v3", "The base path is that of the documents' cURL lines.", base("/api/v3", alone=True))
add("base-deployed", "The base path is that of released servers.", base("/api/v3/onezone", alone=True))
add(
    "base-alone",
    "No other base path than that of the documented Location is served.",
    base("/api/onezone/v3", alone=True),
)
add("base-none", "The API is at the root of the host.", base("", alone=True))

# --- headers and framing
VARIANTS.topic = "protocol"


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
    lambda c, r: r.set_header("Content-Length", "0") if c.made else None,
)
finish("content-language", "Answers name their language.", lambda _c, r: r.set_header("Content-Language", "en"))
finish("cors", "Answers allow every origin.", lambda _c, r: r.set_header("Access-Control-Allow-Origin", "*"))
finish("etag", "Reads carry an ETag.", lambda c, r: r.set_header("ETag", '"1"') if c.op in {"get", "service"} else None)

# --- errors
VARIANTS.topic = "errors"


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
VARIANTS.topic = "ids"
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

# --- the order in which a request is judged, and what is said to whom
VARIANTS.topic = "order"
ORDERS = {
    "order-validation-first": (
        "A fault of the body is told before a lack of privileges.",
        "media demand_user parse validate authorize group",
    ),
    "order-validation-first-of-all": (
        "A fault of the body is told even to nobody.",
        "media parse validate demand_user authorize group",
    ),
    "order-nobody-first": (
        "Nobody is refused before anything else is looked at.",
        "demand_user media parse authorize validate group",
    ),
    "order-authorization-first": (
        "Authorization comes before the body is read.",
        "demand_user authorize media parse validate group",
    ),
    "order-group-before-body": (
        "An unknown group is told before a fault of the body.",
        "demand_user authorize group media parse validate",
    ),
    "order-404-for-outsiders": (
        "An unknown group is told to everybody who is somebody.",
        "demand_user group authorize media parse validate",
    ),
    "order-404-for-nobody": (
        "An unknown group is told before anybody is asked who they are.",
        "group media parse demand_user authorize validate",
    ),
}
for name, (sentence, order) in ORDERS.items():
    options(name, sentence, OLDER, order=tuple(order.split()))

# --- what is offered beside the documented operation
VARIANTS.topic = "read-back"
options("no-read-back", "Nothing can be read back: such paths answer 404.", read_back=frozenset())
options(
    "no-read-back-405", "Nothing can be read back: such paths answer 405.", read_back=frozenset(), missing_route=405
)
options("only-list", "Only the list is offered.", read_back=frozenset({"list"}))
options("only-get", "Only a group's single service can be read.", read_back=frozenset({"get"}))
options("only-service", "Only the service itself can be read.", read_back=frozenset({"service"}))
options("no-leave", "What was made cannot be removed.", read_back=frozenset({"list", "get", "service"}))
options("list-lags", "A service is on the list 100 ms after it was created.", list_lag=0.1)


def admins_only(inner: Any, call: Call, user: Any) -> bool:
    """Let only administrators list."""
    return inner(call, user) and (call.op != "list" or "oz_groups_list_relationships" in user.zone)


def shown(change: Any) -> Any:
    """Change what reads answer."""
    return replace_stage("shown", lambda inner, call, value: inner(call, change(value)))


def mask(value: dict[str, Any]) -> dict[str, Any]:
    """Hide the password."""
    found = value.get("serviceProperties")
    if isinstance(found, dict) and "password" in found:
        return value | {"serviceProperties": found | {"password": "*" * 8}}
    return value


add("list-for-admins", "Only administrators may list.", replace_stage("may", admins_only))
add("password-masked", "The password is not shown when read back.", shown(mask))
add(
    "read-extra-fields",
    "Reads show further keys.",
    shown(lambda v: v | {"gri": "x.y", "revision": 3, "sharedWith": []}),
)
add("read-sorted", "Reads show keys in another order.", shown(lambda v: dict(sorted(v.items(), reverse=True))))
add(
    "list-reversed",
    "The list begins with the newest.",
    shown(lambda v: {k: x[::-1] if isinstance(x, list) else x for k, x in v.items()}),
)

# --- what is accepted
VARIANTS.topic = "acceptance"
DOI = ["type", "host", "doiEndpoint", "metadataEndpoint", "mediaEndpoint", "prefix", "username", "password"]
PID = ["type", "endpoint", "prefix", "username", "password", "autoSuffixGeneration", "suffixPrefix", "suffixSuffix"]


def strict_properties(doc: dict[str, Any]) -> None:
    """The DOI and PID forms, with the documented example's numeric prefix let through."""
    properties = doc.get("serviceProperties")
    if not isinstance(properties, dict):
        return
    form = {"DOI": DOI, "PID": PID}.get(str(properties.get("type")))
    fine = form is not None and all(key in properties for key in form)
    for key in form or ():
        allowed = {"prefix": {"string", "number"}, "autoSuffixGeneration": {"string", "boolean"}}.get(key, {"string"})
        fine = fine and kind(properties[key]) in allowed
    if not fine:
        raise Refusal(400, "badValueJSON", "The service properties are of no known form.", {"key": "serviceProperties"})


def no_extra_keys(doc: dict[str, Any]) -> None:
    """Refuse keys that are not documented."""
    if set(doc) - {*KEYS, "handleServiceId"}:
        raise Refusal(400, "badData", "There is an unknown key.")


def names(pattern: re.Pattern[str]) -> Any:
    """Another rule for names."""
    return lambda app: setattr(app, "edition", dataclasses.replace(app.edition, name=pattern))


MISSING = {(key, "missing") for key in KEYS}
add(
    "properties-strict",
    "serviceProperties must have the documented DOI or PID form.",
    lambda app: app.options.extra_checks.append(strict_properties),
)
add("names-any", "Any non-empty name is accepted.", names(ANY_NAME), OLDER)
add("names-onezone", "Names follow Onezone's rule: 2 to 50 letters, digits and a few marks.", names(NAME_50), OLDER)
add(
    "empties-accepted",
    "Empty strings are strings, and accepted.",
    lambda app: app.options.holes.update({("name", "empty"), ("proxyEndpoint", "empty")}),
    OLDER,
)
add("keys-optional", "No key is required: none is marked so.", lambda app: app.options.holes.update(MISSING), OLDER)
add(
    "types-unchecked",
    "Types that the older document does not name are not checked.",
    lambda app: app.options.holes.update(
        (key, each) for key in KEYS for each in ("null", "boolean", "number", "list", "object", "string")
    ),
    CLASSIC,
)
add(
    "unknown-keys-refused",
    "Keys that are not documented are refused.",
    lambda app: app.options.extra_checks.append(no_extra_keys),
    OLDER,
)
add(
    "unknown-keys-kept",
    "Keys that are not documented are kept and shown.",
    replace_stage(
        "record",
        lambda inner, call: inner(call) | {k: v for k, v in call.doc.items() if k not in {*KEYS, "handleServiceId"}},
    ),
)
options("charset-refused", "A request labelled with a charset is refused with 415.", charset=False)
options("charset-accepted", "A request labelled with a charset is accepted.", OLDER, charset=True)
add("accept-ignored", "The Accept header is not looked at.", replace_stage("accept", lambda _inner, _call: None), OLDER)

# --- methods
VARIANTS.topic = "methods"


def options_status(status: int) -> Any:
    """Answer OPTIONS with a status, or refuse it."""

    def change(_inner: Any, call: Call) -> Response:
        if status < 400:
            return Response(status, [("Allow", ", ".join(call.allow))])
        raise Refusal(status, "methodNotAllowed", "OPTIONS is not offered.")

    return replace_stage("preflight", change)


def not_found(_inner: Any, _call: Call) -> None:
    """Call a wrong method an unknown resource."""
    raise Refusal(404, "notFound", "The resource could not be found.")


add(
    "405-as-404",
    "A method that a path does not have is answered as an unknown path.",
    replace_stage("wrong_method", not_found),
    OLDER,
)
add("no-head", "HEAD is not offered.", replace_stage("allowed", lambda _inner, offered: (*offered, "OPTIONS")))
for status in (204, 405, 501):
    add(f"options-{status}", f"OPTIONS is answered {status}.", options_status(status))


# --- personas
def classic_members(app: App) -> None:
    """Let a group's members create by their privilege in the group."""
    app.member_may = lambda user, group: app.world.in_group(user, group, "group_create_handle_service")  # type: ignore[method-assign]


VARIANTS.topic = "personas"
add(
    "delayed-privileges",
    "Privileges show one second after they were granted.",
    lambda app: setattr(app.states, "delay", 1.0),
)
add("token-personas", "Provider states give tokens, not passwords.", lambda app: setattr(app.states, "tokens", True))
add("own-groups", "Each persona is judged in a group of its own.", lambda app: setattr(app.states, "own_groups", True))
add("members-may", "The older document is silent on members: they may create.", classic_members, CLASSIC)

COMBINATIONS = (
    ("location-path", "headers-lower-case", "errors-chunked", "ids-escaped", "token-personas"),
    ("location-relative", "ids-long", "own-groups", "http-1.0", "errors-charset"),
    ("location-other-host", "base-deployed", "no-challenge", "only-get", "json-pretty"),
    ("location-https-port", "base-api-v3", "ids-uuid", "list-lags", "headers-odd-case"),
    ("delayed-privileges", "own-groups", "token-personas", "ids-numbers", "connection-close"),
    ("properties-strict", "password-masked", "read-extra-fields", "errors-other-text", "no-head"),
)
