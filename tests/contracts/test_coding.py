"""A body in a content coding is read, though the kit asks for none."""

from __future__ import annotations

import gzip
import zlib

import pytest
from judge_tools import AGES, RawServer, always, answer
from onezone_contracts.exchange import Request, Response
from onezone_contracts.wire import MAX_BODY, Wire


def ask(*, body: bytes, coding: str) -> Response:
    """What is read of an answer in that coding."""
    with RawServer(always(answer(200, body, f"Content-Encoding: {coding}"))) as raw:
        response = Wire(raw.origin, AGES).send(Request("GET", "/x")).response
    assert response
    return response


def deflated(data: bytes, form: int) -> bytes:
    packer = zlib.compressobj(wbits=form)
    return packer.compress(data) + packer.flush()


PLAIN = b'{"handle_services": ["1"]}'
ZIPPED = gzip.compress(PLAIN, mtime=0)
CODED = {
    "gzip": ("gzip", ZIPPED, PLAIN),
    "its old name": ("X-GZip", ZIPPED, PLAIN),
    "deflate": ("deflate", zlib.compress(PLAIN), PLAIN),
    "deflate without a frame": ("deflate", deflated(PLAIN, -zlib.MAX_WBITS), PLAIN),
    "twice": ("deflate, gzip", gzip.compress(zlib.compress(PLAIN)), PLAIN),
    "nothing": ("identity", PLAIN, PLAIN),
    "empty": ("gzip", b"", b""),
    "an empty body in gzip": ("gzip", gzip.compress(b""), b""),
    "a name that is not true": ("gzip", PLAIN, PLAIN),
    "cut short": ("gzip", ZIPPED[:-9], ZIPPED[:-9]),
    "unknown": ("br", b"\x8b", b"\x8b"),
}


@pytest.mark.parametrize("case", CODED)
def test_content_codings_are_undone(case: str) -> None:
    """A body in gzip or deflate is read though nobody asked for it; one that cannot be undone is kept as it came."""
    coding, data, body = CODED[case]
    response = ask(body=data, coding=coding)
    assert (response.body, response.header("Content-Encoding")) == (body, coding)


def test_a_small_body_does_not_unpack_to_a_huge_one() -> None:
    """What would be beyond all reason unpacked is kept as it came."""
    packed = gzip.compress(b"0" * (MAX_BODY + 1))
    assert ask(body=packed, coding="gzip").body == packed
