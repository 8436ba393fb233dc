"""Methods and media types."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.cases import Case
from onezone_contracts.checks.status import accepted, answered, observed, refused
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Check, Finding, Level, NotJudged, Requirement
from onezone_contracts.run import Run

NOT_ALLOWED, UNSUPPORTED = 405, 415
NO_CHUNKS = frozenset({411, 501})
"""What a server may say to a body without a length (RFC 9112, 6.1 and 6.3)."""
OTHER_TYPES = {
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml",
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    yield from methods(build)
    yield from harmless(build)
    yield from media_types(build)
    yield from served(build)


def methods(build: Builder) -> Iterator[Requirement]:
    """Methods that the operation's path does not have."""
    taken = build.contract.methods(build.operation.path)
    cases = [
        Case(f"method.{method.lower()}", f"{method} with a valid body", method=method)
        for method in ("PUT", "PATCH", "DELETE")
        if method not in taken
    ]
    source = build.answer_source(NOT_ALLOWED)
    if NOT_ALLOWED in build.operation.responses:
        text = "Methods that the path does not have are answered with 405."
        yield build.requirement("method.other", Level.MUST, text, source, answered({NOT_ALLOWED}, *cases))
    else:
        text = "Methods that the path does not have are refused."
        yield build.requirement("method.other", Level.MUST, text, source, refused(*cases))
    text = "A 405 lists the methods that the path has."
    rfc = build.rfc("rfc-9110", "10.2.1 Allow")
    level = build.documented(promised=Level.SHOULD)
    yield build.requirement("method.allow", level, text, rfc, _allow({build.operation.method}, cases))


def harmless(build: Builder) -> Iterator[Requirement]:
    """Methods that change nothing, whatever they are answered."""
    cases = [
        Case(
            f"method.harmless.{method.lower()}",
            f"{method}, which may change nothing",
            method=method,
            raw=lambda _: b"",
            headers=(),
        )
        for method in ("HEAD", "OPTIONS")
    ]
    text = "What HEAD and OPTIONS are answered is left open; they change nothing."
    rfc = build.rfc("rfc-9110", "9.3.2 HEAD")
    yield build.requirement("method.harmless", Level.OBSERVE, text, rfc, observed(*cases))


def _allow(methods: set[str], cases: list[Case]) -> Check:
    def check(run: Run) -> Iterator[Finding]:
        seen = [sent for case in cases if (sent := run.send(case)).exchange.status == NOT_ALLOWED]
        if not seen:
            raise NotJudged("no 405 was seen")
        for sent in seen:
            response = sent.exchange.response
            allow = (response.header("Allow") if response else None) or ""
            if not methods <= {word.strip().upper() for word in allow.split(",")}:
                message = f"{sent.case.label}: the 405 does not list the methods"
                came = f"Allow: {allow}" if allow else "no Allow"
                yield Finding(message, f"Allow with {', '.join(sorted(methods))}", came, sent.exchange)

    return check


def media_types(build: Builder) -> Iterator[Requirement]:
    """Bodies that are not labelled as JSON."""
    source = build.body.media_type_source
    cases = [
        Case(f"media-type.{name}", f"a valid body sent as {kind}", headers=(("Content-Type", kind),))
        for name, kind in OTHER_TYPES.items()
    ]
    level = build.body.other_media_types
    if UNSUPPORTED in build.operation.responses:
        text = "A body that is not sent as application/json is answered with 415."
        yield build.judge("media-type.other", level, text, source, answered({UNSUPPORTED}, *cases))
    else:
        text = "A body that is not sent as application/json is refused."
        check = observed(*cases) if level is Level.OBSERVE else refused(*cases)
        yield build.requirement("media-type.other", level, text, source, check)
    missing = Case("media-type.none", "a valid body without a Content-Type", headers=())
    charset = Case(
        "media-type.charset",
        "application/json with a charset",
        headers=(("Content-Type", "application/json; charset=utf-8"),),
    )
    problem = Case(
        "media-type.json-suffix", "application/problem+json", headers=(("Content-Type", "application/problem+json"),)
    )
    text = "What becomes of a body without a Content-Type, or with one near to application/json, is left open."
    yield build.requirement("media-type.near", Level.OBSERVE, text, source, observed(missing, charset, problem))


def served(build: Builder) -> Iterator[Requirement]:
    """Valid requests in other spellings of HTTP, of any operation with a body whose valid request can be repeated."""
    upper = Case("media-type.upper-case", "Application/JSON", headers=(("content-type", "Application/JSON"),))
    text = "Media types and header names are compared without regard to case."
    rfc = build.rfc("rfc-9110", "8.3.1 Media Type")
    yield build.requirement("media-type.case", Level.OBSERVE, text, rfc, observed(upper))
    accept = [
        Case(
            f"accept-header.{name}", f"Accept: {kind}", headers=(("Content-Type", "application/json"), ("Accept", kind))
        )
        for name, kind in {"any": "*/*", "json": "application/json"}.items()
    ]
    text = "A client that accepts JSON is served."
    yield build.requirement("accept-header.json", Level.MUST, text, build.operation.source, accepted(*accept))
    other = Case(
        "accept-header.html",
        "Accept: text/html",
        headers=(("Content-Type", "application/json"), ("Accept", "text/html")),
    )
    text = "What a client that does not accept JSON is answered is left open."
    yield build.requirement(other.name, Level.OBSERVE, text, build.operation.source, observed(other))
    chunked = Case("transfer.chunked", "a valid body in chunks", chunked=True)
    text = "A body may come in chunks; a server that takes none says so with 411 or 501."
    rfc = build.rfc("rfc-9112", "7.1 Chunked Transfer Coding")
    yield build.requirement(chunked.name, Level.SHOULD, text, rfc, accepted(chunked, unless=NO_CHUNKS))
