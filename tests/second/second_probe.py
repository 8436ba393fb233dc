"""A fixed small conversation with an application, without a socket: what a fault changes shows as a difference."""

import base64
import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from second_app import App
from second_rules import CREATE
from second_wire import Request, Response
from second_world import HOME, User

OTHER = "0" * 32
MISSING = "f" * 32
ROOT = "/api/onezone/v3"
DOI = {
    "type": "DOI",
    "host": "https://mds.test.datacite.org",
    "doiEndpoint": "/doi",
    "metadataEndpoint": "/metadata",
    "mediaEndpoint": "/media",
    "prefix": 10.5072,
    "username": "alice",
    "password": "pa$$word",
    "identifierTemplate": "{{space.name}}-{{space.guid}}",
    "allowTemplateOverride": False,
}
PID = {
    "type": "PID",
    "endpoint": "https://epic5.storage.surfsara.nl/v2_HS/handles",
    "prefix": "11148",
    "username": "bob",
    "password": "pass word",
    "autoSuffixGeneration": True,
    "suffixPrefix": "",
    "suffixSuffix": " x ",
}
EXAMPLE = {
    "name": "MyCommunity Handle service",
    "proxyEndpoint": "https://localhost:17000/handle_proxy",
    "serviceProperties": DOI,
}
ODD = {
    "emoji": "\U0001f600 \ufb01 e\u0301 \u05d0 \u4e2d \u00e9",
    "quote": "'\" \\ % <b>&amp; +%41\r\n\0x",
    "long": "x" * 1100,
    "big": 2**70 + 1,
    "exact": 1.0000001,
    "zero": 0,
    "minus": -12,
    "null": None,
    "nested": {"a": {"b": [3, 1, 2]}},
    "list": ["b", "a"],
    "empty": [],
    "": "empty key",
    "a.$b": 1,
    "__proto__": {},
    "True": True,
    "phone": "0123",
    "URL": "HTTPS://EXAMPLE.org/Path",
}
DEEP: dict[str, Any] = {}
for _ in range(60):
    DEEP = {"d": DEEP}


def changed(**values: Any) -> dict[str, Any]:
    """The documented example with other values."""
    return EXAMPLE | values


GOOD = [
    EXAMPLE,
    EXAMPLE,
    EXAMPLE | {"handleServiceId": "SADHLKJhlkASHDLAKSHDLKJHJjLH"},
    changed(name="Zażółć  gęślą jaźń 中文 (and more) xxxxxxxxxxxxxxxxx", serviceProperties=PID),
    changed(name="Two  blanks", serviceProperties=DOI | ODD),
    changed(name="x1", proxyEndpoint="172.17.0.9:8080/api/v1", serviceProperties={"type": "X", "deep": DEEP}),
    changed(name="12345", serviceProperties={f"k{n}": "v" for n in range(60)}),
    changed(name="true", proxyEndpoint="http://h/p", extra={"x": 1}),
    changed(name="n" * 128),
    changed(name="yes", serviceProperties=DOI | {"prefix": "10.5072", "password": "p"}),
    dict(reversed(EXAMPLE.items())),
    changed(name="abc.d-e", serviceProperties={"type": "DOI", "e": 'say "x" \ud7ff', "v": "x" * 70000}),
]
KINDS: list[Any] = [None, True, 0, 7, ["x"], {}, {"a": 1}, "x", "", "  "]
KEYS = ("name", "proxyEndpoint", "serviceProperties")
BAD: list[Any] = [{key: EXAMPLE[key] for key in KEYS if key != missing} for missing in KEYS]
BAD += [changed(**{key: value}) for key in KEYS for value in KINDS] + [{}, [], [EXAMPLE], None, "x", 3, True]
BAD += [
    {"name": 7, "handleServiceId": "x"},
    changed(name=7, a=1, b=2),
    {"name": 7},
    changed(name=[], serviceProperties=PID),
]
BAD += [changed(serviceProperties=json.dumps(DOI)), changed(name="x" * 200), changed(name="!")]
GARBAGE = [
    b'{"name": ',
    b"{'a': 1}",
    b'{"a": NaN}',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"[" * 5000,
    b'{"a":' * 1200,
    json.dumps(EXAMPLE).encode() + b" trailing",
    json.dumps(EXAMPLE).encode()[:-1] + b",}",
    json.dumps(EXAMPLE).encode()[:-5],
    json.dumps(EXAMPLE).replace("alice", "\\ud800").encode(),
    json.dumps(EXAMPLE).encode().replace(b"alice", b"\xff"),
    json.dumps(EXAMPLE).encode().replace(b"10.5072", b"9" * 450),
    json.dumps(EXAMPLE).encode().replace(b"10.5072", b"1e400"),
    json.dumps(EXAMPLE).encode().replace(b"10.5072", b"NaN"),
]
REFUSED = [json.dumps(doc).encode() for doc in BAD] + GARBAGE
ACCEPTED = [json.dumps(doc).encode() for doc in GOOD]
EXAMPLE_BYTES = json.dumps(EXAMPLE).encode()

