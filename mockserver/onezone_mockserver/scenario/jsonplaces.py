"""Where things stand in a JSON text: the line of everything, and keys that stand twice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.scenario.mistakes import Path, WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

TWICE = "this key stands here twice"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^\s\[\]{},:"]+')
_KEY = None
"""Stands at the end of a path where a key comes next."""


def check_keys(text: bytes) -> None:
    """Raises WorldError for a key that stands twice in an object of a JSON text, which `jsontext.loads` accepts."""
    try:
        json.loads(text, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except KeyError:
        seen = set()
        for path, _ in places(text.decode()):
            if path in seen:
                raise WorldError(path, TWICE) from None
            seen.add(path)


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise KeyError


def line_of(text: str, path: Path) -> int:
    """The line of what `path` leads to, of the last one where there are several; or of the last thing on the way."""
    lines = {prefix: at for prefix, at in places(text) if prefix == path[: len(prefix)]}
    return text.count("\n", 0, lines[max(lines, key=len)]) + 1


def places(text: str) -> Iterator[tuple[Path, int]]:
    """The path to everything in a JSON text, in order, and where its key or, without one, it itself begins."""
    steps: list[Any] = []
    for match in _TOKEN.finditer(text):
        part = match[0]
        if part in "]}":
            steps.pop()
        elif part == ",":
            steps[-1] = steps[-1] + 1 if isinstance(steps[-1], int) else _KEY
        elif steps and steps[-1] is _KEY:
            steps[-1] = orjson.loads(part)
            yield tuple(steps), match.start()
        else:
            if not steps or isinstance(steps[-1], int):
                yield tuple(steps), match.start()
            if part in "[{":
                steps.append(0 if part == "[" else _KEY)
