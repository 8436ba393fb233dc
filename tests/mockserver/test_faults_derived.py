"""Faults that are derived from the contract: each shows, whichever operation of whichever edition it is for."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

import pytest
from derived_probes import answer, probes
from mock_client import HOME, Client
from onezone_mockserver import create_app
from onezone_mockserver.faults import UnknownFaultError, catalogue, chosen
from onezone_mockserver.faults.fault import Hook, Point
from onezone_mockserver.faults.mutations import SAMPLE, derived, mutations, sample
from onezone_spec import Contract, Operation, editions, load, read_contract

EVERY = [(edition, operation) for edition in editions() for operation in load(edition).operations]


@pytest.fixture(scope="module")
def mocks() -> dict[str, tuple[Client, Client]]:
    """A sound mock of each edition, and one that is given faults."""
    return {edition: (Client(create_app(edition)), Client(create_app(edition))) for edition in editions()}


def hidden(contract: Contract, operation: Operation, sound: Client, faulty: Client) -> list[str]:
    """The derived faults of an operation with which every probe is answered as it should be."""
    answers = [(probe, answer(sound, contract, operation, probe)) for probe in probes(operation)]
    unnoticed = []
    for fault in (mutation.fault(contract.edition) for mutation in mutations(contract, operation)):
        faulty.app.state.switch((fault,))
        if all(answer(faulty, contract, operation, probe) == said for probe, said in answers):
            unnoticed.append(fault.id)
    return unnoticed


@pytest.mark.slow
@pytest.mark.parametrize(("edition", "operation"), EVERY)
def test_every_derived_fault_shows(edition: str, operation: str, mocks: dict[str, tuple[Client, Client]]) -> None:
    """There is a request that the contract suggests and that is answered otherwise than by a sound mock."""
    contract = load(edition)
    assert hidden(contract, contract.operations[operation], *mocks[edition]) == []


@pytest.mark.slow
def test_what_does_nothing_is_hidden(mocks: dict[str, tuple[Client, Client]], monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above can fail."""
    contract = load("current")
    operation = contract.operations["get_group"]
    idle = replace(next(mutations(contract, operation)), hook=Hook(Point.BODY, lambda inner, _state: inner))
    monkeypatch.setattr("test_faults_derived.mutations", lambda *_: [idle])
    assert len(hidden(contract, operation, *mocks["current"])) == 1


@pytest.mark.parametrize("edition", editions())
def test_names_are_stable_and_say_what_is_wrong(edition: str) -> None:
    """The operation, the kind and the detail; the text is a sentence."""
    contract = load(edition)
    faults = derived(contract)
    assert len(faults) == sum(len(list(mutations(contract, operation))) for operation in contract.operations.values())
    for name, requirement in faults.items():
        operation = re.fullmatch(r"derived-(\w+)-(body|edge|error|extra|privilege|route|scope|success)-[\w-]+", name)
        assert operation
        assert operation[1] in contract.operations
        assert operation[1] in requirement.text
        assert requirement.text.endswith(".")


@pytest.mark.parametrize("edition", editions())
def test_a_few_stand_in_the_catalogue(edition: str) -> None:
    """One of each kind for some operations of different verbs, all of those that can be asked for."""
    contract = load(edition)
    few = {fault.id for fault in sample(contract)}
    verbs = {contract.operations[name.split("-")[1]].effect.verb for name in few}
    assert len(verbs) == len({name.split("-")[1] for name in few}) == SAMPLE
    assert (
        few <= {fault.id for fault in catalogue(contract)} <= {fault.id for fault in catalogue(contract, derived=True)}
    )
    assert few < derived(contract).keys()


@pytest.mark.slow
def test_a_new_operation_of_a_new_edition_has_its_own() -> None:
    """Nothing but its data is asked for: a privilege that is dropped lets those in who lack it."""
    document: Any = copy.deepcopy(dict(load("current").document))
    document["info"]["x-onezone-edition"] = "tomorrow"
    document["paths"]["/groups/{id}"]["get"]["operationId"] = "look_at_group"
    document["paths"]["/groups/{id}"]["get"]["x-onezone-access"] = {"viewer": {"zone": ["oz_groups_list"]}}
    contract = read_contract(document)
    name = "derived-look_at_group-privilege-viewer-zone-oz_groups_list"
    path = f"/api/v3/groups/{HOME}"
    assert Client(create_app(contract))("GET", path, as_="otto").status == 403
    assert Client(create_app(contract, faults=[name]))("GET", path, as_="otto").status == 200
    assert Client(create_app(contract, faults=["status-200"])).create(as_="adam").status == 200


def test_a_body_without_keys_of_its_own_has_faults_too() -> None:
    """Those that need no key."""
    document: Any = copy.deepcopy(dict(load("current").document))
    document["paths"]["/groups"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {"type": "object"}
    names = [name for name in derived(read_contract(document)) if name.startswith("derived-create_group-edge-")]
    assert names == ["derived-create_group-edge-key"]


@pytest.mark.slow
def test_any_is_switched_on_by_its_name(mocks: dict[str, tuple[Client, Client]]) -> None:
    """At the control plane as at the start; the list has them all where it is asked for."""
    _, client = mocks["current"]
    name = "derived-get_group-success-202"
    assert client("PUT", "/_mock/faults", [name]).status == 204
    assert client("GET", f"/api/v3/groups/{HOME}", as_="adam").status == 202
    few = client("GET", "/_mock/faults").json["faults"]
    rows = client("GET", "/_mock/faults?derived=true").json["faults"]
    assert name not in {fault["id"] for fault in few}
    assert [row["id"] for row in rows if row["on"]] == [name]
    assert set(rows[-1]) == {"id", "text", "noticed_by", "profile", "on"}
    assert client("PUT", "/_mock/faults", []).status == 204


def test_a_name_of_another_edition_is_unknown() -> None:
    """What cannot be derived from the edition is no fault of it."""
    with pytest.raises(UnknownFaultError, match="no fault 'derived-get_group-success-299'"):
        chosen(["derived-get_group-success-299"], load("current"))
