"""Faults of what is accepted and what is refused."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from second_registry import ALL, NEWER, App, Call, Refusal, Table, replace_stage, text_of
from second_rules import KEYS, Exact, kind, malformed

BODY = Table()
add, wrongly = BODY.add, BODY.wrongly
DEPLOYED = ("deployed",)
TYPES = ("null", "boolean", "number", "list", "object", "string")

# --- what must be refused
BODY.topic = "validation"


def hole(*pairs: tuple[str, str]) -> Callable[[App], None]:
    """Let some problems of keys through."""
    return lambda app: app.options.holes.update(pairs)


for key in KEYS:
    add(f"hole-{key}-missing", f"A missing {key} is accepted.", hole((key, "missing")), DEPLOYED)
    add(f"hole-{key}-empty", f"An empty {key} is accepted.", hole((key, "empty")), DEPLOYED)
    add(f"hole-{key}-any", f"Any type of {key} is accepted.", hole(*((key, each) for each in TYPES)), NEWER)
    for each in TYPES:
        if each != ("object" if key == "serviceProperties" else "string"):
            add(f"hole-{key}-{each}", f"A {each} is accepted as {key}.", hole((key, each)), NEWER)
add("hole-null-keys", "Null counts as absent, and absent is fine.", hole(*((key, "null") for key in KEYS)), NEWER)
add(
    "hole-all-missing",
    "Only the types of present keys are checked.",
    hole(*((key, "missing") for key in KEYS)),
    DEPLOYED,
)
add("hole-presence-only", "Only presence is checked.", hole(*((key, each) for key in KEYS for each in TYPES)), NEWER)
add("hole-name-pattern", "Names of any characters and length are accepted.", hole(("name", "pattern")), DEPLOYED)
everything = [(key, each) for key in KEYS for each in (*TYPES, "missing", "empty", "pattern")]
add("hole-everything", "The body's keys are not looked at.", hole(*everything), NEWER)
add(
    "hole-first-only",
    "Only the first key is checked.",
    hole(*(pair for pair in everything if pair[0] != "name")),
    NEWER,
)
add(
    "hole-last-unchecked",
    "The last key is not checked.",
    hole(*(pair for pair in everything if pair[0] == "serviceProperties")),
    NEWER,
)


def unless(when: Callable[[dict[str, Any]], Any]) -> Any:
    """Do not validate some bodies."""

    def validate(inner: Any, call: Call) -> None:
        if not (isinstance(call.doc, dict) and when(call.doc)):
            inner(call)

    return replace_stage("validate", validate)


add("hole-by-id", "A body with the client's own id is not checked.", unless(lambda d: "handleServiceId" in d), NEWER)
add("hole-many-keys", "A body with more than four keys is not checked.", unless(lambda d: len(d) > 4), NEWER)
add("hole-few-keys", "A body with one key is not checked.", unless(lambda d: len(d) == 1), DEPLOYED)
add("hole-empty-object", "An object without keys is accepted.", unless(lambda d: not d), DEPLOYED)
add("hole-pid", "The body of a PID service is not checked.", unless(lambda d: '"PID"' in text_of(d)), NEWER)
add(
    "hole-zero",
    "What counts as false is not checked.",
    unless(lambda d: any(key in d and not d[key] for key in KEYS)),
    NEWER,
)
numeric = re.compile(r"-?\d+(\.\d+)?")


def coerced(inner: Any, call: Call) -> None:
    """Turn numbers into strings before checking."""
    inner(call)
    if isinstance(call.doc, dict):
        call.doc = {k: str(v) if kind(v) in {"number", "boolean"} and k in KEYS else v for k, v in call.doc.items()}


def decoded(inner: Any, call: Call) -> None:
    """Take serviceProperties as JSON in a string, too."""
    inner(call)
    if isinstance(call.doc, dict) and type(call.doc.get("serviceProperties")) is str:
        try:
            call.doc["serviceProperties"] = json.loads(call.doc["serviceProperties"])
        except ValueError:
            call.doc["serviceProperties"] = {"text": call.doc["serviceProperties"]}


def wrapped(inner: Any, call: Call) -> None:
    """Take lists of strings for strings."""
    inner(call)
    if isinstance(call.doc, dict):
        first = {k: v[0] for k, v in call.doc.items() if isinstance(v, list) and v}
        call.doc |= first


add("coerce-numbers", "Numbers and booleans become strings.", replace_stage("parse", coerced), NEWER)
add("coerce-json-text", "serviceProperties may be a string.", replace_stage("parse", decoded), NEWER)
add("coerce-lists", "Lists are taken for their first member.", replace_stage("parse", wrapped), NEWER)
DEFAULT = {"name": "unnamed", "proxyEndpoint": "https://localhost", "serviceProperties": {"type": "DOI"}}


def lenient(when: Callable[[bytes], Any], read: Callable[[bytes], Any] = lambda _b: dict(DEFAULT)) -> Any:
    """Read what is not JSON in some other way."""

    def parse(inner: Any, call: Call) -> None:
        try:
            inner(call)
        except Refusal:
            if not when(call.request.body):
                raise
            call.doc = read(call.request.body)

    return replace_stage("parse", parse)


def python_json(body: bytes) -> Any:
    """Read as a lenient parser does."""
    text = re.sub(r",\s*([}\]])", r"\1", body.decode("utf-8-sig", "replace"))
    try:
        return json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError) as error:
        raise malformed() from error


def other_shape(*kinds: str) -> Any:
    """Accept other JSON values than objects."""

    def validate(inner: Any, call: Call) -> None:
        if kind(call.doc) in kinds:
            call.doc = dict(DEFAULT)
        inner(call)

    return replace_stage("validate", validate)


def first_of_list(inner: Any, call: Call) -> None:
    """Take the first member of a list."""
    if isinstance(call.doc, list) and call.doc:
        call.doc = call.doc[0]
    inner(call)


def empty_default(inner: Any, call: Call) -> None:
    """Take defaults for an empty body."""
    inner(call)
    if not call.request.body:
        call.doc = dict(DEFAULT)


add("malformed-accepted", "What is not JSON counts as defaults.", lenient(lambda _b: True))
add(
    "malformed-lenient",
    "Trailing commas, other bytes and what follows are overlooked.",
    lenient(lambda _b: True, python_json),
    DEPLOYED,
)
add(
    "malformed-trailing",
    "What follows the JSON value is overlooked.",
    lenient(lambda b: b.strip()[-1:] not in b"}]", python_json),
    DEPLOYED,
)
add("malformed-nan", "NaN and Infinity are numbers.", lenient(lambda b: b"NaN" in b or b"Infinity" in b, python_json))
add(
    "malformed-utf8",
    "Bytes that are not UTF-8 are replaced.",
    lenient(lambda b: "\ufffd" in b.decode("utf-8", "replace"), python_json),
)
add(
    "malformed-truncated",
    "A body that ends too early counts as defaults.",
    lenient(lambda b: b.lstrip()[:1] == b"{" and b.rstrip()[-1:] != b"}"),
)
add("shape-list", "A list is accepted.", other_shape("list"))
add("shape-list-first", "A list of bodies is taken for its first.", replace_stage("validate", first_of_list))
add("shape-string", "A JSON string is accepted.", other_shape("string"))
add("shape-null", "null is accepted.", other_shape("null"))
add("shape-number", "A number is accepted.", other_shape("number", "boolean"))
add("shape-empty-body", "A request without a body is accepted.", replace_stage("parse", empty_default), ALL)


def shape_crash(*kinds: str) -> Any:
    """Crash at other JSON values than objects."""

    def validate(inner: Any, call: Call) -> None:
        if kind(call.doc) in kinds:
            raise Refusal(500, "internalServerError", "An unexpected error occurred.")
        inner(call)

    return replace_stage("validate", validate)


def bytes_crash(when: Callable[[bytes], Any]) -> Any:
    """Crash at some bytes."""

    def parse(inner: Any, call: Call) -> None:
        if when(call.request.body):
            raise Refusal(500, "internalServerError", "An unexpected error occurred.")
        inner(call)

    return replace_stage("parse", parse)


def problem_crash(*problems: str) -> Any:
    """Crash at some problems of keys, rather than refusing them."""

    def problem(inner: Any, call: Call, key: str) -> str:
        problem = inner(call, key)
        if problem in problems:
            raise Refusal(500, "internalServerError", "An unexpected error occurred.")
        return problem

    return replace_stage("problem", problem)


add("crash-list", "A list crashes the server.", shape_crash("list"))
add("crash-null", "null crashes the server.", shape_crash("null"))
add("crash-scalar", "A string or a number crashes the server.", shape_crash("string", "number", "boolean"))
add("crash-empty-body", "An empty body crashes the server.", bytes_crash(lambda b: not b))
add(
    "crash-not-utf8",
    "Bytes that are not UTF-8 crash the server.",
    bytes_crash(lambda b: "\ufffd" in b.decode("utf-8", "replace") and b"\xef\xbf\xbd" not in b),
)
add("crash-bom", "A byte order mark crashes the server.", bytes_crash(lambda b: b.startswith(b"\xef\xbb\xbf")))
add(
    "crash-deep",
    "Fifty levels of nesting crash the server.",
    bytes_crash(lambda b: b.count(b"[") > 50 or b.count(b"{") > 50),
)
add(
    "crash-very-deep",
    "A thousand levels of nesting crash the server.",
    bytes_crash(lambda b: b.count(b"[") > 1000 or b.count(b"{") > 1000),
)
add("crash-huge-number", "A number of 400 digits crashes the server.", bytes_crash(lambda b: re.search(rb"\d{400}", b)))
add("crash-exponent", "A large exponent crashes the server.", bytes_crash(lambda b: re.search(rb"\d[eE]\+?\d{3}", b)))
add(
    "crash-surrogate",
    "A lone surrogate crashes the server.",
    bytes_crash(lambda b: re.search(rb"\\u[dD][89a-fA-F]", b)),
)
add("crash-large", "A body of more than 64 KiB crashes the server.", bytes_crash(lambda b: len(b) > 65536))
add("crash-missing", "A missing key crashes the server.", problem_crash("missing"))
add("crash-null-key", "A key that is null crashes the server.", problem_crash("null"))
add(
    "crash-types",
    "A key of a wrong type crashes the server.",
    problem_crash("boolean", "number", "list", "object", "string"),
)

# --- what must be accepted
BODY.topic = "acceptance"


def properties(doc: dict[str, Any]) -> dict[str, Any]:
    """The service properties, where they are an object."""
    properties = doc.get("serviceProperties")
    return properties if isinstance(properties, dict) else {}


def prefix(doc: dict[str, Any]) -> str:
    """The JSON type of the prefix."""
    return kind(properties(doc).get("prefix"))


REFUSED = {
    "number-prefix": ("A numeric prefix is refused, though the document shows one.", lambda d: prefix(d) == "number"),
    "text-prefix": ("A prefix that is a string is refused.", lambda d: prefix(d) == "string"),
    "pid": ("PID services are refused.", lambda d: properties(d).get("type") == "PID"),
    "doi": ("DOI services are refused.", lambda d: properties(d).get("type") == "DOI"),
    "no-template": ("identifierTemplate is required.", lambda d: "identifierTemplate" not in properties(d)),
    "no-override": ("allowTemplateOverride is required.", lambda d: "allowTemplateOverride" not in properties(d)),
    "override": ("allowTemplateOverride is refused.", lambda d: "allowTemplateOverride" in properties(d)),
    "override-false": ("false counts as absent.", lambda d: properties(d).get("allowTemplateOverride") is False),
    "template": ("Braces are refused: templates are injections.", lambda d: "{{" in text_of(d).replace('{"', "")),
    "dollar": ("Dollar signs are refused.", lambda d: "$" in text_of(d)),
    "http": ("A proxy by plain HTTP is refused.", lambda d: str(d.get("proxyEndpoint")).startswith("http:")),
    "localhost": ("A proxy at localhost is refused.", lambda d: "//localhost" in str(d.get("proxyEndpoint"))),
    "port": ("A proxy with a port is refused.", lambda d: re.search(r":\d+", str(d.get("proxyEndpoint")))),
    "path": ("A proxy with a path is refused.", lambda d: re.search(r"//[^/]+/.", str(d.get("proxyEndpoint")))),
    "blank-name": ("Names with blanks are refused.", lambda d: " " in str(d.get("name"))),
    "unicode-name": ("Names in other than ASCII characters are refused.", lambda d: not str(d.get("name")).isascii()),
    "unicode": ("Other than ASCII characters are refused.", lambda d: not text_of(d).isascii()),
    "capital-name": ("Names with capitals are refused.", lambda d: str(d.get("name")) != str(d.get("name")).lower()),
    "digit-name": ("Names with digits are refused.", lambda d: re.search(r"\d", str(d.get("name")))),
    "name-20": ("Names of more than 20 characters are refused.", lambda d: len(str(d.get("name"))) > 20),
    "name-32": ("Names of more than 32 characters are refused.", lambda d: len(str(d.get("name"))) > 32),
    "name-bytes": ("Names of more than 50 bytes are refused.", lambda d: len(str(d.get("name")).encode()) > 50),
    "name-short": ("Names of less than five characters are refused.", lambda d: len(str(d.get("name"))) < 5),
    "client-id": ("The documented handleServiceId is refused.", lambda d: "handleServiceId" in d),
    "no-client-id": ("handleServiceId is required.", lambda d: "handleServiceId" not in d),
    "long-value": ("Strings of more than 255 characters are refused.", lambda d: re.search(r'"[^"]{256}', text_of(d))),
    "example": ("The documented example is refused: its host is a test.", lambda d: "mds.test" in text_of(d)),
    "password-weak": (
        "Passwords of less than ten characters are refused.",
        lambda d: len(str(properties(d).get("password", "x" * 10))) < 10,
    ),
    "everything": ("Every body is refused.", lambda _d: True),
}
LIMITED = {"no-client-id": NEWER, "client-id": ("classic", "deployed"), "name-bytes": ALL}
for name, (text, when) in REFUSED.items():
    wrongly(f"refuse-{name}", text, when, editions=LIMITED.get(name, ALL))

# --- what only rare inputs trigger
BODY.topic = "rare"


def depth(value: Any) -> int:
    """How deep a JSON value is."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, members), default=0)


