"""The page at `/_mock/`: its files put together to one, so that a browser asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

SCRIPTS = (
    "vendor/htm-preact-3.1.1.umd.js",
    "tools.js",
    "journal.js",
    "drawing.js",
    "people.js",
    "access.js",
    "personas.js",
    "shaping.js",
    "app.js",
)


class Page(NamedTuple):
    """A document, and the Content-Security-Policy under which it is shown: nothing but what is in it runs."""

    html: bytes
    policy: bytes


@cache
def page() -> Page:
    """The page."""
    library, *own = (_read(name) for name in SCRIPTS)
    script = "\n".join([library, '(() => {\n"use strict";', *own, "})();"]).replace("</script", "<\\/script")
    html = _read("page.html").replace("/*style*/", style()).replace("/*script*/", script)
    return Page(html.encode(), _policy(script))


@cache
def style() -> str:
    """The style of the page and of the contract beside it."""
    return _read("page.css")


def still(html: str) -> Page:
    """A document without any script."""
    return Page(html.encode(), _policy(None))


def _policy(script: str | None) -> bytes:
    digest = "'none'" if script is None else f"'sha256-{_sha256(script)}'"
    parts = [
        "default-src 'none'",
        f"script-src {digest}",
        "style-src 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
    return "; ".join(parts).encode()


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
