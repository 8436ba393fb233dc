"""Which of Onezone's operations the contract has, by upstream's ids, and what the bundled documents say beside."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onezone_spec import Contract, Operation, editions, load
from onezone_spec.cli import main
from onezone_spec.coverage import report, rows

CLIENTS = Path(__file__).parents[2] / "docs" / "clients.md"


@pytest.mark.parametrize(("edition", "number"), [("classic", 383), ("current", 383), ("deployed", 392)])
def test_every_operation_of_a_release_is_known(edition: str, number: int) -> None:
    """20.02 has 382 operations, 21.02 has 392; one of those that are new is also in the editions of older releases."""
    contract = load(edition)
    listed = rows(contract)
    assert len(listed) == number
    assert {row.operation for row in listed if row.operation} == set(contract.operations)
    assert len({(row.method, row.path) for row in listed}) == number


def test_upstreams_ids_are_those_of_its_document() -> None:
    """Typed off by hand."""
    ids = {
        "create_group_handle_service": "add_group_handle_service",
        "update_group": "modify_group",
        "get_current_user": "get_current_user",
        "list_users": "oz_users_list",
    }
    for edition in editions():
        operations = load(edition).operations
        assert {ours: operations[ours].upstream_id for ours in ids} == ids


def test_the_page_for_clients_lists_both_ids() -> None:
    """docs/clients.md ends with what `ozkit spec --edition deployed coverage --format markdown` prints."""
    table = report(load("deployed"), "markdown")
    assert CLIENTS.read_text(encoding="utf-8").endswith(f"\n\n{table}"), f"the end of docs/clients.md:\n{table}"


def test_the_table_fits_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """80 columns; the first line counts, and each operation has a line."""
    assert main("spec", ["coverage"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    contract = load("current")
    assert lines[0] == f"current (20.02): {len(contract.operations)} of 383 operations of Onezone"
    assert "  + POST   /groups/{id}/handle_services" in lines
    assert "  - GET    /clusters" in lines
    assert sum(line.startswith("  ") for line in lines) == 383


@pytest.mark.parametrize("arguments", [["--edition", "deployed", "coverage"], ["coverage", "--edition", "deployed"]])
def test_the_data_for_programs(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """JSON, of the edition that is named before or behind the word."""
    assert main("spec", [*arguments, "--format", "json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert (data["edition"], data["known"]) == ("deployed", 392)
    assert data["covered"] == sum(row["operation"] is not None for row in data["operations"])


def test_an_edition_that_there_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert main("spec", ["coverage", "--edition", "nightly"]) == 2
    assert "choose one of" in capfd.readouterr().err


# --- what bundling adds ------------------------------------------------------------------------------------------


def node_of(contract: Contract, operation: Operation) -> Any:
    return contract.document["paths"][operation.path][operation.method.lower()]


OF_TWO_GROUPS = (
    "Allowed: members of the group and the child who hold `group_add_child` in the group and `group_add_parent` in "
    "the child (with `privileges` in the body also `group_set_privileges` in the group); those who hold "
    "`oz_groups_add_relationships` in the zone (with `privileges` in the body also `oz_groups_set_privileges` in the "
    "zone)."
)
OF_THE_DOCUMENTED = (
    "Allowed: members of the group who hold `group_create_handle_service` there and `oz_handle_services_create` in the "
    "zone; those who hold `oz_handle_services_create` and `oz_groups_add_relationships` in the zone."
)


@pytest.mark.parametrize(
    ("edition", "operation", "sentence"),
    [
        ("current", "create_group_handle_service", OF_THE_DOCUMENTED),
        ("classic", "create_group_handle_service", "Allowed: those who hold `oz_handle_services_create` in the zone."),
        ("current", "get_zone_privilege_sets", "Allowed: everybody, without credentials."),
        ("current", "get_current_user", "Allowed: every user."),
        ("current", "get_user", "Allowed: the user whom the path names; those who hold `oz_users_view` in the zone."),
        ("deployed", "add_group_child", OF_TWO_GROUPS),
    ],
)
def test_the_description_says_who_may(edition: str, operation: str, sentence: str) -> None:
    """In a sentence that is made of the access rule."""
    contract = load(edition)
    assert node_of(contract, contract.operations[operation])["description"].endswith(sentence)


@pytest.mark.parametrize("edition", editions())
def test_the_documented_operation_comes_first(edition: str) -> None:
    """Readers of the rendered document see it first."""
    first = next(iter(load(edition).document["paths"].items()))
    assert (first[0], next(key for key in first[1] if key != "parameters")) == ("/groups/{id}/handle_services", "post")


def links(contract: Contract) -> Iterator[tuple[Operation, Operation, Any]]:
    for operation in contract.operations.values():
        answer = contract.resolve(node_of(contract, operation)["responses"][str(operation.success.status)])
        for link in answer.get("links", {}).values():
            yield operation, contract.operations[link["operationId"]], link["parameters"]


@pytest.mark.parametrize("edition", editions())
def test_every_creation_leads_on(edition: str) -> None:
    """A link fills in every parameter of the path; whatever needs an id is led to by something that makes one."""
    contract = load(edition)
    for operation, other, parameters in links(contract):
        assert set(parameters) == {parameter.name for parameter in other.parameters}, (operation.id, other.id)
    makes = [
        operation.id for operation in contract.operations.values() if operation.effect.verb in {"create", "attach"}
    ]
    assert {operation.id for operation, _, _ in links(contract)} >= set(makes[:1])
    led_to = {other.id for _, other, _ in links(contract)}
    kinds = {
        contract.kind(operation.effect.resource)
        for operation in contract.operations.values()
        if operation.effect.verb == "create"
    }
    for target in contract.operations.values():
        single = [contract.kind(parameter.entity or "") for parameter in target.parameters]
        if len(single) == 1 and single[0] in kinds and target.effect.within != "caller":
            assert target.id in led_to


def test_a_link_takes_the_id_from_the_location() -> None:
    """The new id is the last segment, others stand in the request."""
    by_link = {(operation.id, other.id): parameters for operation, other, parameters in links(load("deployed"))}
    parameters = by_link["create_group_handle_service", "get_group_handle_service"]
    assert parameters["id"] == "$request.path.id"
    pattern = parameters["hsid"].removeprefix("$response.header.Location#regex:")
    match = re.search(pattern, "https://zone/api/v3/onezone/groups/g/handle_services/s")
    assert match is not None
    assert match[1] == "s"
    assert by_link["add_group_user", "update_group_user_privileges"] == {
        "id": "$request.path.id",
        "uid": "$request.path.uid",
    }
