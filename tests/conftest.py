"""Which tests the usual run leaves out."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the exhaustive sets out, unless `-m` speaks of them: any other `-m` must not bring them in."""
    if "exhaustive" in config.getoption("-m"):
        return
    left_out = [one for one in items if one.get_closest_marker("exhaustive")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [one for one in items if not one.get_closest_marker("exhaustive")]
