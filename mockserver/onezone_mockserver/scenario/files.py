"""Scenario files: a world in YAML or JSON, and the personas that start-up shows. Mistakes are told with file and line.

JSON is YAML that is quick to read: a great world is better written as a `.json` file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml

from onezone_mockserver.jsontext import loads
from onezone_mockserver.scenario.mistakes import WorldError
from onezone_mockserver.scenario.snapshot import read_personas, read_world
from onezone_mockserver.scenario.types import SUCCESS, Persona
from onezone_mockserver.scenario.yamltext import Document
from onezone_mockserver.world import World

if TYPE_CHECKING:
    from onezone_spec import Contract

__all__ = ["DEMO", "SUCCESS", "Persona", "Scenario", "ScenarioError", "read_scenario"]

DEMO = Path(__file__).parent / "demo.yaml"


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the message is one line with file, line and key."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world as the JSON text of its scenario, checked, and its personas."""

    text: bytes
    personas: tuple[Persona, ...]

    def world(self, contract: Contract, empty: World | None = None) -> World:
        """A fresh world as the scenario describes it, made of an empty one."""
        return read_world(self.text, contract, World() if empty is None else empty)


def read_scenario(path: Path, contract: Contract) -> Scenario:
    """The scenario in the file at `path`. Raises ScenarioError."""
    if path.suffix == ".json" and (quick := _json(path, contract)):
        return quick
    try:
        document = Document(path.read_text(encoding="utf-8"))
        return _scenario(orjson.dumps(document.value()), contract)
    except WorldError as error:
        raise ScenarioError(f"{path}:{document.line(error.path)}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        last = max(1, len(path.read_bytes().splitlines()))
        line = f":{min(mark.line + 1, last)}" if mark else ""
        problem = getattr(error, "problem", None) or _first_line(error)
        raise ScenarioError(f"{path}{line}: not YAML: {problem}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}: {_first_line(error)}") from None


def _json(path: Path, contract: Contract) -> Scenario | None:
    """The scenario in a JSON file; None where there is a mistake in it: YAML tells the line."""
    try:
        text = path.read_bytes()
        loads(text)  # strictly, and to a bounded depth
        return _scenario(text, contract)
    except (OSError, ValueError):
        return None


def _scenario(text: bytes, contract: Contract) -> Scenario:
    personas = read_personas(text, contract)
    read_world(text, contract, World())
    return Scenario(text, personas)


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).splitlines()[0]
