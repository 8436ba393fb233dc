"""Takes the pictures of the mock's page in docs/mock.md, and times its frames: `python bench/pictures.py`.

A mock of the demo is asked 1,000 times as its personas; headless Chromium shows what the page makes of it, by day and
by night. `--frames` prints instead how long the page takes for a frame while it scrolls and 50 rows a second come in,
among 100 rows and among 10,000. Needs Chromium (CHROMIUM names one), playwright, and Pillow, which makes the pictures
small.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from peers import BODY, GROUP
from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parent.parent / "docs" / "img"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
DESKTOP, TELEPHONE = (1280, 720), (390, 844)
COLOURS = 128
ROWS = 10_000
LATE_MS = 50
FRAMES = """async () => {
  const list = document.querySelector("[role=listbox]"), times = [];
  let last = performance.now(), at = 0;
  for (let n = 0; n < 300; n += 1) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - last);
    last = now;
    at = (at + 997) % (list.scrollHeight - list.clientHeight);
    list.scrollTop = at;
  }
  return times;
}"""


@contextmanager
def mock() -> Iterator[str]:
    """A mock of the demo; gives its origin."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def ask(origin: str, user: str, path: str = f"/api/v3/groups/{GROUP}/handle_services", body: Any = None) -> None:
    """Send a request as one of the demo's users, whatever becomes of it."""
    pair = base64.b64encode(f"{user}:{user}-password".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        urllib.request.urlopen(urllib.request.Request(origin + path, data, headers)).close()
    except urllib.error.HTTPError as error:
        error.close()


def fill(origin: str, count: int) -> None:
    """So many requests of all kinds, the last of which is one of vera, who may not."""
    for number in range(count - 1):
        user = ("adam", "mia", "otto", "vera", "adam")[number % 5]
        body = BODY | ({"name": ""} if number % 7 == 3 else {})
        ask(origin, user, body=None if number % 4 == 2 else body)
    ask(origin, "vera", body=BODY)


def opened(browser: Browser, origin: str, size: tuple[int, int], scheme: Any, part: str) -> Page:
    """A part of the page, as soon as it has everything."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{origin}/_mock/#{part}")
    page.locator(".state.good").wait_for()
    page.locator("main > *").first.wait_for()
    page.wait_for_timeout(1500)  # a fresh row is marked for so long
    return page


def explained(page: Page) -> None:
    """Choose the newest request."""
    page.get_by_role("listbox").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_text("Why it was refused").wait_for()
    page.wait_for_timeout(300)


def save(page: Page, name: str, folder: Path) -> None:
    """What is seen, with few colours."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        folder / f"{name}.png", optimize=True
    )
    print(name, (folder / f"{name}.png").stat().st_size, "bytes")


def pictures(browser: Browser, folder: Path) -> None:
    """Each picture, by day and by night."""
    with mock() as origin:
        fill(origin, 1000)
        for scheme in ("light", "dark"):
            page = opened(browser, origin, DESKTOP, scheme, "requests")
            save(page, f"page-requests-{scheme}", folder)
            explained(page)
            save(page, f"page-refusal-{scheme}", folder)
            save(opened(browser, origin, DESKTOP, scheme, "people"), f"page-people-{scheme}", folder)
            small = opened(browser, origin, TELEPHONE, scheme, "requests")
            explained(small)
            save(small, f"page-telephone-{scheme}", folder)


def frames(browser: Browser) -> None:
    """Print how long frames take while rows come in, among few rows and among 10,000."""
    path = f"/api/v3/groups/{GROUP}/handle_services"
    for count in (100, ROWS):
        with mock() as origin:
            fill(origin, count)
            page = opened(browser, origin, DESKTOP, "light", "requests")
            page.get_by_text(f"{count} requests").wait_for()
            page.evaluate("path => { setInterval(() => fetch(path), 20); }", path)
            times = sorted(page.evaluate(FRAMES))
            page.context.close()
            late = sum(seconds > LATE_MS for seconds in times)
            p95 = times[int(len(times) * 0.95)]
            spread = f"median {median(times):.1f} ms, p95 {p95:.1f}, {late} over {LATE_MS} ms"
            print(f"{count} rows, {len(times)} frames: {spread}")


def main() -> None:
    """Take the pictures, or time the frames."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--frames", action="store_true", help="time the frames instead")
    given.add_argument("--folder", type=Path, default=IMAGES, help="for the pictures (default: docs/img)")
    options = given.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        started = time.monotonic()
        frames(browser) if options.frames else pictures(browser, options.folder)
        print(f"{time.monotonic() - started:.0f} s")
        browser.close()


if __name__ == "__main__":
    main()
