"""Rare inputs, each sent once: kept code point by code point where accepted, refused as documented where not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onezone_contracts.cases import Case, encode, with_value
from onezone_contracts.checks.drawn import tolerated
from onezone_contracts.checks.status import answered
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement

PROBE = "kitEdge"
"""A key inside serviceProperties that no document knows: a server may drop it, but not bend what it keeps."""


def _nest(levels: int) -> Any:
    """A value inside as many objects."""
    return {"level": _nest(levels - 1)} if levels else [{"innermost": 1}]


TEXTS = {
    "emoji": "a😀b",
    "beyond-bmp": "𝒜𐍈𠜎",
    "apostrophe": "it's",
    "quotation-mark": 'say "hi"',
    "backslash": "a\\b\\\\c\\n",
    "percent": "100% %s %25 %00",
    "markup": "<b>&amp;</b> & <script>",
    "template": "{{space.name}}-${HOME}-$(id)-`id`-{0}",
    "sql": "a'; DROP TABLE services; --",
    "combining": "Zaz\u0307o\u0301l\u0301c\u0301 e\u0301 \u00e9",
    "compatibility": "\ufb01 \u2460 \uff21 \u00b2",
    "right-to-left": "\u202eabc\u202c \u200f",
    "zero-width": "a\u200bb\ufeffc\u200dd",
    "control": "a\u0001b\u001f\u007fc",
    "nul": "a\u0000b",
    "line-ends": "a\r\nb\nc\rd\u2028e",
    "tab": "a\tb",
    "blanks": "  a  b  ",
    "empty": "",
    "256-characters": "x" * 256,
    "5000-characters": "y" * 5000,
    "4-byte-characters": "😀" * 70,
    "looks-like-number": "0010.50",
    "looks-like-json": '{"a": [1, null]}',
    "word-of-yaml": "no",
    "plus": "a+b=c&d=%2B",
    "base64": "cGFzc3dvcmQ=",
    "noncharacter": "a\uffffb",
}
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "negative": -17,
    "fraction": 0.1,
    "small": 5e-9,
    "33-bits": 2**33,
    "53-bits": 2**53 - 1,
    "large-double": 1e21,
    "empty-list": [],
    "empty-object": {},
    "list": [3, 1, 2, "b", "a", None, [1, [2, [3]]]],
    "nested": _nest(14),
    "empty-key": {"": 1},
    "odd-keys": {"a.b": 1, "$set": 2, "c d": 3, "é": 4, "😀": 5, 'q"': 6},
    "object-internals": {"__proto__": {"a": 1}, "constructor": 2, "hasOwnProperty": 3},
    "many-keys": {f"k{number}": number for number in range(120)},
    "long-list": list(range(500)),
}
NAMES = {
    "emoji": "service 😀",
    "quotes": 'it\'s a "service"',
    "markup": "<b>service</b> & co",
    "backslash": "back\\slash",
    "percent": "100%25 %s {0} ${HOME}",
    "line-break": "two\nlines",
    "one-character": "n",
    "fifty-one-characters": "n" * 51,
    "hundred-and-twenty-nine": "n" * 129,
    "many-characters": "n" * 3000,
    "word-true": "true",
    "word-null": "null",
    "number": "12345",
    "two-blanks": "two  blanks",
    "capitals": "SERVICE Service",
    "sharp-s": "Straße İI",
    "date": "2020-01-01",
    "leading-zero": "007",
}
KEYS: dict[str, dict[str, Any]] = {
    "empty": {"": "kit"},
    "dotted": {"kit.dotted": 1},
    "dollar": {"$kit": 1},
    "blank": {"kit key": 1},
    "beyond-ascii": {"kité😀": 1},
    "quoted": {"kit\"key'": 1},
    "slashes": {"kit/key\\": 1},
    "long": {"kit" + "k" * 300: 1},
    "many": {f"kit{number}": number for number in range(120)},
    "object-internals": {"__proto__": {"kit": 1}, "constructor": "kit"},
}
LOOSE_NAMES = {
    "combining-marks": "Zaz\u0307o\u0301l\u0301c\u0301",
    "blanks-around": "  service  ",
    "compatibility": "ﬁ①",
}
ENDPOINTS = {
    "address": "172.17.0.9:8080/api/v1",
    "host": "localhost",
    "blank": " ",
    "ipv6-query-fragment": "http://[::1]:17000/x?y=z&a=%20#w",
    "capital-path": "https://proxy.example.org/Handle_Proxy/V1",
    "other-scheme": "ftp://proxy.example.org",
    "long": "https://proxy.example.org/" + "p" * 2000,
}
PROPERTIES: dict[str, Any] = {
    "untyped": {"a": 1},
    "unknown-type": {"type": "ARK"},
    "type-is-number": {"type": 1},
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    source = build.body.source
    text = "A string in serviceProperties is kept code point by code point, or refused as documented."
    cases = [
        _property(f"edges.text.{name}", f"a user name such as {value[:20]!r}", "username", value)
        for name, value in TEXTS.items()
    ]
    yield build.requirement("edges.text", Level.MUST, text, source, tolerated(*cases))
    cases = [
        _properties(f"edges.keys.{name}", f"keys in serviceProperties: {name.replace('-', ' ')}", keys)
        for name, keys in KEYS.items()
    ]
    text = "A key in serviceProperties is kept as it is, or refused as documented."
    yield build.requirement("edges.keys", Level.MUST, text, source, tolerated(*cases))
    text = "A value in serviceProperties is kept as it is, or refused as documented."
    cases = [
        _property(f"edges.value.{name}", f"a value in serviceProperties: {name.replace('-', ' ')}", PROBE, value)
        for name, value in VALUES.items()
    ]
    yield build.requirement("edges.values", Level.MUST, text, source, tolerated(*cases))
    text = "A name is kept code point by code point, or refused as documented."
    cases = _at_key("name", NAMES) + _at_key("name", LOOSE_NAMES, loose=True)
    yield build.requirement("edges.names", Level.MUST, text, source, tolerated(*cases))
    cases = [
        Case(
            "edges.case.name",
            "a key that differs from name only in case",
            change=lambda body: {**body, "NAME": "Other"},
        )
    ]
    text = "Keys differ where their case differs: a NAME beside the name is another key."
    rfc = build.rfc("rfc-8259", "2 JSON Grammar")
    yield build.judge("edges.key-case", build.documented(), text, rfc, tolerated(*cases))
    text = "A proxyEndpoint is kept as it is, or refused as documented."
    cases = _at_key("proxyEndpoint", ENDPOINTS, loose=True)
    yield build.requirement("edges.endpoints", Level.MUST, text, source, tolerated(*cases))
    text = "Any form of serviceProperties is kept as it is, or refused as documented."
    cases = _at_key("serviceProperties", PROPERTIES)
    yield build.requirement("edges.properties", Level.MUST, text, source, tolerated(*cases))
    text = "Bytes at the edges of what parsers take are answered in time, without a 5xx and with the documented errors."
    cases = [
        Case(f"edges.bytes.{name}", f"a body with {name.replace('-', ' ')}", raw=make, loose=True)
        for name, make in raw_bodies().items()
    ]
    yield build.requirement("edges.bytes", Level.MUST, text, build.answer_source(400), tolerated(*cases))
    by_name = {case.name: case for case in cases}
    text = "Numbers that JSON does not have, and bytes that are no UTF-8, are answered with 400."
    rfc = build.rfc("rfc-8259", "8.1 Character Encoding")
    strange = [by_name[f"edges.bytes.{name}"] for name in ("not-a-number", "infinity", "bytes-that-are-no-utf-8")]
    level = build.documented(promised=Level.SHOULD)
    yield build.judge("edges.not-json", level, text, rfc, answered({400}, *strange))


def _at_key(key: str, values: Mapping[str, Any], *, loose: bool = False) -> list[Case]:
    return [
        Case(f"edges.{key}.{name}", f"a {key} such as {str(value)[:24]!r}", change=with_value(key, value), loose=loose)
        for name, value in values.items()
    ]


def _property(name: str, label: str, key: str, value: Any) -> Case:
    return _properties(name, label, {key: value})


def _properties(name: str, label: str, more: dict[str, Any]) -> Case:
    def change(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "serviceProperties": {**body["serviceProperties"], **more}}

    return Case(name, label, change=change)


def raw_bodies() -> dict[str, Callable[[dict[str, Any]], bytes]]:
    """Odd bodies as bytes, by name."""

    def with_raw(raw: str) -> Callable[[dict[str, Any]], bytes]:
        def make(body: dict[str, Any]) -> bytes:
            properties = {**body["serviceProperties"], PROBE: "HERE"}
            return encode({**body, "serviceProperties": properties}).replace(b'"HERE"', raw.encode())

        return make

    def whole(change: Callable[[bytes], bytes]) -> Callable[[dict[str, Any]], bytes]:
        return lambda body: change(encode(body))

    return {
        "64-levels-of-lists": with_raw("[" * 64 + "]" * 64),
        "1000-levels-of-lists": with_raw("[" * 1000 + "]" * 1000),
        "10000-levels-of-lists": with_raw("[" * 10_000 + "]" * 10_000),
        "10000-levels-of-objects": with_raw('{"a":' * 10_000 + "1" + "}" * 10_000),
        "10000-open-brackets": lambda _: b"[" * 10_000,
        "an-integer-of-20-digits": with_raw("9" * 20),
        "an-integer-of-400-digits": with_raw("9" * 400),
        "an-integer-of-5000-digits": with_raw("9" * 5000),
        "a-number-of-40-decimals": with_raw("0." + "1234567890" * 4),
        "a-huge-exponent": with_raw("1e400"),
        "a-tiny-exponent": with_raw("1E-400"),
        "minus-zero": with_raw("-0"),
        "a-lone-surrogate": with_raw('"\\ud800"'),
        "a-lone-surrogate-in-the-name": lambda body: json.dumps({**body, "name": "a\ud800b"}).encode(),
        "a-lone-surrogate-in-the-endpoint": lambda body: json.dumps({**body, "proxyEndpoint": "a\udc00"}).encode(),
        "a-lone-surrogate-in-a-key": lambda body: json.dumps({**body, "kit\ud800": 1}).encode(),
        "a-surrogate-pair-reversed": with_raw('"\\ude00\\ud83d"'),
        "an-escaped-nul": with_raw('"\\u0000"'),
        "an-escaped-nul-in-the-name": lambda body: json.dumps({**body, "name": "a\u0000b"}).encode(),
        "a-string-of-70000-characters": with_raw('"' + "x" * 70_000 + '"'),
        "a-byte-order-mark": whole(lambda body: b"\xef\xbb\xbf" + body),
        "utf-16": whole(lambda body: body.decode().encode("utf-16")),
        "bytes-that-are-no-utf-8": whole(lambda body: body.replace(b"alice", b"al\xff\xfeice")),
        "an-overlong-encoding": whole(lambda body: body.replace(b"alice", b"al\xc0\xafice")),
        "a-key-twice": whole(lambda body: body.replace(b'"name"', b'"name":"first one","name"', 1)),
        "a-key-twice-of-two-types": whole(lambda body: body.replace(b'"name"', b'"name":5,"name"', 1)),
        "300-more-keys": lambda body: encode({**body, **{f"kit{number}": number for number in range(300)}}),
        "a-trailing-nul": whole(lambda body: body + b"\x00"),
        "gzip-magic": whole(lambda body: b"\x1f\x8b\x08\x00" + body),
        "not-a-number": with_raw("NaN"),
        "infinity": with_raw("-Infinity"),
        "control-characters-in-a-string": whole(lambda body: body.replace(b"alice", b"al\x01\nice")),
    }
