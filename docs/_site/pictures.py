"""The pictures of README.md and of the first page: `python docs/_site/pictures.py` makes them anew.

The report is an SVG, the mock's page a PNG by headless Chromium. The words of both are kept in docs/img as text, too:
fonts differ between machines and words do not, so tests/docs/test_pictures.py compares the words.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from onezone_mockserver.pytest_plugin import running
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI, TerminalTheme
from rich.text import Text

IMAGES = Path(__file__).parents[1] / "img"
FAULT = "access-member-without-zone"
"""What is wrong with the server that is judged in the picture."""
WIDTH = 100
THEMES: dict[str, TerminalTheme] = {"light": DEFAULT_TERMINAL_THEME, "dark": MONOKAI}
REPLACED = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:9000"),
    (r"ozkit-[0-9a-f]{8}-\d+", "ozkit-1f2e3d4c-11"),
    (r"[0-9a-f]{32}ch[0-9a-f]{4}", "4ebd9efd1e67f6c18695db1d762a914a"),
    (r"in \d+\.\d s", "in 0.4 s"),
    (r'("name":"[^"]*",).*?\}\}\'', r"\1…}'"),
)
"""What differs from run to run or is long, and what the picture has in its place."""
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own frame loads a font from another host; this one takes the reader's."""
PAGE = {"width": 1000, "height": 560}


# --- the report ----------------------------------------------------------------------------------------------


def report() -> str:
    """What `ozkit verify` prints of a server with a fault, coloured; what differs from run to run is replaced."""
    with running(["--fault", FAULT]) as (origin, _):
        words = [f"{origin}/api/v3", "--admin", "adam:adam-password", "--depth", "quick", "--requirement", "access.*"]
        environment = {**os.environ, "COLUMNS": str(WIDTH), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
        done = subprocess.run(  # noqa: S603  (the kit's own command)
            [sys.executable, "-m", "ozkit", "verify", *words],
            env={name: value for name, value in environment.items() if name not in {"NO_COLOR", "GITHUB_ACTIONS"}},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    text = done.stdout
    for pattern, instead in REPLACED:
        text = re.sub(pattern, instead, text)
    return text


def plain(report_text: str) -> str:
    """A coloured report without its colours."""
    return Text.from_ansi(report_text).plain.rstrip() + "\n"


def svg(report_text: str, theme: TerminalTheme) -> str:
    """A coloured report as a picture; lines that are too long for it go on in the next one, as in a terminal."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(report_text.rstrip(), overflow="fold"))
    picture = console.export_svg(title="ozkit verify", theme=theme, code_format=SVG, unique_id="ozkit")
    return picture.replace('stroke="rgba(255,255,255,0.35)"', 'stroke="#888888"')  # rich's is not seen on white


# --- the mock's page -----------------------------------------------------------------------------------------


def requests(origin: str) -> None:
    """Send the mock what its page shows."""
    path = "/api/v3/groups/4ebd9efd1e67f6c18695db1d762a914a/handle_services"
    body = {"name": "Our DOIs", "proxyEndpoint": "https://proxy.example.org", "serviceProperties": {"type": "DOI"}}
    for user, url, data in (
        ("adam", "/api/v3/user", None),
        ("adam", path, body),
        ("adam", path, None),
        ("vera", path, body),
    ):
        sent = urllib.request.Request(origin + url, json.dumps(data).encode() if data else None)  # noqa: S310  (the mock's)
        sent.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{user}-password".encode()).decode())
        sent.add_header("Content-Type", "application/json")
        with contextlib.suppress(urllib.error.HTTPError):  # a refusal is what the picture shows
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent, timeout=60).close()


def page() -> Iterator[tuple[str, str, bytes]]:
    """For light and dark: the words on the mock's page while it explains a refusal, and the picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, running(["--seed", "1"]) as (origin, _):
        requests(origin)
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            view = browser.new_page(viewport=PAGE, color_scheme=theme)
            view.goto(f"{origin}/_mock/")
            view.get_by_text("403", exact=True).first.click()
            view.get_by_label("The chosen request").get_by_text("missing:").first.wait_for()
            yield theme, view.locator("body").inner_text(), view.screenshot()
        browser.close()


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


# --- both ----------------------------------------------------------------------------------------------------


def main() -> None:
    """Write all of it."""
    text = report()
    (IMAGES / "report.txt").write_text(plain(text), encoding="utf-8")
    for name, theme in THEMES.items():
        (IMAGES / f"report-{name}.svg").write_text(svg(text, theme), encoding="utf-8")
    for name, words, picture in page():
        (IMAGES / "mock-page.txt").write_text(words, encoding="utf-8")
        (IMAGES / f"mock-page-{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
