"""Honest servers: what they take, what they keep of it and show, where they say it is, and how errors speak."""

import json
import unicodedata
from typing import Any
from urllib.parse import quote, urlsplit

from second_registry import OLDER, App, Call, Refusal, Response, Table, replace_stage
from second_rules import malformed, read_json

KEPT = Table()
add, options, location, error = KEPT.add, KEPT.options, KEPT.location, KEPT.error
CURRENT, NEWER, CLASSIC = ("current",), ("current", "deployed"), ("classic",)

# --- order
KEPT.topic = "order"
ORDERS = {
    "order-404-400-401-403": ("Group, body, user, rights.", "media parse group validate demand_user authorize"),
    "order-401-404-400-403": ("User, group, body, rights.", "demand_user group media parse validate authorize"),
    "order-401-404-403-400": ("User, group, rights, body.", "demand_user group authorize media parse validate"),
    "order-415-401-400-404-403": (
        "Type, user, body, group, rights.",
        "media demand_user parse validate group authorize",
    ),
    "order-400-404-401-403": ("Body, group, user, rights.", "media parse validate group demand_user authorize"),
}
for name, (sentence, order) in ORDERS.items():
    options(name, f"In this order: {sentence}", OLDER, order=tuple(order.split()))

# --- what is taken
KEPT.topic = "taken"


def likeness(name: Any) -> str:
    """A name without case, width and blanks around it."""
    return unicodedata.normalize("NFKC", str(name)).casefold().strip()


def unique(app: App) -> None:
    """Refuse a name that is taken, whoever asks for it and in whatever case."""

    def check(doc: dict[str, Any]) -> None:
        taken = (likeness(service.data.get("name")) for service in list(app.world.services.values()) if service.groups)
        if likeness(doc.get("name")) in taken:
            raise Refusal(409, "alreadyExists", "There is a service of that name.")

    app.options.extra_checks.append(check)


def unique_first(app: App) -> None:
    """Refuse a name that is taken before anything is said of rights."""
    app.options.order = ("media", "demand_user", "parse", "validate", "authorize", "group")
    unique(app)


def unique_before_all(app: App) -> None:
    """Refuse a name that is taken to nobody, too."""
    app.options.order = ("media", "parse", "validate", "demand_user", "authorize", "group")
    unique(app)


add("names-unique-any-case", "Names are unique, whatever their case, width and blanks.", unique, OLDER)
add("names-unique-first", "Names are unique, and that is told to who may not create.", unique_first, OLDER)
add("names-unique-to-all", "Names are unique, and that is told even to nobody.", unique_before_all, OLDER)


