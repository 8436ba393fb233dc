"""What the two documents say, typed off by hand, against what the contract says."""

import json
from typing import Any

import pytest
from onezone_spec import Effect, Level, Operation, editions, load

CREATE = "create_group_handle_service"
LEAF = "/groups/{id}/handle_services/{hsid}"

# The request body that the 20.02 document prints.
PRINTED_20_02 = r"""
{
"name": "MyCommunity Handle service",
"proxyEndpoint": "https://localhost:17000/handle_proxy",
"serviceProperties": {
"type": "DOI",
"host": "https://mds.test.datacite.org",
"doiEndpoint": "/doi",
"metadataEndpoint": "/metadata",
"mediaEndpoint": "/media",
"prefix": 10.5072,
"username": "alice",
"password": "pa$$word",
"identifierTemplate": "{{space.name}}-{{space.guid}}",
"allowTemplateOverride": false
}
}
"""

# The request body that the older document prints.
PRINTED_3_0 = r"""
{
  "handleServiceId" : "SADHLKJhlkASHDLAKSHDLKJHJjLH",
  "name" : "MyCommunity Handle service",
  "proxyEndpoint" : "https://localhost:17000/handle_proxy",
  "serviceProperties" : {
    "type" : "DOI",
    "host" : "https://mds.test.datacite.org",
    "doiEndpoint" : "/doi",
    "metadataEndpoint" : "/metadata",
    "mediaEndpoint" : "/media",
    "prefix" : 10.5072,
    "username" : "alice",
    "password" : "pa$$word",
    "identifierTemplate" : "{{space.name}}-{{space.guid}}",
    "allowTemplateOverride" : false
  }
}
"""

ERROR_20_02 = r"""
{
"error": {
"id": "badValueString",
"details": {
"key": "name"
},
"description": "Bad value: provided \"name\" must be a string."
}
}
"""

ERROR_3_0 = r"""
{
  "error" : "Provided data could not be understood by the server"
}
"""


def create(edition: str) -> Operation:
    return load(edition).operations[CREATE]


def routes(operation: Operation) -> dict[str, dict[str, set[str]]]:
    return {
        route.name: {scope: set(names) for scope, names in route.needs.items()} for route in operation.access.routes
    }


def test_there_are_three_editions() -> None:
    """The editions are current, classic and deployed, the default one first."""
    assert editions() == ("current", "classic", "deployed")


@pytest.mark.parametrize("edition", editions())
def test_the_operation_is_a_post_below_the_group(edition: str) -> None:
    """Both documents describe POST /groups/{id}/handle_services."""
    assert (create(edition).method, create(edition).path) == ("POST", "/groups/{id}/handle_services")


@pytest.mark.parametrize("edition", editions())
def test_the_id_of_the_group_is_the_only_parameter(edition: str) -> None:
    """Both documents list one required path parameter, the group's id."""
    assert [(parameter.name, parameter.entity) for parameter in create(edition).parameters] == [("id", "group")]


@pytest.mark.parametrize(("edition", "status"), [("classic", 204), ("current", 204), ("deployed", 201)])
def test_success(edition: str, status: int) -> None:
    """A creation is answered with a Location and no body: 204 in both documents, 201 by released servers."""
    success = create(edition).success
    assert (success.status, success.schema, dict(success.headers)) == (status, None, {"Location": Level.MUST})


def test_the_location_names_the_service_of_the_group() -> None:
    """The 20.02 document prints a Location that ends in the group's handle services and an id."""
    assert create("current").success.location == (LEAF,)
    assert create("deployed").success.location == (LEAF,)


def test_the_older_document_promises_no_form_of_the_location() -> None:
    """The older document calls the Location an endpoint of the new resource, so any path to it will do."""
    assert create("classic").success.location == (LEAF, "/handle_services/{hsid}", "/{hsid}")


