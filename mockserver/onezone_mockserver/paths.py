"""The path of a request as the mock routes it: below the root path, and in one of its equivalent spellings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(rb"%(?:2[DE]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE])", re.IGNORECASE)


def path_of(scope: Mapping[str, Any]) -> bytes:
    """The raw path below the root path, without the query. Unreserved characters stand for themselves.

    ASGI leaves the root path at the start of the path, as Starlette's Mount does; some servers take it away. A path
    with a bad escape stays as it is, for the routing to refuse.
    """
    as_sent: bytes | None = scope.get("raw_path")
    if as_sent and b"%" not in as_sent and b"?" not in as_sent and not scope.get("root_path"):
        return as_sent  # as nearly all are
    whole: str = scope["path"]
    raw: bytes = (scope.get("raw_path") or whole.encode("utf-8", "surrogateescape")).partition(b"?")[0]
    if b"%" in raw and not BAD_ESCAPE.search(raw):
        raw = _UNRESERVED.sub(lambda escape: unquote_to_bytes(escape[0]), raw)  # RFC 3986, 6.2.2.2
    root = _root(scope)
    if root and f"{whole}/".startswith(f"{root}/"):
        below = raw.split(b"/")[root.count("/") + 1 :]
        return b"/" + b"/".join(below)
    return raw


def root_of(scope: Mapping[str, Any]) -> bytes:
    """The root path, percent-encoded: what a URI of the mock has between its origin and a path of the mock."""
    root = _root(scope)
    return quote(root, errors="surrogateescape").encode() if root else b""


def _root(scope: Mapping[str, Any]) -> str:
    root: str = scope.get("root_path", "")
    return root.rstrip("/")
