"""Pieces of a world's data, each checked: what is wrong is told with the path that leads to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.jsontext import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Path = tuple[str | int, ...]
INT64 = 2**63


class WorldError(ValueError):
    """The data describes no world: `path` leads to the mistake, the message says what it is."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path

    def __str__(self) -> str:
        return f"{self.where}: {self.args[0]}" if self.path else str(self.args[0])

    @property
    def where(self) -> str:
        """The path as `users[0].password`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")


def check(good: bool, path: Path, message: str) -> None:  # noqa: FBT001
    """Raises WorldError unless it is good."""
    if not good:
        raise WorldError(path, message)


def an_object(value: Any, path: Path) -> dict[str, Any]:
    """A JSON object, as it is. Raises WorldError."""
    if not isinstance(value, dict):
        raise WorldError(path, "must be an object")
    for key in value:
        if not isinstance(key, str):
            raise WorldError((*path, str(key)), "a key must be a string: quote it")
    return value


def mapping(value: Any, path: Path, known: Collection[str]) -> dict[str, Any]:
    """A JSON object without unknown keys. Raises WorldError."""
    found = an_object(value, path)
    for key in found:
        if key not in known:
            raise WorldError((*path, key), f"unknown key; known are {', '.join(known)}")
    return found


def entries(data: Mapping[str, Any], key: str, known: Collection[str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The objects of the list under a key, each with its path. Raises WorldError."""
    found = data.get(key, [])
    check(isinstance(found, list), (key,), "must be a list")
    for at, one in enumerate(found):
        yield (key, at), mapping(one, (key, at), known)


def string(one: Mapping[str, Any], path: Path, key: str) -> str | None:
    """The string under a key; None where there is none, or null. Raises WorldError."""
    value = one.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise WorldError((*path, key), "must be a string: quote it")
    return encodable(value, (*path, key))


def encodable(value: str, path: Path) -> str:
    """A string that is Unicode text, and not empty. Raises WorldError."""
    check(value != "", path, "must not be empty")
    return value if value.isascii() else _unicode(value, path)


def strings(value: Any, path: Path) -> list[str]:
    """A list of strings. Raises WorldError."""
    check(isinstance(value, list) and all(isinstance(one, str) for one in value), path, "must be a list of strings")
    return [encodable(one, path) for one in value]


def flag(one: Mapping[str, Any], path: Path, key: str, *, default: bool) -> bool:
    """The boolean under a key. Raises WorldError."""
    value = one.get(key, default)
    if not isinstance(value, bool):
        raise WorldError((*path, key), "must be true or false")
    return value


def moment(one: Mapping[str, Any], path: Path, key: str, default: int) -> int:
    """The seconds since 1970 under a key. Raises WorldError."""
    value = one.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < INT64:
        raise WorldError((*path, key), "must be seconds since 1970, a whole number")
    return value


def json(value: Any, path: Path, level: int = 1) -> None:
    """Check that `value` is JSON: YAML has more kinds of values, and nests without end. Raises WorldError."""
    check(level <= MAX_DEPTH, path[:2], "nested too deep")
    if isinstance(value, dict):
        for key, child in an_object(value, path).items():
            json(child, (*path, _unicode(key, path)), level + 1)
    elif isinstance(value, list):
        for at, child in enumerate(value):
            json(child, (*path, at), level + 1)
    elif isinstance(value, str):
        _unicode(value, path)
    elif isinstance(value, int):
        check(-INT64 <= value < 2 * INT64, path, "is too large a number: quote it")
    else:
        check(value is None or isinstance(value, float | orjson.Fragment), path, "is not JSON: quote it")
        check(not isinstance(value, float) or math.isfinite(value), path, "is not JSON: quote it")


def _unicode(value: str, path: Path) -> str:
    check(not any("\ud800" <= character <= "\udfff" for character in value), path, "must be Unicode text")
    return value
