"""Reads scenarios and snapshots into the types of their parts; what does not fit is told with its path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import UNSET, Raw, ValidationError
from msgspec.json import Decoder
from msgspec.structs import asdict, fields

from onezone_mockserver.scenario.mistakes import Path, WorldError
from onezone_mockserver.scenario.types import GROUP_TYPES, SUCCESS, Text, entry_types, scenario_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

T = TypeVar("T")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_BY_KEY = {
    "creationTime": "must be seconds since 1970, a whole number",
    "expect": f"must be an HTTP status, or {SUCCESS}",
    "type": f"must be one of {', '.join(GROUP_TYPES)}",
}
_BY_PROBLEM = {
    "Expected `str` matching": "a username with a colon cannot log in (RFC 7617, 2)",
    "Expected `str` of length": "must not be empty",
    "Expected `str | array`": "must be a list of privileges, or all",
    "Expected `str": "must be a string: quote it",
    "Expected `bool": "must be true or false",
    "Expected `array`": "must be a list",
    "Expected `object`": "must be an object",
    "Invalid enum value": "must be a list of privileges, or all",
}
_PRIVILEGES = Decoder(Literal["all"] | tuple[Text, ...])


class Reader:
    """The lists of the scenario in a JSON text that `jsontext.loads` accepts. Raises WorldError if it holds others.

    Entries are read one at a time: a world may be great.
    """

    def __init__(self, text: bytes, kinds: Mapping[str, tuple[str, ...]]) -> None:
        self._types = entry_types(kinds)
        whole = _decoded(Decoder(scenario_type(dict.fromkeys(self._types, Raw))), text, (), self._types)
        self.lists = {name: entries for name, entries in asdict(whole).items() if entries is not UNSET}

    def entries(self, name: str) -> Iterator[tuple[Path, Any]]:
        """The entries of a list, each with the path to it. Raises WorldError when it comes to a mistake."""
        decoder, keys = Decoder(self._types[name]), [field.encode_name for field in fields(self._types[name])]
        for at, raw in enumerate(self.lists.get(name, ())):
            yield (name, at), _decoded(decoder, raw, (name, at), keys)


def privilege_names(raw: Raw, path: Path) -> tuple[str, ...] | Literal["all"]:
    """The names in a set of privileges. Raises WorldError."""
    return _decoded(_PRIVILEGES, raw, path, ())


def _decoded(decoder: Decoder[T], text: bytes | Raw, path: Path, keys: Iterable[str]) -> T:
    """What stands in the part of a scenario that `path` leads to, and that may have `keys`. Raises WorldError."""
    try:
        return decoder.decode(text)
    except ValidationError as error:
        raise _explained(str(error), path, ", ".join(keys)) from None


def _explained(message: str, start: Path, keys: str) -> WorldError:
    """What msgspec says of the part that `start` leads to, in our words; in its own where they are new."""
    problem, _, where = message.partition(" - at `$")
    path = (*start, *(int(at) if at else key for key, at in _STEP.findall(where)))
    if field := _FIELD.fullmatch(problem):
        words = "missing" if field[1] == "missing required" else f"unknown key; known are {keys}"
        return WorldError((*path, field[2]), words)
    if not path:
        return WorldError(path, f"a scenario is a mapping with {keys}")
    words = next((ours for theirs, ours in _BY_PROBLEM.items() if problem.startswith(theirs)), problem)
    return WorldError(path, _BY_KEY.get(str(path[-1]), words) if len(path) > len(start) else words)
