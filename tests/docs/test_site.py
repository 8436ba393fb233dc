"""The documentation site builds strictly, asks nothing of other hosts, and its reference is whole."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from onezone_contracts.derive.operations import all_requirements
from onezone_mockserver.faults import catalogue
from onezone_spec import editions, load

import ozkit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOADING = {"stylesheet", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "icon", "manifest"}
"""What a link has to be for a browser to load it by itself."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "COLUMNS": "40"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


class Requests(HTMLParser):
    """Collects what a browser loads by itself for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "link" and LOADING & set(values.get("rel", "").split()):
            self.urls.append(values.get("href", ""))
        self.urls += [values[key] for key in ("src", "srcset", "data", "poster") if key in values]
        if "mermaid" in values.get("class", "").split():
            self.urls.append("https://mermaid (the theme loads it from elsewhere)")


def external(url: str) -> bool:
    return bool(re.match(r"(?:[a-z]+:)?//", url.strip(), re.IGNORECASE))


def loaded(text: str) -> list[str]:
    page = Requests()
    page.feed(text)
    return page.urls


@pytest.mark.parametrize(
    "text", ['<script src="https://a.example/x.js">', '<link rel="stylesheet" href="//a.example/x">']
)
def test_an_external_request_would_be_seen(text: str) -> None:
    """A script or a style of another host is recognized as such."""
    assert any(external(url) for url in loaded(text))


def test_the_pages_ask_nothing_of_other_hosts(site: Path) -> None:
    """No page loads anything from another host, and no style does."""
    pages = sorted(site.rglob("*.html"))
    assert pages
    outside = {(page.name, url) for page in pages for url in loaded(page.read_text("utf-8")) if external(url)}
    assert not outside
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert styles
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", styles)


def page(site: Path, name: str) -> str:
    return html.unescape((site / "reference" / f"{name}.html").read_text("utf-8"))


def test_every_command_has_its_help_at_one_width(site: Path) -> None:
    """Every command has a section, and the terminal's width has no part in it."""
    text = page(site, "commands")
    assert [name for name in ozkit.COMMANDS if f"usage: ozkit {name}" not in text] == []
    assert "OZKIT_VERIFY_EDITION" in text
    assert max(len(line) for line in re.sub(r"<[^>]+>", "", text).splitlines() if line.startswith("  --")) > 60


@pytest.mark.parametrize("edition", editions())
def test_every_requirement_has_its_sentence_and_source(site: Path, edition: str) -> None:
    """The page of an edition has each requirement's topic, level, sentence and source in one row."""
    rows = set(
        re.findall(
            r"<tr><td><code>(.*?)</code></td><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>",
            page(site, f"requirements-{edition}"),
        )
    )
    expected = {
        (each.topic, str(each.level), each.text, each.source) for each in all_requirements(load(edition), "deep")
    }
    assert expected == rows


def test_every_fault_is_listed(site: Path) -> None:
    """The page of faults has every one that is written down."""
    text = page(site, "faults")
    assert [fault.id for fault in catalogue() if f"<code>{fault.id}</code>" not in text] == []


@pytest.mark.parametrize("edition", editions())
def test_every_operation_is_rendered(site: Path, edition: str) -> None:
    """The page of an edition has every operation of the contract."""
    text = page(site, f"contract-{edition}")
    assert [name for name in load(edition).operations if name not in text] == []


def test_the_control_plane_is_openapi(site: Path) -> None:
    """The document of the control plane is valid OpenAPI, and has the path by which tests start anew."""
    from openapi_spec_validator import validate

    document = json.loads((site / "reference/control-plane.json").read_text("utf-8"))
    validate(document)
    assert "post" in document["paths"]["/_mock/reset"]
