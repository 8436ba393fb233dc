"""Large bodies, and heads that are odd: whatever comes of them, it is an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onezone_contracts.cases import GROUP, JSON_TYPE, NOBODY, Case, Change, Credentialed, Headers, raw_authorization
from onezone_contracts.checks.drawn import tolerated
from onezone_contracts.checks.status import observed
from onezone_contracts.derive.build import Builder
from onezone_contracts.derive.credentials import authorization
from onezone_contracts.requirement import Level, Requirement

SIZES = {"100-kB": 100_000, "300-kB": 300_000, "over-1-MiB": (1 << 20) + 1000, "2-MB": 2_000_000}
ODD_HEADS: dict[str, Headers] = {
    "accept": (*JSON_TYPE, ("Accept", ";;q=x, */;q=, application/json;q=1.5.1")),
    "accept-charset": (*JSON_TYPE, ("Accept-Charset", "no-such-charset"), ("Accept-Language", "xx-;q=a,,*")),
    "accept-encoding": (*JSON_TYPE, ("Accept-Encoding", "no-such-coding;q=x")),
    "unknown-charset": (("Content-Type", "application/json; charset=no-such-charset"),),
    "utf-16-charset": (("Content-Type", "application/json; charset=utf-16"),),
    "broken-type": (("Content-Type", "application/json; ="),),
    "boundary-type": (("Content-Type", "multipart/form-data"),),
    "content-encoding": (*JSON_TYPE, ("Content-Encoding", "gzip")),
    "unknown-coding": (*JSON_TYPE, ("Content-Encoding", "no-such-coding")),
    "cookie": (*JSON_TYPE, ("Cookie", '="; ;=a; b; "c=\\"; d=%zz')),
    "dates": (*JSON_TYPE, ("If-Modified-Since", "yesterday"), ("Range", "bytes=x-"), ("Date", "today")),
    "origin": (*JSON_TYPE, ("Origin", "http://[::"), ("Referer", "http://[")),
    "forwarded": (*JSON_TYPE, ("X-Forwarded-For", "nobody, ,::"), ("X-Forwarded-Port", "x"), ("Forwarded", ";=,")),
    "trace": (*JSON_TYPE, ("traceparent", "00-x"), ("X-Request-Id", "x" * 600)),
    "beyond-ascii": (*JSON_TYPE, ("X-Kit", "żółw"), ("User-Agent", "żółw")),
}
ODD_TAILS = {
    "percent": "?%",
    "no-utf-8": "?%ff=%fe",
    "nul": "?a=%00",
    "brackets": "?a[=1&a[]=1&a=2&a[b]=3&__proto__[x]=1&constructor[prototype][x]=1",
    "many": "?" + "&".join(f"k{number}=1" for number in range(200)),
}
BEYOND_ASCII = "żółw-😀"
ODD_CREDENTIALS: dict[str, Credentialed] = {
    "token-beyond-ascii": lambda *_: authorization(token=BEYOND_ASCII),
    "bearer-beyond-ascii": raw_authorization(f"Bearer {BEYOND_ASCII}"),
    "bearer-of-dots": raw_authorization("Bearer a.b.c"),
    "bearer-like-jwt": raw_authorization("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."),
    "digest": raw_authorization('Digest username="admin", realm="x", nonce=, uri="/", response="'),
    "scheme-only": raw_authorization(":"),
}
ODD_IDS = {"no-utf-8": "\udcff\udcfe", "nul": "\0", "controls": "\x01\x1b[31m", "bidi": "\u202e\u2066"}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    text = "A large body is accepted and kept, or refused with a 4xx; it is no reason for a 5xx or for no answer."
    cases = [Case(f"size.{name}", f"a valid body of {_words(name)}", change=_large(n)) for name, n in SIZES.items()]
    yield build.requirement("size.bodies", Level.MUST, text, build.answer_source(400), tolerated(*cases))
    cases = [
        Case(
            f"odd-head.{name}",
            f"a valid request with odd headers: {_words(name)}",
            headers=headers,
            edge=True,
        )
        for name, headers in ODD_HEADS.items()
    ]
    cases += [
        Case(
            f"odd-head.query-{name}",
            f"a valid request with an odd query: {_words(name)}",
            tail=tail,
            edge=True,
        )
        for name, tail in ODD_TAILS.items()
    ]
    cases += [
        Case(f"odd-head.{name}", f"odd credentials: {_words(name)}", who=NOBODY, auth=auth, edge=True)
        for name, auth in ODD_CREDENTIALS.items()
    ]
    cases += [
        Case(f"odd-head.id-{name}", f"an odd id in the path: {_words(name)}", roles={GROUP: value}, edge=True)
        for name, value in ODD_IDS.items()
    ]
    text = "What becomes of odd headers, queries and ids that mean nothing here is left open; they are answered."
    yield build.requirement("robust.odd-heads", Level.OBSERVE, text, build.answer_source(500), observed(*cases))


def _words(name: str) -> str:
    return name.replace("-", " ")


def _large(size: int) -> Change:
    def change(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "serviceProperties": {**body["serviceProperties"], "kitLarge": "x" * size}}

    return change
