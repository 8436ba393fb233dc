"""What holds of every answer in the run; judged last, when everything was sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onezone_spec import Source

from onezone_contracts.checks import error, revealed, state, status, success
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement, at_everything, at_refusals, at_successes

ERRORS = (400, 401, 403, 404)
UNLABELLED = 401
"""The error that released servers send without a Content-Type and without a challenge."""


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    yield from _success(build)
    yield from _location(build)
    documented = tuple(status for status in ERRORS if status in build.operation.responses)
    yield from errors(build, documented)
    yield from ids(build, documented)
    yield from _challenge(build)
    yield from _state(build)
    yield from robust(build)
    source = build.answer_source(500)
    text = "No error repeats the caller's password or token, or the password of the body, and no Location has one."
    yield build.requirement("robust.no-secrets", Level.MUST, text, source, at_everything(revealed.secrets))
    text = "No error shows how the server is made: no stack trace, no path of a source file, no SQL."
    yield build.requirement("robust.no-internals", Level.SHOULD, text, source, at_everything(revealed.internals))
    text = "No answer has a status that neither the contract nor HTTP foresees for such a request."
    check = at_everything(status.known_status)
    yield build.requirement("robust.known-status", Level.SHOULD, text, build.operation.source, check)


def _success(build: Builder) -> Iterator[Requirement]:
    answer = build.operation.success
    source = answer.source or build.operation.source
    text = f"A success is {answer.status}."
    yield build.requirement("success.status", Level.MUST, text, source, at_successes(status.documented_success))
    text = "A success has no body."
    yield build.requirement("success.empty-body", Level.MUST, text, source, at_successes(success.empty_body))
    text = "A 204 carries neither Content-Length nor Transfer-Encoding."
    rfc = build.rfc("rfc-9110", "15.3.5 204 No Content")
    yield build.requirement("success.framing", Level.OBSERVE, text, rfc, at_successes(success.no_framing))


def _location(build: Builder) -> Iterator[Requirement]:
    answer = build.operation.success
    source = answer.location_source or answer.source or build.operation.source
    uri = build.rfc("rfc-3986", "4.1 URI Reference")
    rows = (
        ("location.present", "A success carries one Location.", source, success.location_present),
        ("location.uri", "A Location is a URI reference.", uri, success.location_uri),
        ("location.form", "A Location names a service of this group.", source, success.location_form),
        ("location.fresh", "Each new service has an id of its own.", source, success.location_fresh),
    )
    for topic, text, where, check in rows:
        yield build.requirement(topic, Level.MUST, text, where, at_successes(check))
    text = "An error carries no Location: it is documented for a success only."
    look = at_refusals(success.no_location_on_errors)
    yield build.requirement("location.errors", Level.SHOULD, text, source, look)
    text = "What a Location names is the new service."
    resolves = at_successes(success.location_resolves)
    yield build.requirement("location.resolves", Level.MUST, text, source, resolves, needs="reading")


def errors(build: Builder, codes: Iterable[int]) -> Iterator[Requirement]:
    """What holds of every error with one of these statuses."""
    for code in codes:
        source = build.answer_source(code)
        text = f"The body of a {code} is the documented Error."
        yield build.requirement(f"error.shape.{code}", Level.MUST, text, source, error.shape(code))
        text = f"The body of a {code} is labelled as JSON."
        yield build.requirement(f"error.media-type.{code}", Level.MUST, text, source, error.media_type(code))
        text = f"The body of a {code} has a Content-Type."
        level = Level.OBSERVE if code == UNLABELLED else build.documented(Level.SHOULD)
        where = build.rfc("rfc-9110", "8.3.1 Media Type")
        yield build.requirement(f"error.labelled.{code}", level, text, where, error.labelled(code))


def ids(build: Builder, codes: Iterable[int]) -> Iterator[Requirement]:
    """The ids of errors with these statuses."""
    for code in () if build.contract.error_is_string else codes:
        text = f"The error of a {code} has the id that released servers give; a key that it names is the right one."
        level = build.documented()
        where = _register(build)
        yield build.requirement(f"error.id.{code}", level, text, where, error.right_id(code))


def _challenge(build: Builder) -> Iterator[Requirement]:
    text = "A 401 says how to authenticate, as HTTP asks and no document does; released servers do not."
    where = build.rfc("rfc-9110", "11.6.1 WWW-Authenticate")
    check = at_refusals(error.challenge, UNLABELLED)
    yield build.requirement("authentication.challenge", Level.OBSERVE, text, where, check)


def _state(build: Builder) -> Iterator[Requirement]:
    source = build.operation.source
    rows = (
        (
            "state.created-one",
            "An accepted request creates exactly one service of the group.",
            state.created_one,
            "listing",
        ),
        ("state.data", "What is read back is what was sent.", state.data_kept, "reading"),
        ("state.unchanged", "A refused request changes nothing.", state.unchanged, "listing"),
        ("state.other-group", "A service is created in its own group only.", state.other_group, "a second group"),
        ("state.kept", "What was created stays, with its data.", state.still_there, "reading"),
    )
    for topic, text, check, needs in rows:
        look = at_refusals if check is state.unchanged else at_successes
        yield build.requirement(topic, Level.MUST, text, source, look(check), needs)


def robust(build: Builder) -> Iterator[Requirement]:
    """What holds of every answer of any operation."""
    source = build.answer_source(500)
    text = "No request is answered with a 5xx."
    yield build.requirement("robust.no-5xx", Level.MUST, text, source, at_everything(status.no_server_error))
    text = "Every request is answered, in HTTP and in time."
    where = build.rfc("rfc-9112", "2.2 Message Parsing")
    yield build.requirement("robust.answers", Level.MUST, text, where, at_everything(status.always_answers))


def _register(build: Builder) -> Source:
    """Where the ids of errors are from; of a contract that is all one's own, where the operation is."""
    if build.contract.extends is None:
        return build.operation.source
    return build.contract.source({"document": "onezone-21.02-deployed", "section": "Error ids"})
