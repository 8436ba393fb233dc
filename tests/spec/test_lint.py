"""The lint: quiet about the contract as it is, and naming each way to break it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onezone_spec import editions, load
from onezone_spec.lint import main, problems, source_problems

Break = Callable[[dict[str, Any]], object]
GROUP = "/groups/{id}/handle_services"
ONE = "/groups/{id}/handle_services/{hsid}"


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(dict(load("current").document))


def post(document: dict[str, Any]) -> dict[str, Any]:
    return document["paths"][GROUP]["post"]


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["components"]["schemas"][name]


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_the_contract_is_clean(edition: str) -> None:
    """Nothing is wrong with any edition."""
    assert problems(load(edition).document) == []


@pytest.mark.slow
def test_the_command_is_quiet_about_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m onezone_spec.lint` says nothing and ends with 0."""
    assert main([]) == 0
    assert capsys.readouterr() == ("", "")


BREAKS: dict[str, tuple[Break, str]] = {
    "operation id used twice": (
        lambda d: d["paths"][GROUP]["get"].update(operationId="get_handle_service"),
        "operationId 'get_handle_service' is used more than once",
    ),
    "no source": (lambda d: post(d).pop("x-onezone-source"), f"POST {GROUP}: x-onezone-source is missing"),
    "no access": (lambda d: post(d).pop("x-onezone-access"), f"POST {GROUP}: x-onezone-access is missing"),
    "no effect": (lambda d: post(d).pop("x-onezone-effect"), f"POST {GROUP}: x-onezone-effect is missing"),
    "no success": (lambda d: post(d)["responses"].pop("204"), f"POST {GROUP}: no answer of success is documented"),
    "privilege unknown": (
        lambda d: post(d)["x-onezone-access"]["member"]["group"].append("group_dance"),
        f"POST {GROUP}: route member asks for group_dance, which is no privilege of scope group",
    ),
    "privilege of another scope": (
        lambda d: post(d)["x-onezone-access"]["member"]["group"].append("oz_users_list"),
        f"POST {GROUP}: route member asks for oz_users_list, which is no privilege of scope group",
    ),
    "scope unknown": (
        lambda d: post(d)["x-onezone-access"]["member"].update(planet=["x"]),
        f"POST {GROUP}: route member asks for the scope 'planet', which does not exist",
    ),
    "document unknown": (
        lambda d: post(d)["x-onezone-source"].update(document="onezone-1.0"),
        f"paths.{GROUP}.post.x-onezone-source: there is no document 'onezone-1.0'",
    ),
    "section unknown": (
        lambda d: post(d)["x-onezone-locate"]["source"].update(section="Poetry"),
        f"paths.{GROUP}.post.x-onezone-locate.source: onezone-21.02-deployed has no section 'Poetry'",
    ),
    "error id unknown": (
        lambda d: schema(d, "HandleServiceProperties")["x-onezone-errors"].update(type="badMood"),
        "components.schemas.HandleServiceProperties: there is no error 'badMood' (rule type)",
    ),
    "error id of another status": (
        lambda d: schema(d, "HandleServiceProperties")["x-onezone-errors"].update(type="forbidden"),
        "components.schemas.HandleServiceProperties: error forbidden has status 403, and a bad body is answered 400",
    ),
    "error for a rule that is not there": (
        lambda d: schema(d, "HandleServiceProperties")["x-onezone-errors"].update(maximum="badValueJSON"),
        "components.schemas.HandleServiceProperties: the error for maximum belongs to no rule of the schema",
    ),
    "error within an unknown one": (
        lambda d: d["x-onezone-errors"]["badToken"].update(within="nowhere"),
        "error badToken: within names 'nowhere', which is no error",
    ),
    "error with a strange field": (
        lambda d: d["x-onezone-errors"]["forbidden"].update(description="Not {you}."),
        "error forbidden: {you} is no key of its details",
    ),
    "parameter not declared": (
        lambda d: d["paths"][ONE]["parameters"].pop(),
        f"GET {ONE}: parameter hsid is not declared",
    ),
    "parameter not in the path": (
        lambda d: d["paths"][GROUP]["parameters"].append({"name": "x", "in": "path", "required": True}),
        f"POST {GROUP}: parameter x is not in the path",
    ),
    "entity without a scope": (
        lambda d: d["components"]["parameters"]["GroupId"].update({"x-onezone-entity": "planet"}),
        f"POST {GROUP}: parameter id names the entity 'planet', which has no scope",
    ),
    "level unknown": (
        lambda d: schema(d, "OtherServiceProperties").update({"x-onezone-level": "MAY"}),
        "components.schemas.OtherServiceProperties.x-onezone-level: 'MAY' is no level",
    ),
    "level of an unknown rule": (
        lambda d: schema(d, "HandleServiceCreateRequest")["x-onezone-level"].update(colour="MUST"),
        "components.schemas.HandleServiceCreateRequest.x-onezone-level: 'colour' is no rule",
    ),
    "level of a pattern that is not there": (
        lambda d: schema(d, "HandleServiceProperties")["x-onezone-level"].update(pattern="MUST"),
        "components.schemas.HandleServiceProperties: there is a level for a pattern and no pattern",
    ),
    "level of media types unknown": (
        lambda d: post(d)["x-onezone-media-types"].update(other="PERHAPS"),
        f"paths.{GROUP}.post.x-onezone-media-types.other: 'PERHAPS' is no level",
    ),
    "repeats no key": (
        lambda d: schema(d, "UserDetails")["properties"]["alias"].update({"x-onezone-same-as": "nick"}),
        "components.schemas.UserDetails: alias is the same as nick, which is no key here",
    ),
    "error of another status": (
        lambda d: d["components"]["responses"]["NotFound"].update({"x-onezone-error": "forbidden"}),
        "components.responses.NotFound: there is no error 'forbidden' of status 404",
    ),
    "example breaks its schema": (
        lambda d: post(d)["requestBody"]["content"]["application/json"]["examples"]["pid"]["value"].update(name=5),
        (
            f"paths.{GROUP}.post.requestBody.content.application/json: the example pid breaks its schema at name: "
            '5 is not of type "string"'
        ),
    ),
    "error example breaks its schema": (
        lambda d: d["components"]["examples"]["DocumentedError"]["value"].update(error="text"),
        (
            "components.responses.BadRequest.content.application/json: the example documented breaks its schema "
            'at error: "text" is not of type "object"'
        ),
    ),
    "example of a property breaks it": (
        lambda d: schema(d, "PIDServiceProperties")["properties"]["prefix"].update(example=1),
        (
            "components.schemas.PIDServiceProperties.properties.prefix: the example breaks its schema: "
            '1 is not of type "string"'
        ),
    ),
    "reference to nothing": (
        lambda d: d["paths"][GROUP]["parameters"].append({"$ref": "#/components/parameters/Nobody"}),
        f"paths.{GROUP}.parameters.1: #/components/parameters/Nobody does not exist",
    ),
    "key that is a number": (
        lambda d: post(d)["responses"].update({418: {"description": "tea"}}),
        f"paths.{GROUP}.post.responses: the key 418 is not text; quote it",
    ),
    "two schemas say the same": (
        lambda d: d["components"]["schemas"].update(Twin=copy.deepcopy(schema(d, "Error"))),
        "components.schemas: Error and Twin say the same",
    ),
    "two answers say the same": (
        lambda d: d["components"]["responses"].update(Twin=copy.deepcopy(d["components"]["responses"]["NotFound"])),
        "components.responses: NotFound and Twin say the same",
    ),
    "privilege in a condition": (
        lambda d: post(d)["x-onezone-access"]["member"].update(self=["group_view"]),
        f"POST {GROUP}: route member asks for group_view in self, which is a condition",
    ),
    "privilege of another scope with a key of the body": (
        lambda d: post(d)["x-onezone-access"]["member"].update({"with": {"name": {"zone": ["group_view"]}}}),
        f"POST {GROUP}: route member asks for group_view, which is no privilege of scope zone",
    ),
    "privilege twice in a route": (
        lambda d: post(d)["x-onezone-access"]["member"]["zone"].append("oz_handle_services_create"),
        f"paths.{GROUP}.post.x-onezone-access.member.zone: 'oz_handle_services_create' is listed twice",
    ),
    "privilege in two scopes": (
        lambda d: d["x-onezone-privileges"]["zone"].update(group_view="see"),
        "privilege 'group_view' is in more than one scope",
    ),
    "required key twice": (
        lambda d: schema(d, "Error")["required"].append("error"),
        "components.schemas.Error.required: 'error' is listed twice",
    ),
    "route implied by another": (
        lambda d: post(d)["x-onezone-access"].update(creator={"zone": ["oz_handle_services_create"]}),
        "create_group_handle_service: route member is implied by route creator",
    ),
    "route with nothing new but membership": (
        lambda d: d["paths"]["/groups/{id}"]["get"]["x-onezone-access"].update(viewer={"group": ["group_view"]}),
        "get_group: route viewer is implied by route member",
    ),
    "route twice": (
        lambda d: post(d)["x-onezone-access"].update(boss=copy.deepcopy(post(d)["x-onezone-access"]["administrator"])),
        "create_group_handle_service: route boss is implied by route administrator",
    ),
    "inline error answer repeats a component": (
        lambda d: post(d)["responses"].update({"404": {"description": "What the path names does not exist."}}),
        f"POST {GROUP}: answer 404 repeats components.responses.NotFound",
    ),
    "two inline error answers say the same": (
        lambda d: post(d)["responses"].update({"409": {"description": "Odd."}, "410": {"description": "Odd."}}),
        f"POST {GROUP}: answer 410 repeats answer 409 of POST {GROUP}",
    ),
    "source of the access rule repeats the operation's": (
        lambda d: post(d).update({"x-onezone-access-source": dict(post(d)["x-onezone-source"])}),
        f"POST {GROUP}: x-onezone-access-source repeats x-onezone-source",
    ),
    "same effect twice": (
        lambda d: d["paths"][GROUP]["get"].update({"x-onezone-effect": {"get": "handle_service", "of": "group"}}),
        "list_group_handle_services and get_group_handle_service have the same effect",
    ),
    "parameter written out twice": (
        lambda d: d["paths"].update(
            {f"/{name}/{{x}}": {"parameters": [{"name": "x", "in": "path", "required": True}]} for name in "ab"}
        ),
        "/a/{x} parameter x and /b/{x} parameter x say the same: make it a component",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_contract_is_named(document: dict[str, Any], name: str) -> None:
    """Each way to break the contract gives a line that says what and where."""
    breaking, line = BREAKS[name]
    breaking(document)
    assert line in problems(document)


@pytest.mark.slow
def test_a_document_that_cannot_be_walked_is_a_problem_and_no_crash(document: dict[str, Any]) -> None:
    """Where a check cannot run, the lint says so instead of passing."""
    del document["x-onezone-privileges"]
    assert any("could not run" in line for line in problems(document))


def test_a_key_that_stands_twice_in_a_source_is_named(tmp_path: Path) -> None:
    """YAML forbids a repeated key and the parser would take the last one without a word."""
    (tmp_path / "twice.yaml").write_text("a: 1\nb: 2\na: 3\n", encoding="utf-8")
    (problem,) = source_problems(tmp_path)
    assert problem.startswith("twice.yaml: the key 'a' stands twice")


def test_a_source_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    """A file that cannot be parsed is one line with the place of the error."""
    (tmp_path / "bad.yaml").write_text("a: [1\n", encoding="utf-8")
    (problem,) = source_problems(tmp_path)
    assert problem.startswith("bad.yaml: ")
    assert "line 2" in problem
