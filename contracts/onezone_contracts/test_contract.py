"""The suite under pytest: an item a requirement, and one for what must have been seen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from onezone_contracts import suite
from onezone_contracts.curl import curl
from onezone_contracts.judge import Session, judge_one
from onezone_contracts.reports.json_report import steps
from onezone_contracts.reports.wording import numbered
from onezone_contracts.requirement import Outcome, Requirement, Result
from onezone_contracts.target.file import SetupError

pytestmark = [pytest.mark.xdist_group("onezone")] if find_spec("xdist") else []
"""What two workers do in the same group cannot be told apart."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item a requirement, in the order in which they are judged."""
    if "requirement" in metafunc.fixturenames:
        requirements = suite.chosen(metafunc.config)
        metafunc.parametrize("requirement", requirements, ids=[requirement.id for requirement in requirements])


@pytest.fixture(scope="session")
def onezone_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """What is judged, past its preflight."""
    try:
        with suite.running(request.config) as session:
            yield session
    except SetupError as error:
        if hasattr(request.config, "workerinput"):  # to end a worker of xdist looks like a crash
            pytest.fail(f"inconclusive: {error}", pytrace=False)
        pytest.exit(f"inconclusive: {error}", returncode=2)


def test_requirement(onezone_session: Session, requirement: Requirement) -> None:
    """The target keeps one requirement of the contract."""
    result = judge_one(onezone_session, requirement)
    message = _message(onezone_session, result)
    if result.fails_as_expected:
        pytest.xfail(message)
    strict = result.outcome is Outcome.WARN and onezone_session.options.strict
    if strict or result.outcome in {Outcome.FAIL, Outcome.ERROR}:
        pytest.fail(message, pytrace=False)
    if result.outcome is Outcome.BLOCKED:
        pytest.fail(f"blocked: {result.reason}", pytrace=False)
    if result.outcome is Outcome.SKIP:
        pytest.skip(result.reason or "")
    if result.outcome is Outcome.WARN:
        warnings.warn(message, stacklevel=1)


def test_every_documented_answer_was_seen(onezone_session: Session, request: pytest.FixtureRequest) -> None:
    """A run that never saw a documented answer has not judged the target."""
    if suite.partial(request.config):
        pytest.skip("only a part of the suite runs here")
    everything = max(suite.chosen(request.config), key=lambda requirement: len(requirement.evidence))
    onezone_session.ready_for(everything)  # in whatever order the items run
    assert not (unseen := onezone_session.unseen()), f"never seen: {sorted(unseen)}"
    unknown = onezone_session.unknown(whole=True)
    assert unknown is None, unknown


def _message(session: Session, result: Result) -> str:
    requirement, redactor = result.requirement, session.redactor
    lines = [f"{requirement.id} ({requirement.level}): {requirement.text}", f"source: {requirement.source}"]
    if result.reason:
        lines.append(result.reason)
    for finding in result.findings:
        lines += ["", finding.message, f"expected: {finding.expected}", f"actual:   {finding.actual}"]
        if finding.exchange and not finding.steps:
            lines += [f"answer:   {finding.exchange.summary(redactor)}", curl(finding.exchange, redactor)]
        lines += numbered(steps(finding, redactor))
    return redactor.text("\n".join(lines))
