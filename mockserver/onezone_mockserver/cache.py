"""A cache for what is read out of a header: clients send the same few values again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

Read = TypeVar("Read", bound=Callable[..., Any])

LONG_VALUE = 1024
"""Values longer than this are read anew each time: a client must not fill the memory with them."""


def cached(read: Read) -> Read:
    """`read`, whose first argument is a header's value, with its last 256 results kept."""
    kept: Any = lru_cache(maxsize=256)(read)

    @wraps(read)
    def call(value: bytes, *args: Any) -> Any:
        return (kept if len(value) <= LONG_VALUE else read)(value, *args)

    return cast("Read", call)
