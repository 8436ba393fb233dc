"""Values for request bodies, right and wrong, made from the contract's schemas. Names carry the mark of the run."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jsonschema_rs
from onezone_spec import Body, Contract, Level, Operation, Property

MARK = re.compile(r"ozkit[ -][0-9a-f]{8}[ -]\d+")
"""The whole of a name that the kit gives: the word, the run, and a number."""
LIST = "array"
ACCESS_TOKEN, MOMENT, XML = "access-token", "unix-time", "xml"
"""Formats of what is no fixed value: a token that lets somebody in, a time to come, a document with our mark."""
_TEXT = re.compile(r">[^<>]+<")
DAY = 24 * 3600
DEFAULT, INVITES = "x-onezone-default", "x-onezone-invites"
WRONG: Mapping[str, tuple[Any, ...]] = {
    "string": (17, ["text"], {"text": "text"}),
    "boolean": (17, ["text"], {"text": "text"}),
    "object": (17, "text", ["text"], '{"type": "DOI"}'),
    LIST: (17, "text", {"text": "text"}, '["group_view"]'),
}
"""Values of other types. No boolean for a string: released servers take it for a word."""
NO_NAMES = ("!ozkit!", "-ozkit-", " ozkit ", "x")


class Samples:
    """Makes values; each name is made once.

    Args:
        contract: the edition.
        run_id: eight hexadecimal digits that no other run has.

    `access_token` gives a token that lets somebody in, `refer` the id of something of a kind that may be named,
    and `invite` a token that invites somebody.
    """

    def __init__(self, contract: Contract, run_id: str | None = None) -> None:
        self.contract = contract
        self.run_id = run_id or secrets.token_hex(4)
        self.password = f"Oz-{secrets.token_hex(12)}"
        self.access_token: Callable[[], str] = lambda: "no-token"
        self.invite: Callable[[str], str] = lambda _role: "no-token"
        self.refer: Callable[[str], str] = lambda _kind: "nothing"
        self._serial = itertools.count(1)

    def mark(self, *, unique: bool = False) -> str:
        """A name that says which run made what carries it; at most 20 characters, in the form of user names or not."""
        gap = "-" if unique else " "
        return f"ozkit{gap}{self.run_id}{gap}{next(self._serial)}"

    def body(
        self, operation: Operation, keys: Iterable[str] | None = None, names: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A valid body with these keys, or with every key; `names` has the ids that it is to name, by kind."""
        assert operation.body is not None
        chosen = None if keys is None else set(keys)
        properties = [prop for prop in operation.body.properties if chosen is None or prop.name in chosen]
        if len(properties) < len(operation.body.properties) and all(prop.types == ("boolean",) for prop in properties):
            return {prop.name: False for prop in properties}  # alone, so that it shows by itself
        given = {
            prop.name: names[prop.refers.kind]
            for prop in properties
            if names and prop.refers and prop.refers.kind in names
        }
        return {
            prop.name: given[prop.name] if prop.name in given else self.value(prop, number)
            for number, prop in enumerate(properties)
        }

    def bare(self, kind: str) -> dict[str, Any]:
        """A valid body that creates something of a kind, with nothing but what it must have."""
        operation = self.contract.find("create", kind)
        properties = operation.body.properties if operation and operation.body else ()
        return {prop.name: self.value(prop) for prop in properties if prop.required}

    def value(self, prop: Property, number: int = 0) -> Any:
        """A valid value for a key that differs from the last one; `number` keeps two lists apart."""
        schema, serial = prop.schema, next(self._serial)
        if scope := privileges_of(prop):
            privileges = sorted(self.contract.privileges[scope])
            return [privileges[(serial + 2 * number + step) % len(privileges)] for step in (0, 1)][: len(privileges)]
        return self._plain(prop, schema, serial)

    def _plain(self, prop: Property, schema: Mapping[str, Any], serial: int) -> Any:
        if "enum" in schema:
            return schema["enum"][serial % len(schema["enum"])]
        if INVITES in schema or prop.refers or schema.get("format") == ACCESS_TOKEN:
            return self._supplied(prop)
        if LIST in prop.types:
            return [self._object(schema["items"], 0)]
        if schema.get("format") == "password":
            return f"{self.password}-{serial}."  # the point: no password is the beginning of another one
        if "string" in prop.types:
            example = str(schema.get("example", ""))
            if schema.get("format") == XML:
                return _TEXT.sub(f">{self.mark()}<", example, count=1)
            return f"{example}/{serial}" if "://" in example else self.mark(unique=prop.unique is not None)
        return True if "boolean" in prop.types else self._object(schema, serial)

    def _supplied(self, prop: Property) -> str:
        """What the target gave or has to be given first: a token, or the id of something."""
        if prop.refers:
            return self.refer(prop.refers.kind)
        return self.invite(prop.schema[INVITES]) if INVITES in prop.schema else self.access_token()

    def _object(self, schema: Mapping[str, Any], serial: int) -> dict[str, Any]:
        branches = [self.contract.resolve(branch) for branch in schema.get("anyOf", ())]
        # The forms that name their keys.
        branches = [branch for branch in branches if branch.get("required")] or [schema]
        branch = branches[serial % len(branches)]
        properties = branch.get("properties", {})
        if not properties and "example" in schema:
            return dict(schema["example"])
        return {name: _example(self.contract.resolve(properties[name])) for name in branch.get("required", properties)}


