"""Checks of one operation: they ask its trial for sents and yield findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import jsonschema_rs
from onezone_spec import Contract, Operation

from onezone_contracts.api import new_id
from onezone_contracts.cases import Case
from onezone_contracts.checks import error
from onezone_contracts.checks.error import misshaped
from onezone_contracts.checks.status import answered, finding, observed
from onezone_contracts.exchange import Request
from onezone_contracts.reading import answer_of, list_keys, only_list
from onezone_contracts.requirement import Check, Finding, Level, NotJudged
from onezone_contracts.sent import Sent
from onezone_contracts.state.compare import brief
from onezone_contracts.state.expected import CALLER, Ref, pair
from onezone_contracts.trial import Trial

CONFLICT, NOT_ALLOWED = 409, 405
RELATION_EXISTS = "relationAlreadyExists"


# --- what a success looks like ---------------------------------------------------------------------------------


def successes(trial: Trial) -> list[Sent]:
    """Every case that was answered with 2xx, and rightly so. Raises NotJudged if there is none."""
    accepted = [sent for sent in trial.log if sent.allowed and sent.exchange.succeeded]
    if not accepted:
        raise NotJudged("nobody who must be allowed had a success", blocked=True)
    return accepted


def status(trial: Trial) -> Iterator[Finding]:
    """Every success is the documented one."""
    for sent in successes(trial):
        if sent.exchange.status != trial.operation.success.status:
            yield finding(sent, str(trial.operation.success.status))


def body(trial: Trial) -> Iterator[Finding]:
    """A success has the documented body, or none where none is documented."""
    yield from body_of(trial, successes(trial))


def body_of(trial: Trial, attempts: Iterable[Sent]) -> Iterator[Finding]:
    """What is wrong with the bodies of successes."""
    schema = trial.operation.success.schema
    validate = jsonschema_rs.Draft4Validator(plain(trial.contract, schema)) if schema else None
    people = trial.account.users.values() if trial.account else ()
    words = [user.credentials.password for logins in people for user in logins if user.credentials.password]
    for sent in attempts:
        response = sent.exchange.response
        assert response is not None
        if validate is None:
            if response.body or response.trailing:
                came = f"{len(response.body or response.trailing)} bytes"
                yield sent.finding("the answer has a body", "no body", came)
        elif problem := misshaped(validate, response):
            yield sent.finding("the body is not the documented one", "the documented body", problem)
        elif any(word.encode() in response.body for word in words):
            yield sent.finding("the answer shows a user's password", "no password", "it")


def plain(contract: Contract, schema: Any) -> Any:
    """An OpenAPI schema as a JSON Schema: nothing referred to, `nullable` as a type."""
    if isinstance(schema, list):
        return [plain(contract, part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {key: plain(contract, value) for key, value in contract.resolve(schema).items()}
    if converted.pop("nullable", False) is True and "type" in converted:
        converted["type"] = [converted["type"], "null"]
    return converted


def labelled(trial: Trial) -> Iterator[Finding]:
    """A success without a body names the media type that it would have."""
    for sent in successes(trial):
        label = sent.exchange.response.header("Content-Type") if sent.exchange.response else None
        if label is None or not error.is_json(label):
            expected = str(trial.operation.success.labelled)
            yield sent.finding("no such Content-Type", expected, label or "none")


def in_order(trial: Trial) -> Iterator[Finding]:
    """A list of privileges is sorted."""
    for sent in successes(trial):
        entries = only_list(answer_of(sent.exchange), list_keys(trial.contract))
        if entries is not None and entries != sorted(entries, key=str):
            yield sent.finding("the list is not sorted", "a sorted list", ", ".join(map(str, entries)))


def location(trial: Trial) -> Iterator[Finding]:
    """A success carries one Location of the documented form, which leads to the new thing where that can be read."""
    for sent in successes(trial):
        response = sent.exchange.response
        assert response is not None
        values = response.header_values("Location")
        if len(values) != 1 or not values[0].strip():
            yield sent.finding("a Location is promised", "one Location", f"{len(values)} of them")
            continue
        templates = trial.operation.success.location
        if not any(_fits(trial.operation, template, values[0], sent) for template in templates):
            yield sent.finding("the Location has another form", " or ".join(templates), values[0])
        else:
            yield from _leads(trial, sent, values[0])


def _path(sent: Sent, text: str) -> list[str]:
    try:
        path = urlsplit(urljoin(sent.exchange.base + sent.exchange.request.path, text)).path
    except ValueError:
        return []
    return [unquote(segment) for segment in path.strip("/").split("/")]


def _fits(operation: Operation, template: str, text: str, sent: Sent) -> bool:
    """Whether a Location ends as the template does, with the ids of the request in their places."""
    ids = {f"{{{each.name}}}": sent.roles[each.entity or each.name][1] for each in operation.parameters}
    names = template.strip("/").split("/")
    segments = _path(sent, text)[-len(names) :]
    if len(segments) != len(names):
        return False
    pairs = zip(names, segments, strict=True)
    return all(came == ids.get(name, came if name.startswith("{") else name) and came for name, came in pairs)


def _leads(trial: Trial, sent: Sent, text: str) -> Iterator[Finding]:
    """What the Location names can be read, where the contract has such an operation and the target offers it."""
    operation, account = _reader(trial), trial.account
    if operation is None or account is None or trial.stages is None or operation.id not in trial.stages.offered:
        return
    own = CALLER in {trial.operation.effect.within, operation.effect.within} and sent.user
    auth = sent.user.auth if own and sent.user else account.auth
    last = [account.api.follow(text, sent.exchange, auth)]
    identity = new_id(sent.exchange)
    resource = trial.operation.effect.resource
    roles = {**sent.roles, **({resource: (trial.contract.kind(resource), identity)} if identity else {})}

    def there() -> bool:
        last.append(account.api.follow(text, sent.exchange, auth))
        # the Location may be of another host, or base path
        if not last[-1].succeeded and _names_every_role(operation, roles):
            last.append(account.api.send(operation, roles, auth, label="read what the Location names"))
        return last[-1].succeeded

    if not last[-1].succeeded and not account.lag.until(there):
        came = last[-1].answer()
        yield Finding(f"{sent.case.label}: reading what its Location names fails with {came}", "200", came, last[-1])


def _names_every_role(operation: Operation, roles: Mapping[str, Ref]) -> bool:
    return all((parameter.entity or parameter.name) in roles for parameter in operation.parameters)


def _reader(trial: Trial) -> Operation | None:
    """The operation that reads what the Location names: its path is the Location's, whatever its parameters' names."""
    shapes = {_shape(template) for template in trial.operation.success.location}
    operations = trial.contract.operations.values()
    return next(
        (operation for operation in operations if operation.method == "GET" and _shape(operation.path) in shapes), None
    )


def _shape(path: str) -> tuple[str, ...]:
    return tuple("{}" if segment.startswith("{") else segment for segment in path.strip("/").split("/"))


# --- what a success does, and what a refusal does not ------------------------------------------------------------


def effect(*more: Case) -> Check:
    """Every accepted request had the effect of the contract, and every answer shows the state as it is."""

    def check(trial: Trial) -> Iterator[Finding]:
        trial.seeing()
        for case in more:
            trial.send(case, accept=True)
        for sent in successes(trial):
            yield from _differences(sent)

    return check


def own_effect(case: Case) -> Check:
    """One case is accepted and does what it should."""

    def check(trial: Trial) -> Iterator[Finding]:
        sent = trial.send(case, accept=True)
        if not sent.exchange.succeeded:
            yield finding(sent, str(trial.operation.success.status))
        yield from _differences(sent)

    return check


def _differences(sent: Sent) -> Iterator[Finding]:
    for difference in sent.differences:
        yield difference.finding(f"{sent.case.label}: {difference.what}", sent.exchange)


def repeated_relation(level: Level, case: Case) -> Check:
    """The same relation a second time is a conflict, and changes nothing; where that is left open, it is noted."""
    judge = observed(case) if level is Level.OBSERVE else answered({CONFLICT}, case)

    def check(trial: Trial) -> Iterator[Finding]:
        sent_before = case.name in {earlier.case.name for earlier in trial.log}
        sent = trial.send(case)
        if not sent_before and not sent.exchange.succeeded:
            trial.tracker.see(sent)
        yield from judge(trial)

    return check


def conflict_details(case: Case) -> Check:
    """The error on joining a second time names member and container, if its id has such details."""

    def check(trial: Trial) -> Iterator[Finding]:
        attempt = trial.send(case)
        try:
            refusal = attempt.exchange.response.json()["error"] if attempt.exchange.response else {}
            id_, details = refusal["id"], refusal.get("details")
        except (ValueError, KeyError, TypeError, AttributeError):
            id_, details = None, None
        if attempt.exchange.status != CONFLICT or id_ != RELATION_EXISTS:
            raise NotJudged("no such error was seen")
        ends = pair(trial.contract, trial.operation, attempt.roles, attempt.caller)
        assert ends is not None
        expected: dict[str, str] = {}
        for side, (kind, identity) in zip(("child", "parent"), ends, strict=True):
            expected |= {f"{side}Type": _shown_kind(kind), f"{side}Id": identity}
        if details != expected:
            message = f"{case.label}: the error does not name who belongs to what"
            yield Finding(message, brief(expected), brief(details), attempt.exchange)

    return check


def _shown_kind(kind: str) -> str:
    """A kind as errors name it: `handleService`."""
    first, *rest = kind.split("_")
    return first + "".join(map(str.capitalize, rest))


def unknown_path(trial: Trial) -> Iterator[Finding]:
    """A POST to an unknown path is answered 405, with the methods of static files in `Allow`."""
    account = trial.account
    if account is None:
        raise NotJudged("this is asked with an administrator's account")
    path = f"{account.api.path(trial.operation, {})}/ozkit-no-such-path"
    exchange = account.api.wire.send(Request("POST", path, account.auth, label="a POST to a path of nothing"))
    if exchange.status != NOT_ALLOWED:
        yield Finding("a POST to a path of nothing", str(NOT_ALLOWED), exchange.answer(), exchange)
