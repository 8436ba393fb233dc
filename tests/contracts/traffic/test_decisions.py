"""Decisions on callers whose privileges nobody saw."""

from pathlib import Path

import pytest
from onezone_contracts.traffic.constraints import Decision, contradiction
from traffic_tools import BODY, GROUP, OTHER, Story, failing

CREATE = f"POST /groups/{GROUP}/handle_services"
CONSISTENT = "create_group_handle_service.access.consistent"
A, B, C = (("zone", "", name) for name in "abc")


def allowed(*routes: set[tuple[str, str, str]]) -> Decision:
    return Decision(allowed=True, routes=tuple(map(frozenset, routes)))


def refused(*routes: set[tuple[str, str, str]]) -> Decision:
    return Decision(allowed=False, routes=tuple(map(frozenset, routes)))


def test_what_some_privileges_explain_is_no_contradiction() -> None:
    """Who was refused what needs A and B may still hold A."""
    assert not contradiction([refused({A, B}), allowed({A}, {C})])
    assert not contradiction([allowed({A, B}, {C}), refused({C})])


def test_what_no_privileges_explain_is_told_with_the_fewest_decisions() -> None:
    """Whoever holds A and B holds A; what has no part in it is left out."""
    decisions = [allowed({C}), refused({A}), allowed({A, B})]
    assert contradiction(decisions) == [1, 2]


def test_two_choices_are_weighed_together() -> None:
    """A is held or B, by either success; both are refused together."""
    assert contradiction([allowed({A}, {B}), refused({A}), refused({B})]) == [0, 1, 2]


def test_what_is_known_to_be_held_counts() -> None:
    """A refusal of somebody who is known to hold all that is needed."""
    assert contradiction([Decision(allowed=False, routes=(frozenset({A}),), assumed=frozenset({A}))]) == [0]


@pytest.mark.slow
def test_the_same_caller_is_decided_alike(tmp_path: Path) -> None:
    """Allowed, refused, and never allowed again."""
    story = Story()
    story.created("a")
    story.refused(CREATE, body=BODY)
    judgement = story.judged(tmp_path)
    assert failing(judgement) == {CONSISTENT}
    finding = next(result for result in judgement.results if result.findings).findings[0]
    assert len(finding.steps) == 2
    assert "no privileges that alice may hold explain it" in finding.message


@pytest.mark.slow
def test_privileges_that_were_on_their_way_are_no_contradiction(tmp_path: Path) -> None:
    """Refused at first, and allowed soon after."""
    story = Story()
    story.refused(CREATE, body=BODY)
    story.created("a")
    assert not failing(story.judged(tmp_path))


def test_other_callers_and_other_groups_are_decided_by_themselves(tmp_path: Path) -> None:
    """Who may in one group need not in another."""
    story = Story()
    story.created("a")
    story.refused(CREATE, body=BODY, who="bob")
    story.refused(f"POST /groups/{OTHER}/handle_services", body=BODY)
    assert not failing(story.judged(tmp_path))


def test_a_change_of_grants_begins_anew(tmp_path: Path) -> None:
    """After privileges were taken from somebody, refusals are as right as successes were before."""
    story = Story()
    story.created("a")
    story.add(f"PATCH /groups/{GROUP}/users/alice/privileges", 204, who="root", body={"revoke": ["group_view"]})
    story.refused(CREATE, body=BODY)
    assert not failing(story.judged(tmp_path))


def test_what_was_granted_in_the_traffic_counts(tmp_path: Path) -> None:
    """Somebody who read who they are, and was given all that is needed, may."""
    story = Story()
    story.add("GET /user", 200, answer={"userId": "u1"})
    grant = {"privileges": ["group_create_handle_service", "group_view"]}
    story.add(f"PUT /groups/{GROUP}/users/u1", 201, who="root", body=grant)
    story.refused(f"GET /groups/{GROUP}/handle_services")
    assert "list_group_handle_services.access.consistent" in failing(story.judged(tmp_path))


def test_callers_whose_credentials_are_masked_are_not_taken_for_one(tmp_path: Path) -> None:
    """As in recordings that tools cleaned."""
    story = Story()
    masked = (("Authorization", "Basic ***"),)
    story.created("a", who=None, headers=masked)
    story.refused(CREATE, body=BODY, who=None, headers=masked)
    assert not failing(story.judged(tmp_path))