MEMBER = {"group": {"group_create_handle_service"}, "zone": {"oz_handle_services_create"}}
PAIR = {"zone": {"oz_handle_services_create", "oz_groups_add_relationships"}}


@pytest.mark.parametrize(
    ("edition", "expected"),
    [
        ("classic", {"administrator": {"zone": {"oz_handle_services_create"}}}),
        ("current", {"member": MEMBER, "administrator": PAIR}),
        ("deployed", {"member": MEMBER, "administrator": PAIR}),
    ],
)
def test_who_may_create(edition: str, expected: dict[str, Any]) -> None:
    """The access rule is what the edition's document says, privilege by privilege."""
    assert routes(create(edition)) == expected


@pytest.mark.parametrize(
    ("edition", "statuses"),
    [
        ("classic", {400, 401, 403, 404, 500}),
        ("current", {400, 401, 403, 404, 500}),
        ("deployed", {400, 401, 403, 404, 405, 406, 409, 415, 500, 503}),
    ],
)
def test_documented_error_statuses(edition: str, statuses: set[int]) -> None:
    """Every operation of an edition documents the same error statuses."""
    for operation in load(edition).operations.values():
        assert {status for status, answer in operation.responses.items() if not answer.success} == statuses


@pytest.mark.parametrize(("edition", "is_string"), [("classic", True), ("current", False), ("deployed", False)])
def test_error_shape(edition: str, is_string: bool) -> None:  # noqa: FBT001
    """The older document's error is a sentence, the newer one's an object with id and description, maybe details."""
    contract = load(edition)
    error = contract.error_schema["properties"]["error"]
    assert contract.error_is_string is is_string
    assert contract.error_schema["required"] == ["error"]
    if not is_string:
        assert set(error["required"]) == {"id", "description"}
        assert {name: prop["type"] for name, prop in error["properties"].items()} == {
            "id": "string",
            "description": "string",
            "details": "object",
        }


@pytest.mark.parametrize(
    ("edition", "printed"), [("classic", ERROR_3_0), ("current", ERROR_20_02), ("deployed", ERROR_20_02)]
)
def test_the_documented_error_is_the_example_of_a_bad_body(edition: str, printed: str) -> None:
    """Each document prints one and the same error for each of its statuses: it fits a 400."""
    contract = load(edition)
    assert errors_of(edition, 400) == [json.loads(printed)]
    for status in (401, 403, 404, 500):
        (example,) = errors_of(edition, status)
        kinds = [error for error in contract.errors.values() if error.status == status]
        if contract.error_is_string:
            assert example["error"] in {kind.description for kind in kinds}
        else:
            assert example["error"]["id"] in {kind.id for kind in kinds}


def errors_of(edition: str, status: int) -> list[Any]:
    """The examples of an answer of the documented operation."""
    contract = load(edition)
    node = contract.document["paths"]["/groups/{id}/handle_services"]["post"]["responses"][str(status)]
    examples = contract.resolve(node)["content"]["application/json"]["examples"]
    return [contract.resolve(example)["value"] for example in examples.values()]


@pytest.mark.parametrize(
    ("edition", "printed"), [("classic", PRINTED_3_0), ("current", PRINTED_20_02), ("deployed", PRINTED_20_02)]
)
def test_the_documented_request_is_an_example_as_printed(edition: str, printed: str) -> None:
    """The example named `documented` is the printed one, the numeric prefix and the stray id included."""
    body = create(edition).body
    assert body is not None
    value = body.examples["documented"].value
    assert value == json.loads(printed)
    assert isinstance(value["serviceProperties"]["prefix"], float)


@pytest.mark.parametrize("edition", editions())
def test_the_body_has_three_required_keys(edition: str) -> None:
    """name, proxyEndpoint and serviceProperties are the keys of the body; an id in it is ignored."""
    body = create(edition).body
    assert body is not None
    assert [(prop.name, prop.required) for prop in body.properties] == [
        ("name", True),
        ("proxyEndpoint", True),
        ("serviceProperties", True),
    ]
    assert set(body.ignored) == {"handleServiceId"}


