"""The worlds that requests name: how one is named, and how long it is kept."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from onezone_mockserver.paths import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

COMMON = ""
"""The name of the world that is served where a request names none."""
HEADER = b"x-mock-world"
COOKIE = "mock_world"
PREFIX = "/_world/"
WORLD = "onezone_world"
"""Where the scope of a request under `/_world/NAME/` has the name."""
MOST_WORLDS = 1000
UNUSED_SECONDS = 3600.0
NAME_RULE = "1 to 100 letters, digits and . _ ~ -, the first a letter or a digit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
"""Characters that stand for themselves in a path, a header and a cookie (RFC 3986, 2.3)."""
_BEFORE = re.compile(rb"/_world/([^/]*)")

T = TypeVar("T")


class WorldNameError(ValueError):
    """The name that a request gives is no name of a world; the message says what is one."""


def below_prefix(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The scope of a request under `/_world/NAME/`: the prefix is a part of the root path, as of a mounted application.

    Any other scope is given back as it is.
    """
    match = _BEFORE.match(path_of(scope))
    if match is None:
        return scope
    name = match[1].decode("latin-1")
    return {**scope, WORLD: name, "root_path": f"{scope.get('root_path', '').rstrip('/')}{PREFIX}{name}"}


def world_name(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> str:
    """The name of the world that a request is for: of the path's prefix, else of the header, else of the cookie.

    COMMON where it names none; an empty cookie is as good as none. Raises WorldNameError.
    """
    if WORLD in scope:
        return checked(scope[WORLD], f"the path after {PREFIX}")
    if HEADER in headers:
        return checked(headers[HEADER].decode("latin-1").strip(), "X-Mock-World")
    for pair in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == COOKIE and (text := value.strip().strip('"')):
            return checked(text, f"the cookie {COOKIE}")
    return COMMON


def checked(name: str, where: str) -> str:
    """The name, which is one of a world. Raises WorldNameError, which says where it stood."""
    if not _NAME.fullmatch(name):
        raise WorldNameError(f"world: {where} names no world: a name has {NAME_RULE}")
    return name


class Worlds(Generic[T]):
    """What belongs to each name, the least recently used first. `make` makes it at first use, `end` ends it.

    One that was not used for UNUSED_SECONDS goes, and the least recently used where there are more than MOST_WORLDS.
    """

    def __init__(self, make: Callable[[str], T], end: Callable[[T], None]) -> None:
        self.make = make
        self.end = end
        self.clock: Callable[[], float] = time.monotonic
        self._entries: dict[str, tuple[T, float]] = {}

    def use(self, name: str) -> T:
        """What belongs to the name, made now where it is not there."""
        now = self.clock()
        self._forget_unused(now)
        entry = self._entries.pop(name, None)
        value = self.make(name) if entry is None else entry[0]
        self._entries[name] = (value, now)
        if len(self._entries) > MOST_WORLDS:
            self.remove(next(iter(self._entries)))
        return value

    def put(self, name: str, value: T) -> None:
        """Replace what belongs to the name, and end the old one."""
        self.remove(name)
        self._entries[name] = (value, self.clock())

    def remove(self, name: str) -> bool:
        """End what belongs to the name and forget it; whether there was any."""
        entry = self._entries.pop(name, None)
        if entry is not None:
            self.end(entry[0])
        return entry is not None

    def clear(self) -> None:
        """End and forget everything."""
        for name in list(self._entries):
            self.remove(name)

    def all(self) -> Iterator[tuple[str, T, float]]:
        """Name, what belongs to it, and for how many seconds it was not used; the least recently used first."""
        now = self.clock()
        self._forget_unused(now)
        return ((name, value, now - used) for name, (value, used) in self._entries.items())

    def _forget_unused(self, now: float) -> None:
        """The least recently used come first: nobody looks at the others."""
        while self._entries:
            name, (_, used) = next(iter(self._entries.items()))
            if now - used < UNUSED_SECONDS:
                return
            self.remove(name)
