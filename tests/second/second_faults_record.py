"""Faults of what is remembered of a body."""

import html
import struct
import unicodedata
import urllib.parse
from collections.abc import Callable
from typing import Any

from second_registry import App, Call, Table, deep
from second_rules import MARK, Exact, kind

RECORDS = Table()
add, record = RECORDS.add, RECORDS.record

# --- what is remembered
RECORDS.topic = "state"


def strings(change: Callable[[str], str]) -> Callable[[dict[str, Any]], Any]:
    """Change all strings."""
    return lambda data: deep(data, change)


def name(change: Callable[[str], str]) -> Callable[[dict[str, Any]], Any]:
    """Change the name."""
    return lambda d: d | {"name": change(d["name"])} if type(d.get("name")) is str else d


def endpoint(change: Callable[[str], str]) -> Callable[[dict[str, Any]], Any]:
    """Change the proxy's endpoint."""
    return lambda d: d | {"proxyEndpoint": change(d["proxyEndpoint"])} if type(d.get("proxyEndpoint")) is str else d


def properties(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Change the service properties."""

    def whole(data: dict[str, Any]) -> dict[str, Any]:
        properties = data.get("serviceProperties")
        return data | {"serviceProperties": change(dict(properties))} if isinstance(properties, dict) else data

    return whole


def values(change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], Any]:
    """Change each direct value of the service properties."""
    return properties(lambda p: {key: change(value) for key, value in p.items()})


def without(when: Callable[[str, Any], Any]) -> Callable[[dict[str, Any]], Any]:
    """Drop some of the service properties."""
    return properties(lambda p: {key: value for key, value in p.items() if not when(key, value)})


def number(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change numbers only."""
    return lambda value: change(value) if kind(value) == "number" else value


def plain(value: Any) -> float:
    """A number as a double, within its range."""
    text = value.removeprefix(MARK).removesuffix(MARK) if isinstance(value, Exact) else str(value)
    return min(max(float(text), -1e300), 1e300)


def single(value: Any) -> float:
    """A number in 32 bits."""
    return struct.unpack("f", struct.pack("f", min(max(plain(value), -1e30), 1e30)))[0]


DOCUMENTED = {
    "type",
    "host",
    "doiEndpoint",
    "metadataEndpoint",
    "mediaEndpoint",
    "prefix",
    "username",
    "password",
    "endpoint",
}
DOCUMENTED |= {"identifierTemplate", "allowTemplateOverride", "autoSuffixGeneration", "suffixPrefix", "suffixSuffix"}
record("name-lower", "Names are kept in lower case.", name(str.lower))
record("name-upper", "Names are kept in upper case.", name(str.upper))
record("name-title", "Names are kept with capitals.", name(str.title))
record("name-cut-16", "Names are cut after 16 characters.", name(lambda n: n[:16]))
record("name-cut-32", "Names are cut after 32 characters.", name(lambda n: n[:32]))
record("name-cut-49", "Names are cut after 49 characters.", name(lambda n: n[:49]))
record("name-no-blanks", "Blanks in names become underscores.", name(lambda n: n.replace(" ", "_")))
record("name-one-blank", "Several blanks in names become one.", name(lambda n: " ".join(n.split())))
record("name-slug", "Names become slugs.", name(lambda n: n.lower().replace(" ", "-")))
record("name-number", "A number is appended to names.", name(lambda n: f"{n} (1)"))
record("name-lost", "Names are not kept.", name(lambda _n: ""))
record("name-is-endpoint", "The name becomes the proxy's endpoint.", lambda d: d | {"name": d.get("proxyEndpoint")})
record("name-default", "Every service has the same name.", name(lambda _n: "Handle service"))
record("endpoint-slash", "A slash is appended to the endpoint.", endpoint(lambda e: e + "/"))
record("endpoint-port", "The endpoint loses its port.", endpoint(lambda e: e.replace(":17000", "")))
record("endpoint-path", "The endpoint loses its path.", endpoint(lambda e: "/".join(e.split("/")[:3])))
record("endpoint-scheme", "The endpoint loses its scheme.", endpoint(lambda e: e.partition("://")[2] or e))
record("endpoint-http", "The endpoint becomes plain HTTP.", endpoint(lambda e: e.replace("https:", "http:")))
record(
    "endpoint-lost", "The endpoint is not kept.", lambda d: {key: v for key, v in d.items() if key != "proxyEndpoint"}
)
record(
    "endpoint-host",
    "The service's host is kept as the endpoint.",
    lambda d: d | {"proxyEndpoint": (d.get("serviceProperties") or {}).get("host", "")},
)
record("properties-lost", "serviceProperties are not kept.", properties(lambda _p: {}))
record(
    "properties-text",
    "serviceProperties are kept as a string.",
    lambda d: d | {"serviceProperties": str(d.get("serviceProperties"))},
)
record("properties-type-only", "Only the type is kept.", without(lambda key, _v: key != "type"))
record(
    "properties-unknown-lost",
    "Properties that are not documented are dropped.",
    without(lambda key, _v: key not in DOCUMENTED),
)
record("properties-password-lost", "The password is dropped.", without(lambda key, _v: key == "password"))
record("properties-prefix-lost", "The prefix is dropped.", without(lambda key, _v: key == "prefix"))
record("properties-template-lost", "The template is dropped.", without(lambda key, _v: key == "identifierTemplate"))
record("properties-false-lost", "What is false is dropped.", without(lambda _k, v: v is False))
record("properties-null-lost", "What is null is dropped.", without(lambda _k, v: v is None))
record("properties-empty-lost", "What is empty is dropped.", without(lambda _k, v: v in ("", [], {})))
record("properties-10", "Only eight properties are kept.", properties(lambda p: dict(list(p.items())[:8])))
record(
    "properties-lower-keys",
    "Keys are kept in lower case.",
    properties(lambda p: {key.lower(): v for key, v in p.items()}),
)
record(
    "properties-snake-keys",
    "Keys are kept with underscores.",
    properties(lambda p: {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): v for key, v in p.items()}),
)
record("properties-doi", "Every service is one of DOI.", properties(lambda p: p | {"type": "DOI"}))
record(
    "properties-defaults",
    "Properties that were not sent are filled in.",
    properties(lambda p: {"allowTemplateOverride": True, "identifierTemplate": "x"} | p),
)
record(
    "properties-flat", "Objects inside are written as strings.", values(lambda v: str(v) if isinstance(v, dict) else v)
)
record(
    "properties-list-one",
    "Lists lose all but their first member.",
    values(lambda v: v[:1] if isinstance(v, list) else v),
)
record("properties-sorted", "Lists are sorted.", values(lambda v: sorted(v, key=str) if isinstance(v, list) else v))
record("numbers-text", "Numbers become strings.", values(number(lambda v: str(plain(v)))))
record("numbers-int", "Numbers lose their fraction.", values(number(lambda v: int(min(max(plain(v), -1e9), 1e9)))))
record("numbers-rounded", "Numbers are rounded to two places.", values(number(lambda v: round(plain(v), 2))))
record("numbers-single", "Numbers are kept in 32 bits.", values(number(single)))
record(
    "numbers-53-bits",
    "Integers lose what a double does not hold.",
    values(lambda v: int(float(v)) if type(v) is int and abs(v) < 10**300 else v),
)
record(
    "numbers-32-bits",
    "Integers are kept in 32 bits.",
    values(lambda v: v & 0xFFFFFFFF if type(v) is int and abs(v) > 0xFFFFFFFF else v),
)
record("zero-null", "Zero becomes null.", values(lambda v: None if v == 0 and v is not False else v))
record("booleans-text", "Booleans become strings.", values(lambda v: str(v).lower() if isinstance(v, bool) else v))
record("booleans-number", "Booleans become numbers.", values(lambda v: int(v) if isinstance(v, bool) else v))
record("booleans-true", "Booleans are always true.", values(lambda v: True if isinstance(v, bool) else v))
record(
    "text-numbers",
    "Strings of digits become numbers.",
    values(lambda v: float(v) if type(v) is str and v.replace(".", "", 1).isdecimal() else v),
)
record("text-strip", "Blanks around strings are dropped.", strings(str.strip))
record("text-nfc", "Unicode is normalised to NFC.", strings(lambda s: unicodedata.normalize("NFC", s)))
record("text-nfd", "Unicode is normalised to NFD.", strings(lambda s: unicodedata.normalize("NFD", s)))
record("text-nfkc", "Unicode is normalised to NFKC.", strings(lambda s: unicodedata.normalize("NFKC", s)))
record(
    "text-ascii", "Other than ASCII characters are dropped.", strings(lambda s: s.encode("ascii", "ignore").decode())
)
record(
    "text-question",
    "Other than ASCII characters become question marks.",
    strings(lambda s: s.encode("ascii", "replace").decode()),
)
record(
    "text-latin1",
    "Characters outside of Latin-1 become question marks.",
    strings(lambda s: s.encode("latin-1", "replace").decode("latin-1")),
)
record("text-mojibake", "UTF-8 is read as Latin-1.", strings(lambda s: s.encode("utf-8", "replace").decode("latin-1")))
record(
    "text-bmp",
    "Characters beyond the basic plane are dropped.",
    strings(lambda s: "".join(c for c in s if ord(c) < 0x10000)),
)
record(
    "text-escaped",
    "Other than ASCII characters are kept as escapes.",
    strings(lambda s: s.encode("ascii", "backslashreplace").decode()),
)
record(
    "text-unaccented",
    "Accents are dropped.",
    strings(lambda s: "".join(c for c in unicodedata.normalize("NFD", s) if not unicodedata.combining(c))),
)
record("text-html", "Strings are kept escaped for HTML.", strings(html.escape))
record(
    "text-backslash",
    "Quotation marks are kept with a backslash.",
    strings(lambda s: s.replace('"', '\\"').replace("'", "\\'")),
)
record("text-sql", "Apostrophes are doubled.", strings(lambda s: s.replace("'", "''")))
record(
    "text-dollar",
    "Dollar signs start variables, which are empty.",
    strings(lambda s: s.replace("$$", str(4711)).replace("$", "")),
)
record(
    "text-braces",
    "Templates are filled in, with nothing.",
    strings(lambda s: s.replace("{{space.name}}", "").replace("{{space.guid}}", "")),
)
record("text-url", "Strings are decoded as in a URI.", strings(urllib.parse.unquote_plus))
record("text-quoted", "Strings are encoded as in a URI.", strings(lambda s: urllib.parse.quote(s, safe=":/$ ")))
record("text-255", "Strings are cut after 255 characters.", strings(lambda s: s[:255]))
record("text-control", "Control characters are dropped.", strings(lambda s: "".join(c for c in s if ord(c) >= 32)))
record("text-lower-url", "Addresses are kept in lower case.", strings(lambda s: s.lower() if "://" in s else s))
record("text-tags", "What looks like a tag is dropped.", strings(lambda s: s.replace("<", "").replace(">", "")))
record("text-nul", "Strings end at NUL.", strings(lambda s: s.partition("\0")[0]))
record("text-crlf", "Line ends are changed.", strings(lambda s: s.replace("\n", "\r\n")))


def shared(app: App) -> None:
    """Let properties of earlier services show in later ones."""
    kept: dict[str, Any] = {}

    def around(inner: Any, call: Call) -> Any:
        data = inner(call)
        if isinstance(data.get("serviceProperties"), dict):
            kept.update(data["serviceProperties"])
            data["serviceProperties"] = dict(kept)
        return data

    app.around("record", around)


add("properties-shared", "Properties of earlier services show in later ones.", shared)
