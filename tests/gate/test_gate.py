"""The gate: the judge finds the mock conformant in every edition, and a new operation or edition needs no code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from onezone_contracts.options import Options
from onezone_contracts.requirement import Outcome
from onezone_contracts.session import judge_target
from onezone_contracts.subject import Subject
from onezone_contracts.target.embedded import mock
from onezone_contracts.verdict import Verdict
from onezone_spec import editions

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROOMS = ("spec", "mockserver", "contracts", "ozkit.py")
EXAMPLE = ROOT / "docs" / "examples" / "memberships" / "paths/groups/{id}/memberships.yaml"
OPERATION = (
    EXAMPLE.read_text(encoding="utf-8")
    .replace("document: plan, section: Parents of a group", "document: onezone-21.02-deployed, section: Provisioning")
    .replace("group_view_parents", "group_view")
)
"""The example without registers of its own: a part of the contract itself."""
EDITION = """
overlay: 1.0.0
info: {title: "Edition next: members need one more privilege", version: "1"}
extends: ../onezone.yaml
actions:
  - target: $.info
    update: {version: "25.0"}
  - target: $.paths['/groups/{id}/handle_services'].post['x-onezone-access'].member.group
    update: group_update
"""


@pytest.mark.parametrize("edition", editions())
def test_the_mock_conforms(edition: str) -> None:
    """The judge finds the embedded mock conformant at standard depth, with nothing warned of and nothing blocked."""
    judgement = judge_target(Subject(edition=edition), Options())
    outcomes = {result.requirement.id: result.outcome for result in judgement.results}
    allowed = {Outcome.PASS, Outcome.OBSERVED, Outcome.SKIP}
    assert judgement.verdict is Verdict.CONFORMANT, judgement.reason
    assert {name: outcome for name, outcome in outcomes.items() if outcome not in allowed} == {}
    skipped = [name for name, outcome in outcomes.items() if outcome is Outcome.SKIP]
    assert skipped == ["create_group_handle_service.authentication.altered-token"]


@pytest.mark.parametrize("served", editions())
@pytest.mark.parametrize("judged", editions())
def test_an_edition_is_not_another(served: str, judged: str) -> None:
    """A mock is conformant in its own edition and in no other."""
    with mock(served) as origin:
        request = Subject(f"{origin}/api/v3", None, f"{origin}/_mock/states", judged)
        judgement = judge_target(request, Options(depth="quick", settle=0.2))
    expected = Verdict.CONFORMANT if served == judged else Verdict.NONCONFORMANT
    assert judgement.verdict is expected, judgement.reason


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with one more operation and one more edition, bundled."""
    pytest.importorskip("jsonpath_rfc9535")
    folder = tmp_path_factory.mktemp("product")
    for room in ROOMS:
        source = ROOT / room
        if source.is_dir():
            shutil.copytree(source, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    (folder / "spec/paths/groups/{id}/memberships.yaml").write_text(OPERATION, encoding="utf-8")
    (folder / "spec/editions/next.yaml").write_text(EDITION, encoding="utf-8")
    assert run(folder, "onezone_spec.bundle").returncode == 0
    return folder


def python_path(folder: Path) -> str:
    return os.pathsep.join(str(folder / room) for room in (".", "spec", "mockserver", "contracts"))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", *arguments]
    environment = {**os.environ, "PYTHONPATH": python_path(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_new_edition_is_judged_without_new_code(copy: Path) -> None:
    """The mock serves the new edition and the judge derives its personas: conformant, and different from its parent."""
    done = run(copy, "ozkit", "verify", "--edition", "next", "--depth", "quick", "--report", "json=-")
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"]) == (0, "conformant"), done.stderr
    ids = {requirement["id"].partition(".")[2] for requirement in report["requirements"]}
    assert "access.without-group_update-oz_groups_add_relationships" in ids


def test_a_new_operation_is_served_without_new_code(copy: Path) -> None:
    """The mock routes the new operation, and asks for its privileges."""
    script = """
import json, urllib.error, urllib.request
from onezone_contracts.target.embedded import mock
with mock("current") as origin:
    body = json.dumps({"action": "setup", "state": "a persona",
                       "params": {"group_privileges": ["group_view"], "zone_privileges": []}}).encode()
    headers = {"Content-Type": "application/json"}
    made = json.load(urllib.request.urlopen(urllib.request.Request(origin + "/_mock/states", body, headers)))
    url = f"{origin}/api/v3/groups/{made['group']}/memberships"
    manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    manager.add_password(None, origin, made["username"], made["password"])
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
    print(opener.open(url).status, json.load(opener.open(url)))
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as error:
        print(error.code)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": python_path(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["200 {'groups': []}", "401"], done.stderr


def test_a_new_operation_is_judged_without_new_code(copy: Path) -> None:
    """The judge derives its requirements: personas, bodies, refusals, and that the list has just the parents."""
    command = ("ozkit", "verify", "--profile", "full", "--depth", "quick", "--requirement", "list_group_memberships.*")
    done = run(copy, *command, "--report", "json=-")
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"]) == (0, "conformant"), done.stderr
    outcomes = {requirement["id"].partition(".")[2]: requirement["outcome"] for requirement in report["requirements"]}
    assert {"access.member", "access.outsider", "effect", "unknown.group"} <= outcomes.keys()
    assert outcomes["effect"] == "pass"


def test_the_whole_gate_holds_in_the_copy(copy: Path) -> None:
    """With one more operation, the judge still finds the mock conformant, and the contract is clean."""
    lint = run(copy, "onezone_spec.lint")
    assert lint.returncode == 0, lint.stdout + lint.stderr
    done = run(copy, "ozkit", "verify", "--edition", "current", "--depth", "quick")
    assert done.returncode == 0, done.stdout + done.stderr
