"""What follows from one exchange for another."""

from pathlib import Path

import pytest
from traffic_tools import BASE, BODY, GROUP, OTHER, Story, error, failing, judged

CREATE = f"POST /groups/{GROUP}/handle_services"
READ = f"GET /groups/{GROUP}/handle_services"
FRESH = "create_group_handle_service.location.fresh"
DEPLOYED_STATUS = "create_group_handle_service.success.status"


def service_shown(service: str, **more: object) -> dict[str, object]:
    return {**BODY, "handleServiceId": service, "creationTime": 1, "creator": {"type": "user", "id": "u"}, **more}


def test_what_was_created_reads_as_it_was_sent(tmp_path: Path) -> None:
    """Another name is a violation of the creation, with both exchanges as steps."""
    story = Story()
    story.created("a")
    story.add(f"{READ}/a", 200, answer=service_shown("a", name="another"))
    judgement = story.judged(tmp_path)
    assert "create_group_handle_service.state.data" in failing(judgement)
    finding = next(result for result in judgement.results if result.requirement.topic == "state.data").findings[0]
    assert len(finding.steps) == 2


def test_a_read_that_lags_is_excused(tmp_path: Path) -> None:
    """A list that shows the creation a second later was late, and nothing else."""
    story = Story()
    story.created("a")
    story.listed()
    story.listed("a")
    assert not failing(story.judged(tmp_path))


def test_a_list_lacks_what_was_created(tmp_path: Path) -> None:
    """Where no later read shows it."""
    story = Story()
    story.created("a")
    story.listed()
    assert "create_group_handle_service.state.created-one" in failing(story.judged(tmp_path))


def test_a_list_that_loses_again_what_it_showed_does_not_lag(tmp_path: Path) -> None:
    """Long after the creation; soon after it, another replica may have answered."""
    for later, lost in ((3, False), (30, True)):
        story = Story()
        story.created("a")
        story.listed("a")
        story.listed(at=later)
        story.listed("a")
        assert ("create_group_handle_service.state.created-one" in failing(story.judged(tmp_path))) is lost


@pytest.mark.parametrize(("misses", "lost"), [(1, False), (2, False), (3, True)])
def test_a_replica_that_is_behind_at_the_end_of_a_recording_has_lost_nothing(
    misses: int, *, lost: bool, tmp_path: Path
) -> None:
    """Another read showed it already; what list after list does not show, soon after the creation, is lost."""
    story = Story()
    story.created("a")
    story.listed("a")
    for _ in range(misses):
        story.listed()
    assert ("create_group_handle_service.state.created-one" in failing(story.judged(tmp_path))) is lost


@pytest.mark.slow
@pytest.mark.parametrize(("later", "wrong"), [(3, False), (30, True)])
def test_what_was_just_created_may_not_be_everywhere_yet(later: int, *, wrong: bool, tmp_path: Path) -> None:
    """A 404 between two successes is wrong once every replica must know it."""
    story = Story()
    story.created("a")
    story.add(f"{READ}/a", 200, answer=service_shown("a"))
    story.add(f"{READ}/a", 404, at=later, answer=error("notFound"))
    story.add(f"{READ}/a", 200, answer=service_shown("a"))
    failures = failing(story.judged(tmp_path, edition="deployed"))
    assert ("get_group_handle_service.access.consistent" in failures) is wrong


def test_core_judges_the_documented_operation_alone(tmp_path: Path) -> None:
    """As with `ozkit verify`: the others are in no document of this edition."""
    story = Story()
    story.created("a")
    story.add(f"DELETE /groups/{GROUP}/handle_services/a", 202)
    assert failing(story.judged(tmp_path)) == {"leave_group_handle_service.success.status"}
    assert not failing(story.judged(tmp_path, profile="core"))


def test_requests_at_the_same_time_come_in_either_order(tmp_path: Path) -> None:
    """A list that was asked for while the creation was under way may lack it, or have it."""
    for names in ((), ("a",)):
        story = Story()
        story.created("a", at=1, took=2)
        story.listed(*names, at=2, took=2)
        assert not failing(story.judged(tmp_path))


def test_what_was_refused_left_nothing(tmp_path: Path) -> None:
    """A list that grew over a refusal."""
    story = Story()
    story.listed("a")
    story.refused(CREATE, 403, body=BODY)
    story.listed("a", "b")
    assert "create_group_handle_service.state.unchanged" in failing(story.judged(tmp_path))


def test_a_list_that_grew_by_somebody_unseen_accuses_nobody(tmp_path: Path) -> None:
    """Without a refusal between, the traffic is simply not all there was."""
    story = Story()
    story.listed("a")
    story.listed("a", "b")
    assert not failing(story.judged(tmp_path))


def test_what_was_deleted_is_gone(tmp_path: Path) -> None:
    """Reading it succeeds, and a list shows it."""
    for call, answer in ((f"{READ}/a", service_shown("a")), (READ, {"handle_services": ["a"]})):
        story = Story()
        story.add("DELETE /handle_services/a", 204)
        story.add(call, 200, answer=answer)
        assert "delete_handle_service.effect" in failing(story.judged(tmp_path))


