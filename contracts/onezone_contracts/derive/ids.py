"""Unknown ids in the path, some of them very similar to a known one."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.cases import AS_NUMBER, BLANK_AFTER, GROUP, LENGTHENED, NEAR_HOME, SHORTENED, WRITER, Case
from onezone_contracts.checks.status import observed, refused
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement

ODD = {
    "blank": " ",
    "slash": "a/b",
    "shortened": SHORTENED,
    "lengthened": LENGTHENED,
    "blank-after": BLANK_AFTER,
    "unicode": "żółw-😀",
    "quote": "'\"<>",
    "percent": "%2e",
    "long": "f" * 600,
    "brace": "{id}",
    "star": "*",
    "zero": "0",
}
WORDS = (
    *(
        "constructor",
        "__proto__",
        "prototype",
        "toString",
        "hasOwnProperty",
        "null",
        "undefined",
        "None",
        "nil",
        "true",
    ),
    *("NaN", "-1", "%", "_", ".*", "$ne", "self", "me"),
)
"""Names that objects of some languages have by themselves, and values that some code takes for nothing or for all."""


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    source = build.answer_source(404)
    who = next((persona.name for persona in build.personas if persona.allowed_anywhere), WRITER)

    def case(name: str, group: str, label: str, *, edge: bool = False) -> Case:
        return Case(f"unknown-group.id.{name}", label, who=who, roles={GROUP: group}, edge=edge)

    cases = [case(name, value, f"an id that no group has: {name.replace('-', ' ')}") for name, value in ODD.items()]
    cases += [case(f"word.{word}", word, f"an id that no group has: {word}") for word in WORDS]
    near = [case(word.replace(" ", "-"), word, f"an id that no group has: {word}", edge=True) for word in NEAR_HOME]
    text = "Whatever stands for the group in the path: where no group has that id, the request is refused."
    check = refused(*cases, *near)
    yield build.requirement("unknown-group.odd-ids", Level.MUST, text, source, check)
    numbers = [case(word.replace(" ", "-"), word, f"an id that no group has: {word}", edge=True) for word in AS_NUMBER]
    text = "Whether an id that is another spelling of the same number is another id is left open."
    yield build.requirement("unknown-group.number-spelling", Level.OBSERVE, text, source, observed(*numbers))
