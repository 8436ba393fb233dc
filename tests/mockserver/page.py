"""A page of an origin of its own, shown in headless Chromium, which tells what came of what it tried."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium")
LONG = 120.0
"""Seconds after which a test gives up; nothing takes so long."""


class Page:
    """A page that can be set until it is shown; its script sends what it found out to `/done`, as JSON."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.text = ""
        self.done = threading.Event()
        self.outcome: Any = None

    def show(self, profile: Path) -> Any:
        """Have Chromium run the page; gives what its script found out."""
        command = [CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        browser = subprocess.Popen([*command, self.origin], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert self.done.wait(LONG)
        finally:
            browser.kill()
            browser.wait()
        return self.outcome


@contextmanager
def served_page() -> Iterator[Page]:
    """A page, and a server for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.text.encode())

        def do_POST(self) -> None:
            page.outcome = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            page.done.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    page = Page(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
