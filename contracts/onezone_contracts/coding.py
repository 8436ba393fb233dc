"""Content codings: some proxies use them though the kit asks for none."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

GZIP = 16 + zlib.MAX_WBITS
ZLIB = zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
_FORMS = {"gzip": (GZIP,), "x-gzip": (GZIP,), "deflate": (ZLIB, RAW)}
"""How each coding may be packed, the likeliest form first: some send deflate without the frame of RFC 9110."""


def decoded(headers: Iterable[tuple[str, str]], body: bytes, longest: int) -> bytes:
    """The body without its content codings (RFC 9110, 8.4), or unchanged if they cannot be undone.

    Args:
        headers: those of the answer.
        body: what came.
        longest: how many bytes may come of it; what would give more is left as it came.
    """
    value = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    codings = [part.strip().lower() for part in value.split(",") if part.strip()]
    plain = body
    for coding in reversed([coding for coding in codings if coding != "identity"]):
        tried = (_unpacked(plain, form, longest) for form in _FORMS.get(coding, ()))
        unpacked = next((attempt for attempt in tried if attempt is not None), None)
        if unpacked is None:
            return body
        plain = unpacked
    return plain


def _unpacked(data: bytes, form: int, longest: int) -> bytes | None:
    """What was packed, None if it is not of that form, cut short, or longer than it may be."""
    unpacker = zlib.decompressobj(form)
    try:
        plain = unpacker.decompress(data, longest)
    except zlib.error:
        return None
    return plain if unpacker.eof else None
