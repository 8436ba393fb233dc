"""What is asked of a second group: who may there, and what no other part of a request may decide."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.cases import Case
from onezone_contracts.checks.forbidden import group_in_body
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.exchange import Auth, Exchange, Request, Response
from onezone_contracts.requirement import NotJudged
from onezone_contracts.sent import Created, Prepared, Sent
from onezone_contracts.target.file import Target
from onezone_spec import load

BASE = "http://127.0.0.1:1/api"
MADE = "/api/groups/{}/handle_services/s1"


def answered(case: Case, status: int, location: str | None = None) -> Sent:
    """A case of the group g1 that was answered so."""
    path = f"/api/groups/g1/handle_services{case.tail}"
    request, auth = Request("POST", path), Auth((), "nobody")
    roles = {"group": ("group", "g1")}
    prepared = Prepared(case, roles, None, auth, None, allowed=False, request=request, stage=None)
    headers = (("Location", location),) if location else ()
    return prepared.answered(Exchange(request, "", Response(status, headers, b"")))


class Lists:
    """What groups list after one creation; None where a group's services cannot be listed."""

    def __init__(self, own: set[str] | None, other: set[str] | None) -> None:
        self.own, self.other = own, other
        self.created: dict[str, Created] = {}
        self.services: dict[str, set[str]] = {} if other is None else {"g2": {"s0"}}

    def accepted(self, sent: Sent) -> None:
        """Look at the own group."""
        identity = (sent.location or "").rpartition("/")[2]
        listed = None if self.own is None else identity in self.own
        self.created[sent.case.name] = Created(sent, identity, listed=listed)

    def creation_of(self, sent: Sent) -> Created | None:
        """What came of an accepted request."""
        return self.created.get(sent.case.name)

    def listed(self, _group: str, _shows: object) -> set[str] | None:
        """What the other group lists."""
        return self.other

    def open(self, _group: str) -> None:
        """Nothing else is looked at."""


def asked(send: Callable[[Case], Sent], lists: Lists | None = None, **more: Any) -> Any:
    """A run with a second group, whose cases are answered by a function."""
    ledger = lists or Lists(None, None)

    def sending(case: Case, **_: Any) -> Sent:
        sent = send(case)
        if sent.succeeded:
            ledger.accepted(sent)
        return sent

    return SimpleNamespace(
        target=Target(BASE, {}, missing="f" * 32, other="g2"),
        identity=lambda _: SimpleNamespace(group="g1"),
        send=sending,
        each=lambda cases, **_: map(sending, cases),
        consequences=lambda _: iter(()),
        ledger=ledger,
        readback=SimpleNamespace(lists={}),
        **more,
    )


def messages(send: Callable[[Case], Sent], lists: Lists | None = None) -> list[str]:
    """What is found."""
    return [finding.message for finding in group_in_body(("member",), "administrator")(asked(send, lists))]


AROUND = "a valid request of the persona member whose path leads by /../ from its own group to another"


@pytest.mark.parametrize(
    ("group", "lists", "wrong"),
    [
        ("g2", Lists(None, None), ["its Location names another group"]),
        ("g1", Lists({"s1"}, {"s0"}), []),
        ("g1", Lists(None, None), []),
        ("g1", Lists(None, {"s0"}), []),
        ("g1", Lists(set(), {"s0", "s1"}), ["the service is listed by another group"]),
    ],
    ids=["named", "own", "unseen", "not-there", "seen"],
)
def test_a_way_around_the_own_group_leads_to_no_other(group: str, lists: Lists, wrong: list[str]) -> None:
    """A server may normalise the path or ignore what follows it: it makes no service elsewhere."""

    def send(case: Case) -> Sent:
        return answered(case, 204 if "/../" in case.tail else 403, MADE.format(group))

    assert messages(send, lists) == [f"{AROUND}: {what}" for what in wrong]


@pytest.mark.parametrize(("group", "wrong"), [("g1", 0), ("g1/groups/g1", 0), ("g2", 1)])
def test_what_the_body_names_gets_no_service(group: str, wrong: int) -> None:
    """A server may ignore what the body says besides, or refuse it; it makes no service elsewhere."""

    def send(case: Case) -> Sent:
        return answered(case, 204 if case.name.endswith(".other") else 403, MADE.format(group))

    findings = messages(send)
    assert len(findings) == wrong
    assert all(message.endswith(": its Location names another group") for message in findings)
    assert messages(lambda case: answered(case, 400)) == []


def second(status: int, *, new: bool = False, services: set[str] | None = None, any_group: bool = False) -> list[str]:
    """What is found of an administrator who is answered so in the second group, which lists these services."""
    contract = load("classic")
    every = requirements(contract, judged_operations(contract)[0], "quick")
    check = next(r.check for r in every if r.topic == "access.other-group.administrator")
    run = asked(lambda case: answered(case, status, MADE.format("g2") if status == 204 else None))
    run.target.other_is_new = new
    run.ledger.initial = {} if services is None else {"g2": frozenset(services)}
    run.readback.ids = lambda _: set() if any_group else None
    run.operation = judged_operations(contract)[0]
    run.transmit = run.send
    run.log = []
    return [finding.message for finding in check(run)]


@pytest.mark.parametrize("services", [None, set()])
def test_a_second_group_that_may_not_be_there_is_wanting(services: set[str] | None) -> None:
    """The target file may name one that was deleted since; some targets list those as empty."""
    with pytest.raises(NotJudged, match="give groups") as caught:
        second(404, services=services, any_group=True)
    assert caught.value.wanting


@pytest.mark.parametrize(
    ("status", "there", "wrong"),
    [
        (204, {}, 0),
        (403, {}, 1),
        (404, {"new": True}, 1),
        (404, {"services": {"s0"}, "any_group": True}, 1),
        (404, {"services": set()}, 1),
    ],
)
def test_an_administrator_may_in_a_second_group(status: int, there: dict[str, Any], wrong: int) -> None:
    """A 404 for a group that is there is a refusal."""
    assert len(second(status, **there)) == wrong