def test_an_id_is_given_once(tmp_path: Path) -> None:
    """Two creations with one id."""
    story = Story()
    story.created("a")
    story.created("a")
    assert failing(story.judged(tmp_path)) == {"create_group_handle_service.location.fresh"}


def test_a_write_without_a_clear_answer_leaves_everything_open(tmp_path: Path) -> None:
    """After a 502 either state is right."""
    for answer in (service_shown("a"), service_shown("a", name="another")):
        story = Story()
        story.created("a")
        story.add("PATCH /handle_services/a", 502, body={"name": "another"}, answer=error())
        story.add(f"{READ}/a", 200, answer=answer)
        assert not {identity for identity in failing(story.judged(tmp_path)) if not identity.endswith("no-5xx")}


def test_credentials_that_are_right_before_and_after_are_right(tmp_path: Path) -> None:
    """A 401 between two successes of one caller."""
    story = Story()
    story.created("a")
    story.refused(CREATE, 401, body=BODY)
    story.created("b")
    assert "create_group_handle_service.access.consistent" in failing(story.judged(tmp_path))


def test_a_bad_body_of_somebody_who_may_is_a_400(tmp_path: Path) -> None:
    """Between two successes of the same caller nothing else can be wrong."""
    story = Story()
    story.created("a")
    story.refused(CREATE, 404, body={**BODY, "name": 7})
    story.created("b")
    assert "create_group_handle_service.body.type.name" in failing(story.judged(tmp_path))


@pytest.mark.slow
def test_what_is_not_understood_leaves_everything_of_its_kind_open(tmp_path: Path) -> None:
    """All tokens of somebody are deleted at once: none of them is expected any longer."""
    story = Story("http://onezone.test/api/v3/onezone")
    token = {"tokenId": "t1", "token": "a-token"}
    story.add("POST /users/u/tokens/named", 201, body={"name": "one"}, answer=token, location="/tokens/named/t1")
    story.add("DELETE /user/tokens/named", 204)
    story.add("GET /users/u/tokens/named", 200, answer={"tokens": []})
    judgement = judged(story.write(tmp_path / "a.har"), edition="deployed")
    assert "create_user_named_token.effect" not in failing(judgement)


def test_an_id_that_two_creations_share_is_no_new_one(tmp_path: Path) -> None:
    """Also of creations that were under way at once; an exchange that stands in two recordings is one."""
    for name, wrong in (("another", True), (BODY["name"], False)):
        story = Story()
        story.created("a", at=1, took=2)
        story.created("a", at=1, took=2, body={**BODY, "name": name})
        assert (FRESH in failing(story.judged(tmp_path))) is wrong


def test_creations_at_once_are_read_as_each_was_sent(tmp_path: Path) -> None:
    """None of them knows of the other."""
    story = Story()
    story.created("a", at=1, took=2)
    story.created("b", at=2, took=2, body={**BODY, "name": "another"})
    story.add(f"{READ}/a", 200, at=9, answer=service_shown("a", name="another"))
    assert "create_group_handle_service.state.data" in failing(story.judged(tmp_path))


def test_who_may_not_read_what_he_created_breaks_no_rule_of_the_creation(tmp_path: Path) -> None:
    """A contradiction between decisions is told of the operation around the documented one; `core` has none of it."""
    story = Story()
    story.created("a")
    story.refused(f"{READ}/a")
    story.refused(f"POST /groups/{OTHER}/handle_services", body=BODY)
    story.created("b")
    assert "create_group_handle_service.access.consistent" not in failing(story.judged(tmp_path, edition="deployed"))
    assert not failing(story.judged(tmp_path, edition="deployed", profile="core")) - {DEPLOYED_STATUS}


def test_who_names_what_was_created_came_after_its_creation(tmp_path: Path) -> None:
    """Whatever the clock says, which in recordings of browsers has milliseconds."""
    story = Story()
    story.created("a", at=1, took=1)
    story.add(f"{READ}/a", 200, at=1.9, answer=service_shown("a", name="another"))
    assert "create_group_handle_service.state.data" in failing(story.judged(tmp_path))


@pytest.mark.parametrize("call", ["PATCH /user", "DELETE /user/groups/group-one"])
def test_who_is_not_known_may_be_anybody(tmp_path: Path, call: str) -> None:
    """Somebody changes an own account, or leaves a group: nobody saw whose it is."""
    story = Story()
    user = {"fullName": "One", "username": "one-name", "password": "password-of-one"}
    story.add("POST /users", 201, body=user, location=f"{BASE}/users/u1")
    story.add(f"PUT /groups/{GROUP}/users/u1", 201, body={}, location=f"{BASE}/groups/{GROUP}/users/u1")
    story.add(call, 204, who="somebody", **({"body": {"fullName": "Other"}} if call.startswith("PATCH") else {}))
    shown = {"userId": "u1", "fullName": "Other", "username": "one-name"}
    story.add("GET /users/u1", 200, answer=shown | {"basicAuthEnabled": True, "blocked": False, "creationTime": 1})
    story.add(f"GET /groups/{GROUP}/users", 200, answer={"users": []})
    assert not {name for name in failing(story.judged(tmp_path, edition="deployed")) if name.endswith(".effect")}
