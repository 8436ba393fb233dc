"""Faults of what must be accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from onezone_mockserver.exchange import Exchange
from onezone_mockserver.faults.answers import Where
from onezone_mockserver.faults.effects import Memory
from onezone_mockserver.faults.fault import ALL, CLASSIC, DEPLOYED, Fault, fault
from onezone_mockserver.faults.requests import refuse

NAMES, DOCUMENTED = "accept.names", "accept.documented"
FIFTY = 50
CLIENT_KEYS = {"name", "proxyEndpoint", "serviceProperties"}


def _name(odd: Callable[[str], Any]) -> Where:
    return lambda exchange: bool(odd(exchange.value["name"]))


def _properties(odd: Callable[[dict[str, Any]], Any]) -> Where:
    def where(exchange: Exchange) -> bool:
        properties = exchange.value.get("serviceProperties")
        return isinstance(properties, dict) and bool(odd(properties))

    return where


def _refused(name: str, text: str, where: Where, *noticed_by: str, editions: tuple[str, ...] = ALL) -> Fault:
    return fault(f"acceptance-{name}", text, refuse(where, "badValueString"), *noticed_by, editions=editions)


def _name_repeated() -> Where:
    memory: Memory[set[str]] = Memory(set)

    def where(exchange: Exchange) -> bool:
        name, names = exchange.value["name"], memory.of(exchange.world)
        repeated = name in names
        names.add(name)
        return repeated

    return where


FAULTS = (
    _refused(
        "pid",
        "PID services are refused.",
        _properties(lambda p: p.get("type") == "PID"),
        "accept.pid",
        editions=DEPLOYED,
    ),
    _refused(
        "pid-options",
        "PID services with options are refused.",
        _properties(lambda p: p.get("type") == "PID" and "identifierTemplate" in p),
        "accept.pid-with-options",
        editions=DEPLOYED,
    ),
    _refused(
        "extra-keys",
        "Keys that nobody knows are refused.",
        lambda e: bool(e.value.keys() - CLIENT_KEYS),
        "accept.extra-keys",
        editions=DEPLOYED,
    ),
    _refused("digits", "Names of digits are refused.", _name(str.isdigit), NAMES),
    _refused("beyond-ascii", "Names beyond ASCII are refused.", _name(lambda n: not n.isascii()), NAMES),
    _refused("beyond-latin", "Names beyond Latin-1 are refused.", _name(lambda n: max(map(ord, n)) > 255), NAMES),  # noqa: PLR2004
    _refused("parentheses", "Names with parentheses are refused.", _name(lambda n: "(" in n), NAMES),
    _refused("dots", "Names with dots or hyphens are refused.", _name(lambda n: re.search(r"[.-]", n)), NAMES),
    _refused("fifty", "Names of fifty characters are refused.", _name(lambda n: len(n) >= 50), NAMES),  # noqa: PLR2004
    _refused("fifty-bytes", "Names of over fifty bytes are refused.", _name(lambda n: len(n.encode()) > FIFTY), NAMES),
    _refused("two", "Names of two characters are refused.", _name(lambda n: len(n) == 2), NAMES),  # noqa: PLR2004
    _refused("again", "A name that was there before is refused.", _name_repeated(), "accept.again", editions=DEPLOYED),
    _refused("key-order", "The name must come first.", lambda e: next(iter(e.value)) != "name", "accept.spelling"),
    _refused("escapes", "Escapes in strings are refused.", lambda e: b"\\u00" in e.body, "accept.spelling"),
    _refused("indented", "JSON over several lines is refused.", lambda e: b"\n" in e.body, "accept.spelling"),
    _refused(
        "service",
        "Names that end in the word service are refused.",
        _name(lambda n: n.endswith(" service")),
        DOCUMENTED,
    ),
    _refused(
        "doi",
        "Names that end in the words DOI service are refused.",
        _name(lambda n: n.endswith("DOI service")),
        "accept.doi",
        editions=DEPLOYED,
    ),
    _refused(
        "boolean",
        "allowTemplateOverride must be a string.",
        _properties(lambda p: isinstance(p.get("allowTemplateOverride"), bool)),
        DOCUMENTED,
        editions=DEPLOYED,
    ),
    _refused(
        "number",
        "The prefix must be a string.",
        _properties(lambda p: type(p.get("prefix")) is float),
        DOCUMENTED,
        editions=DEPLOYED,
    ),
    _refused(
        "suffix",
        "Options of suffixes are refused.",
        _properties(lambda p: "suffixPrefix" in p),
        "accept.pid",
        editions=DEPLOYED,
    ),
    _refused("blank", "Names with blanks are refused.", _name(lambda n: " " in n), "access.administrator"),
    _refused("all", "Every body is refused.", lambda _e: True, "access.administrator"),
    _refused(
        "http",
        "An endpoint without TLS is refused.",
        lambda e: "http://" in str(e.value["proxyEndpoint"]),
        "generated.valid",
    ),
    fault(
        "acceptance-client-id",
        "A body with an id of the client's own is refused.",
        refuse(lambda e: "handleServiceId" in e.value, "badValueString"),
        DOCUMENTED,
        editions=CLASSIC,
    ),
)
