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
from onezone_contracts.sent import Prepared, Sent
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


def asked(send: Callable[[Case], Sent]) -> Any:
    """A run with a second group, whose cases are answered by a function."""
    return SimpleNamespace(
        target=Target(BASE, {}, missing="f" * 32, other="g2"),
        identity=lambda _: SimpleNamespace(group="g1"),
        send=lambda case, **_: send(case),
        consequences=lambda _: iter(()),
    )


def names(send: Callable[[Case], Sent]) -> list[str]:
    """The ends of the names of the cases that are found wrong."""
    findings = group_in_body(("member",), "administrator")(asked(send))
    return [finding.message.partition(":")[0] for finding in findings]


def test_a_way_around_the_own_group_leads_to_no_other() -> None:
    """Whether the path is normalised before who may is asked, or after, does not matter to who may."""
    messages = names(lambda case: answered(case, 204 if "/../" in case.tail else 403, MADE.format("g2")))
    assert messages == [
        "a valid request of the persona member whose path leads by /../ from its own group to another",
    ]


@pytest.mark.parametrize(("group", "wrong"), [("g1", 0), ("g2", 1)])
def test_what_the_body_names_gets_no_service(group: str, wrong: int) -> None:
    """A server may ignore what the body says besides, or refuse it; it makes no service elsewhere."""

    def send(case: Case) -> Sent:
        return answered(case, 204 if case.name.endswith(".other") else 403, MADE.format(group))

    assert len(names(send)) == wrong
    assert names(lambda case: answered(case, 400)) == []


def test_a_second_group_that_the_target_does_not_know_proves_nothing() -> None:
    """The target file may name one that was deleted since."""
    contract = load("classic")
    every = requirements(contract, judged_operations(contract)[0], "quick")
    check = next(r.check for r in every if r.topic == "access.other-group.administrator")
    with pytest.raises(NotJudged, match="no group g2"):
        list(check(asked(lambda case: answered(case, 404))))
