"""The control plane of the mock as OpenAPI: paths from the table by which it answers, bodies and queries from below."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

from onezone_mockserver.control.gate import PUBLIC, Gate
from onezone_mockserver.control.plane import Control
from onezone_mockserver.control.selection import NAMES
from onezone_mockserver.cors import Cors
from onezone_mockserver.scenario import DEMO, read_scenario
from onezone_mockserver.state import MockState
from onezone_spec import __version__, load

OVERRIDE = {
    "type": "object",
    "required": ["then"],
    "properties": {"when": {"type": "object"}, "times": {"type": "integer", "minimum": 1}, "then": {"type": "object"}},
}
WORLD = {"type": "object", "description": "In the form of a scenario file: scenario.schema.json."}
STATES = {
    "type": "object",
    "required": ["state"],
    "properties": {
        "action": {"enum": ["setup", "teardown"]},
        "state": {"enum": ["a persona", "a group"]},
        "params": {"type": "object"},
    },
}
CLOCK = {"type": "object", "properties": {"now": {"type": "integer"}, "forward": {"type": "integer", "minimum": 0}}}
ONCE_503 = {"times": 1, "then": {"status": 503}}
NEW_USER = {"users": [{"username": "yve", "password": "secret"}]}
PERSONA = {"group_privileges": ["group_view"], "zone_privileges": []}
BODIES: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {
    ("put", "/_mock/clock"): (CLOCK, {"forward": 3600}),
    ("put", "/_mock/faults"): ({"type": "array", "items": {"type": "string"}}, ["status-200"]),
    ("put", "/_mock/overrides"): ({"oneOf": [OVERRIDE, {"type": "array", "items": OVERRIDE}]}, [ONCE_503]),
    ("post", "/_mock/overrides"): (OVERRIDE, ONCE_503),
    ("put", "/_mock/world"): (WORLD, NEW_USER),
    ("patch", "/_mock/world"): (WORLD, NEW_USER),
    ("post", "/_mock/states"): (STATES, {"action": "setup", "state": "a persona", "params": PERSONA}),
}
"""The schema of each body, and an example."""
SUMMARIES = {
    ("get", "/_mock/overrides"): "The overrides of the world, and how often each was used.",
    ("put", "/_mock/overrides"): "Put these overrides in the place of those that there are.",
    ("post", "/_mock/overrides"): "Add an override at the end.",
    ("delete", "/_mock/overrides"): "Remove all overrides.",
}
FILTERED = ("/_mock/journal", "/_mock/journal/count", "/_mock/journal.har", "/_mock/events")
IN_A_WORLD = tuple(
    f"/_mock/{path}" for path in ("states", "reset", "clock", "world", "overrides", "personas", "explain", "journal")
)
OPEN = tuple(f"/_mock{path.decode()}" for path in PUBLIC)
"""What is for everybody, with a token or without."""
ANSWERS = {
    "2XX": {"description": "Done; JSON, or nothing with 204."},
    "400": {"description": "A mistake in the request: `error` says where. Nothing has changed."},
}
REFUSALS = {
    "401": {"description": "A token is asked for."},
    "403": {"description": "The request comes from a page of another origin, or for another host."},
}


def document() -> dict[str, Any]:
    """The control plane as OpenAPI."""
    contract = load("current")
    control = Control(MockState(contract, read_scenario(DEMO, contract)), Gate(Cors(())))
    paths: dict[str, Any] = {}
    for path, handlers in control.table.items():
        url, _, query = f"/_mock{path.decode() or '/'}".partition("?")
        for method, handler in handlers.items():
            entry = paths.setdefault(url, {}).setdefault(method.lower(), {"parameters": []})
            if query:
                key, _, value = query.partition("=")
                entry["parameters"].append({"name": key, "in": "query", "schema": {"type": "string", "enum": [value]}})
            else:
                _describe(entry, method.lower(), url, handler)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Control plane of the mock",
            "version": __version__,
            "description": "Every call is about the world that it names by `X-Mock-World`, as any other request does, "
            "or by `?world=`.",
        },
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _describe(entry: dict[str, Any], method: str, url: str, handler: Any) -> None:
    """Say of an operation what it does, takes and answers."""
    function = handler.func if isinstance(handler, partial) else handler
    entry["summary"] = SUMMARIES.get((method, url)) or " ".join((function.__doc__ or "").split())
    if "{name}" in url:
        entry["parameters"].append({"name": "name", "in": "path", "required": True, "schema": {"type": "string"}})
    if url in FILTERED and method == "get":
        entry["parameters"] += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in NAMES]
    elif url in IN_A_WORLD:
        entry["parameters"].append({"name": "world", "in": "query", "schema": {"type": "string"}})
    if (method, url) in BODIES:
        schema, example = BODIES[method, url]
        content = {"application/json": {"schema": schema, "example": example}}
        entry["requestBody"] = {"required": True, "content": content}
    entry["responses"] = ANSWERS if url in OPEN else ANSWERS | REFUSALS
    entry["security"] = [{}] if url in OPEN else [{}, {"token": []}]


def rows(openapi: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Method, path and meaning of each operation, as text for a table of HTML."""
    return [
        (method.upper(), f"<code>{escape(path)}</code>", escape(operation["summary"]))
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
