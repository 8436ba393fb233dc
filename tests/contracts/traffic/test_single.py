"""What one exchange shows."""

from pathlib import Path

import pytest
from traffic_tools import BODY, GROUP, Story, failing

CREATE = f"POST /groups/{GROUP}/handle_services"


def test_a_conformant_exchange_is_conformant(tmp_path: Path) -> None:
    """A creation as documented violates nothing."""
    story = Story()
    story.created("a")
    judgement = story.judged(tmp_path)
    assert judgement.verdict == "conformant"
    assert not failing(judgement)


@pytest.mark.parametrize(
    ("status", "more", "topic"),
    [
        (200, {"location": "groups/group-one/handle_services/a"}, "success.status"),
        (204, {"location": "http://x.test/somewhere/a"}, "location.form"),
        (204, {}, "location.present"),
        (204, {"location": "groups/group-one/handle_services/a", "answer": {"a": 1}}, "success.empty-body"),
        (500, {}, "robust.no-5xx"),
        (418, {}, "robust.known-status"),
        (400, {"answer": {"error": "words"}}, "error.shape.400"),
        (204, {"location": "groups/group-one/handle_services/a", "body": {**BODY, "name": 7}}, "body.type.name"),
        (204, {"location": "groups/group-one/handle_services/a", "body": "{"}, "body.malformed"),
    ],
)
def test_an_exchange_that_breaks_the_contract_fails(
    tmp_path: Path, status: int, more: dict[str, object], topic: str
) -> None:
    """Each has the requirement id that `ozkit verify` has for it."""
    story = Story()
    story.add(CREATE, status, **{"body": BODY, **more})  # type: ignore[arg-type]
    assert f"create_group_handle_service.{topic}" in failing(story.judged(tmp_path))


def test_a_success_without_credentials_fails(tmp_path: Path) -> None:
    """Where the recording shows credentials elsewhere."""
    story = Story()
    story.created("a")
    story.created("b", who=None)
    assert failing(story.judged(tmp_path)) == {"create_group_handle_service.access.anonymous"}


def test_a_recording_that_was_cleaned_of_credentials_accuses_nobody(tmp_path: Path) -> None:
    """Browsers leave Authorization out of recordings to be shared: who called is then not known."""
    story = Story()
    story.created("a", who=None)
    judgement = story.judged(tmp_path)
    assert not failing(judgement)
    assert "no Authorization" in judgement.hints[0]


def test_what_asks_for_patience_is_not_judged(tmp_path: Path) -> None:
    """A limiter's answers are not the service's."""
    story = Story()
    story.add(CREATE, 429, body=BODY)
    judgement = story.judged(tmp_path)
    assert judgement.verdict == "inconclusive"
    assert judgement.reason == "nothing was judged"


def test_a_page_of_what_stands_before_the_service_is_not_its_error(tmp_path: Path) -> None:
    """A firewall's 403; where no 403 was ever the documented Error, pages are the service's own."""
    for alone in (True, False):
        story = Story()
        page = story.add(CREATE, 403, body=BODY)
        page["response"]["content"] = {"size": 6, "mimeType": "text/html", "text": "<html>"}
        if not alone:
            story.refused(CREATE, 403, body=BODY)
        assert ("create_group_handle_service.error.shape.403" in failing(story.judged(tmp_path))) is alone


def test_a_browser_that_opens_an_address_is_not_judged(tmp_path: Path) -> None:
    """What is sent to clients that ask for HTML is left open."""
    story = Story()
    story.add("GET /user", 200, headers=(("Accept", "text/html,*/*;q=0.8"),))
    assert not failing(story.judged(tmp_path))
