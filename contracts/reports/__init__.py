"""Reports: one file a format."""

from __future__ import annotations

from collections.abc import Callable

from contracts.reports import json_report, junit
from contracts.verdict import Judgement

WRITERS: dict[str, Callable[[Judgement], str]] = {
    "json": json_report.render,
    "junit": junit.render,
}
