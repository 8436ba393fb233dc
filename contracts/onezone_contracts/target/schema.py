"""The JSON Schema of target files, which `ozkit target schema` prints for editors and other tools."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from onezone_contracts.target.types import CREDENTIALS, TargetFile


def schema() -> dict[str, Any]:
    """The schema. A persona has credentials of one kind, and may name a group of its own."""
    (whole, *kinds), parts = msgspec.json.schema_components([TargetFile, *CREDENTIALS], ref_template="#/$defs/{name}")
    group = {"type": "string", "minLength": 1, "description": "The group that the persona is judged in, if not `home`."}
    for kind in CREDENTIALS:
        parts[f"Persona{kind.__name__}"] = _with(parts[kind.__name__], group)
    parts["Credentials"] = {"oneOf": list(kinds)}
    parts["Persona"] = {"oneOf": [{"$ref": f"#/$defs/Persona{kind.__name__}"} for kind in CREDENTIALS]}
    properties = parts["TargetFile"]["properties"]
    properties["admin"] |= {"$ref": "#/$defs/Credentials"}
    persona = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Persona"}}
    properties["personas"] |= {"additionalProperties": persona}
    parts["TargetFile"] |= {
        "anyOf": [{"required": ["personas", "groups"]}, {"required": ["admin"]}, {"required": ["kept"]}]
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A target file of the Onezone contract kit",
        **whole,
        "$defs": parts,
    }


def _with(credentials: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    """Credentials of a persona that may name its group."""
    return {**credentials, "properties": {**credentials["properties"], "group": group}}


def text() -> str:
    """The schema as it is printed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
