"""Requests whose rows the tests of the mock's page look at, and the browser that shows it."""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.request
from typing import Any

from mock_client import HOME, basic

PATH = f"/api/v3/groups/{HOME}/handle_services"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
LONG = 30_000
"""Milliseconds after which a test gives up; nothing takes so long."""


def ask(origin: str, path: str, user: str = "vera", body: Any = None, method: str | None = None) -> int:
    """Send a request as one of the demo's users; gives the status of the answer."""
    headers = {"Authorization": basic(user, f"{user}-password"), "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(origin + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