def _example(schema: Mapping[str, Any]) -> Any:
    """The example of a nested key, or a plain value of its type."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == MOMENT:
        return int(time.time()) + DAY
    plain = {"string": "text", "boolean": True, "integer": 1, "number": 1, "object": {}, LIST: []}
    return schema["example"] if "example" in schema else plain[schema.get("type", "string")]


def privileges_of(prop: Property) -> str | None:
    """The scope whose privileges a list holds, None for any other key."""
    scope: str | None = prop.schema.get("items", {}).get("x-onezone-privileges-of")
    return scope


def secret(prop: Property) -> bool:
    """Whether a key holds a password, which nothing shows again."""
    return prop.schema.get("format") == "password"


def opaque(prop: Property) -> bool:
    """Whether a key's values cannot be drawn: what is valid depends on the target, on the time or on other values."""
    nested = prop.schema.get("items", {}).get("anyOf")
    fixed = prop.schema.get("format") in {ACCESS_TOKEN, XML} or prop.refers is not None or INVITES in prop.schema
    return fixed or bool(nested) or prop.unique_of_owner is not None


def stored(body: Body | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """What of a body is stored and shown again."""
    shown = {prop.name for prop in body.properties if not secret(prop)} if body else set()
    return {key: content for key, content in value.items() if key in shown}


def usual(body: Body | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a body that leaves keys out which have a usual value, and what of its own keys."""
    defaults = {prop.name: prop.schema[DEFAULT] for prop in body.properties if DEFAULT in prop.schema} if body else {}
    return defaults | stored(body, value)


def is_ours(details: Mapping[str, Any], users: Iterable[str], run_id: str = "") -> bool:
    """Whether details carry the mark of a run, of this one or of any, or name one of the users as the creator."""
    creator = details.get("creator")
    if isinstance(creator, dict) and creator.get("id") in set(users):
        return True
    words = [word for word in details.values() if isinstance(word, str)]
    marks = (MARK.search(word) if word.startswith("<") else MARK.fullmatch(word) for word in words)
    return any(mark and run_id in mark.group() for mark in marks)


Wrong = tuple[str, Level, tuple[Any, ...]]
"""A rule that is broken, how binding it is, and values that break it."""


def wrong_values(prop: Property) -> Iterator[Wrong]:
    """For each rule of a key the values that break it."""
    kind = next((kind for kind in ("string", "boolean", "object", LIST) if kind in prop.types), None)
    if kind and "type" in prop.levels:
        yield "type", prop.levels["type"], WRONG[kind]
    if kind == LIST:
        yield "items", prop.levels.get("type", Level.MUST), ([17], [["text"]])
    if "empty" in prop.levels and kind in {"string", "object"}:
        yield "empty", prop.levels["empty"], ("" if kind == "string" else {},)
    if "enum" in prop.levels:
        yield "enum", prop.levels["enum"], (["ozkit_no_such_privilege"] if kind == LIST else "ozkit_no_such_word",)
    if "pattern" in prop.levels and (value := no_name(prop)) is not None:
        yield "pattern", prop.levels["pattern"], (value,)


def no_name(prop: Property) -> str | None:
    """A string that the key's pattern rules out, None where none is at hand."""
    validate = jsonschema_rs.Draft4Validator(
        {key: prop.schema[key] for key in ("pattern", "anyOf") if key in prop.schema}
    )
    return next((name for name in NO_NAMES if not validate.is_valid(name)), None)
