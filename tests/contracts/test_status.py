"""Judging an answer by its status."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.cases import Case
from onezone_contracts.checks.status import misfits
from onezone_contracts.exchange import Auth, Exchange, Request, Response
from onezone_contracts.requirement import ALONE, HungError, NotJudged, OutOfTimeError
from onezone_contracts.sent import Prepared, Sent
from onezone_contracts.supplied_run import SuppliedRun


def answered(status: int) -> Sent:
    """A request that was answered so."""
    request, auth = Request("POST", "/"), Auth((), "nobody")
    prepared = Prepared(Case("a", "a case"), {}, None, auth, None, allowed=False, request=request, stage=None)
    return prepared.answered(Exchange(request, "", Response(status, (), b"")))


class Again(SuppliedRun):
    """A run in which a request that is sent once more comes to this."""

    def __init__(self, outcome: Sent | NotJudged) -> None:
        self.outcome = outcome
        self.api: Any = SimpleNamespace(wire=SimpleNamespace(close=lambda: None))

    def fresh(self, *_: Any, **__: Any) -> Sent:
        """What comes of it."""
        if isinstance(self.outcome, NotJudged):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "more"),
    [(answered(401), f"{ALONE}, 401"), (answered(400), ""), (OutOfTimeError(), ""), (HungError("it hung"), "")],
)
def test_what_was_seen_is_told_whatever_comes_of_asking_again(outcome: Any, more: str) -> None:
    """The time may be over, or the server hang by now."""
    findings = list(misfits([answered(400)], lambda answer: answer.exchange.status == 401, "401", Again(outcome)))
    assert [finding.message for finding in findings] == [f"a case: expected 401, got 400{more}"]
