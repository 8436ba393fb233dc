"""Both sides of the bounds of names and endpoints, as far as the edition promises some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onezone_spec import Property

from onezone_contracts.cases import Case, with_value
from onezone_contracts.checks.status import accepted, answered
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement

NO_NAMES = {
    "one-character": "n",
    "one-letter-beyond-ascii": "\u0416",
    "hundred-and-twenty-nine": "n" * 129,
    "hundred-and-twenty-nine-beyond-ascii": "\u0416" * 129,
    "one-letter-beyond-bmp": "\U00020bb7",
    "blank": " ",
    "blank-before": " service",
    "blank-after": "service ",
    "dot-before": ".service",
    "dot-after": "service.",
    "hyphen-before": "-service",
    "hyphen-after": "service-",
    "slash": "a/b",
    "exclamation-mark": "a!b",
    "apostrophe": "it's",
    "markup": "a<b>c",
    "ampersand": "a&b",
    "comma": "a, b",
    "colon": "a:b",
    "at-sign": "a@b",
    "plus": "a+b",
    "hash": "a#b",
    "star": "a*b",
    "backslash": "a\\b",
    "brackets": "a[b]c",
    "braces": "{{a}}",
    "currency": "a€b",
    "emoji": "a😀b",
    "dash-beyond-ascii": "a\u2013b",
    "no-break-blank": "a\u00a0b",
    "zero-width-blank": "a\u200bb",
    "tab": "a\tb",
    "line-break": "a\nb",
    "nul": "a\u0000b",
}
NAMES = {
    "two-characters": "ab",
    "two-beyond-ascii": "句柄",
    "fifty-one": "n" * 51,
    "hundred-and-twenty-eight": "n" * 128,
    "hundred-and-twenty-eight-beyond-ascii": "\u0416" * 128,
    "hundred-and-twenty-eight-beyond-bmp": "\U00020bb7" * 128,
    "parentheses-only": "()",
    "underscores-only": "__",
    "blank-dot-hyphen-inside": "a .-b",
    "digits-of-another-script": "٤٢",
    "roman-number": "Ⅻ Ⅳ",
}
ENDPOINTS = {
    "one-character": "x",
    "blank": " ",
    "no-scheme": "172.17.0.9:8080/api/v1",
    "other-scheme": "ftp://proxy.example.org",
    "beyond-ascii": "https://żółw.example.org/łąka",
    "markup": "<proxy> & 'co'",
    "long": "https://proxy.example.org/" + "p" * 3000,
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    properties = {prop.name: prop for prop in build.body.properties}
    if name := properties.get("name"):
        error = name.errors.get("pattern")
        cases = [
            Case(
                f"bounds.no-name.{word}",
                f"a name such as {value[:16]!r}",
                change=with_value("name", value),
                error=error,
                loose=True,
            )
            for word, value in NO_NAMES.items()
        ]
        text = "What breaks the rule for names is answered with 400: its length, its characters, its ends."
        level = build.documented(name.levels.get("pattern", Level.OBSERVE))
        yield build.judge("bounds.no-name", level, text, _source(build, name), answered({400}, *cases))
        text = "What keeps the rule for names is accepted, to its longest and shortest."
        yield _all_accepted(build, "bounds.name", text, name, NAMES)
    if endpoint := properties.get("proxyEndpoint"):
        text = "Any proxyEndpoint is accepted that is not empty."
        yield _all_accepted(build, "bounds.endpoint", text, endpoint, ENDPOINTS)


def _all_accepted(build: Builder, topic: str, text: str, prop: Property, values: Mapping[str, str]) -> Requirement:
    """Kept where the edition is the deployed behaviour itself, left open elsewhere."""
    cases = [
        Case(
            f"{topic}.{word}", f"a {prop.name} such as {value[:16]!r}", change=with_value(prop.name, value), loose=True
        )
        for word, value in values.items()
    ]
    return build.judge(topic, build.documented(), text, _source(build, prop), accepted(*cases))


def _source(build: Builder, prop: Property) -> str:
    return str(prop.source or build.body.source)
