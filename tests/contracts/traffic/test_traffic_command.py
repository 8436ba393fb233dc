"""The command: exit codes, coverage, reports without secrets, expected failures and baselines."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from onezone_contracts.commands.cli import main
from onezone_contracts.reports import WRITERS
from traffic_tools import BODY, GROUP, Story

CREATE = f"POST /groups/{GROUP}/handle_services"
SCHEMA = Path(__file__).parents[3] / "contracts/onezone_contracts/reports/report.schema.json"


@pytest.fixture
def sound_recording(tmp_path: Path) -> Path:
    """A recording that violates nothing."""
    story = Story()
    story.created("a")
    story.listed("a")
    return story.write(tmp_path / "good.har")


@pytest.fixture
def faulty_recording(tmp_path: Path) -> Path:
    """A recording in which a success has another status."""
    story = Story()
    story.add(CREATE, 200, body=BODY, location=f"/api/v3/groups/{GROUP}/handle_services/a")
    return story.write(tmp_path / "bad.har")


def traffic(*words: Any) -> int:
    return main("traffic", [str(word) for word in words])


@pytest.mark.slow
def test_the_exit_code_is_that_of_the_verdict(sound_recording: Path, faulty_recording: Path, tmp_path: Path) -> None:
    """0, 1, and 2 where nothing was judged."""
    nothing = Story("http://other.test/files").write(tmp_path / "nothing.har")
    assert traffic(sound_recording) == 0
    assert traffic(faulty_recording) == 1
    assert traffic(sound_recording, faulty_recording) == 1
    assert traffic(nothing) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "give recordings"),
        (["a.har", "--proxy", "http://x.test"], "one of the two"),
        (["no-such.har"], "cannot be read"),
        (["a.har", "--har", "out.har"], "--proxy URL with it"),
        (["a.har", "--edition", "none"], "there is no edition"),
    ],
)
def test_bad_usage_is_told_in_a_line(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And exits with 2."""
    assert traffic(*words) == 2
    message = capsys.readouterr().err
    assert sentence in message
    assert message.count("\n") == 1


@pytest.mark.slow
def test_traffic_can_be_held_to_a_coverage(
    sound_recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below it the exit code is 1, and the reports say what was not shown."""
    report = tmp_path / "report.json"
    assert traffic(sound_recording, "--min-coverage", "90", "--report", f"json={report}") == 1
    assert "where 90 % are asked for" in " ".join(capsys.readouterr().out.split())
    coverage = json.loads(report.read_text())["coverage"]
    created = next(row for row in coverage["operations"] if row["operation"] == "create_group_handle_service")
    assert created["statuses"] == {"204": 1, "400": 0, "401": 0, "403": 0, "404": 0}
    assert created["personas"] == {"allowed": 1, "refused": 0, "nobody": 0}
    assert traffic(sound_recording, "--min-coverage", "0.2%") == 0


def test_coverage_is_that_of_what_is_asked_for(sound_recording: Path, tmp_path: Path) -> None:
    """With --requirement, only operations that have one of them count."""
    report = tmp_path / "report.json"
    traffic(sound_recording, "--requirement", "create_group_handle_service.*", "--report", f"json={report}")
    operations = json.loads(report.read_text())["coverage"]["operations"]
    assert [operation["operation"] for operation in operations] == ["create_group_handle_service"]


@pytest.mark.parametrize("name", WRITERS)
def test_no_report_shows_a_secret(name: str, tmp_path: Path) -> None:
    """Neither passwords and tokens of callers, nor cookies, nor what bodies and URLs hold."""
    secrets = ("alice-secret", "tok-9f8e7d", "cookie-5a5a", "body-7c7c", "query-3d3d", "answer-1e1e")
    story = Story()
    headers = (("X-Auth-Token", "tok-9f8e7d"), ("Cookie", "session=cookie-5a5a"))
    story.add("GET /user?access_token=query-3d3d", 500, who=None, headers=headers, answer={"echo": "tok-9f8e7d"})
    body = {**BODY, "serviceProperties": {"type": "DOI", "password": "body-7c7c"}}
    echo = {"said": "alice-secret", "password": "answer-1e1e", "again": "body-7c7c answer-1e1e"}
    story.add(CREATE, 500, body=body, answer=echo)
    report = tmp_path / "report"
    assert traffic(story.write(tmp_path / "a.har"), "--report", f"{name}={report}") == 1
    text = report.read_text()
    packed = base64.b64encode(b"alice:alice-secret").decode()
    assert not [secret for secret in (*secrets, packed) if secret in text]


def test_a_secret_that_is_a_common_word_does_not_garble_who_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence about the variables of curl lines says nothing secret, and stays readable."""
    story = Story()
    body = {**BODY, "serviceProperties": {"type": "DOI", "password": "secret"}}
    story.add(CREATE, 500, body=body, answer={"error": "no"})
    assert traffic(story.write(tmp_path / "a.har")) == 1
    assert "SECRET_1 is the secret of somebody in this run" in " ".join(capsys.readouterr().out.split())


def test_the_json_report_keeps_its_schema(faulty_recording: Path, tmp_path: Path) -> None:
    """The one that `ozkit verify` keeps, coverage included."""
    report = tmp_path / "report.json"
    traffic(faulty_recording, "--report", f"json={report}")
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(report.read_text()))


def test_expected_failures_and_baselines_count_as_with_verify(faulty_recording: Path, tmp_path: Path) -> None:
    """What is known to fail makes no difference; what was expected to fail and passes is a failure."""
    failures = tmp_path / "known.txt"
    failures.write_text("create_group_handle_service.success.status\n")
    assert traffic(faulty_recording, "--expected-failures", failures) == 0
    failures.write_text("create_group_handle_service.location.present\n")
    assert traffic(faulty_recording, "--expected-failures", failures) == 1
    report = tmp_path / "report.json"
    traffic(faulty_recording, "--report", f"json={report}")
    assert traffic(faulty_recording, "--baseline", report) == 0
