"""Scenarios: worlds as files that people write, and as snapshots that programs take and put back."""

from onezone_mockserver.scenario.files import DEMO, Scenario, ScenarioError, default_scenario, read_scenario
from onezone_mockserver.scenario.mistakes import WorldError
from onezone_mockserver.scenario.snapshot import build, snapshot
from onezone_mockserver.scenario.types import SUCCESS, Persona

__all__ = [
    "DEMO",
    "SUCCESS",
    "Persona",
    "Scenario",
    "ScenarioError",
    "WorldError",
    "build",
    "default_scenario",
    "read_scenario",
    "snapshot",
]
