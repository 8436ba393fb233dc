"""Ids and the texts of tokens: drawn at random, or the same ones again where there is a seed."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ID_BYTES, ID_BLOCK = 18, 128
TOKEN_BYTES = 96
TOKEN_START = "MDAx"  # noqa: S105  (every token begins so)
"""What the tokens of released servers begin with."""


class Ids:
    """Draws ids and tokens; with the same seed the same ones in the same order."""

    def __init__(self, seed: int | None = None) -> None:
        self._bytes: Callable[[int], bytes] = secrets.token_bytes if seed is None else Random(seed).randbytes  # noqa: S311  (the same again is what a seed is for)
        self._drawn: list[str] = []

    def new(self) -> str:
        """A fresh id as released servers make them: 32 hexadecimal digits, "ch" and 4 more.

        They are drawn by the block: to ask the system for each costs more than all else of an id.
        """
        if not self._drawn:
            digits = self._bytes(ID_BYTES * ID_BLOCK).hex()
            starts = range(0, len(digits), 2 * ID_BYTES)
            self._drawn.extend([f"{digits[at : at + 32]}ch{digits[at + 32 : at + 36]}" for at in starts])
        return self._drawn.pop()

    def token(self) -> str:
        """The text of a fresh token, of the characters that RFC 6750 allows."""
        return TOKEN_START + urlsafe_b64encode(self._bytes(TOKEN_BYTES)).decode()


_ids = Ids()


def new_id() -> str:
    """A random id, independent of any seed."""
    return _ids.new()