def in_text(pattern: str) -> Callable[[dict[str, Any]], Any]:
    """Whether any string or key matches."""
    return lambda d: re.search(pattern, json.dumps(d, ensure_ascii=False))


def category(*names: str) -> Callable[[dict[str, Any]], Any]:
    """Whether any character is of a Unicode category."""
    return lambda d: any(unicodedata.category(c).startswith(names) for c in text_of(d))


CRASHES = {
    "emoji": ("A character beyond the basic plane", lambda d: any(ord(c) > 0xFFFF for c in text_of(d))),
    "quote": ("An apostrophe", in_text("'")),
    "double-quote": ("A quotation mark", in_text(r'\\"')),
    "backslash": ("A backslash", in_text(r"\\\\")),
    "percent": ("A percent sign", in_text("%")),
    "angle": ("An angle bracket", in_text("[<>]")),
    "nul": ("The character NUL", in_text(r"\\u0000")),
    "control": ("A control character", in_text(r"\\u00[01]|\\[nrtbf]")),
    "rtl": (
        "A letter written from the right",
        lambda d: any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text_of(d)),
    ),
    "combining": ("A combining mark", category("M")),
    "cjk": ("A letter without case", category("Lo")),
    "latin1": ("A letter with an accent", in_text("[\u00c0-\u00ff]")),
    "long-name": ("A name of more than 40 characters", lambda d: len(str(d.get("name"))) > 40),
    "name-128": ("A name of more than 120 characters", lambda d: len(str(d.get("name"))) > 120),
    "two-letters": ("A name of two characters", lambda d: len(str(d.get("name"))) == 2),
    "long-value": ("A string of more than 1000 characters", in_text('"[^"]{1000}')),
    "deep": ("Nesting of more than ten levels", lambda d: depth(d) > 10),
    "many-keys": ("More than 50 properties", lambda d: len(properties(d)) > 50),
    "big-integer": ("An integer of more than 64 bits", in_text(r"[ \[]-?\d{20}")),
    "exact-number": (
        "A number that is not a double",
        lambda d: any(isinstance(v, Exact) for v in properties(d).values()),
    ),
    "negative": ("A negative number", in_text(r": -\d")),
    "null-inside": ("null inside serviceProperties", lambda d: None in properties(d).values()),
    "empty-key": ("An empty key", lambda d: "" in d or "" in properties(d)),
    "dotted-key": (
        "A key with a dot or a dollar sign, as in MongoDB",
        lambda d: any(set(".$") & set(k) for k in [*d, *properties(d)]),
    ),
    "key-order": (
        "Keys in another order than the documented",
        lambda d: [k for k in d if k in KEYS] != [k for k in KEYS if k in d],
    ),
    "extra-key": ("An undocumented key", lambda d: set(d) - {*KEYS, "handleServiceId"}),
    "proto": ("A key __proto__ or constructor", in_text('"(__proto__|constructor)"')),
    "empty-list": ("An empty list inside", lambda d: [] in properties(d).values()),
    "name-number": ("A name of digits", lambda d: str(d.get("name")).isdigit()),
    "name-true": (
        "A name that is a word of YAML",
        lambda d: str(d.get("name")).lower() in {"true", "false", "null", "no", "yes", "on", "off"},
    ),
    "unknown-type": ("An unknown type of service", lambda d: properties(d).get("type") not in {"DOI", "PID"}),
}
for name, (text, when) in CRASHES.items():
    editions = ("classic", "deployed") if name == "name-128" else ALL
    wrongly(f"rare-{name}", f"{text} crashes the server.", when, status=500, editions=editions)
