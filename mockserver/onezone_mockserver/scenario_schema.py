"""The JSON Schema of scenario files: `python -m onezone_mockserver.scenario_schema` prints it.

What it prints is checked in as scenario.schema.json, for editors and other tools. The mock reads without it: a schema
cannot say that a user exists, or that a token is used once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from onezone_spec import editions, load

from onezone_mockserver.scenario import PERSONA_KEYS, SUCCESS
from onezone_mockserver.snapshot import GROUP_KEYS, GROUP_TYPES, HOLDERS, USER_KEYS, resource_kinds

FILE = Path(__file__).parent / "scenario.schema.json"
TEXT: dict[str, Any] = {"type": ["string", "null"], "minLength": 1}
MOMENT: dict[str, Any] = {"type": "integer", "minimum": 0, "description": "Seconds since 1970-01-01 UTC."}
OBJECT: dict[str, Any] = {"type": "object"}
DETAILS: dict[str, Any] = {"type": "object", "description": "More keys of the entity as the API shows it."}


def schema() -> dict[str, Any]:
    """The schema, of every edition at once: kinds and privileges are those that any of them knows."""
    contracts = [load(edition) for edition in editions()]
    kinds: dict[str, dict[str, None]] = {}
    scopes: dict[str, set[str]] = {}
    for contract in contracts:
        for kind, keys in resource_kinds(contract).items():
            kinds.setdefault(kind, {}).update(dict.fromkeys(keys))
        for scope, names in contract.privileges.items():
            scopes.setdefault(scope, set()).update(names)
    lists = {"users": _user(), "groups": _group()} | {f"{kind}s": _resource(kind, [*kinds[kind]]) for kind in kinds}
    properties = {name: {"type": "array", "items": one} for name, one in lists.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of the Onezone mock: a world, and the personas that start-up shows",
        "type": "object",
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in lists],
        "properties": {**properties, "personas": {"type": "array", "items": _persona()}},
        "$defs": {f"{scope}_privileges": _privileges(names) for scope, names in sorted(scopes.items())},
    }


def _closed(keys: tuple[str, ...], known: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, **more, "properties": {key: known[key] for key in keys}}


def _user() -> dict[str, Any]:
    known = {
        "id": TEXT,
        "username": {**TEXT, "pattern": "^[^:]*$"},
        "fullName": TEXT,
        "basicAuthEnabled": {
            "type": "boolean",
            "description": "Whether the password counts; it does where one is given.",
        },
        "blocked": {"type": "boolean", "default": False},
        "creationTime": MOMENT,
        "password": TEXT,
        "tokens": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
        "zone_privileges": _held("zone"),
        "details": DETAILS,
    }
    named = {"anyOf": [{"required": ["id"]}, {"required": ["username"]}]}
    return _closed(USER_KEYS, known, **named, dependentRequired={"password": ["username"]})


def _group() -> dict[str, Any]:
    known = {
        "id": {**TEXT, "type": "string"},
        "name": TEXT,
        "type": {"enum": [*GROUP_TYPES, None]},
        "creator": OBJECT,
        "creationTime": MOMENT,
        "users": _members("group", "user"),
        "children": _members("group", "group"),
        "zone_privileges": _held("zone"),
        "details": DETAILS,
    }
    return _closed(GROUP_KEYS, known, required=["id"])


def _resource(kind: str, keys: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {key: {} for key in keys}
    members = {plural: _members(kind, member) for plural, member in HOLDERS.items()}
    known = {**shown, **members, "id": {**TEXT, "type": "string"}, "details": OBJECT}
    return _closed(tuple(known), known, required=["id"])


def _persona() -> dict[str, Any]:
    known: dict[str, Any] = {key: {"type": "string"} for key in PERSONA_KEYS}
    known["body"] = {
        "type": "string",
        "description": "The request's body as it is sent; a good one where it is missing.",
    }
    known["expect"] = {"anyOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"const": SUCCESS}]}
    return _closed(PERSONA_KEYS, known, required=["name", "group"])


def _members(scope: str, member: str) -> dict[str, Any]:
    described = f"The direct members: the id of a {member}, and its privileges."
    return {"type": "object", "description": described, "additionalProperties": _held(scope)}


def _held(scope: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{scope}_privileges"}


def _privileges(names: set[str]) -> dict[str, Any]:
    return {"anyOf": [{"const": "all"}, {"type": "array", "items": {"enum": sorted(names)}}]}


def text() -> str:
    """The schema as it is checked in."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
