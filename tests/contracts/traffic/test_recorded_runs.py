"""Runs of `ozkit verify`, recorded on their way to the mock."""

import json
import urllib.request
from pathlib import Path

import pytest
from onezone_contracts.commands.cli import main
from onezone_contracts.target.embedded import mock
from onezone_contracts.traffic.proxy import recording
from onezone_spec import editions, load
from traffic_tools import failing, judged

pytestmark = pytest.mark.slow


def recorded(edition: str, folder: Path, *faults: str) -> Path:
    """The recording of a run against the mock with these faults."""
    har = folder / "run.har"
    with mock(edition) as origin, recording(origin, har) as through:
        switch = urllib.request.Request(f"{origin}/_mock/faults", json.dumps(faults).encode(), method="PUT")
        urllib.request.urlopen(switch).close()
        url, states = through + load(edition).base_paths[0], f"{origin}/_mock/states"
        main("verify", [url, "--edition", edition, "--states-url", states, "--depth", "quick"])
    return har


@pytest.mark.parametrize("edition", editions())
def test_a_recording_of_the_mock_is_conformant(edition: str, tmp_path: Path) -> None:
    """Without a warning, in each edition."""
    judgement = judged(recorded(edition, tmp_path), edition=edition)
    assert judgement.requests > 100
    assert judgement.verdict == "conformant"
    assert not failing(judgement)


@pytest.mark.parametrize("fault", ["status-200", "status-400-as-409", "status-303"])
def test_a_recording_of_a_fault_shows_it(fault: str, tmp_path: Path) -> None:
    """A status of its own, and statuses that only other exchanges show to be wrong."""
    assert failing(judged(recorded("current", tmp_path, fault)))
