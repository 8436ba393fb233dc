"""Scenario files: a world in YAML or JSON, and the personas that start-up shows. Mistakes are told with file and line.

JSON is YAML that is quick to read: a great world is better written as a `.json` file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml

from onezone_mockserver.jsontext import exact, loads
from onezone_mockserver.scenario_types import SUCCESS, Persona
from onezone_mockserver.snapshot import WorldError, world_and_personas
from onezone_mockserver.yamltext import Document

if TYPE_CHECKING:
    from onezone_spec import Contract

    from onezone_mockserver.world import World

__all__ = ["DEMO", "SUCCESS", "Persona", "Scenario", "ScenarioError", "read_scenario"]

DEMO = Path(__file__).parent / "scenarios" / "demo.yaml"


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the message is one line with file, line and key."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world as the JSON text of its scenario, checked, and its personas."""

    text: bytes
    personas: tuple[Persona, ...]

    def world(self, contract: Contract) -> World:
        """A fresh world as the scenario describes it."""
        return world_and_personas(self.text, contract)[0]


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
        return _scenario(orjson.dumps(exact(text, loads(text))), contract)
    except (OSError, ValueError):
        return None


def _scenario(text: bytes, contract: Contract) -> Scenario:
    return Scenario(text, world_and_personas(text, contract)[1])


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).splitlines()[0]