PAIR = frozenset({CREATE, "oz_groups_add_relationships"})
READ = frozenset({"oz_groups_list_relationships", "oz_handle_services_view"})
INSIDE = frozenset({"group_create_handle_service"})
ZONE = frozenset(
    f"oz_{kind}_{verb}"
    for kind in ("handle_services", "groups", "users")
    for verb in ("list", "view", "create", "update", "delete", "add_relationships", "list_relationships")
) | {"oz_set_privileges"}
GROUP = frozenset(
    f"group_{verb}"
    for verb in [
        "view",
        "update",
        "delete",
        "set_privileges",
        "add_user",
        "remove_user",
        "add_child",
        "add_parent",
        "add_space",
        "leave_space",
    ]
) | {"group_create_handle", "group_leave_handle_service", *INSIDE}
PERSONAS: dict[str, tuple[frozenset[str] | None, frozenset[str]]] = {
    "member": (INSIDE, frozenset({CREATE})),
    "admin": (None, PAIR),
    "creator": (None, frozenset({CREATE})),
    "no-create": (GROUP, ZONE - {CREATE}),
    "no-pair": (GROUP - INSIDE, ZONE - {"oz_groups_add_relationships"}),
    "plain": (frozenset({"group_view"}), frozenset()),
    "both": (GROUP, ZONE),
    "single": (INSIDE, frozenset()),
    "viewer": (INSIDE, frozenset({"oz_handle_services_view"})),
    "outsider": (None, frozenset()),
    "all-zone-no-create": (None, ZONE - {CREATE}),
    "reader": (None, READ),
    "colon": (GROUP, ZONE),
}


def basic(text: str) -> dict[str, str]:
    """Basic credentials."""
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def add_personas(app: App) -> None:
    """Fill the application's world with every persona, and make its ids predictable."""
    numbers = itertools.count(1)
    app.origin = "http://h"
    if app.options.service_id.__module__ == "second_world":
        app.options.service_id = lambda: f"abcdef-ids-{next(numbers):04}"
    app.world.groups[OTHER] = {}
    for name, (inside, zone) in PERSONAS.items():
        app.world.users[name] = User(name, f"Pass-word-{name}", f"token-{name}", zone)
        if name == "colon":
            app.world.users[name].password = "Pass:word"
        if inside is not None:
            app.world.groups[HOME][name] = inside


def ask(app: App, method: str, path: str, who: str = "", body: bytes | None = None, **headers: str) -> Response:
    """One request."""
    fields = basic(f"{who}:Pass-word-{who}") if who else {}
    if body is not None:
        fields["Content-Type"] = "application/json"
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    return app.answer(Request(method, path, {name.lower(): [value] for name, value in fields.items()}, body or b""))


def create(app: App, who: str, doc: Any, group: str = HOME, **headers: str) -> Response:
    """One create request."""
    body = doc if isinstance(doc, bytes) else EXAMPLE_BYTES if doc is EXAMPLE else json.dumps(doc).encode()
    return ask(app, "POST", f"{ROOT}/groups/{group}/handle_services", who, body, **headers)


def credentials() -> list[dict[str, str]]:
    """Headers that identify nobody."""
    secret = "Pass-word-both"
    wrong = [
        secret[:-2],
        secret.upper(),
        "",
        secret[:8] + "xxxxxx",
        secret + "x",
        f" {secret} ",
        "Pass-word-admi",
        "x:" + secret,
    ]
    texts = [f"both:{word}" for word in wrong] + [
        f"ghost:{secret}",
        "both:Pass-word-admin",
        "nocolon",
        ":",
        "zo\u00eb:x",
    ]
    tokens = ["", "x", "token-bot", "token-bothx"]
    headers = [basic(text) for text in texts] + [{"X-Auth-Token": token} for token in tokens]
    headers.append(basic("colon:Pass:word"))
    headers += [
        {"Authorization": value} for value in ("Basic", "Basic !!", "Bearer x", "Digest x", "Token x", "Basic eA=")
    ]
    return [{}, *headers]