@pytest.mark.parametrize(
    ("edition", "presence", "required", "types", "others"),
    [
        ("classic", Level.MUST, Level.SHOULD, Level.SHOULD, Level.SHOULD),
        ("current", Level.SHOULD, Level.SHOULD, Level.MUST, Level.OBSERVE),
        ("deployed", Level.MUST, Level.MUST, Level.MUST, Level.MUST),
    ],
)
def test_how_binding_the_rules_of_the_body_are(
    edition: str, presence: Level, required: Level, types: Level, others: Level
) -> None:
    """The older document requires the body and lists JSON, the newer one gives types; neither requires a key."""
    body = create(edition).body
    assert body is not None
    assert body.presence_level is presence
    assert body.required_level is required
    assert {prop.levels["type"] for prop in body.properties} == {types}
    assert body.other_media_types is others


@pytest.mark.parametrize("edition", editions())
def test_the_types_of_the_body(edition: str) -> None:
    """Name and endpoint are strings (servers also take booleans), the properties are an object."""
    body = create(edition).body
    assert body is not None
    text = ("string",) if edition == "current" else ("boolean", "string")
    assert [prop.types for prop in body.properties] == [text, text, ("object",)]


@pytest.mark.parametrize("edition", editions())
def test_the_base_paths_in_circulation(edition: str) -> None:
    """Every edition knows three base paths, first the one that its own examples use."""
    first = {"classic": "/api/v3", "current": "/api/v3", "deployed": "/api/v3/onezone"}[edition]
    paths = load(edition).base_paths
    assert paths[0] == first
    assert set(paths) == {"/api/v3", "/api/onezone/v3", "/api/v3/onezone"}


@pytest.mark.parametrize("edition", editions())
def test_the_curl_example_authenticates_with_a_password(edition: str) -> None:
    """HTTP Basic is documented by the cURL example; tokens are what servers also take."""
    schemes = load(edition).document["components"]["securitySchemes"]
    types = {(scheme["type"], scheme.get("scheme", scheme.get("name"))) for scheme in schemes.values()}
    tokens = {("apiKey", "X-Auth-Token"), ("http", "bearer")} | (
        {("apiKey", "Macaroon")} if edition == "deployed" else set()
    )
    assert types == {("http", "basic"), *tokens}


@pytest.mark.parametrize(
    ("edition", "document"),
    [("classic", "onezone-3.0"), ("current", "onezone-20.02"), ("deployed", "onezone-21.02-deployed")],
)
def test_the_operation_names_the_document_that_it_is_from(edition: str, document: str) -> None:
    """A report can say where a rule stands, under a title that a reader knows."""
    source = create(edition).source
    assert source.document == document
    assert str(source) == f"{source.title}, {source.section}"


def test_the_success_status_of_20_02_is_taken_from_the_older_document() -> None:
    """The printed page has lost its status numbers, so 204 names the document that has them."""
    assert create("current").success.source is not None
    assert create("current").success.source.document == "onezone-3.0"


@pytest.mark.parametrize("edition", editions())
@pytest.mark.parametrize(
    ("operation", "effect", "status"),
    [
        (CREATE, ("create", "handle_service", "group"), None),
        ("list_group_handle_services", ("list", "handle_service", "group"), 200),
        ("get_group_handle_service", ("get", "handle_service", "group"), 200),
        ("leave_group_handle_service", ("detach", "handle_service", "group"), 204),
        ("get_handle_service", ("get", "handle_service", None), 200),
    ],
)
def test_the_operations_and_their_effects(
    edition: str, operation: str, effect: tuple[str, str, str | None], status: int | None
) -> None:
    """The documented operation, and those by which its result is read back and undone."""
    contract = load(edition)
    described = contract.operations[operation]
    assert described.effect == Effect(*effect)
    assert contract.find(*effect) is described
    assert status in {None, described.success.status}
