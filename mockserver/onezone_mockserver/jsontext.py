"""JSON as the mock reads it (RFC 8259): strict, bounded in depth, and with every value kept as it was sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DEPTH = 200
SHALLOW = 2 * MAX_DEPTH
"""A text of so many bytes cannot be nested deeper: what is opened is closed."""
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
members: Callable[[bytes], dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""The values of a JSON object that `loads` accepts by key, each as it stands in the text, every digit included.

`bytes` makes a text of one that is to be kept; until then it is a piece of the whole.
"""


def loads(text: bytes) -> Any:
    """The value of a JSON text. Raises ValueError: not JSON, not UTF-8, or nested deeper than MAX_DEPTH.

    Of equal keys the last one counts. Numbers may have lost digits; `members` has them all.
    """
    value = orjson.loads(text)
    if len(text) > SHALLOW and text.count(b"[") + text.count(b"{") > MAX_DEPTH and depth(text) > MAX_DEPTH:
        msg = f"nested deeper than {MAX_DEPTH} levels"
        raise ValueError(msg)
    return value


def joined(values: Mapping[str, bytes | msgspec.Raw]) -> bytes:
    """The JSON object of these members: what `members` takes apart."""
    return orjson.dumps({key: orjson.Fragment(bytes(value)) for key, value in values.items()})


def depth(text: bytes) -> int:
    """How deep the arrays and objects of a JSON text are nested."""
    level = deepest = 0
    for token in _STRUCTURE.findall(text):
        if token in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif token in b"]}":
            level -= 1
    return deepest
