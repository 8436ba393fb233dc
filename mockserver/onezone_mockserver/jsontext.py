"""JSON as the mock reads it (RFC 8259): strict, bounded in depth, and with every value kept as it was sent."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH = 200
SHALLOW = 2 * MAX_DEPTH
"""A text of so many bytes cannot be nested deeper: what is opened is closed."""
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_SAFE_DIGITS = 15
_LONG_NUMBER = b"0" * (_SAFE_DIGITS + 1)
_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def loads(text: bytes) -> Any:
    """The value of a JSON text. Raises ValueError: not JSON, not UTF-8, or nested deeper than MAX_DEPTH.

    Of equal keys the last one counts. Numbers may have lost digits; `members` has them all.
    """
    value = orjson.loads(text)
    if len(text) > SHALLOW and text.count(b"[") + text.count(b"{") > MAX_DEPTH and depth(text) > MAX_DEPTH:
        msg = f"nested deeper than {MAX_DEPTH} levels"
        raise ValueError(msg)
    return value


def members(text: bytes) -> dict[str, bytes]:
    """The values of a JSON object that `loads` accepts by key, each as it stands in the text, every digit included."""
    return {key: bytes(value) for key, value in _members.decode(text).items()}


def joined(values: Mapping[str, bytes]) -> bytes:
    """The JSON object of these members: what `members` takes apart."""
    return orjson.dumps({key: orjson.Fragment(value) for key, value in values.items()})


def exact(text: bytes, value: Any) -> Any:
    """`value` with numbers that serialise with the value they have in `text`, which is JSON that `loads` accepted.

    A double keeps decimals of up to 15 digits; only a text with longer numbers, exponents or -0 is read again.
    """
    if _may_lose_digits(text):
        return json.loads(text, parse_float=orjson.Fragment, parse_int=_integer)
    return value


def exact_object(text: bytes) -> dict[str, Any]:
    """A stored JSON object, to be serialised again with every number as it stands."""
    value: dict[str, Any] = exact(text, orjson.loads(text))
    return value


def _may_lose_digits(text: bytes) -> bool:
    """Whether there could be a number in `text` that is not written back with its value. Quick; its no is certain.

    `in` would make an exception each time, only to learn that it is not asked for an integer.
    """
    digits = text.translate(_DIGITS)
    return digits.find(b"0e") >= 0 or digits.replace(b".", b"0").find(_LONG_NUMBER) >= 0 or text.find(b"-0") >= 0


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _SAFE_DIGITS and digits != "-0" else orjson.Fragment(digits)


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
