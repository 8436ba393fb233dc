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
        (204, {"location": "groups/group-one/handle_services/a", "body": '// c\n{"name": "a"'}, "body.malformed"),
        (204, {"location": "groups/group-one/handle_services/a", "body": '17 {"name": "a"}'}, "body.malformed"),
    ],
)
def test_an_exchange_that_breaks_the_contract_fails(
    tmp_path: Path, status: int, more: dict[str, object], topic: str
) -> None:
    """Each has the requirement id that `ozkit verify` has for it."""
    story = Story()
    story.add(CREATE, status, **{"body": BODY, **more})  # type: ignore[arg-type]
    assert f"create_group_handle_service.{topic}" in failing(story.judged(tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "a",}',
        "{'name': 'a'}",
        '{"name": "a" /* x */}',
        "// c\n{name: 'a'}",
        "{name: 'a'} // end }",
        '/* c */ {"name": "a"} /* end */ # more',
        '{"name": "a"} trailing',
        '{"name": "a"}}',
        '{"name": "a"}\n{"name": "b"',
    ],
)
def test_extensions_of_json_are_open_where_the_document_is_silent(tmp_path: Path, body: str) -> None:
    """RFC 8259, 9 lets a parser accept them; released servers do not."""
    story = Story()
    story.add(CREATE, 204, body=body, location="/api/v3/groups/group-one/handle_services/a")
    assert not failing(story.judged(tmp_path))
    story = Story()
    story.add(CREATE, 201, body=body, location="/api/v3/groups/group-one/handle_services/a")
    assert failing(story.judged(tmp_path, edition="deployed")) == {"create_group_handle_service.body.extended"}


@pytest.mark.parametrize(("key", "silent"), [("handleServiceId", False), ("id", True)])
def test_a_clients_id_is_not_the_new_one_where_the_document_says_so(tmp_path: Path, key: str, *, silent: bool) -> None:
    """Under another key than the documented one, only what released servers do is documented."""
    sent = {"body": {**BODY, key: "mine"}, "location": "/api/v3/groups/group-one/handle_services/mine"}
    story = Story()
    story.add(CREATE, 204, **sent)  # type: ignore[arg-type]
    topics = set() if silent else {"create_group_handle_service.location.own-id"}
    assert failing(story.judged(tmp_path)) == topics
    story = Story()
    story.add(CREATE, 201, **sent)  # type: ignore[arg-type]
    topic = f"create_group_handle_service.location.own-id{'-keys' if silent else ''}"
    assert failing(story.judged(tmp_path, edition="deployed")) == {topic}


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


HERE = f"/api/v3/groups/{GROUP}/handle_services/a"
TRACE = 'Traceback (most recent call last)\n  File "/srv/app/views.py", line 3'


@pytest.mark.parametrize(
    ("location", "topic"),
    [
        (f"ftp://onezone.test{HERE}", "location.uri"),
        (f"http://onezone.test:99999{HERE}", "location.uri"),
        (f"http://undefined{HERE}", "location.form"),
        (f"/{HERE}", "location.form"),
        (HERE.removeprefix("/api/v3/"), "location.form"),
    ],
)
def test_a_location_that_leads_nowhere_fails(tmp_path: Path, location: str, topic: str) -> None:
    """Its host, its scheme and what it is relative to count, not its end alone."""
    story = Story()
    story.add(CREATE, 204, body=BODY, location=location)
    assert f"create_group_handle_service.{topic}" in failing(story.judged(tmp_path))


def test_a_location_may_spell_a_number_otherwise(tmp_path: Path) -> None:
    """Where ids are numbers, a server may have read the one of the path as such."""
    story = Story()
    story.add("POST /groups/007/handle_services", 204, body=BODY, location="/api/v3/groups/7/handle_services/9")
    assert not failing(story.judged(tmp_path))


