"""Scenario files: a world in YAML or JSON, and the personas that start-up shows. Mistakes are told with file and line.

JSON is quick to read: a great world is better written as a `.json` file.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml
from yaml.reader import Reader

from onezone_mockserver.jsontext import loads
from onezone_mockserver.scenario.jsonplaces import check_keys, line_of
from onezone_mockserver.scenario.mistakes import WorldError
from onezone_mockserver.scenario.shares import demo_shares
from onezone_mockserver.scenario.snapshot import read_personas, read_world
from onezone_mockserver.scenario.types import SUCCESS, Persona
from onezone_mockserver.scenario.yamltext import Document
from onezone_mockserver.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_spec import Contract

__all__ = ["DEMO", "SUCCESS", "Persona", "Scenario", "ScenarioError", "default_scenario", "read_scenario"]

DEMO = Path(__file__).parent / "demo.yaml"


class ScenarioError(ValueError):
    """A scenario file that cannot be used; the message is one line with file, line and key."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world as the JSON text of its scenario, checked, and its personas.

    `resources` stand beside those of the text, by kind and id: their details are kept once for all worlds.
    """

    text: bytes
    personas: tuple[Persona, ...]
    resources: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)

    def world(self, contract: Contract, empty: World | None = None) -> World:
        """A fresh world as the scenario describes it, made of an empty one."""
        world = read_world(self.text, contract, World() if empty is None else empty)
        for kind, details in self.resources.items():
            world.add_kept(kind, details)
        return world


def default_scenario(contract: Contract) -> Scenario:
    """The scenario of a contract of one's own, else the demo; nobody where the contract has nothing of ours.

    Raises ScenarioError.
    """
    for folder in contract.origin.contracts:
        if (path := Path(folder) / "scenario.yaml").is_file():
            return read_scenario(path, contract)
    if contract.extends is None:
        return Scenario(b'{"users": []}', ())
    return replace(read_scenario(DEMO, contract), resources=demo_shares(contract))


def read_scenario(path: Path, contract: Contract) -> Scenario:
    """The scenario in the file at `path`. Raises ScenarioError."""
    try:
        text = path.read_bytes()
        decoded = _decoded(path, text)
        if path.suffix == ".json":
            return _of_json(path, text.removeprefix(BOM_UTF8), contract)
        return _of_yaml(path, decoded, contract)
    except ScenarioError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}: {_first_line(error)}") from None


def yaml_to_json(text: bytes) -> bytes:
    """The JSON of a scenario that somebody sends as YAML. Raises ScenarioError."""
    path = Path("the body")
    try:
        return _json_of(path, _decoded(path, text))[0]
    except RecursionError as error:
        raise ScenarioError(f"{path}: {_first_line(error)}") from None


def _decoded(path: Path, text: bytes) -> str:
    """The text of a file. Raises ScenarioError, with what to change, where it is not UTF-8."""
    if text.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in text[:2]:
        raise ScenarioError(f"{path}:1: this is UTF-16: save the file as UTF-8")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line, byte = text.count(b"\n", 0, error.start) + 1, text[error.start]
        raise ScenarioError(f"{path}:{line}: the byte 0x{byte:02x} is not UTF-8: save the file as UTF-8") from None


def _of_json(path: Path, text: bytes, contract: Contract) -> Scenario:
    try:
        loads(text)  # strictly, and to a bounded depth
        check_keys(text)
        return _scenario(text, contract)
    except WorldError as error:
        raise ScenarioError(f"{path}:{line_of(text.decode(), error.path)}: {error}") from None
    except orjson.JSONDecodeError as error:
        raise ScenarioError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None


def _of_yaml(path: Path, text: str, contract: Contract) -> Scenario:
    value, document = _json_of(path, text)
    try:
        return _scenario(value, contract)
    except WorldError as error:
        raise ScenarioError(f"{path}:{document.line(error.path)}: {error}") from None


def _json_of(path: Path, text: str) -> tuple[bytes, Document]:
    """The JSON of a YAML text, and where its parts stand. Raises ScenarioError."""
    if match := Reader.NON_PRINTABLE.search(text):
        line, code = text.count("\n", 0, match.start()) + 1, ord(match[0])
        words = f'the character U+{code:04X} cannot stand in YAML: take it out, or write "\\u{code:04x}", quoted'
        raise ScenarioError(f"{path}:{line}: {words}")
    try:
        document = Document(text)
        return orjson.dumps(document.value()), document
    except WorldError as error:
        raise ScenarioError(f"{path}:{document.line(error.path)}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{min(mark.line + 1, max(1, len(text.splitlines())))}" if mark else ""
        problem = getattr(error, "problem", None) or _first_line(error)
        raise ScenarioError(f"{path}{where}: not YAML: {problem}") from None


def _scenario(text: bytes, contract: Contract) -> Scenario:
    personas = read_personas(text, contract)
    read_world(text, contract, World())
    return Scenario(text, personas)


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__).splitlines()[0]
