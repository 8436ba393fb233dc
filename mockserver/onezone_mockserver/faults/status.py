"""Faults of the status."""

from __future__ import annotations

from onezone_mockserver.faults.answers import answers, body, status, successes
from onezone_mockserver.faults.fault import DEPLOYED, OLDER, Fault, fault


def _becomes(old: int, new: int, *noticed_by: str) -> Fault:
    return fault(
        f"status-{old}-as-{new}", f"What should be a {old} is a {new}.", answers(status(new), old), *noticed_by
    )


FAULTS = (
    fault("status-200", "A success is a 200.", successes(status(200)), "success.status"),
    fault("status-201", "A success is a 201.", successes(status(201)), "success.status", editions=OLDER),
    fault("status-202", "A success is a 202.", successes(status(202)), "success.status"),
    fault("status-204", "A success is a 204.", successes(status(204)), "success.status", editions=DEPLOYED),
    fault("status-303", "A success redirects to the new service.", successes(status(303)), "access.administrator"),
    fault(
        "status-200-id",
        "A success says the new id in a JSON body.",
        successes(body(b'{"handleServiceId":"1"}', b"application/json")),
        "success.empty-body",
    ),
    fault("status-ok-text", "A success has the body OK.", successes(body(b"OK", b"text/plain")), "success.empty-body"),
    fault(
        "status-empty-object",
        "A success has an empty object as its body.",
        successes(body(b"{}")),
        "success.empty-body",
    ),
    _becomes(403, 401, "access.outsider", "access.without-oz_handle_services_create", "combined.forbidden-bad-body"),
    _becomes(403, 404, "access.outsider", "access.without-oz_handle_services_create"),
    _becomes(403, 400, "access.outsider"),
    _becomes(403, 204, "access.outsider", "access.without-*"),
    _becomes(403, 500, "access.outsider", "robust.no-5xx"),
    _becomes(
        401,
        403,
        "access.anonymous",
        "authentication.unknown-user",
        "authentication.wrong-token",
        "combined.wrong-credentials-bad-body",
    ),
    _becomes(401, 302, "access.anonymous", "robust.known-status"),
    _becomes(401, 404, "access.anonymous", "authentication.wrong-password", "combined.anonymous-bad-body"),
    _becomes(400, 422, "body.malformed", "body.non-object", "combined.*", "robust.known-status"),
    _becomes(400, 409, "body.malformed"),
    _becomes(400, 500, "body.malformed", "robust.no-5xx"),
    _becomes(400, 403, "body.malformed"),
    _becomes(404, 400, "unknown-group.administrator", "unknown-group.again"),
    _becomes(404, 410, "unknown-group.administrator"),
    _becomes(404, 500, "unknown-group.administrator"),
    _becomes(404, 403, "unknown-group.administrator"),
)
