"""The JSON Schema of scenario files: `python -m onezone_mockserver.scenario.schema` prints it.

What it prints is checked in as scenario.schema.json, for editors and other tools. The mock reads by the types that the
schema is made from.
"""

from __future__ import annotations

import json
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
from onezone_spec import editions, load

from onezone_mockserver.scenario.types import entry_types, resource_kinds, scenario_type

FILE = Path(__file__).parent / "scenario.schema.json"
TITLE = "A scenario of the Onezone mock: a world, and the personas that start-up shows"


def schema() -> dict[str, Any]:
    """The schema, of every edition at once: kinds and privileges are those that any of them knows."""
    contracts = [load(edition) for edition in editions()]
    types = entry_types(resource_kinds(*contracts))
    whole = msgspec.json.schema(scenario_type(types))
    parts = whole["$defs"]
    for part in parts.values():
        if "description" in part:  # msgspec before 0.23 takes docstrings with their indentation
            part["description"] = cleandoc(part["description"])
    parts["Scenario"] |= {"title": TITLE, "anyOf": [{"required": [name]} for name in types if name != "personas"]}
    parts["User"] |= {
        "anyOf": [{"required": ["id"]}, {"required": ["username"]}],
        "dependentRequired": {"password": ["username"]},
    }
    for scope in sorted({scope for contract in contracts for scope in contract.privileges}):
        names = sorted({name for contract in contracts for name in contract.privileges.get(scope, ())})
        parts[f"{scope}_privileges"] = {"anyOf": [{"const": "all"}, {"type": "array", "items": {"enum": names}}]}
    for kind in resource_kinds(*contracts):  # nobody holds any privilege in one that has no scope of its own
        parts.setdefault(f"{kind}_privileges", {"type": "array", "maxItems": 0})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def text() -> str:
    """The schema as it is checked in."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