def carriers() -> list[tuple[str, ...]]:
    """Odd values of Authorization, some several at once, some directly after a success; `T…` stands for a token."""
    right, wrong = basic("both:Pass-word-both")["Authorization"], basic("both:wrong")["Authorization"]
    odd = [f"both:Pass-word-both{more}" for more in (":x", "\u0142", "\u0301", "\0x", "x" * 2000)]
    return [
        *((basic(text)["Authorization"],) for text in odd),
        *((right,), (wrong,), (right,), (basic("outsider:Pass-word-both")["Authorization"],), (wrong,)),
        *((wrong, wrong), (wrong, "Tx"), (f"{wrong}, {wrong}",), ("BASIC eDp5",), ("Basic eDp5eA",)),
    ]


def carried(app: App, *values: str) -> Response:
    """One create request with these credentials."""
    fields = {"content-type": ["application/json"], "authorization": [item for item in values if item[0] != "T"]}
    if len(fields["authorization"]) < len(values):
        fields["x-auth-token"] = ["x"]
    return app.answer(Request("POST", f"{ROOT}/groups/{HOME}/handle_services", fields, EXAMPLE_BYTES))


def conversation(app: App) -> list[tuple[Any, ...]]:
    """All answers to the fixed requests."""
    add_personas(app)
    said: list[Response] = []
    first = ""
    for doc in ACCEPTED:
        said.append(create(app, "both", doc))
        location = said[-1].header("Location") or ""
        first = first or location
        said.append(ask(app, "GET", location.removeprefix("http://h") or "/", "reader"))
    collection = f"{ROOT}/groups/{HOME}/handle_services"
    said.append(ask(app, "GET", first.removeprefix("http://h") or "/", "reader"))
    said.append(ask(app, "GET", collection, "reader"))
    said += [create(app, "both", body) for body in REFUSED]
    said.append(ask(app, "POST", collection, "both"))
    said += [create(app, who, EXAMPLE) for who in PERSONAS]
    app.world.groups[OTHER]["plain"] = INSIDE
    app.world.users["plain"].zone = frozenset({CREATE})
    said += [create(app, who, EXAMPLE) for who in ("plain", "outsider")]
    said += [create(app, "", EXAMPLE, **headers) for headers in credentials()]
    said += [carried(app, *values) for values in carriers()]
    unknown = (MISSING, MISSING, "unknown", "x%20y")
    said += [create(app, who, EXAMPLE, group) for who in ("admin", "outsider") for group in unknown]
    said += [ask(app, "GET", f"{ROOT}/groups/{group}/handle_services", "reader") for group in (HOME, OTHER, MISSING)]
    said += [
        ask(app, method, collection, "both", json.dumps(EXAMPLE).encode()) for method in ("PUT", "PATCH", "DELETE")
    ]
    labels = ("text/plain", "application/xml", "text/html", "application/json; charset=utf-8", "")
    said += [create(app, "both", EXAMPLE, Content_Type=label) for label in labels]
    said.append(create(app, "both", b"a=b", Content_Type="application/x-www-form-urlencoded"))
    said.append(create(app, "both", EXAMPLE, Accept="text/html"))
    said += [ask(app, method, collection, "both") for method in ("HEAD", "OPTIONS")]
    said += neighbours(app)
    said += [create(app, "both", EXAMPLE) for _ in range(3)]
    said.append(ask(app, "GET", collection, "reader"))
    return [visible(answer) for answer in said]


def neighbours(app: App) -> list[Response]:
    """The neighbours, asked by several people."""
    service = app.options.service_id()
    identity = next(iter(app.world.services), service)
    paths = (
        f"/groups/{HOME}/handle_services",
        f"/groups/{HOME}/handle_services/{identity}",
        f"/handle_services/{identity}",
    )
    said = [ask(app, "GET", ROOT + path, who) for path in paths for who in ("", "plain", "outsider", "reader")]
    said += [ask(app, "DELETE", ROOT + paths[1], who) for who in ("outsider", "both", "both")]
    return said


def visible(answer: Response) -> tuple[Any, ...]:
    """What a client sees of an answer, the time of creation excepted."""
    body = answer.body
    start = body.find(b'"creationTime"')
    if start >= 0:
        body = body[:start] + body[start + 26 :]
    return (answer.status, sorted(answer.headers), body, answer.chunked, answer.close, answer.action)


def together(app: App) -> list[Any]:
    """What eight creates at the same time leave: statuses, ids, and names, sorted."""
    add_personas(app)
    barrier = threading.Barrier(8)

    def create_at_once(number: int) -> tuple[int, str | None]:
        barrier.wait(60)
        answer = create(app, "both" if number % 2 else "outsider", changed(name=f"name {number}"))
        return number, str(answer.status)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create_at_once, range(8)))
    names = sorted(str(service.data.get("name")) for service in app.world.services.values())
    return [statuses, names, len(app.world.services)]
