"""Faults that only rare inputs show."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.answers import Where
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Fault, Hook, Point, fault
from onezone_mockserver.faults.requests import GOOD, crash, mended, properties, stored, texts

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange

TEXT, NAMES, VALUES, KEYS = "edges.text", "edges.names", "edges.values", "edges.keys"
BEYOND, MANY = 0x10000, 110


def _renamed(change: Callable[[str], Any]) -> Hook:
    return stored(lambda data: data.update(name=change(data["name"])))


def _endpoint(change: Callable[[str], Any]) -> Hook:
    return stored(lambda data: data.update(proxyEndpoint=change(data["proxyEndpoint"])))


def _name(odd: Callable[[str], bool]) -> Where:
    def where(exchange: Exchange) -> bool:
        name = exchange.value.get("name") if isinstance(exchange.value, dict) else None
        return isinstance(name, str) and odd(name)

    return where


def _crash(name: str, text: str, odd: Callable[[str], bool], *noticed_by: str) -> Fault:
    return fault(f"rare-{name}", text, crash(_name(odd), Point.VALIDATION), *noticed_by)


def _nth(number: int) -> Where:
    count = [0]

    def where(_exchange: Exchange) -> bool:
        count[0] += 1
        return count[0] % number == 0

    return where


def _walk(value: Any, level: int, limit: int) -> Any:
    """The value without what is nested deeper than the limit."""
    if isinstance(value, dict):
        return {k: _walk(v, level + 1, limit) for k, v in value.items()} if level < limit else {}
    return value


def _values(change: Callable[[Any], Any]) -> Hook:
    return properties(lambda data: {key: change(value) for key, value in data.items()})


def _any_case(value: dict[str, Any]) -> None:
    """Keys are read without regard to their case; the last one counts."""
    for key in list(value):
        for name in GOOD:
            if key != name and key.lower() == name.lower():
                value[name] = value[key]


def _large_number(value: Any) -> bool:
    """Whether the name is a number of more than four digits."""
    name = value.get("name") if isinstance(value, dict) else None
    return isinstance(name, int) and abs(name) > 9999  # noqa: PLR2004


FAULTS = (
    fault(
        "rare-name-number",
        "A large number is taken for a name.",
        mended(lambda value: value.update(name=str(value["name"])) if _large_number(value) else None),
        "generated.invalid",
        editions=NEWER,
    ),
    fault(
        "rare-name-number-crash",
        "A large number for a name crashes the server.",
        crash(lambda e: _large_number(e.value), Point.VALIDATION),
        "generated.invalid",
    ),
    fault(
        "rare-key-case", "Keys are read without regard to case.", mended(_any_case), "edges.key-case", editions=DEPLOYED
    ),
    _crash("name-emoji", "A name with an emoji crashes the server.", lambda n: max(map(ord, n or "a")) > 0xFFFF, NAMES),  # noqa: PLR2004
    _crash("name-quote", "A name with a quote crashes the server.", lambda n: "'" in n, NAMES),
    _crash("name-escape", "A name with a percent sign crashes the server.", lambda n: "%" in n, NAMES),
    _crash("name-51", "A name of 51 characters crashes the server.", lambda n: len(n) == 51, NAMES),  # noqa: PLR2004
    _crash("name-129", "A name of 129 characters crashes the server.", lambda n: len(n) == 129, NAMES),  # noqa: PLR2004
    _crash("name-1", "A name of one character crashes the server.", lambda n: len(n) == 1, NAMES),
    _crash("name-long", "A name of 3000 characters crashes the server.", lambda n: len(n) >= 3000, NAMES),  # noqa: PLR2004
    fault("rare-name-true", "The name true becomes a boolean.", _renamed(lambda n: True if n == "true" else n), NAMES),
    fault("rare-name-null", "The name null becomes none.", _renamed(lambda n: None if n == "null" else n), NAMES),
    fault(
        "rare-name-zero",
        "Zeros at the beginning of a name are dropped.",
        _renamed(lambda n: n.lstrip("0") if n.isdigit() else n),
        NAMES,
    ),
    fault("rare-name-blanks", "Two blanks in a name become one.", _renamed(lambda n: " ".join(n.split())), NAMES),
    fault("rare-name-sharp-s", "The sharp s becomes two.", _renamed(lambda n: n.replace("ß", "ss")), NAMES),
    fault("rare-text-normalised", "Text is normalised.", texts(lambda t: unicodedata.normalize("NFC", t)), TEXT),
    fault(
        "rare-text-compatible",
        "Text loses ligatures and wide letters.",
        texts(lambda t: unicodedata.normalize("NFKC", t)),
        TEXT,
    ),
    fault(
        "rare-text-bmp",
        "Characters beyond the first plane are replaced.",
        texts(lambda t: "".join(c if ord(c) < BEYOND else "?" for c in t)),
        TEXT,
    ),
    fault("rare-text-quotes", "Quotes are doubled.", texts(lambda t: t.replace("'", "''")), TEXT),
    fault("rare-text-backslash", "Backslashes are dropped.", texts(lambda t: t.replace("\\", "")), TEXT),
    fault("rare-text-trimmed", "Blanks around text are dropped.", texts(str.strip), TEXT),
    fault("rare-text-nul", "Text ends at NUL.", texts(lambda t: t.partition("\0")[0]), TEXT),
    fault("rare-text-lines", "Line ends are changed.", texts(lambda t: t.replace("\r\n", "\n")), TEXT),
    fault(
        "rare-text-tags",
        "What looks like a tag is dropped.",
        texts(lambda t: t.replace("<b>", "").replace("</b>", "")),
        TEXT,
    ),
    fault("rare-text-plus", "A plus becomes a blank.", texts(lambda t: t.replace("+", " ")), TEXT),
    fault("rare-text-255", "Text is cut to 255 characters.", texts(lambda t: t[:255]), TEXT),
    fault(
        "rare-text-invisible",
        "Invisible characters are dropped.",
        texts(lambda t: "".join(c for c in t if unicodedata.category(c) != "Cf")),
        TEXT,
    ),
    fault(
        "rare-text-number",
        "Text that looks like a number becomes one.",
        _values(lambda v: float(v) if isinstance(v, str) and v.replace(".", "").isdigit() else v),
        TEXT,
    ),
    fault(
        "rare-text-json",
        "Text that looks like JSON is read.",
        _values(lambda v: [v] if isinstance(v, str) and v.startswith("{") else v),
        TEXT,
    ),
    fault("rare-values-empty", "Lists that are empty become null.", _values(lambda v: None if v == [] else v), VALUES),
    fault(
        "rare-values-float",
        "Fractions are rounded.",
        _values(lambda v: round(v, 0) if isinstance(v, float) else v),
        VALUES,
    ),
    fault(
        "rare-values-32",
        "Numbers are cut to 32 bits.",
        _values(lambda v: v & 0xFFFFFFFF if type(v) is int else v),
        VALUES,
    ),
    fault(
        "rare-values-sorted",
        "Lists are sorted.",
        _values(lambda v: sorted(v, key=str) if isinstance(v, list) else v),
        VALUES,
    ),
    fault(
        "rare-values-list",
        "Lists are cut to a hundred.",
        _values(lambda v: v[:100] if isinstance(v, list) else v),
        VALUES,
    ),
    fault("rare-values-deep", "Objects are cut at ten levels.", properties(lambda data: _walk(data, 0, 10)), VALUES),
    fault("rare-values-true", "True becomes 1.", _values(lambda v: 1 if v is True else v), VALUES),
    fault(
        "rare-keys-crash",
        "More than a hundred keys crash the server.",
        crash(lambda e: e.body.count(b'":') > MANY, Point.BODY),
        KEYS,
        VALUES,
    ),
    fault("rare-keys-dot", "A dot in a key crashes the server.", crash(lambda e: b'kit.dotted"' in e.body), KEYS),
    fault("rare-keys-dollar", "A key with a dollar crashes the server.", crash(lambda e: b'"$' in e.body), KEYS),
    fault("rare-endpoint-lower", "Endpoints are in lower case.", _endpoint(str.lower), "edges.endpoints"),
    fault(
        "rare-endpoint-query",
        "Endpoints lose their query.",
        _endpoint(lambda e: e.partition("?")[0]),
        "edges.endpoints",
    ),
    fault(
        "rare-endpoint-long", "Endpoints are cut to 255 characters.", _endpoint(lambda e: e[:255]), "edges.endpoints"
    ),
    fault(
        "rare-properties-type",
        "An unknown type becomes DOI.",
        properties(lambda data: {**data, "type": data.get("type") if data.get("type") in ("DOI", "PID") else "DOI"}),
        "edges.properties",
    ),
    fault(
        "rare-properties-untyped",
        "Properties without a type crash the server.",
        crash(
            lambda e: (
                isinstance(e.value, dict)
                and isinstance(e.value.get("serviceProperties"), dict)
                and bool(e.value["serviceProperties"])
                and "type" not in e.value["serviceProperties"]
            ),
            Point.VALIDATION,
        ),
        "edges.properties",
    ),
    fault("rare-request-97", "Each 97th request crashes.", crash(_nth(97), Point.VALIDATION), "robust.no-5xx"),
    fault("rare-request-31", "Each 31st request crashes.", crash(_nth(31), Point.VALIDATION), "robust.no-5xx"),
    fault(
        "rare-key-twice",
        "A key that is there twice crashes the server.",
        crash(lambda e: e.body.count(b'"name"') > 1),
        "edges.bytes",
    ),
)
