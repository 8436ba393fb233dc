"""The pictures of README.md show what the kit prints and what the mock's page says today."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs/_site"))

import pictures  # noqa: E402  (it lies beside what it makes)

STALE = "run `python docs/_site/pictures.py`, and look at the pictures"


def masked(text: str) -> list[str]:
    """The lines of a text without blanks around them; numbers and the order of header lines have no part in it."""
    return sorted(line for each in text.splitlines() if (line := re.sub(r"[\d.]+", "#", " ".join(each.split()))))


def svg_text(path: Path) -> str:
    """What can be read in an SVG, line by line."""
    import html

    texts = re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>(.*?)</text>', path.read_text("utf-8"))
    rows: dict[str, str] = {}
    for place, words in texts:
        rows[place] = rows.get(place, "") + html.unescape(words).replace("\xa0", " ")
    return "\n".join(rows.values())


def test_the_report_is_todays() -> None:
    """A server with the picture's fault is judged anew: the words are those in docs/img."""
    kept = (pictures.IMAGES / "report.txt").read_text("utf-8")
    assert masked(pictures.plain(pictures.report())) == masked(kept), STALE


@pytest.mark.parametrize("theme", pictures.THEMES)
def test_the_picture_of_the_report_has_its_words(theme: str) -> None:
    """Both pictures have every word of the report, and load nothing from anywhere."""
    path = pictures.IMAGES / f"report-{theme}.svg"
    words = "".join((pictures.IMAGES / "report.txt").read_text("utf-8").split())
    assert words in "".join(svg_text(path).split()), STALE
    assert set(re.findall(r"https?://[^\"' )]+", re.sub(r"<text.*?</text>", "", path.read_text("utf-8")))) == {
        "http://www.w3.org/2000/svg"
    }


@pytest.mark.skipif(pictures.chromium() is None, reason="there is no Chromium")
def test_the_page_is_todays() -> None:
    """The page of a mock that was sent the same requests says the same."""
    kept = masked((pictures.IMAGES / "mock-page.txt").read_text("utf-8"))
    for theme, words, picture in pictures.page():
        assert masked(words) == kept, STALE
        assert picture.startswith(b"\x89PNG")
        assert (pictures.IMAGES / f"mock-page-{theme}.png").read_bytes().startswith(b"\x89PNG")
