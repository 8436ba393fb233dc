"""Who may not, may not: whatever else is said in the request, and whatever was asked before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from onezone_contracts.cases import GROUP, HOME, MISSING, OTHER, Case
from onezone_contracts.checks.status import finding, name_taken, words
from onezone_contracts.checks.success import names_another_group
from onezone_contracts.requirement import Check, Finding, NotJudged, Sending
from onezone_contracts.sent import Sent
from onezone_contracts.supplied_run import SuppliedRun


def denied(*cases: Case) -> Check:
    """No case succeeds with a Location; how it is refused, or what else the server makes of it, is left open."""

    def check(run: SuppliedRun) -> Iterator[Finding]:
        for sent in run.each(cases):
            if sent.exchange.succeeded and sent.location is not None:
                yield finding(sent, "a refusal")

    return Sending(check, cases)


def again_and_again(times: int, *cases: Case) -> Check:
    """Each case is refused as often as it is sent, also directly one after another."""

    def check(run: SuppliedRun) -> Iterator[Finding]:
        series = [[replace(case, label=f"{case.label}, time {n + 1}") for n in range(times)] for case in cases]
        for sent in run.side_by_side(series):
            allowed = next((n for n, request in enumerate(sent) if request.exchange.succeeded), None)
            if allowed is not None:
                yield _with_steps(sent[: allowed + 1], "a refusal each time")

    return check


def directly_after(*pairs: tuple[Case, Case, Collection[int]]) -> Check:
    """Directly after the first of a pair the second is answered with one of the statuses, as it would be alone."""

    def check(run: SuppliedRun) -> Iterator[Finding]:
        before = False
        series = [(first, second) for first, second, _ in pairs]
        for sent, (_, _, statuses) in zip(run.in_turns(series), pairs, strict=True):
            before = before or sent[0].exchange.succeeded
            if sent[1].exchange.status not in statuses and not name_taken(run, sent[1]):
                yield _with_steps(sent, words(statuses))
        if not before:
            raise NotJudged("nothing was accepted before", blocked=True)

    return check


def _with_steps(sent: list[Sent], expected: str) -> Finding:
    last = finding(sent[-1], expected)
    return replace(last, steps=tuple(request.exchange for request in sent))


def group_in_body(elsewhere: tuple[str, ...], anywhere: str | None) -> Check:
    """The group of the path counts, and no other that the body or the query names.

    `elsewhere`: personas who may in their own group only; `anywhere`: one who may in any group that there is.
    """

    def check(run: SuppliedRun) -> Iterator[Finding]:
        strangers = elsewhere if run.target.other else ()
        insider = (anywhere or next(iter(elsewhere), None)) if run.target.other else None
        named = [(who, OTHER) for who in strangers] + ([(anywhere, MISSING)] if anywhere else [])
        refused = [_elsewhere(run, who, word) for who, word in named]
        around = [_around(run, who, run.target.other or "") for who in strangers]
        for sent in run.each([*refused, *around, *([_inside(run, insider)] if insider else [])]):
            if sent.case in refused:
                if sent.exchange.succeeded:
                    yield finding(sent, "a refusal")
            elif sent.case in around:
                yield from _led_elsewhere(run, sent)
            else:
                if sent.exchange.succeeded and names_another_group(run, sent):
                    yield _misplaced(sent)
                yield from run.consequences(sent)

    return check


def _elsewhere(run: SuppliedRun, who: str, word: str) -> Case:
    """A request for another group that names the own one."""
    label = f"a valid request of the persona {who} for another group, with the own one's id in the body"
    return _naming(run, run.identity(who).group, f"access.group-in-body.{who}", label, who, word)


def _inside(run: SuppliedRun, who: str) -> Case:
    """A request for the own group that names another one."""
    label = f"a valid request of the persona {who} for its own group, with another one's id in the body"
    return _naming(run, run.target.other or "", f"access.group-in-body.{who}.other", label, who, HOME)


def _around(run: SuppliedRun, who: str, group: str) -> Case:
    """A request whose path begins at the own group and leads to another by dots."""
    label = f"a valid request of the persona {who} whose path leads by /../ from its own group to another"
    tail = f"/../../{run.target.quoted(group)}/handle_services"
    return Case(f"access.group-in-body.{who}.around", label, who=who, tail=tail, edge=True, open=True)


def _led_elsewhere(run: SuppliedRun, sent: Sent) -> Iterator[Finding]:
    """That a service is in the other group, or said to be; a server may ignore what follows the path, too."""
    other = run.target.other or ""
    if not sent.succeeded:
        return
    if names_another_group(run, sent):
        run.ledger.open(other)
        yield _misplaced(sent)
        return
    creation = run.ledger.creation_of(sent)
    before = run.ledger.services.get(other)
    if creation is None or not creation.id or creation.listed or before is None:
        return  # in its own group, or it cannot be told where
    now = run.ledger.listed(other, lambda ids: creation.id in ids)
    if now is not None and creation.id in now - before:
        what, came = "the service is listed by another group", f"{creation.id} in {other}"
        yield creation.finding(what, "a service of its own group, or none", came, run.readback.lists.get(other))


def _misplaced(sent: Sent) -> Finding:
    return sent.finding("its Location names another group", f"a service of {sent.group}", str(sent.location))


def _naming(run: SuppliedRun, group: str, name: str, label: str, who: str, word: str) -> Case:
    """A request to one group that names another in its body and its query."""
    more = dict.fromkeys(("group", "groupId", "group_id", "id", "gid"), group)
    return Case(
        name,
        label,
        who=who,
        roles={GROUP: word},
        change=lambda body: {**body, **more},
        tail="?" + "&".join(f"{key}={run.target.quoted(value)}" for key, value in more.items()),
    )