@pytest.mark.parametrize(
    ("words", "topic"), [("alice-secret is wrong", "robust.no-secrets"), (TRACE, "robust.no-internals")]
)
def test_an_error_that_reveals_something_fails(tmp_path: Path, words: str, topic: str) -> None:
    """A secret of the request, or how the server is made."""
    story = Story()
    story.add(CREATE, 403, body=BODY, answer={"error": {"id": "forbidden", "description": words}})
    assert f"create_group_handle_service.{topic}" in failing(story.judged(tmp_path))


def test_an_error_may_repeat_a_cookie_or_a_trace_id(tmp_path: Path) -> None:
    """What a browser sends back by itself is none of the credentials."""
    story = Story()
    headers = (("Cookie", "session=abc-123-def"), ("X-Session-Id", "trace-99-ab"))
    story.add(
        CREATE, 403, body=BODY, headers=headers, answer={"error": {"id": "forbidden", "description": "trace-99-ab"}}
    )
    story.entries[-1]["response"]["headers"].append({"name": "Set-Cookie", "value": "session=abc-123-def"})
    assert "create_group_handle_service.robust.no-secrets" not in failing(story.judged(tmp_path))


@pytest.mark.parametrize(("accept", "wrong"), [("*/*", 1), ("application/json", 1), ("text/csv", 0)])
def test_who_accepts_json_is_served(tmp_path: Path, accept: str, wrong: int) -> None:
    """A 406 is for those who do not."""
    story = Story()
    story.refused(CREATE, 406, body=BODY, headers=(("Accept", accept),))
    assert ("create_group_handle_service.accept-header.json" in failing(story.judged(tmp_path))) == wrong


@pytest.mark.parametrize(("status", "wrong"), [(204, 1), (500, 1), (405, 0), (404, 0)])
def test_a_method_that_a_path_does_not_have_is_refused(tmp_path: Path, status: int, wrong: int) -> None:
    """Whatever it is answered, it counts as no call of an operation."""
    story = Story()
    story.created("a")
    story.add(CREATE.replace("POST", "PUT"), status, body=BODY)
    judgement = story.judged(tmp_path)
    assert ("create_group_handle_service.method.other" in failing(judgement)) == wrong
    assert judgement.requests == 1


def test_a_list_of_privileges_is_sorted(tmp_path: Path) -> None:
    """As released servers sort it."""
    story = Story()
    story.add(f"GET /groups/{GROUP}/users/u/privileges", 200, answer={"privileges": ["group_view", "group_delete"]})
    assert "get_group_user_privileges.success.sorted" in failing(story.judged(tmp_path, edition="deployed"))


@pytest.mark.parametrize("value", ["Basic Og==", "Basic bm8gY29sb24="])
def test_credentials_that_name_nobody_let_nobody_in(tmp_path: Path, value: str) -> None:
    """No user name, or no colon; a 403 of the service says that they were taken for somebody's."""
    for masked in (False, True):
        story = Story()
        story.refused(CREATE, 403, who=None, body=BODY, headers=(("Authorization", value),))
        if not masked:  # credentials that can be read show that no tool masked these
            story.created("a")
        topics = {identity.partition(".authentication.")[2] for identity in failing(story.judged(tmp_path))} - {""}
        assert bool(topics & {"half-credentials", "malformed"}) is not masked


def test_what_everybody_may_is_open_without_credentials(tmp_path: Path) -> None:
    """An operation without an access rule asks nobody who they are."""
    story = Story()
    story.created("a")
    story.refused("GET /handle_services/a/public", 401, who=None)
    assert "get_handle_service_public.authentication.none" in failing(story.judged(tmp_path, edition="deployed"))


def test_what_an_edition_does_not_have_is_advice(tmp_path: Path) -> None:
    """The bodies of operations that no document of the edition has are a SHOULD; in `deployed` they are documented."""
    for edition, verdict in (("current", "conformant"), ("deployed", "nonconformant")):
        story = Story()
        story.add(f"GET /groups/{GROUP}/handle_services", 200, answer=["a"])
        judgement = story.judged(tmp_path, edition=edition)
        assert failing(judgement) == {"list_group_handle_services.success.body"}
        assert judgement.verdict == verdict
