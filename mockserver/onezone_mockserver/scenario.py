"""Scenario files: a world in YAML or JSON, and the personas that start-up shows. Mistakes are told with file and line.

JSON is YAML that is quick to read: a great world is better written as a `.json` file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from onezone_mockserver.jsontext import exact, loads
from onezone_mockserver.snapshot import WorldError, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onezone_spec import Contract

    from onezone_mockserver.world import World

DEMO = Path(__file__).parent / "scenarios" / "demo.yaml"
PERSONA_KEYS = ("name", "about", "user", "password", "group", "body", "expect")
SUCCESS = "success"
_STRING_KEYS = ("name", "about", "user", "password", "group")


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the message is one line with file, line and key."""


@dataclass(frozen=True, slots=True)
class Persona:
    """One line of the demo: who asks (None: nobody), for which group, with which body (None: a good one).

    `expect` is the status that the scenario's author expects, `success` for the edition's own; None: not told.
    """

    name: str
    about: str
    user: str | None
    password: str | None
    group: str
    body: str | None
    expect: int | str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world as the JSON text of its data, checked, and its personas."""

    text: bytes
    personas: tuple[Persona, ...]

    def world(self, contract: Contract, empty: World | None = None) -> World:
        """A fresh world as the scenario describes it, made of an empty one."""
        return build(exact(self.text, loads(self.text)), contract, empty)


def read_scenario(path: Path, contract: Contract) -> Scenario:
    """The scenario in the file at `path`. Raises ScenarioError."""
    if path.suffix == ".json" and (quick := _json(path, contract)):
        return quick
    try:
        node, data = _yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}: {_first_line(error)}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        last = max(1, len(path.read_bytes().splitlines()))
        line = f":{min(mark.line + 1, last)}" if mark else ""
        problem = getattr(error, "problem", None) or _first_line(error)
        raise ScenarioError(f"{path}{line}: not YAML: {problem}") from None
    try:
        return _scenario(node, data, contract)
    except WorldError as error:
        raise ScenarioError(f"{path}:{_line(node, error.path)}: {error}") from None


def _json(path: Path, contract: Contract) -> Scenario | None:
    """The scenario in a JSON file; None where there is a mistake in it: YAML tells the line."""
    try:
        text = path.read_bytes()
        return _scenario(None, exact(text, loads(text)), contract)
    except (OSError, ValueError):
        return None


def _yaml(text: str) -> tuple[Any, Any]:
    """The document of a YAML text as nodes, which know their lines, and as data."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _scenario(node: Any, data: Any, contract: Contract) -> Scenario:
    for where in _duplicates(node, ()):
        raise WorldError(where, "this key stands here twice")
    if not isinstance(data, dict):
        raise WorldError((), "a scenario is a mapping with users, groups and handle_services")
    personas = data.pop("personas", [])
    found = tuple(_personas(personas))
    build(data, contract)
    return Scenario(orjson.dumps(data), found)


def _personas(entries: Any) -> Iterator[Persona]:
    if not isinstance(entries, list):
        raise WorldError(("personas",), "must be a list")
    for at, one in enumerate(entries):
        if not isinstance(one, dict):
            raise WorldError(("personas", at), "must be an object")
        for key, value in one.items():
            if key not in PERSONA_KEYS:
                raise WorldError(("personas", at, key), f"unknown key; known are {', '.join(PERSONA_KEYS)}")
            if key == "expect":
                _check_expected(value, ("personas", at, key))
            elif not isinstance(value, str):
                raise WorldError(("personas", at, key), "must be a string: quote it")
        for key in ("name", "group"):
            if key not in one:
                raise WorldError(("personas", at), f"{key} is missing")
        name, about, user, password, group = (one.get(key) for key in _STRING_KEYS)
        yield Persona(name or "", about or "", user, password, group or "", one.get("body"), one.get("expect"))


def _check_expected(value: Any, path: tuple[str | int, ...]) -> None:
    status = isinstance(value, int) and not isinstance(value, bool) and 100 <= value < 600  # noqa: PLR2004
    if not status and value != SUCCESS:
        raise WorldError(path, f"must be an HTTP status, or {SUCCESS}")


def _duplicates(node: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of keys that stand twice in one mapping: YAML forbids them, PyYAML takes the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                yield (*path, key.value)
            seen.add(str(key.value))
            yield from _duplicates(value, (*path, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            yield from _duplicates(value, (*path, at))


def _line(node: Any, path: tuple[str | int, ...]) -> int:
    """The line of what `path` leads to, or of the last thing on the way that is there."""
    line = 1 if node is None else node.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pairs = [pair for pair in node.value if pair[0].value == step]
            if not pairs:
                return int(line)
            line, node = pairs[-1][0].start_mark.line + 1, pairs[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return int(line)


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).splitlines()[0]
