"""Bodies as recordings have them: text, base64, compressed, or not there at all."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

LARGEST = 64 * 1024 * 1024
"""So many bytes a body may have when it is unpacked; a larger one counts as not recorded."""
_GZIP = b"\x1f\x8b"
_WINDOW = 32
"""Added to zlib's window: gzip and zlib are told apart by their heads."""


def recorded(node: Mapping[str, Any], coding: str | None) -> bytes | None:
    """The body in HAR's `content` or `postData`, None if its text is not recorded or cannot be read.

    Args:
        node: the HAR object (HAR 1.2).
        coding: the Content-Encoding that was named. HAR has bodies unpacked, yet some tools keep the bytes of the wire.
    """
    text = node.get("text")
    if not isinstance(text, str):
        return None
    if node.get("encoding") != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        data = base64.b64decode(text, validate=False)
    except (ValueError, binascii.Error):
        return None
    return unpacked(data, coding)


def unpacked(data: bytes, coding: str | None) -> bytes | None:
    """Bytes without their content coding, None if that is not known or they unpack to too much."""
    name = (coding or "identity").strip().lower()
    if name in {"identity", ""}:
        return data
    if name in {"gzip", "x-gzip"}:
        return _inflated(data, zlib.MAX_WBITS | _WINDOW) if data.startswith(_GZIP) else data
    if name == "deflate":
        return _inflated(data, zlib.MAX_WBITS) or _inflated(data, -zlib.MAX_WBITS) or data
    return data if data[:1] in {b"{", b"["} else None


def _inflated(data: bytes, window: int) -> bytes | None:
    unpacker = zlib.decompressobj(window)
    try:
        body = unpacker.decompress(data, LARGEST)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail or not unpacker.eof else body
