"""Every curl line of a report is answered as the report says: replayed with real curl against the faulty mock."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from judge_tools import AGES, OPERATION, CommandResult, set_up, target_file
from onezone_contracts.target import embedded
from onezone_mockserver.faults import catalogue
from onezone_spec import load

Command = Callable[..., CommandResult]
Judging = tuple[tuple[str, ...], Callable[[], dict[str, str]]]
"""The arguments that say where the target is, and once it was judged the password of each persona."""
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")]
FAULTS = (
    "status-303",
    "status-401-as-403",
    "status-404-as-410",
    "status-400-as-500",
    "error-404-html",
    "access-anonymous",
    "acceptance-all",
    "error-403-html",
    "location-constant",
    "state-refused-403",
    "state-name-fixed",
    "status-400-as-403",
)
EVERY = [fault.id for fault in catalogue(load("current")) if fault.profile == "core"]
REMEMBERING = {
    "location-client-id": "the service whose id a client names was created long before",
    "state-overwrites": "what was lost is lost by any later creation, which the finding does not name",
    "unknown-group-made-later": "the group came to be by a request long before",
}
"""What shows after all that a run sent, and not by the requests of a finding alone."""
STATUS = re.compile(rb"^HTTP/[\d.]+ (\d+)", re.MULTILINE)
LOCATION = re.compile(rb"^location: *(\S+)", re.MULTILINE | re.IGNORECASE)


def lines_of(finding: dict[str, Any]) -> Iterator[tuple[str, int | None, str | None]]:
    """The curl lines of a finding in their order, each with the status that it claims and what it sets."""
    if finding["steps"]:
        yield from ((step["curl"], step["status"], step["sets"]) for step in finding["steps"])
    elif finding["curl"]:
        yield finding["curl"], (finding["response"] or {}).get("status"), None


def answered(line: str, environment: dict[str, str]) -> tuple[int | None, str]:
    """The status that a line brings, and the last part of the Location."""
    script = f"{line} -sS -o /dev/null -D -"
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, timeout=AGES, check=False)
    statuses, locations = STATUS.findall(done.stdout), LOCATION.findall(done.stdout)
    last = locations[-1].decode().rstrip("/").rpartition("/")[2] if locations else ""
    return int(statuses[-1]) if statuses else None, last


def from_a_file(folder: Path, origin: str, monkeypatch: pytest.MonkeyPatch) -> Judging:
    """A target file, of which one password is a variable: its name is the one in the lines."""
    accounts = set_up(f"{origin}/_mock/states", "current")
    path = target_file(folder, f"{origin}/api/v3", accounts, edition="current")
    data = yaml.safe_load(path.read_text())
    first = next(iter(accounts))
    next(iter(data["personas"].values()))[first]["password"] = "${OUR_OWN_NAME}"
    path.write_text(yaml.safe_dump(data))
    monkeypatch.setenv("OUR_OWN_NAME", accounts[first]["password"])
    passwords = {f"the persona {name}": account["password"] for name, account in accounts.items()}
    return ("--target", str(path)), lambda: passwords


def from_states(folder: Path, origin: str, _: pytest.MonkeyPatch) -> Judging:
    """Personas that provider states make, and that are kept."""
    kept = folder / "kept.yaml"
    where = (f"{origin}/api/v3", "--states-url", f"{origin}/_mock/states", "--keep", str(kept))
    return where, lambda: kept_passwords(kept)


def from_an_administrator(folder: Path, origin: str, _: pytest.MonkeyPatch) -> Judging:
    """Personas that an administrator's account makes, and that are kept."""
    kept = folder / "kept.yaml"
    where = (f"{origin}/api/v3", "--admin", "adam:adam-password", "--keep", str(kept))
    return where, lambda: {**kept_passwords(kept), "the administrator": "adam-password"}


def kept_passwords(path: Path) -> dict[str, str]:
    """The password of each persona, by how a report names it."""
    people = yaml.safe_load(path.read_text(encoding="utf-8"))["personas"][OPERATION]
    return {f"the persona {name}": account["password"] for name, account in people.items()}


SETTINGS = {"file": from_a_file, "states": from_states, "administrator": from_an_administrator}


@pytest.mark.parametrize(("fault", "setting"), list(zip(FAULTS, itertools.cycle(SETTINGS), strict=False)))
def test_every_line_is_answered_as_the_report_says(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, setting: str
) -> None:
    """Whoever made the personas: the lines name variables, and the report says whose password each is."""
    code, findings, differ = replayed_report(command, tmp_path, monkeypatch, fault, setting)
    assert (code, differ) == (1, [])
    assert findings
    assert "***" not in "".join(line for finding in findings for line, _, _ in lines_of(finding))


@pytest.mark.exhaustive
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("fault", EVERY)
def test_every_line_over_the_whole_catalogue(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, setting: str
) -> None:
    """The same over all faults, of which a quick look notices some."""
    if fault in REMEMBERING:
        pytest.skip(REMEMBERING[fault])
    _, _, differ = replayed_report(command, tmp_path, monkeypatch, fault, setting)
    assert differ == []


def replayed_report(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str, setting: str
) -> tuple[int, list[dict[str, Any]], list[tuple[str, int | None, int | None]]]:
    """The exit code for a faulty mock, the findings, and the lines that are answered otherwise than they say."""
    report = folder / "report.json"
    with embedded.mock("current", "--fault", fault) as origin:
        where, passwords = SETTINGS[setting](folder, origin, monkeypatch)
        result = command("verify", *where, "--depth", "quick", "--settle", "0", "--report", f"json={report}")
        document = json.loads(report.read_text(encoding="utf-8"))
        owners = passwords()
        secrets = {name: owners[owner] for name, owner in document["variables"].items()}
        assert setting != "file" or "OUR_OWN_NAME" in secrets
        findings = [finding for requirement in document["requirements"] for finding in requirement["findings"]]
        environment = {**os.environ, **secrets, "LC_ALL": "C"}
        return result.code, findings, [wrong for finding in findings for wrong in replayed(finding, environment)]


def replayed(finding: dict[str, Any], environment: dict[str, str]) -> Iterator[tuple[str, int | None, int | None]]:
    """The lines of a finding that are answered otherwise than it says."""
    for line, expected, sets in lines_of(finding):
        status, last = answered(line, environment)
        if sets:
            environment[sets] = last
        if status != expected:
            yield line, expected, status
