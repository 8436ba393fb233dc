"""Rare inputs to any operation with a body: kept where they are accepted, refused as documented where they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from onezone_spec import Property

from onezone_contracts.cases import Case, Change, encode, with_value, with_values
from onezone_contracts.checks.drawn import kept_or_refused, tolerated
from onezone_contracts.derive.build import Builder
from onezone_contracts.derive.edges import KEYS, NAMES, TEXTS
from onezone_contracts.generate.values import INVITES, secret
from onezone_contracts.requirement import Level, Requirement

WORDS = {
    **{
        name: TEXTS[name]
        for name in (
            "emoji",
            "apostrophe",
            "quotation-mark",
            "backslash",
            "percent",
            "markup",
            "template",
            "sql",
            "nul",
            "line-ends",
            "looks-like-number",
            "word-of-yaml",
            "256-characters",
            "5000-characters",
        )
    },
    "sharp-s": NAMES["sharp-s"],
}
"""Text that an honest server keeps as it is, or refuses: nothing that is trimmed or normalised anywhere."""
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "negative": -17,
    "fraction": 0.1,
    "64-bits": 2**63,
    "large-double": 1e21,
    "empty": "",
    "70000-characters": "x" * 70_000,
    "empty-list": [],
    "list-of-null": [None],
    "empty-object": {},
    "object-internals": {"__proto__": {"a": 1}, "constructor": 2},
}
MORE = {name: KEYS[name] for name in ("empty", "dollar", "quoted", "long", "many", "object-internals")}
BESIDE: dict[str, bytes] = {
    "an-integer-of-400-digits": b"9" * 400,
    "a-huge-exponent": b"1e400",
    "a-lone-surrogate": b'"\\ud800"',
    "an-escaped-nul": b'"\\u0000"',
    "1000-levels-of-lists": b"[" * 1000 + b"]" * 1000,
    "not-a-number": b"NaN",
    "bytes-that-are-no-utf-8": b'"al\xff\xfeice"',
    "a-control-character-in-a-string": b'"al\x01ice"',
}
"""What may stand at a key that nobody knows."""
WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "a-byte-order-mark": lambda body: b"\xef\xbb\xbf" + body,
    "a-trailing-nul": lambda body: body + b"\x00",
    "every-key-twice": lambda body: b"{" + body[1:-1] + b"," + body[1:],
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    properties = build.body.properties
    for prop in filter(_free, properties):
        text = f"A {prop.name} is kept code point by code point, or refused as documented."
        changes = {word: with_value(prop.name, value) for word, value in WORDS.items()}
        cases = _cases(build, f"edges.text.{prop.name}", f"{prop.name} with odd text", changes)
        level = prop.levels.get("type", Level.MUST)
        yield build.requirement(
            f"edges.text.{prop.name}", level, text, prop.source or build.body.source, kept_or_refused(*cases)
        )
    text = "Whatever value stands at a key, the answer comes in time, is no 5xx, and any error is the documented one."
    source = build.answer_source(400)
    values = {
        f"{prop.name}.{word}": with_value(prop.name, value)
        for prop in properties
        for word, value in VALUES.items()
        if not _of_type(prop, value)
    }
    cases = _cases(build, "edges.value", "an odd value", values)
    yield build.requirement("edges.values", Level.MUST, text, source, tolerated(*cases))
    text = "A body with keys that nobody knows is taken without them, or refused as documented."
    cases = _cases(build, "edges.keys", "unknown keys", {word: with_values(more) for word, more in MORE.items()})
    yield build.requirement("edges.keys", Level.MUST, text, build.body.source, kept_or_refused(*cases))
    text = "Bytes at the edges of what parsers take are answered in time, without a 5xx and with the documented errors."
    raw = {word: _beside(value) for word, value in BESIDE.items()}
    raw |= {word: _whole(change) for word, change in WHOLE.items()}
    cases = _cases(build, "edges.bytes", "a body", raw)
    yield build.requirement("edges.bytes", Level.MUST, text, source, tolerated(*cases))


def _free(prop: Property) -> bool:
    """Whether a key takes any text, which something shows again: no name that nobody shares, and nothing of a form."""
    schema = prop.schema
    formed = "enum" in schema or "format" in schema or INVITES in schema or "://" in str(schema.get("example", ""))
    return "string" in prop.types and not (formed or prop.refers or prop.unique or secret(prop))


def _of_type(prop: Property, value: Any) -> bool:
    """Whether a value is nothing odd at a key: true where a key takes it, an empty list or object."""
    kinds = {bool: "boolean", list: "array", dict: "object"}
    return kinds.get(type(value)) in prop.types and value in (True, [], {})


def _cases(build: Builder, topic: str, what: str, changes: dict[str, Change]) -> list[Case]:
    """Requests of somebody who may, with the body changed; each by itself where the first would be in the way."""
    keys = tuple(prop.name for prop in build.body.properties)
    return [
        Case(
            f"{topic}.{word}",
            f"{what}: {word.replace('-', ' ').replace('.', ', ')}",
            change=change,
            keys=keys,
            loose=True,
            apart=not build.repeatable,
        )
        for word, change in changes.items()
    ]


def _beside(raw: bytes) -> Change:
    return lambda body: encode(body)[:-1] + (b',"kitEdge":' if body else b'"kitEdge":') + raw + b"}"


def _whole(change: Callable[[bytes], bytes]) -> Change:
    return lambda body: change(encode(body))
