"""What a request body may hold, how binding that is, and where it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How binding a fact is: MUST is promised by the edition's document, SHOULD is advised, OBSERVE is left open."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    OBSERVE = "OBSERVE"


@dataclass(frozen=True, slots=True)
class Source:
    """The place in a document that a fact comes from; as text, the document's title and the section."""

    document: str
    section: str
    title: str

    def __str__(self) -> str:
        return f"{self.title}, {self.section}"


@dataclass(frozen=True, slots=True)
class Reference:
    """What the value of a key names: an entity of that kind, by its id.

    Where it has a `key`, that one shows who names it, and nothing else may: a second one gets the error `taken`.
    """

    kind: str
    key: str = ""
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A key of a request body, with the error ids and levels of its rules.

    `errors` maps a broken rule (`type`, `null`, or a schema keyword) to an error id; `levels` maps
    `type`, `empty`, `pattern` and `enum` to how binding the rule is. `unique` is the error id for a value that
    another entity has, None if values may be equal; `unique_of_owner` for one that another of the same owner has.
    `refers` says what the value names, None if it names nothing.
    """

    name: str
    required: bool
    schema: Mapping[str, Any]
    types: tuple[str, ...]
    errors: Mapping[str, str]
    levels: Mapping[str, Level]
    source: Source | None
    unique: str | None = None
    unique_of_owner: str | None = None
    refers: Reference | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A request body that the contract shows."""

    name: str
    summary: str
    value: Any
    source: Source
    level: Level = Level.MUST
    """How binding it is that it is accepted."""


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body of a request: its schema (with `$ref` into the document), keys in alphabetical order, examples.

    `media_type_parameters` says whether the media type may carry parameters such as a charset. `none_known` is the
    error id for a body without any known key, None if that is fine; `needs` says which keys a key asks for.
    """

    schema: Mapping[str, Any]
    properties: tuple[Property, ...]
    required_level: Level
    presence_level: Level
    ignored: Mapping[str, str]
    examples: Mapping[str, Example]
    source: Source
    other_media_types: Level
    media_type_source: Source
    media_type_parameters: bool = True
    required: bool = True
    none_known: str | None = None
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
