"""YAML files with the line of every value, so that a mistake is reported where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from onezone_spec.model import ContractError

Place = tuple[str | int, ...]
"""The keys and indices that lead to a value."""
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MistakeError(ContractError):
    """A mistake in somebody's edition or contract; the message has file, line and key, one line a mistake."""


def key_of(place: Place) -> str:
    """A place as text: `paths./groups.get`, `actions[2].target`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something is written."""

    file: Path
    line: int
    key: str = ""

    def located(self, problem: str) -> str:
        """A line on what is wrong there."""
        return f"{self.file}:{self.line}: {f'{self.key}: ' if self.key else ''}{problem}"


@dataclass(frozen=True, slots=True)
class Written:
    """A file's data, and the line of every value in it (that of its key, where it has one)."""

    file: Path
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def mark(self, place: Place) -> Mark:
        """Where a value stands; where nothing does, what is nearest above it."""
        above = place
        while above and above not in self.lines:
            above = above[:-1]
        return Mark(self.file, self.lines.get(above, 1), key_of(place))

    def mistake(self, place: Place, problem: str) -> MistakeError:
        """The error that says what is wrong at a place."""
        return MistakeError(self.mark(place).located(problem))


def read_written(file: Path) -> Written:
    """The YAML file, read strictly: no key stands twice, every key is text. Raises MistakeError."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise MistakeError(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise MistakeError(f"{file}: this is not UTF-8: save the file as UTF-8") from None
    try:
        node = yaml.compose(text, Loader=Loader)
        data = yaml.load(text, Loader=Loader)  # noqa: S506  (a safe loader)
    except yaml.YAMLError as error:
        at = getattr(error, "problem_mark", None)
        line = at.line + 1 if at else 1
        raise MistakeError(f"{file}:{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if node is None:
        raise MistakeError(f"{file}:1: the file is empty")
    return Written(file, data, dict(_lines(file, node, ())))


def _lines(file: Path, node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    if not place:
        yield (), node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield (*place, index), child.start_mark.line + 1
            yield from _lines(file, child, (*place, index))
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, child in node.value:
            here = (*place, key.value)
            mark = Mark(file, key.start_mark.line + 1, key_of(here))
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in keys:
                raise MistakeError(mark.located("the key stands twice"))
            if key.tag != "tag:yaml.org,2002:str":
                raise MistakeError(mark.located(f'the key is not text: quote it: "{key.value}"'))
            keys.add(key.value)
            yield here, mark.line
            yield from _lines(file, child, here)
