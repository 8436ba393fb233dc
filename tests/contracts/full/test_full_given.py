"""Without an administrator, `full` judges as far as personas are given, and says what to give for the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from judge_tools import answer, as_json, post_json, set_up, states, target_file
from onezone_contracts.network import Header, Network
from onezone_contracts.options import Options
from onezone_contracts.personas import personas
from onezone_contracts.shared import Shared
from onezone_contracts.target.file import Target
from onezone_contracts.trial import SuppliedTrial
from onezone_spec import load
from running_mock import Running

import ozkit

SOME = (
    "create_group_handle_service",
    "list_users",
    "delete_user",
    "list_handle_service_users",
    "get_handle_service",
    "get_group_privilege_sets",
)


def judged(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code of a run of `full` over some operations, and what came of each requirement."""
    report = tmp_path / "report.json"
    words = [part for operation in SOME for part in ("--requirement", f"{operation}.*")]
    code = ozkit.main(
        ["verify", *arguments, "--profile", "full", "--depth", "quick", *words, "--report", f"json={report}"]
    )
    return code, {
        requirement["id"]: requirement for requirement in json.loads(report.read_text(encoding="utf-8"))["requirements"]
    }


def as_far_as_given(code: int, requirements: dict[str, Any]) -> None:
    """Who may is judged; what needs an administrator is not, and the run is partial."""
    outcomes = {name: requirement["outcome"] for name, requirement in requirements.items()}
    assert code == 3
    assert "fail" not in outcomes.values()
    assert outcomes["create_group_handle_service.access.administrator"] == "pass"
    assert outcomes["list_users.access.administrator"] == "pass"
    assert outcomes["list_users.access.outsider"] == "pass"
    assert outcomes["list_users.authentication.wrong"] == "pass"
    for name in ("list_users.effect", "delete_user.access.administrator"):
        assert outcomes[name] == "blocked"
        assert "give an administrator's account" in requirements[name]["reason"]


@pytest.mark.slow
def test_a_target_file_serves_the_operations_that_it_has_personas_for(mock: Running, tmp_path: Path) -> None:
    """Each under its name."""
    accounts = set_up(f"{mock.origin}/_mock/states", "current")
    expected = personas(load("current"), load("current").operations["list_users"])
    people = {}
    for persona in expected:
        params = {"group_privileges": None, "zone_privileges": sorted(persona.met["zone"])}
        account = post_json(f"{mock.origin}/_mock/states", {"action": "setup", "state": "a persona", "params": params})
        people[persona.name] = {key: account[key] for key in ("username", "password")}
    path = target_file(tmp_path, mock.base_url, accounts)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["personas"]["list_users"] = people
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    as_far_as_given(*judged(tmp_path, "--target", str(path)))


@pytest.mark.slow
def test_provider_states_that_make_no_administrator_serve_what_they_can(mock: Running, tmp_path: Path) -> None:
    """Personas of single operations are asked for, one each."""

    def few(message: dict[str, Any]) -> bytes:
        params = message.get("params", {})
        if "handle_service_privileges" in params and "group_privileges" in params:  # those of an administrator
            return answer(400)
        return as_json(post_json(f"{mock.origin}/_mock/states", message))

    with states(few) as (url, _):
        code, requirements = judged(tmp_path, mock.base_url, "--states-url", url)
    as_far_as_given(code, requirements)
    outcomes = {name: requirement["outcome"] for name, requirement in requirements.items()}
    refused = "without-handle_service_view-oz_handle_services_list_relationships"
    assert outcomes["list_handle_service_users.access.member"] == "pass"
    assert outcomes[f"list_handle_service_users.access.{refused}"] == "pass"
    assert outcomes["get_handle_service.effect.foreign"] == "blocked"
    assert outcomes["get_group_privilege_sets.authentication.none"] == "pass"


@pytest.mark.slow
def test_secrets_of_headers_are_not_told() -> None:
    """What every request carries is as secret with given personas as with any other."""
    header = Header("X-Key", "s3cret-key", (("GATEWAY_KEY", "s3cret-key"),))
    shared = Shared(Options(network=Network((header,))))
    contract = load("current")
    target = Target("http://127.0.0.1:9/api/v3", {}, "0" * 32)
    trial = SuppliedTrial(shared, contract, contract.operations["get_group"], target)
    assert trial.redactor.text("sent s3cret-key") == "sent ***"
