"""What the documents rule: editions as data, refusals, the JSON reader and the check of one key."""

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

ALL = ("classic", "current", "deployed")
KEYS = ("name", "proxyEndpoint", "serviceProperties")


@dataclass
class Edition:
    """The facts in which editions differ."""

    success: int
    admin: frozenset[str]
    member_needs_group: bool
    text_errors: bool
    name: re.Pattern[str]
    charset: bool = True


ANY_NAME = re.compile(r".+", re.DOTALL)
NAME_50 = re.compile(r"[\w()][\w() .\-]{0,48}[\w()]")
NAME_128 = re.compile(r"[\w()][\w() .\-]{0,126}[\w()]")
CREATE = "oz_handle_services_create"
PAIR = frozenset({CREATE, "oz_groups_add_relationships"})

EDITIONS = {
    "classic": Edition(204, frozenset({CREATE}), False, True, ANY_NAME),  # noqa: FBT003
    "current": Edition(204, PAIR, True, False, NAME_50),  # noqa: FBT003
    "deployed": Edition(201, PAIR, True, False, NAME_128, charset=False),  # noqa: FBT003
}


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, status: int, identifier: str, description: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(identifier)
        self.status = status
        self.id = identifier
        self.description = description
        self.details = details
        self.headers: list[tuple[str, str]] = []


def body_refusal(identifier: str, description: str, key: str | None = None) -> Refusal:
    """A refusal of the body."""
    return Refusal(400, identifier, description, {"key": key} if key else None)


def malformed() -> Refusal:
    """The refusal of what is not a JSON object."""
    return body_refusal("malformedData", "Provided data could not be understood by the server")


MAX_DEPTH = 200
MARK = secrets.token_hex(8)


class Exact(str):
    """A number that Python's own types would change, kept as it was written."""

    __slots__ = ()


def _number(text: str) -> Any:
    if any(c in text for c in ".eE"):
        value: Any = float(text)
        plain = abs(value) < 1e300 and (value != 0 or not text.strip("-0.").lower().startswith(tuple("123456789")))
        return value if plain and len(text) < 17 else Exact(f"{MARK}{text}{MARK}")
    return int(text) if len(text) < 4000 else Exact(f"{MARK}{text}{MARK}")


def _constant(_name: str) -> Any:
    raise ValueError


def _depth(value: Any) -> int:
    """How many levels a JSON value has."""
    level, depth = [value], 0
    while level:
        depth += 1
        inside = [each for each in level if isinstance(each, (dict, list))]
        level = [each for outer in inside for each in (outer.values() if isinstance(outer, dict) else outer)]
    return depth


def read_json(data: bytes) -> Any:
    """The JSON value of a body, or a refusal: strict, with numbers exactly as sent."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        if _depth(value) > MAX_DEPTH:
            raise malformed()
    except (ValueError, RecursionError) as error:
        raise malformed() from error
    return value


def write_json(value: Any, **options: Any) -> bytes:
    """The bytes of a JSON value."""
    text = json.dumps(value, **options)
    return re.sub(f'"{MARK}([^"]*){MARK}"', r"\1", text).encode("utf-8")


def kind(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float, Exact)):
        return "number"
    return {str: "string", list: "list", dict: "object"}[type(value)]


def fault_of(document: dict[str, Any], key: str, name: re.Pattern[str]) -> str:
    """What is wrong with one key of a create request: a JSON type, "missing", "empty", "pattern", or ""."""
    if key not in document:
        return "missing"
    value = document[key]
    expected = "object" if key == "serviceProperties" else "string"
    if kind(value) != expected:
        return kind(value)
    if not value:
        return "empty"
    if key == "name" and not name.fullmatch(value):
        return "pattern"
    return ""


def refusal_of(key: str, problem: str) -> Refusal:
    """The refusal of a key that has a problem."""
    if problem == "missing":
        return body_refusal("missingRequiredValue", f"Missing required value: {key}.", key)
    if key == "serviceProperties" and problem != "empty":
        return body_refusal("badValueJSON", f'Bad value: provided "{key}" must be a valid JSON.', key)
    if key == "name" and problem in {"null", "empty", "pattern"}:
        return body_refusal("badValueName", "Bad value: the name does not follow the rules for names.")
    if problem in {"null", "empty"}:
        return body_refusal("badValueEmpty", f'Bad value: provided "{key}" must not be empty.', key)
    return body_refusal("badValueString", f'Bad value: provided "{key}" must be a string.', key)


@dataclass
class Options:
    """What one implementation may settle otherwise than another."""

    base: str = "/api/onezone/v3"
    bases: tuple[str, ...] = ("/api/onezone/v3", "/api/v3/onezone", "/api/v3")
    order: tuple[str, ...] = ("media", "parse", "demand_user", "authorize", "validate", "group")
    holes: set[tuple[str, str]] = field(default_factory=set)
    extra_checks: list[Any] = field(default_factory=list)
    charset: bool = True
    challenge: bool = True
    read_back: frozenset[str] = frozenset({"list", "get", "leave", "service"})
    missing_route: int = 404
    list_lag: float = 0.0
    dump: dict[str, Any] = field(default_factory=dict)
    member_needs_group: bool = True
    service_id: Any = None
    error_media: str = "application/json"
