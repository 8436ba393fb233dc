"""The accepted answer: no body, and a Location."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote, urljoin, urlsplit

from onezone_contracts.cases import AS_NUMBER, HOME, OTHER, Case, with_value
from onezone_contracts.checks import uri
from onezone_contracts.checks.error import promised
from onezone_contracts.checks.status import successes
from onezone_contracts.requirement import Check, Finding, NotJudged
from onezone_contracts.sent import Created, Sent
from onezone_contracts.state.compare import beyond_the_list
from onezone_contracts.state.readback import new_id
from onezone_contracts.supplied_run import SuppliedRun

NO_CONTENT = 204
NO_HOSTS = frozenset({"undefined", "null", "none"})
"""What code writes for a host that it does not know."""


def empty_body(run: SuppliedRun) -> Iterator[Finding]:
    """An accepted answer carries no byte of body, and does not announce one."""
    run.creations()
    for sent in successes(run):
        response = sent.exchange.response
        assert response is not None
        body = response.body or response.trailing
        length = response.header("Content-Length")
        announced = response.status == NO_CONTENT and length not in {None, "0"}
        if body or announced:
            came = f"{len(body)} bytes" if body else f"Content-Length: {length}"
            yield sent.finding("the answer has a body", "no body", came)


def no_framing(run: SuppliedRun) -> Iterator[Finding]:
    """A 204 has neither Content-Length nor Transfer-Encoding (RFC 9110, RFC 9112)."""
    run.creations()
    for sent in successes(run):
        response = sent.exchange.response
        assert response is not None
        for name in ("Content-Length", "Transfer-Encoding"):
            value = response.header(name)
            if response.status == NO_CONTENT and value is not None:
                yield sent.finding(f"a 204 carries {name}", f"no {name}", f"{name}: {value}")


def location_present(run: SuppliedRun) -> Iterator[Finding]:
    """An accepted answer carries exactly one Location, and it is not empty."""
    run.creations()
    for sent in successes(run):
        response = sent.exchange.response
        assert response is not None
        values = response.header_values("Location")
        if len(values) != 1 or not values[0].strip():
            came = "none" if not values else "an empty one" if len(values) == 1 else f"{len(values)} of them"
            yield sent.finding("a Location is promised", "one Location", came)


def _located(run: SuppliedRun) -> list[tuple[Sent, str]]:
    run.creations()
    locations = [(sent, sent.location) for sent in successes(run)]
    located = [(sent, location) for sent, location in locations if location and location.strip()]
    if not located:
        raise NotJudged("no answer had a Location", blocked=True)
    return located


def location_uri(run: SuppliedRun) -> Iterator[Finding]:
    """A Location is a URI reference (RFC 9110, RFC 3986)."""
    for sent, location in _located(run):
        problem = uri.problem(location)
        if problem:
            yield sent.finding(f"the Location is no URI: {problem}", "an http(s) URI reference", location)


def location_form(run: SuppliedRun) -> Iterator[Finding]:
    """A Location ends in the documented path, with this group's id and an id of the service."""
    templates = run.operation.success.location
    for sent, location in _located(run):
        if sent.case.group in AS_NUMBER:
            continue  # whether it may be accepted is judged by itself
        path = _path(run, sent, location)
        if not any(_fits(template, path, sent.group) for template in templates):
            form = " or ".join(f"…{template.replace('{id}', sent.group)}" for template in templates)
            yield sent.finding("the Location has another form", form, location)


def _path(run: SuppliedRun, sent: Sent, location: str) -> str:
    """The path that a Location names, "" where it names none: its host is a segment that the path lacks."""
    try:
        parts = urlsplit(urljoin(run.target.origin + sent.exchange.request.path, location))
        host = parts.hostname or ""
    except ValueError:
        return ""
    lost = {*filter(None, urlsplit(run.target.base_url).path.split("/"))} - set(parts.path.split("/"))
    return "" if host in lost | NO_HOSTS else parts.path


def _fits(template: str, path: str, group: str) -> bool:
    names = template.strip("/").split("/")
    segments = [unquote(segment) for segment in path.strip("/").split("/")][-len(names) :]
    if len(segments) != len(names):
        return False
    fits = all(
        (segment == group) if name == "{id}" else bool(segment) if name.startswith("{") else segment == name
        for name, segment in zip(names, segments, strict=True)
    )
    return fits and _groups(path) in ([], [group])


