"""Reads scenarios and snapshots into the types of their parts; what does not fit is told with its path."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from msgspec import UNSET, Raw, ValidationError
from msgspec.json import Decoder

from onezone_mockserver.mistakes import Path, WorldError
from onezone_mockserver.scenario_types import GROUP_TYPES, SUCCESS, Kinds, entry_types, scenario_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MESSAGE = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
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


class Reader:
    """Reads JSON texts of scenarios that `jsontext.loads` accepts, one entry at a time: a world may be great."""

    def __init__(self, kinds: Kinds) -> None:
        types = entry_types(kinds)
        self._decoders = {name: Decoder(entry) for name, entry in types.items()}
        self._keys = {name: entry.__struct_encode_fields__ for name, entry in types.items()}
        self._whole = Decoder(scenario_type(dict.fromkeys(types, Raw)))

    def lists(self, text: bytes) -> dict[str, list[Raw]]:
        """The lists that there are, by their names. Raises WorldError."""
        try:
            lists = msgspec.structs.asdict(self._whole.decode(text))
        except ValidationError as error:
            raise explained(error, (), text, tuple(self._keys)) from None
        return {name: entries for name, entries in lists.items() if entries is not UNSET}

    def entries(self, lists: Mapping[str, list[Raw]], name: str) -> Iterator[tuple[Path, Any]]:
        """The entries of a list, each with the path to it. Raises WorldError when it comes to a mistake."""
        decoder = self._decoders[name]
        for at, raw in enumerate(lists.get(name, ())):
            try:
                entry = decoder.decode(raw)
            except ValidationError as error:
                raise explained(error, (name, at), raw, self._keys[name]) from None
            yield (name, at), entry


def explained(error: ValidationError, start: Path, text: bytes | Raw, known: Sequence[str]) -> WorldError:
    """What msgspec says of a part of a scenario, in our words; in its own where they are new.

    `start` is the path to the part, `text` the part itself, and `known` are its keys.
    """
    problem, where = _MESSAGE.fullmatch(str(error)).groups(default="")  # type: ignore[union-attr]  # it always matches
    before, unnamed, after = where.partition("[...]")
    path = (*start, *_steps(before))
    if field := _FIELD.fullmatch(problem):
        words = "missing" if field[1] == "missing required" else f"unknown key; known are {', '.join(known)}"
        return WorldError((*path, field[2]), words)
    if not path:
        return WorldError(path, f"a scenario is a mapping with {', '.join(known)}")
    words = next((ours for theirs, ours in _BY_PROBLEM.items() if problem.startswith(theirs)), problem)
    if unnamed:
        return WorldError((*path, _mistaken_member(text, _steps(before)), *_steps(after)), words)
    return WorldError(path, _BY_KEY.get(str(path[-1]), words))


def _steps(where: str) -> Path:
    return tuple(int(at) if at else key for key, at in _STEP.findall(where))


def _mistaken_member(text: bytes | Raw, path: Path) -> str:
    """The first of the members under a path whose privileges are malformed: msgspec does not say which."""
    members: Any = reduce(lambda value, step: value[step], path, orjson.loads(memoryview(text)))
    return next((str(member) for member, privileges in members.items() if not _are_privileges(privileges)), "...")


def _are_privileges(value: Any) -> bool:
    return value == "all" or (isinstance(value, list) and all(isinstance(name, str) and name for name in value))
