"""Reports: one file a format."""

from __future__ import annotations

from collections.abc import Callable

from onezone_contracts.reports import html_report, json_report, junit, markdown, sarif
from onezone_contracts.verdict import Judgement

WRITERS: dict[str, Callable[[Judgement], str]] = {
    "json": json_report.render,
    "junit": junit.render,
    "html": html_report.render,
    "sarif": sarif.render,
    "markdown": markdown.render,
}
