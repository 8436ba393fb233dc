"""Sequences over all operations: what only they show is shown, as short as it goes, and nothing of honest servers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from front import front
from onezone_contracts import wire
from onezone_contracts.api import new_id
from onezone_contracts.exchange import Exchange, Request, basic
from onezone_contracts.requirement import Finding
from onezone_contracts.run import Options
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_contracts.target import embedded
from onezone_contracts.target.file import SetupError
from onezone_contracts.verdict import Judgement, Verdict
from onezone_spec import editions
from running_mock import ADMIN

if TYPE_CHECKING:
    from running_mock import Running

ONLY = ("all_operations.*",)
HASTY = Options(settle=0.2)
SHOWN = {
    "around-memory-two-levels-refused": "allowed",
    "around-history-revoked-counts": "forbidden",
    "around-history-child-stays": "state",
    "around-memory-refused-rejoins": "unchanged",
}


def outcomes(judgement: Judgement) -> dict[str, str]:
    return {result.requirement.id.rpartition(".")[2]: result.outcome.value for result in judgement.results}


def finding(judgement: Judgement, kind: str) -> Finding:
    (only,) = (
        finding
        for result in judgement.results
        if result.requirement.topic == f"sequence.{kind}"
        for finding in result.findings
    )
    return only


@contextmanager
def faulty(*faults: str) -> Iterator[str]:
    """The origin of a mock with these faults."""
    with embedded.mock("current") as origin:
        body = json.dumps(faults).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{origin}/_mock/faults", body, method="PUT")):
            yield origin


def judged(origin: str, options: Options = HASTY, states: str = "") -> Judgement:
    """What sequences show of a mock; the provider states may be reached elsewhere."""
    request = Subject(f"{origin}/api/v3", states_url=f"{states or origin}/_mock/states", profile="full")
    return judge_target(request, options, ONLY)


# --- servers that do what they should -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_a_correct_server_passes_and_its_world_is_left_as_it_was(mocks: dict[str, Running], edition: str) -> None:
    """All four pass in some thousand requests, and a snapshot after equals the one before."""
    mock = mocks[edition]
    before = mock.world()
    judgement = judge_target(
        Subject(mock.base_url, admin=mock.admin, edition=edition, profile="full"), Options(seed=1), ONLY
    )
    assert (judgement.verdict, judgement.reason) == (Verdict.CONFORMANT, None)
    assert outcomes(judgement) == dict.fromkeys(("allowed", "forbidden", "state", "unchanged"), "pass")
    assert judgement.requests < 20_000
    assert mock.world() == before


@pytest.mark.slow
def test_a_server_whose_answers_lag_is_not_blamed(mock: Running) -> None:
    """What it shows, and whom it lets read, is up to 100 ms old: that is waited for."""
    with front(mock.origin, lambda _method, _path: None, lag=0.1) as origin:
        judgement = judged(origin, Options(settle=2.0), mock.origin)
    assert set(outcomes(judgement).values()) == {"pass"}


@pytest.mark.slow
def test_what_is_not_offered_takes_no_part(mock: Running) -> None:
    """A server without operations on services is judged by all others."""

    def without_services(_method: str, path: str) -> int | None:
        return 404 if "handle_services" in path else None

    with front(mock.origin, without_services) as origin:
        judgement = judged(origin, states=mock.origin)
    assert set(outcomes(judgement).values()) == {"pass"}
    assert judgement.requests > 500


@pytest.mark.slow
def test_a_server_without_any_operation_is_not_judged(mock: Running) -> None:
    """Nobody can be made: that is said, and nothing is blamed."""

    def only_oneself(_method: str, path: str) -> int | None:
        return None if path.endswith(("/user", "/user/effective_privileges")) else 404

    with front(mock.origin, only_oneself) as origin:
        judgement = judged(origin, states=mock.origin)
    assert set(outcomes(judgement).values()) == {"blocked"}


@pytest.mark.slow
def test_quick_has_no_sequences(mock: Running) -> None:
    """They cost too much there."""
    with pytest.raises(SetupError, match="no requirement matches"):
        judged(mock.origin, Options(depth="quick"))


# --- what they show -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "kind"), SHOWN.items())
def test_what_a_sequence_shows_is_told_in_few_steps_that_show_it_again(fault: str, kind: str) -> None:
    """Only that requirement fails, or warns; the requests of the finding, sent once more, are answered the same."""
    with faulty(fault) as origin:
        judgement = judged(origin)
        shown = finding(judgement, kind)
        assert {name for name, outcome in outcomes(judgement).items() if outcome in {"fail", "warn"}} == {kind}
        assert 3 <= len(shown.steps) <= 10
        assert [exchange.status for exchange in repeated(origin, shown)] == [step.status for step in shown.steps]


def repeated(origin: str, shown: Finding) -> list[Exchange]:
    """The steps once more; ids that were made then are those that are made now, the administrator is another."""
    sender, ids, again = wire.Wire(origin), dict[str, str](), []
    admin = (("Authorization", basic(*ADMIN.split(":"))),)
    for step in shown.steps:
        request = step.request
        path = request.path
        for old, new in ids.items():
            path = path.replace(old, new)
        auth = replace(request.auth, headers=admin) if request.auth.who == "the administrator" else request.auth
        again.append(sender.send(replace(request, path=path, auth=auth)))
        if step.succeeded and (identity := new_id(step)) and request.method == "POST":
            ids[identity] = new_id(again[-1]) or ""
    sender.close()
    return again


# --- the same again -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_seed_says_what_is_drawn(mock: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed sends the same requests, another one sends others."""

    def drawn_requests(seed: int) -> list[tuple[Any, ...]]:
        noted: list[tuple[Any, ...]] = []
        send = wire.Wire.send

        def noting(self: wire.Wire, request: Request, timeout: float | None = None) -> Exchange:
            exchange = send(self, request, timeout)
            noted.append((request.method, request.label, exchange.status))
            return exchange

        with monkeypatch.context() as patch:
            patch.setattr(wire.Wire, "send", noting)
            judged(mock.origin, Options(seed=seed, clock=lambda: 0.0))
        return noted

    first, again, other = drawn_requests(3), drawn_requests(3), drawn_requests(4)
    assert first == again
    assert first != other