def names_another_group(run: SuppliedRun, sent: Sent) -> bool:
    """Whether the Location of an accepted request names another group than the request's path."""
    return sent.location is not None and bool({*_groups(_path(run, sent, sent.location))} - {sent.group})


def _groups(path: str) -> list[str]:
    """The ids of the groups that a path names."""
    segments = [unquote(segment) for segment in path.split("/")]
    return [segment for name, segment in pairwise(segments) if name == "groups"]


def location_fresh(run: SuppliedRun) -> Iterator[Finding]:
    """Each creation has an id of its own, and none that was there before."""
    seen: dict[tuple[str, str], Sent] = {}
    for sent, location in _located(run):
        service = new_id(sent.exchange)
        if not service:
            continue
        if (sent.group, service) in seen or service in run.ledger.initial.get(sent.group, frozenset()):
            yield sent.finding("the id was given before", "a new id", location)
        seen[sent.group, service] = sent
    if len(seen) == 1 and len(_located(run)) == 1:
        raise NotJudged("only one service was created")


def not_the_clients(client_id: str, *cases: Case, known: bool = True) -> Check:
    """The id of the new service is not the one that the client sent; `known`: nor that of a service that is there."""

    def check(run: SuppliedRun) -> Iterator[Finding]:
        every = (*cases, *(_with_known_id(run) if known else ()))
        run.ahead(every, accept=True)
        for case in every:
            sent = run.send(case, accept=True)
            taken = {client_id, *(creation.id for creation in run.ledger.created[:1] if creation.sent is not sent)}
            if sent.exchange.succeeded and new_id(sent.exchange) in taken:
                yield sent.finding("the client's own id was taken", "an id that the server chose", str(sent.location))

    return check


def _with_known_id(run: SuppliedRun) -> list[Case]:
    """A creation with the id of a service that is there: nothing may come of it but another service."""
    identity = next((creation.id for creation in run.ledger.created if creation.id), None)
    if identity is None:
        return []
    change = with_value("handleServiceId", identity)
    return [Case("location.own-id.known", "a body with the id of another service", change=change)]


def no_location_on_errors(run: SuppliedRun) -> Iterator[Finding]:
    """No answer with an error carries a Location."""
    for sent in filter(promised, run.log):
        response = sent.exchange.response
        if response is not None and response.status >= 400 and response.header("Location") is not None:  # noqa: PLR2004
            came = f"Location: {response.header('Location')}"
            yield sent.finding("an error with a Location", "no Location", came)


def location_resolves(run: SuppliedRun) -> Iterator[Finding]:
    """What the Location names can be read, and carries the Location's id."""
    usual = (creation for creation in run.creations() if creation.id and not creation.sent.case.loose)
    creations = [creation for creation in usual if creation.sent.case.group in {HOME, OTHER}]
    if not creations:
        raise NotJudged("no answer had a Location", blocked=True)
    if "get" in run.readback.offered:
        yield from unreadable(run, creations)
    elif not any(creation.listed is False for creation in creations):
        raise NotJudged(run.readback.lack("get"))
    for creation in creations:
        if creation.listed is False and not beyond_the_list(run.ledger.created, creation):
            what = "the group does not list the Location's id"
            came = f"not in the list; new there: {', '.join(sorted(creation.extra)) or 'nothing'}"
            yield creation.finding(what, f"{creation.id} in the list", came, creation.listing)


def unreadable(run: SuppliedRun, creations: list[Created]) -> Iterator[Finding]:
    """That a Location leads nowhere, or to another service; what could not be read at first is read again."""
    for creation in creations:
        read = creation.read
        if read.details is None and read.exchange is not None:
            read = run.readback.read(creation.sent)
        details, look = read.details, read.exchange
        if details is None and look is not None:
            what = f"reading what its Location names fails with {look.answer()}"
            yield creation.misread(what, "200 with the new service", look.answer(), look)
        elif details is not None and str(details.get("handleServiceId", creation.id)) != creation.id:
            came = str(details["handleServiceId"])
            yield creation.misread("the Location leads to another service", str(creation.id), came, look)
