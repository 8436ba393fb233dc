"""Links to other sites are well formed, encrypted, and to few hosts. Nothing is fetched.

`mkdocs build --strict` checks the links within the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
HOSTS = {"github.com", "keepachangelog.com", "pre-commit.com", "semver.org", "spec.openapis.org"}
"""Whom a reader may be sent to. Another one is added here on purpose."""
LOCAL = re.compile(r"http://(127\.0\.0\.1|localhost)[:/]")
URL = r"([a-z][a-z0-9+.-]*:[^)>\"\s]+)"
LINK = re.compile(rf'\]\(\s*<?{URL}|^\[[^\]]+\]:\s*{URL}|(?:href|src|srcset)="{URL}|<{URL}>', re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def external(text: str) -> list[str]:
    """The links of a page that name a scheme, those to the reader's own machine left out; code has none."""
    links = [next(filter(None, match.groups())) for match in LINK.finditer(CODE.sub("", text))]
    return [link for link in links if not LOCAL.match(link)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_external_links_are_well_formed(page: Path) -> None:
    """Encrypted, to an expected host, without an account, blanks or a trailing dot or comma."""
    for link in external(page.read_text("utf-8")):
        parts = urlsplit(link)
        assert (parts.scheme, parts.hostname in HOSTS, parts.username, parts.port) == ("https", True, None, None), link
        assert re.fullmatch(r"[A-Za-z0-9:/?#@!$&'*+,;=._~%-]*[A-Za-z0-9/]", link), link


def test_links_are_found() -> None:
    """In Markdown, HTML and angle brackets; what stands in code is no link."""
    text = (
        '[a](http://x.example/), <https://y.example>, <img src="ftp://z">, `[b](http://c)`, [d](http://127.0.0.1:8080/)'
        "\n[e]: http://e\n"
    )
    assert external(text) == ["http://x.example/", "https://y.example", "ftp://z", "http://e"]
    assert sum(len(external(page.read_text("utf-8"))) for page in PAGES) >= len(HOSTS)