def urls_only(doc: dict[str, Any]) -> None:
    """Take URLs for endpoints only."""
    parts = urlsplit(str(doc.get("proxyEndpoint")).strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refusal(400, "badValueURL", "The endpoint is no URL.", {"key": "proxyEndpoint"})


def limits(doc: dict[str, Any]) -> None:
    """Take no text of more than 1,000 characters, no NUL, and no more than 100 keys."""
    text = json.dumps(doc)
    if "\\u0000" in text or any(len(string) > 1000 for string in _strings(doc)) or text.count('":') > 100:
        raise Refusal(400, "badData", "There is too much of it, or a NUL.")


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [string for key, inner in value.items() for string in (key, *_strings(inner))]
    if isinstance(value, list):
        return [string for inner in value for string in _strings(inner)]
    return [str(value)] if isinstance(value, str) else []


def polluted(doc: dict[str, Any]) -> None:
    """Refuse keys that objects have by themselves."""
    if any(f'"{key}"' in json.dumps(doc) for key in ("__proto__", "constructor")):
        raise Refusal(400, "badData", "There is a forbidden key.")


def checked(*checks: Any) -> Any:
    """Further checks of a body."""
    return lambda app: app.options.extra_checks.extend(checks)


add("endpoints-are-urls", "A proxyEndpoint is a URL of the web, or refused.", checked(urls_only), OLDER)
add("texts-limited", "Long texts, many keys and NUL are refused.", checked(limits), OLDER)
add("internals-refused", "Keys such as __proto__ are refused.", checked(polluted), OLDER)


def loads(_inner: Any, call: Call) -> None:
    """Read bytes as Python does by itself: UTF-16 and UTF-32 are JSON, too, and so is a byte order mark."""
    try:
        text = call.request.body.decode(json.detect_encoding(call.request.body))
    except UnicodeDecodeError as problem:
        raise malformed() from problem
    call.doc = read_json(text.encode("utf-8", "surrogatepass")) if text else {}


def pairs(twice: Any) -> Any:
    """Read a key that comes twice otherwise: `twice(pairs)` gives an object, or raises ValueError."""

    def parse(inner: Any, call: Call) -> None:
        inner(call)
        try:
            if call.request.body:
                json.loads(call.request.body, object_pairs_hook=twice)
        except ValueError as problem:
            raise malformed() from problem
        except RecursionError:
            return

    return replace_stage("parse", parse)


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys come once."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


add("any-unicode", "JSON in UTF-16 and UTF-32 is read.", replace_stage("parse", loads))
add("keys-once", "A body with a key twice is malformed.", pairs(unique_keys))

# --- what is kept and shown
KEPT.topic = "shown"


def properties(change: Any, stage: str = "shown") -> Any:
    """Change the serviceProperties that are shown, or kept."""

    def changed(value: dict[str, Any]) -> dict[str, Any]:
        properties = value.get("serviceProperties")
        return value | {"serviceProperties": change(properties)} if isinstance(properties, dict) else value

    if stage == "shown":
        return replace_stage("shown", lambda inner, call, value: inner(call, changed(value)))
    return replace_stage("record", lambda inner, call: changed(inner(call)))


def without(*keys: str) -> Any:
    """An object without some keys, at any depth."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(inner) for key, inner in value.items() if key not in keys}
        return [change(inner) for inner in value] if isinstance(value, list) else value

    return change


add("password-left-out", "Reads leave out the password.", properties(without("password")))
add("account-left-out", "Reads leave out the account.", properties(without("username", "password")))
add("defaults-shown", "Reads show defaults.", properties(lambda p: {"allowTemplateOverride": True, "timeout": 30} | p))
add(
    "internals-dropped",
    "Keys such as __proto__ are dropped.",
    properties(without("__proto__", "constructor"), "record"),
)


def tidy(text: str) -> str:
    """A URL as libraries write it (RFC 3986, 6.2): the host in lower case, a path at least, and no usual port."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return text
    host = parts.netloc.lower().removesuffix({"http": ":80", "https": ":443"}[parts.scheme])
    host = host if host.isascii() else host.encode("idna").decode()
    return parts._replace(netloc=host, path=quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")).geturl()


def kept_tidy(inner: Any, call: Call) -> Any:
    """Keep a tidy endpoint."""
    data = inner(call)
    endpoint = data.get("proxyEndpoint")
    return data | {"proxyEndpoint": tidy(endpoint)} if isinstance(endpoint, str) else data


add("endpoints-tidied", "URLs are kept as libraries write them.", replace_stage("record", kept_tidy), OLDER)

# --- Location
KEPT.topic = "location"


def located(make: Any) -> Any:
    """A Location made of the base path and the place below it."""
    return lambda app, call, service: make(app, app.options.base, app.place(call.group, service.id))


PLACES = {
    "ipv6": ("an IPv6 host", lambda _a, base, place: f"http://[fd00::1]:8443{base}{place}"),
    "default-port": ("the usual port", lambda _a, base, place: f"https://onezone.example.org:443{base}{place}"),
    "empty-port": ("an empty port", lambda _a, base, place: f"https://onezone.example.org:{base}{place}"),
    "capital-host": ("capitals", lambda _a, base, place: f"HTTPS://ONEZONE.Example.ORG{base}{place}"),
    "host-api": ("a host named as a part of the path", lambda _a, base, place: f"http://api{base}{place}"),
    "host-onezone": ("the container's name", lambda _a, base, place: f"http://onezone:8080{base}{place}"),
    "prefix": ("a gateway's prefix", lambda _a, base, place: f"https://gateway.example.org/zone{base}{place}"),
    "dot": ("a dot", lambda _a, _b, place: "./handle_services/" + place.rsplit("/", 1)[1]),
    "dots": (
        "dots",
        lambda _a, _b, place: f"../{place.split('/')[2]}/handle_services/{place.rsplit('/', 1)[1]}",
    ),
    "underscore-host": ("a host with an underscore", lambda _a, base, place: f"http://onezone_api:80{base}{place}"),
}
for name, (sentence, make) in PLACES.items():
    location(f"location-{name}", f"Location has {sentence}.", located(make))

# --- errors
KEPT.topic = "errors"


def quoting(inner: Any, call: Call, refusal: Refusal) -> Any:
    """Quote what was wrong."""
    if isinstance(call.doc, dict) and refusal.status in {400, 403, 404}:
        kept_properties = {key: call.doc[key] for key in ("name", "proxyEndpoint") if key in call.doc}
        refusal.description += (
            f" You sent {json.dumps(kept_properties, ensure_ascii=False)[:300]} for group {call.group!r}."
        )
    return inner(call, refusal)


add("errors-quote", "Errors quote the name, the endpoint and the group.", replace_stage("error", quoting))
error(
    "errors-with-links",
    "Errors link to a page of help.",
    lambda v: v | {"help": "/docs/errors/bad_request.php", "docs": "https://onezone.example.org/docs/errors.js"},
)
error(
    "errors-with-class",
    "Errors name their kind as a class of the API.",
    lambda v: v | {"kind": "org.onedata.onezone.api.BadValueError"},
)


def positioned(value: Any) -> Any:
    """Say where in the body it is."""
    if isinstance(value["error"], dict):
        value["error"]["description"] += " Found at /serviceProperties/prefix:3:14."
    return value


error("errors-with-position", "Errors name line and column.", positioned, 400)
error(
    "errors-with-sql-words",
    "Errors speak of selecting.",
    lambda v: v | {"hint": "Select a name from the list, then update it."},
)


def without_reason(_call: Call, response: Response) -> None:
    """Say nothing of why."""
    response.set_header("Cache-Control", "no-store").set_header("Pragma", "no-cache")


KEPT.refused("errors-uncached", "Refusals are not to be cached.", without_reason)


def record_all(inner: Any, call: Call) -> Any:
    """Keep the client's own id as data."""
    data = inner(call)
    return data | {"externalId": call.doc["handleServiceId"]} if "handleServiceId" in call.doc else data


add("client-id-kept", "The client's own id is kept as another key.", replace_stage("record", record_all))
