"""Every curl line of a report is answered as the report says: replayed with real curl against the faulty mock."""

from __future__ import annotations

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
from judge_tools import AGES, Told, set_up, target_file
from onezone_contracts.target import embedded

Command = Callable[..., Told]
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
STATUS = re.compile(rb"^HTTP/[\d.]+ (\d+)", re.MULTILINE)
LOCATION = re.compile(rb"^location: *(\S+)", re.MULTILINE | re.IGNORECASE)


def lines_of(finding: dict[str, Any]) -> Iterator[tuple[str, int | None, str | None]]:
    """The curl lines of a finding in their order, each with the status that it claims and what it sets."""
    if finding["steps"]:
        yield from ((one["curl"], one["status"], one["sets"]) for one in finding["steps"])
    elif finding["curl"]:
        yield finding["curl"], (finding["response"] or {}).get("status"), None


def answered(line: str, environment: dict[str, str]) -> tuple[int | None, str]:
    """The status that a line brings, and the last part of the Location."""
    script = f"{line} -sS -o /dev/null -D -"
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, timeout=AGES, check=False)
    statuses, locations = STATUS.findall(done.stdout), LOCATION.findall(done.stdout)
    last = locations[-1].decode().rstrip("/").rpartition("/")[2] if locations else ""
    return int(statuses[-1]) if statuses else None, last


@pytest.mark.parametrize("edition", ["current"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_line_is_answered_as_the_report_says(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, edition: str
) -> None:
    """With a target file, of which one password is a variable: its name is the one in the lines."""
    report = tmp_path / "report.json"
    with embedded.mock(edition, "--fault", fault) as origin:
        made = set_up(f"{origin}/_mock/states", edition)
        path = target_file(tmp_path, f"{origin}/api/v3", made, edition=edition)
        data = yaml.safe_load(path.read_text())
        first = next(iter(made))
        next(iter(data["personas"].values()))[first]["password"] = "${OUR_OWN_NAME}"
        path.write_text(yaml.safe_dump(data))
        monkeypatch.setenv("OUR_OWN_NAME", made[first]["password"])
        told = command("verify", "--target", path, "--depth", "quick", "--settle", "0", "--report", f"json={report}")
        assert told.code == 1, told.all
        found = json.loads(report.read_text(encoding="utf-8"))
        owners = {f"the persona {name}": one["password"] for name, one in made.items()}
        secrets = {name: owners[owner] for name, owner in found["variables"].items()}
        assert "OUR_OWN_NAME" in secrets
        findings = [finding for one in found["requirements"] for finding in one["findings"]]
        differ = [wrong for one in findings for wrong in replayed(one, {**os.environ, **secrets, "LC_ALL": "C"})]
    assert differ == []
    assert findings
    assert "***" not in "".join(line for one in findings for line, _, _ in lines_of(one))


def replayed(finding: dict[str, Any], environment: dict[str, str]) -> Iterator[tuple[str, int | None, int | None]]:
    """The lines of a finding that are answered otherwise than it says."""
    for line, wanted, sets in lines_of(finding):
        status, last = answered(line, environment)
        if sets:
            environment[sets] = last
        if status != wanted:
            yield line, wanted, status
