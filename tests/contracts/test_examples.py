"""What drawn requests showed is kept where `--examples` says, and tried first the next time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from judge_tools import closed_port, exit_code
from onezone_contracts.target import embedded

FAULT = "validation-odd-scalar"


@pytest.mark.slow
def test_what_was_found_is_found_sooner(tmp_path: Path) -> None:
    """With another seed, which would have to search."""
    report = tmp_path / "report.json"
    requests = []
    with embedded.mock("current", "--fault", FAULT) as origin:
        for seed in ("0", "5"):
            words = [
                "--states-url",
                f"{origin}/_mock/states",
                "--settle",
                "0.3",
                "--requirement",
                "*.generated.invalid",
            ]
            words += ["--seed", seed, "--examples", str(tmp_path / "examples"), "--report", f"json={report}"]
            assert exit_code(["verify", f"{origin}/api/v3", *words]) == 1
            requests.append(json.loads(report.read_text(encoding="utf-8"))["requests"])
    assert requests[1] < requests[0] / 2


@pytest.mark.slow
def test_a_redis_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Told before anything is sent, with exit code 2."""
    pytest.importorskip("redis")
    url = f"redis://127.0.0.1:{closed_port()}/0"
    assert exit_code(["verify", "--examples", url, "--depth", "quick"]) == 2
    assert f"--examples {url}: " in capsys.readouterr().err
