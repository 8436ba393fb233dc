"""Faults of methods, media types and HTTP."""

from __future__ import annotations

from onezone_mockserver.exchange import Exchange
from onezone_mockserver.faults.answers import Where, answers, header, status
from onezone_mockserver.faults.fault import CLASSIC, DEPLOYED, Point, fault
from onezone_mockserver.faults.requests import before, refuse, replace, unless

OTHER_METHOD, OTHER_TYPE, NEAR = "method.other", "media-type.other", "media-type.case"


def _type(*names: bytes) -> Where:
    return lambda exchange: exchange.headers.get(b"content-type", b"").startswith(names)


def _accept(exchange: Exchange) -> bool:
    return exchange.headers.get(b"accept") == b"application/json"


TYPED = (*CLASSIC, *DEPLOYED)
"""The editions that say which media type is taken."""

FAULTS = (
    fault("protocol-method-accepted", "Any method creates.", answers(status(204), 405), OTHER_METHOD),
    fault("protocol-method-ok", "Any method is answered with 200.", answers(status(200), 405), OTHER_METHOD),
    fault(
        "protocol-method-crash",
        "Other methods crash the server.",
        answers(status(500), 405),
        OTHER_METHOD,
        "robust.no-5xx",
    ),
    fault(
        "protocol-method-missing",
        "Other methods are answered with 501.",
        answers(status(501), 405),
        OTHER_METHOD,
        editions=DEPLOYED,
    ),
    fault(
        "protocol-method-404",
        "Other methods are answered with 404.",
        answers(status(404), 405),
        OTHER_METHOD,
        editions=DEPLOYED,
    ),
    fault(
        "protocol-no-allow",
        "A 405 has no Allow.",
        answers(header(b"allow", None), 405),
        "method.allow",
        editions=DEPLOYED,
    ),
    fault(
        "protocol-wrong-allow",
        "A 405 lists another method.",
        answers(header(b"allow", b"GET"), 405),
        "method.allow",
        editions=DEPLOYED,
    ),
    fault(
        "protocol-any-type",
        "Bodies of any label are accepted.",
        unless(Point.MEDIA_TYPE, lambda _e: True),
        OTHER_TYPE,
        editions=TYPED,
    ),
    fault(
        "protocol-text",
        "JSON labelled as text is accepted.",
        unless(Point.MEDIA_TYPE, _type(b"text/")),
        OTHER_TYPE,
        editions=TYPED,
    ),
    fault(
        "protocol-form",
        "A form's label is accepted.",
        unless(Point.MEDIA_TYPE, _type(b"application/x-www")),
        OTHER_TYPE,
        editions=TYPED,
    ),
    fault(
        "protocol-xml",
        "XML's label is accepted.",
        unless(Point.MEDIA_TYPE, _type(b"application/xml")),
        OTHER_TYPE,
        editions=TYPED,
    ),
    fault("protocol-type-crash", "Other media types crash the server.", answers(status(500), 415), "robust.no-5xx"),
    fault(
        "protocol-type-400",
        "Other media types are answered with 400.",
        answers(status(400), 415),
        OTHER_TYPE,
        editions=DEPLOYED,
    ),
    fault(
        "protocol-accept",
        "Clients that accept JSON are not served.",
        refuse(_accept, "notAcceptable", Point.ACCEPT),
        "accept-header.json",
    ),
    fault(
        "protocol-accept-any",
        "Clients that accept anything are not served.",
        refuse(lambda e: e.headers.get(b"accept") == b"*/*", "notAcceptable", Point.ACCEPT),
        "accept-header.json",
    ),
    fault(
        "protocol-chunked",
        "Bodies in chunks are refused.",
        refuse(lambda e: b"transfer-encoding" in e.headers, stage=Point.BODY),
        "transfer.chunked",
    ),
    fault(
        "protocol-chunked-empty",
        "Bodies in chunks are taken for empty ones.",
        before(Point.VALIDATION, lambda e, _m: replace(e, {}) if b"transfer-encoding" in e.headers else None),
        "transfer.chunked",
    ),
)
